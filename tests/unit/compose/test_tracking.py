"""What would tell who reads a letter is found, whoever put it there; what does not is left alone."""

import re
from dataclasses import replace

import pytest

from newsletter.compose.redirects import way_round
from newsletter.compose.tracking import hosts_of, traces, traces_in_text
from newsletter.events.event import Image, Speaker
from tests.world import event

ALLOWED = {"www.example.nl", "foto.example.org"}
FAR = "https://pixel.example.com/o.gif"
OWN = "https://beeld.example.nl/zaal.jpg"
PERSON = "[[ subscriber.address ]]"


def found(html: str) -> list[str]:
    return traces(f"<!doctype html>\n<html><body>{html}</body></html>", allowed_hosts=ALLOWED)


@pytest.mark.parametrize(
    "harmless",
    [
        f'<img src="{OWN}" alt="De zaal" width="640" height="360">',
        '<img src="https://example.nl/a.png" alt="" width="64">',
        f'<img src="{OWN}" alt="" style="width:100%;max-width:640px;height:auto;opacity:0.9">',
        '<img src="cid:logo@example.nl" alt="" width="1" height="1">',
        f'<img src="{OWN}" alt="[[ subscriber.name ]]" width="640">',
        '<a href="[[ links.unsubscribe ]]">Afmelden</a>',
        '<a href="[[links.unsubscribe]]">Afmelden</a>',
        '<a href="https://elders.example.com/verslag.pdf?utm_source=nieuwsbrief&amp;taal=nl">Verslag</a>',
        '<a href="mailto:vragen@example.nl?subject=Vraag">Vraag</a>',
        "<p>[[ subscriber.name | default('lezer', true) ]][% if subscriber.x %], [[ subscriber.x ]][% endif %]</p>",
        "<p>[[ subscriber.name or '<lezer>' ]]</p>",
        f'<td background="{OWN}" style="background:url({OWN})"></td>',
        f"<style>td {{ background: url('{OWN}') }} @media (max-width: 1px) {{ td {{ display: none }} }}</style>",
        '<div style="display:none">Wat er in de letter staat</div>',
        f"<!--[if mso]><v:rect><v:fill src='{OWN}' /></v:rect><![endif]-->",
        '<!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]--><table width="1"><tr><td height="1">',
        f'<a href="https://www.linkedin.com/sharing/share-offsite/?url={OWN}">Deel dit</a>',
        '<a href="https://login.example.nl/?terug=https%3A%2F%2Fwww.example.nl%2Fmijn">Mijn pagina</a>',
        '<a href="https://web.archive.org/web/2019/https://www.example.nl/">Zoals het was</a>',
    ],
)
def test_what_is_the_same_for_everybody_and_can_be_seen_is_left_alone(harmless: str) -> None:
    assert found(harmless) == []


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        # Pixels: on whatever host.
        (f'<img src="{OWN}" width="1" height="1">', "too small"),
        (f'<img src="{OWN}" width="3" height="3px">', "too small"),
        (f'<img src="{OWN}" style="height: 1px">', "too small"),
        (f'<img src="{OWN}" style="max-width:1px!important">', "too small"),
        (f'<IMG SRC="{OWN}" WIDTH=0>', "too small"),
        (f'<img src="{OWN}" style="display: none">', "hidden"),
        (f'<img src="{OWN}" style="dis/**/play:none">', "hidden"),
        (f'<img src="{OWN}" style="opacity:0.01">', "hidden"),
        (f'<img src="{OWN}" hidden>', "hidden"),
        (f'<div style="max-height:0;overflow:hidden"><p><img src="{OWN}"></p></div>', "hidden"),
        (f'<!--[if mso]><img src="{OWN}" width="1" height="1"><![endif]-->', "too small"),
        (f'<!--[if !mso]><!--><img src="{OWN}" width="1" height="1"><!--<![endif]-->', "too small"),
        (f'<input type="image" src="{OWN}" width="1">', "too small"),
        # Pictures and files that differ per recipient.
        (f'<img src="https://www.example.nl/{PERSON}.gif" width="64">', "differs per recipient"),
        ("<img src='https://www.example.nl/a.gif?[% if subscriber.x %]1[% endif %]' width='64'>", "differs"),
        (f'<img src="{OWN}" srcset="{OWN} 1x, https://www.example.nl/{PERSON} 2x">', "differs"),
        ('<img src="[[ links.unsubscribe ]]" width="64">', "differs"),
        (f'<td style="background:url(https://www.example.nl/{PERSON})">', "differs"),
        (f"<style>td {{ background: u\\72l('https://www.example.nl/{PERSON}') }}</style>", "differs"),
        # Links that differ per recipient.
        (f'<a href="https://www.example.nl/?wie={PERSON}">Programma</a>', "a link differs"),
        ('<a href="[[ subscriber.website ]]">Programma</a>', "a link differs"),
        ('<a href="[[ links.unsubscribe ]]&amp;wie=x">Programma</a>', "a link differs"),
        ("<a href=\"[[ links.unsubscribe ~ 'x' ]]\">Programma</a>", "a link differs"),
        (f'<form action="https://www.example.nl/{PERSON}"></form>', "a link differs"),
        # Placeholders that make all this where nobody looks.
        ("[[ ('<img src=' ~ subscriber.address) | safe ]]", "writes html"),
        ("[[ subscriber.lijf | safe ]]", "writes html"),
        ("<p>[[ 'https://www.example.nl/' ~ subscriber.address ]]</p>", "writes html"),
        # Links by way of somebody else.
        (
            '<a href="https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.nl%2Fa&amp;data=x">',
            "link to https://www.example.nl/a itself",
        ),
        ('<a href="https://klik.example.com/?u=https://www.example.nl/a">', "link to https://www.example.nl/a itself"),
        ('<area href="https://klik.example.com/?u=https://www.example.nl/a">', "by way of"),
        ('<a href="https://x.us1.list-manage.com/track/click?u=1&amp;id=2">', "link to the page itself"),
        # What is fetched from elsewhere.
        (f'<img src="{FAR}" width="640">', "pixel.example.com then sees who reads"),
        ('<img src="//pixel.example.com/o.gif" width="640">', "pixel.example.com"),
        ('<img src="https:\\\\pixel.example.com/o.gif" width="640">', "pixel.example.com"),
        ('<img src="https://nietexample.nl/o.gif" width="640">', "nietexample.nl"),
        ('<img src="https://example.nl.example.com/o.gif" width="640">', "example.nl.example.com"),
        (f'<link rel="stylesheet" href="{FAR}">', "pixel.example.com"),
        (f'<base href="{FAR}">', "pixel.example.com"),
        (f'<table background="{FAR}">', "pixel.example.com"),
        (f'<iframe src="{FAR}"></iframe>', "pixel.example.com"),
        (f'<video poster="{FAR}"></video>', "pixel.example.com"),
        (f'<object data="{FAR}"></object>', "pixel.example.com"),
        (f'<meta http-equiv="refresh" content="0; URL={FAR}">', "pixel.example.com"),
        (f'<svg><image href="{FAR}" /></svg>', "pixel.example.com"),
        (f'<!--[if mso]><v:fill src="{FAR}" /><![endif]-->', "pixel.example.com"),
        (f"<style>@import '{FAR}';</style>", "pixel.example.com"),
        (f"<style>@font-face {{ src: url({FAR}) }}</style>", "pixel.example.com"),
        (f'<p style="list-style-image:url(&quot;{FAR}&quot;)">', "pixel.example.com"),
        (f'<a href="{OWN}" ping="{FAR}">x</a>', "ping"),
    ],
)
def test_what_tells_who_reads_is_found_and_named(attempt: str, why: str) -> None:
    sentences = found(attempt)
    assert any(why in sentence for sentence in sentences), sentences
    assert not any(re.search(r"\n|ph[0-9a-f]{12}x", sentence) for sentence in sentences), "no sentinel is shown"


def test_a_sentence_shows_what_was_written_and_each_thing_is_told_once() -> None:
    link = f'<a href="https://www.example.nl/?wie={PERSON}">Programma</a>'
    assert found(link * 3) == [
        f"a link differs per recipient (https://www.example.nl/?wie={PERSON}), so it tells who reads; "
        "write the same address for everybody, or [[ links.unsubscribe ]] alone"
    ]


def test_no_host_is_allowed_unless_it_is_named() -> None:
    html = f'<img src="{OWN}" alt="" width="640">'
    assert traces(html, allowed_hosts=()) != []
    assert traces(html, allowed_hosts={"beeld.example.nl"}) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Afmelden:\n[[ links.unsubscribe ]]\n\nhttps://elders.example.com/a?b=c\n", ""),
        ("Beste [[ subscriber.name ]], zie https://www.example.nl/ en mail vragen@example.nl", ""),
        (f"https://www.example.nl/?wie={PERSON}", "a link differs"),
        ("https://[[ subscriber.x ]]", "a link differs"),
        ("https://klik.example.com/?u=https://www.example.nl/a", "by way of"),
        ("[[ 'https://' ~ subscriber.x ]]", "writes html or an address"),
    ],
)
def test_the_plain_text_is_looked_through_too(text: str, why: str) -> None:
    sentences = traces_in_text(text)
    assert (why in " ".join(sentences)) if why else not sentences, sentences


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://www.example.nl/a?b=c", None),
        ("https://www.example.nl/a?b=https", None),
        ("mailto:a@example.nl?body=https://example.com", None),
        ("/a?u=https://www.example.nl/", "https://www.example.nl/"),
        ("https://k.example.com/?u=https://www.example.nl/", "https://www.example.nl/"),
        ("https://k.example.com/?u=https%253A%252F%252Fwww.example.nl%252F", "https://www.example.nl/"),
        ("https://k.example.com/?u=aHR0cHM6Ly93d3cuZXhhbXBsZS5ubC8", "https://www.example.nl/"),
        ("https://k.example.com/CL0/https:%2F%2Fwww.example.nl%2Fa/1/0100", "https://www.example.nl/a/1/0100"),
        ("https://k.example.com/https://www.example.nl/", None),
        ("https://www.example.nl/?terug=https://mijn.example.nl/", None),
        ("https://urldefense.com/v3/__https:/www.example.nl/__;!!x", ""),
        ("https://x.com/intent/post?url=https://www.example.nl/", None),
        ("https://x.com.example.org/intent/post?url=https://www.example.nl/", "https://www.example.nl/"),
        ("https://www.example.nl:x/?u=https://[", "https://["),
        ("https://[", None),
    ],
)
def test_a_link_by_way_of_somebody_else_says_where_it_goes(url: str, target: str | None) -> None:
    assert way_round(url) == target


def test_the_hosts_of_an_event_are_those_of_all_its_addresses_and_of_its_series() -> None:
    one = event()
    one = replace(
        one,
        images=(Image(url="https://Beeld.example.org/a.jpg", alt=""),),
        announcement="Zie ![de zaal](https://foto.example.com/zaal.jpg) en <https://mee.example.com:8443/x>.",
        series=replace(one.series, website="https://www.example.nl"),
        programme=(replace(one.programme[0], speakers=(Speaker(name="x", organisation="http://a.example.net/"),)),),
    )
    assert hosts_of(one, {"logo": "https://logo.example.nl/x.png"}, "https://nieuws.example.nl", None, 3) == {
        *("beeld.example.org", "foto.example.com", "mee.example.com", "www.example.nl", "a.example.net"),
        *("logo.example.nl", "nieuws.example.nl"),
    }
