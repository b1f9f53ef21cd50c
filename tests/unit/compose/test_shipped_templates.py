"""The letters that come with the product, in each of their situations; test_life_of_an_event.py has each on its own."""

import copy
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from lxml import html as parser

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.compose.templates import Source, Templates
from newsletter.events.event import Event, Image, Part, PartKind, Workshop
from tests.unit.compose.rich import FULL, sent
from tests.unit.compose.sample import (
    BARE,
    CANCELLED,
    ENGLISH,
    MASTERCLASS,
    ONLINE,
    PROGRAMME,
    SEASON,
    TEMPLATES,
    TWO_DAYS,
    VARIANTS,
    first_stage,
    letter,
)

SHIPPED = Templates([TEMPLATES])
#: The letters of an event, from its first to its last; the last two are of its series.
OF_EVENT = ("save-the-date", "announcement", "practical", "reminder", "changed", "cancelled", "report", "notice")
LETTERS = (*OF_EVENT, "next", "digest")
#: Letters that hold every part are made of every event; the others, of parts of those, of these.
WITH_EVERY_PART = ("announcement", "reminder", "report")
SITUATIONS = ("cancelled", "season", "bare", "english", "full")
PAIRS = [(name, variant) for name in WITH_EVERY_PART for variant in (*VARIANTS, "full")] + [
    (name, variant) for name in LETTERS if name not in WITH_EVERY_PART for variant in SITUATIONS
]
#: The tests of one letter stay on one worker, where it is composed once.
CASES = [pytest.param(*pair, id="-".join(pair), marks=pytest.mark.xdist_group(" ".join(pair))) for pair in PAIRS]
LANGUAGES = ("nl", "en")
_CACHE: dict[tuple[str, str], Source] = {}


def composed(name: str, variant: str) -> Source:
    """Composing is pure, so each letter is made once."""
    key = (name, variant)
    if key not in _CACHE:
        _CACHE[key] = sent(FULL, name) if variant == "full" else letter(VARIANTS[variant], name)
    return _CACHE[key]


def language_of(variant: str) -> str:
    return "en" if variant == "english" else "nl"


@cache
def parsed(html: str) -> Any:
    document = parser.document_fromstring(html)
    for end in document.iter("br"):
        end.tail = f" {end.tail or ''}"
    return document


def tree(source: Source) -> Any:
    """The document; who changes it takes a copy."""
    return parsed(source.html)


def said(element: Any) -> str:
    return " ".join(str(element.text_content()).replace("\u00a0", " ").split())


# The whole product


def test_a_letter_is_shipped_for_each_moment_of_an_event() -> None:
    assert SHIPPED.names() == tuple(sorted(LETTERS))


def test_both_languages_have_the_same_words() -> None:
    assert set(SHIPPED.words("nl")) == set(SHIPPED.words("en"))
    for language in LANGUAGES:
        assert all(words.strip() == words and words for words in SHIPPED.words(language).values())


def test_places_in_words_are_the_same_in_both_languages() -> None:
    dutch, english = SHIPPED.words("nl"), SHIPPED.words("en")
    for key, words in dutch.items():
        assert sorted(re.findall(r"{\w+}", words)) == sorted(re.findall(r"{\w+}", english[key])), key


def test_every_word_is_used_and_no_other_is_asked_for() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt")
    )
    asked = set(re.findall(r"\bt\.(\w+)", sources))
    modules = ("context", "facts", "agenda", "previews")
    code = "".join((TEMPLATES.parent / f"newsletter/compose/{name}.py").read_text(encoding="utf-8") for name in modules)
    in_code = set(re.findall(r"""["'](\w+)["']""", re.sub(r'"(\w+)":', "", code)))
    in_code |= {f"fact_{key}" for key in ("where", "when", "audience", "register")}
    in_code |= {"register", "join", "route"}  # the keys of event.buttons
    known = set(SHIPPED.words("nl"))
    assert asked <= known
    assert known - asked <= in_code


def test_no_words_say_click_here_or_shout() -> None:
    for language in LANGUAGES:
        for words in SHIPPED.words(language).values():
            assert not re.search(r"klik hier|click here|!|\b(je|jij|jouw)\b", words, re.IGNORECASE)


# Styles


def test_every_class_with_a_colour_has_a_dark_twin_for_both_kinds_of_mail_program() -> None:
    html = first_stage(MASTERCLASS, "announcement").html
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    (sheet,) = (style for style in styles if ".title {" in style and "@media" not in style)
    (system,) = (style for style in styles if "prefers-color-scheme" in style)
    (outlook,) = (style for style in styles if "data-ogsc" in style)
    coloured = re.findall(r"\.([a-z-]+) {[^}]*(?<![a-z-])(color|background-color|border-color): #", sheet)
    assert len(coloured) == 11
    for name, what in coloured:
        for style in (system, outlook):
            assert re.search(rf"\.{name}\b[^{{}}]* {{ {what}: #\w+ !important; }}", style), (name, what)


def test_the_inlined_sheet_has_class_selectors_only_and_nothing_that_premailer_loses() -> None:
    html = first_stage(MASTERCLASS, "announcement").html
    (sheet,) = (style for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL) if ".title" in style)
    rules = re.findall(r"([^{}]+){[^{}]*}", sheet)
    assert rules
    for selector in rules:
        assert re.fullmatch(r"\.[a-z]+(-[a-z]+)*", selector.strip())
    assert not re.search(r"!important|var\(|/\*|rgb|@", sheet)
    assert re.sub(r"[^{}]+{[^{}]*}", "", sheet).strip() == ""


def test_every_class_is_written_in_the_sheet() -> None:
    html = first_stage(MASTERCLASS, "announcement").html + first_stage(CANCELLED, "report").html
    classes = set(" ".join(re.findall(r'class="([^"]*)"', html)).split())
    styled = set(re.findall(r"\.([a-z-]+)", "".join(re.findall(r"<style.*?</style>", html, re.DOTALL))))
    assert classes <= styled


# Every letter in every situation


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_the_document_is_whole(name: str, variant: str) -> None:
    source, language = composed(name, variant), language_of(variant)
    document = tree(source)
    assert source.html.startswith("<!doctype html>\n<html ")
    assert (document.get("lang"), document.get("dir")) == (language, "ltr")
    assert [title.text for title in document.iter("title")] == [source.subject]
    head = source.html.partition("<body")[0]
    assert '<meta charset="utf-8">' in head
    metas = {meta.get("name"): meta.get("content") for meta in document.iter("meta")}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert "user-scalable" not in metas["viewport"]
    assert "telephone=no" in metas["format-detection"]
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in head


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_nothing_empty_and_nothing_of_the_machine_is_shown(name: str, variant: str) -> None:
    source = composed(name, variant)
    for text in (source.subject, source.text, said(tree(source).body)):
        assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b|\{|\}|\[\[|\[%|&\w+;|: ,|  ·|\(\)|, ,", text)
    for element in tree(source).body.iter("h1", "h2", "h3", "h4", "p", "li", "a"):
        assert said(element) or element.find("img") is not None, parser.tostring(element)
    for heading in tree(source).body.iter("h2"):
        box = heading.getparent()
        assert len(said(box)) > len(said(heading)), f"nothing stands under {said(heading)}"
    assert "\n\n\n" not in source.text


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_headings_are_one_title_and_no_skipped_level(name: str, variant: str) -> None:
    levels = [int(heading.tag[1]) for heading in tree(composed(name, variant)).iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_tables_are_for_layout_only_and_say_so(name: str, variant: str) -> None:
    html = composed(name, variant).html
    tables = re.findall(r"<table[^>]*>", html)
    assert all('role="presentation"' in table and 'cellpadding="0"' in table for table in tables)
    assert not re.search(r"<t[dr][^>]* style=\"[^\"]*position|<(script|form|iframe|object|link|base|svg)\b", html)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_conditional_comments_are_balanced_inside_and_outside_them(name: str, variant: str) -> None:
    html = composed(name, variant).html
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") > 5
    for_outlook = re.sub(r"<!--\[if mso\]>|<!\[endif\]-->", "", html)
    for_others = re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", html, flags=re.DOTALL)
    for version in (for_outlook, for_others):
        stack: list[str] = []
        for close, tag in re.findall(r"<(/?)(table|tr|td|div|p|h\d|ul|ol|li|a|span|strong)\b", version):
            if close:
                assert stack.pop() == tag
            else:
                stack.append(tag)
        assert stack == []


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_links_lead_somewhere_and_each_says_where(name: str, variant: str) -> None:
    links = [(said(link), link.get("href")) for link in tree(composed(name, variant)).body.iter("a")]
    assert all(re.match(r"https://|mailto:", href) for _, href in links)
    named: dict[str, str] = {}
    for text, href in links:
        if text:
            assert named.setdefault(text, href) == href
            assert not re.fullmatch(r"(klik|click|lees|read|hier|here|meer|more|https?:.*)", text, re.IGNORECASE)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_every_link_of_the_html_is_in_the_text(name: str, variant: str) -> None:
    source = composed(name, variant)
    for link in tree(source).body.iter("a"):
        href = link.get("href")
        assert href.startswith("mailto:") or re.search(rf"(?m)^{re.escape(href)}$", source.text), href


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_the_text_says_what_the_html_says(name: str, variant: str) -> None:
    source = composed(name, variant)
    body = copy.deepcopy(tree(source)).body
    for hidden in [*body.find_class("preheader"), *body.xpath("//*[@aria-hidden]"), *body.xpath("//comment()")]:
        hidden.drop_tree()
    parts = [said(element) for element in body.iter("h1", "h2", "h3", "h4", "p", "li", "td")]
    shown = set(re.findall(r"\w{3,}", " ".join(parts).lower()))
    written = set(re.findall(r"\w{3,}", source.text.lower()))
    assert len(shown & written) >= 0.95 * len(shown), shown - written


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_lines_of_text_are_short_unless_they_are_an_address(name: str, variant: str) -> None:
    for line in composed(name, variant).text.splitlines():
        assert len(line) <= 72 or line.startswith("https://")
        assert line == line.rstrip()


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_who_sends_it_where_to_ask_and_how_to_leave_is_in_both_forms(name: str, variant: str) -> None:
    source, series = composed(name, variant), VARIANTS.get(variant, FULL).series
    for text in (said(tree(source).body), " ".join(source.text.split())):
        assert (series.organisation or series.sender.name) in text
        assert series.name in text
        assert series.contact in text
        assert SHIPPED.words(series.language)["unsubscribe"] in text
    assert f'href="mailto:{series.contact}"' in source.html
    assert "https://post.example.nl/afmelden/Zm9vYmFyYmF6" in source.html


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_the_preheader_comes_first_and_is_hidden_and_padded(name: str, variant: str) -> None:
    source = composed(name, variant)
    first = tree(source).body[0]
    padded = str(first.text_content())
    preview = padded.partition("\u034f")[0]
    assert "display:none" in first.get("style")
    assert 40 <= len(preview) <= 130
    assert padded.count("\u034f\u200c\u00a0") == 50
    assert preview != source.subject


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_the_size_stays_below_what_gmail_clips(name: str, variant: str) -> None:
    html = composed(name, variant).html
    assert len(html.encode()) < 100_000
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert sum(len(style.encode()) for style in styles) < 14_000
    assert not any("/*" in style for style in styles)
    assert "data-premailer" not in html


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_type_is_never_small_and_lines_are_never_tight(name: str, variant: str) -> None:
    for element in tree(composed(name, variant)).body.iter("p", "li"):
        style = element.get("style", "")
        size, height = (int(re.search(rf"{key}:(\d+)px", style)[1]) for key in ("font-size", "line-height"))  # type: ignore[index]
        assert size >= 13
        assert height >= (1.5 if size <= 18 and "leaf" not in element.get("class", "") else 1.15) * size


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_without_any_style_sheet_the_letter_still_has_its_looks(name: str, variant: str) -> None:
    html = re.sub(r"<style.*?</style>", "", composed(name, variant).html, flags=re.DOTALL)
    body = parser.document_fromstring(html).body
    for element in body.iter("p", "h1", "h2", "h3", "h4", "li"):
        assert "font-size" in element.get("style", "")
        assert "color" in element.get("style", "")
    for link in body.iter("a"):
        assert "color" in link.get("style", "") or link.find("img") is not None
        assert (
            "underline" in link.get("style", "") or "button-link" in link.get("class") or link.find("img") is not None
        )


@pytest.mark.parametrize("variant", VARIANTS)
def test_images_have_a_width_an_alternative_and_a_frame_to_read_it_in(variant: str) -> None:
    for image in tree(composed("report", variant)).body.iter("img"):
        assert image.get("alt")
        assert int(image.get("width")) <= 640
        for style in ("display:block", "height:auto", "font-size", "color:", "background-color"):
            assert style in image.get("style")


# Each letter on its own


@pytest.mark.parametrize(
    ("name", "event", "label", "subject"),
    [
        ("announcement", MASTERCLASS, "", "Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("reminder", MASTERCLASS, "", "Herinnering: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("report", MASTERCLASS, "", "Verslag: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("reminder", BARE, "Laatste bericht", "Laatste bericht: Lezing"),
        ("announcement", SEASON, "", "Masterclass Bewoners in beweging: najaar 2019, Utrecht"),
        ("announcement", ONLINE, "", "Masterclass Bewoners in beweging: donderdag 13 juni, online"),
        ("announcement", BARE, "", "Lezing"),
        ("announcement", CANCELLED, "", "Gaat niet door: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("report", ENGLISH, "", "Report: Masterclass Bewoners in beweging: Thursday 13 June, Utrecht"),
        ("announcement", replace(BARE, title="x" * 90), "", "x" * 90),
        ("announcement", replace(MASTERCLASS, title="x" * 55), "", "x" * 55 + ": donderdag 13 juni"),
        ("announcement", replace(MASTERCLASS, title="x" * 65), "", "x" * 65 + ": 13 juni"),
        ("announcement", TWO_DAYS, "", "Masterclass Bewoners in beweging: 13 en 14 juni, Utrecht"),
        ("announcement", replace(MASTERCLASS, title="Noord: samen"), "", "Noord: samen – donderdag 13 juni, Utrecht"),
        ("report", replace(TWO_DAYS, title="Noord: samen"), "", "Verslag: Noord: samen – 13 en 14 juni, Utrecht"),
        ("announcement", replace(MASTERCLASS, title=":" + "x" * 67), "", ":" + "x" * 67 + " – 13 juni"),
        ("announcement", replace(MASTERCLASS, title=":" + "x" * 68), "", ":" + "x" * 68),
    ],
)
def test_a_subject_says_what_and_when(name: str, event: Event, label: str, subject: str) -> None:
    # 78 characters at most: the place goes first, then the weekday; "Gaat niet door: …" is 78 with its place.
    made = letter(event, name, label=label).subject
    assert made == subject or (len(subject) > 78 and made == subject.removesuffix(", Utrecht"))


@pytest.mark.parametrize(
    ("name", "order"),
    [
        (
            "announcement",
            ["Programma", "Over deze bijeenkomst", "Meer informatie", "Volgende bijeenkomsten", "Over Woning"],
        ),
        ("reminder", ["Programma", "Meer informatie"]),
        (
            "report",
            [
                "Workshopronde 1",
                "Workshopronde 2",
                "Vervolg",
                "Workshops",
                "Wie er waren",
                "Nalezen",
                "Volgende bijeenkomsten",
            ],
        ),
    ],
)
def test_the_parts_stand_in_their_order(name: str, order: list[str]) -> None:
    source = composed(name, "masterclass")
    headings = [said(heading) for heading in tree(source).iter("h2")]
    assert len(headings) == len(order) + 1
    assert all(heading.startswith(start) for heading, start in zip(headings, order, strict=False))
    assert headings[-1] == "Vragen of suggesties?"
    underlined = re.findall(r"(.+)\n(-+)(?=\n\n)", source.text)
    assert [heading for heading, _ in underlined] == headings
    assert all(len(heading) == len(line) for heading, line in underlined)


def test_the_report_opens_with_what_it_is_and_when() -> None:
    source = composed("report", "masterclass")
    assert [said(kicker) for kicker in tree(source).find_class("kicker")] == ["Verslag · donderdag 13 juni 2019"]
    assert "Verslag · donderdag 13 juni 2019\n\nMasterclass Bewoners in beweging\n====" in source.text


def test_a_label_of_the_plan_says_what_it_is() -> None:
    source = letter(MASTERCLASS, "announcement", label="Zet het vast in uw agenda")
    assert "Zet het vast in uw agenda · donderdag 13 juni 2019" in source.text


def test_an_announcement_asks_to_register_first() -> None:
    document = tree(composed("announcement", "masterclass"))
    buttons = [(said(link), link.get("href")) for link in document.find_class("button-link")]
    assert buttons == [
        ("Meld u aan", "https://www.example.nl/aanmelden"),
        ("Bekijk de route", "https://www.example.nl/de-plaats/route"),
    ]
    filled, plain = document.find_class("button-cell")
    assert "background-color" in filled.get("style")
    assert "background-color" not in plain.get("style")


def test_buttons_are_high_enough_for_a_thumb() -> None:
    for link in tree(composed("announcement", "masterclass")).find_class("button-link"):
        style = link.get("style")
        line, padding = re.search(r"line-height:(\d+)px", style), re.search(r"padding:(\d+)px", style)
        assert line is not None
        assert padding is not None
        assert int(line[1]) + 2 * int(padding[1]) >= 44


def test_the_calendar_file_is_named_only_where_there_is_a_date() -> None:
    words = SHIPPED.words("nl")["calendar"]
    assert words in composed("announcement", "masterclass").text
    assert words not in composed("announcement", "season").text
    assert words not in composed("announcement", "cancelled").text


@pytest.mark.parametrize("name", ["announcement", "reminder"])
def test_a_cancelled_event_invites_to_nothing(name: str) -> None:
    source = composed(name, "cancelled")
    for text in (said(tree(source).body), " ".join(source.text.split())):
        assert SHIPPED.words("nl")["cancelled_text"] in text
        assert "Gaat niet door · donderdag 13 juni 2019" in text
        assert "Meld u aan" not in text
        assert "Programma" not in text


def test_times_stand_in_a_column_of_the_text() -> None:
    text = composed("announcement", "masterclass").text
    assert re.findall(r"(?m)^(\d\d\.\d\d–\d\d\.\d\d)    \S", text) == [
        "12.00–13.00",
        "13.00–13.20",
        "13.30–14.45",
        "14.45–15.15",
        "15.15–16.30",
        "16.30–17.00",
    ]
    assert "\nWaar           Vergadercentrum De Plaats, Voorbeeldplein 1,\n               3511 AA Utrecht\n" in text


def test_workshops_stand_beside_each_other_and_for_outlook_in_a_table() -> None:
    html = composed("announcement", "masterclass").html
    cards = tree(composed("announcement", "masterclass")).xpath(
        "//div[contains(@class, 'card')][contains(@class, 'tint')]"
    )
    assert len(cards) == 4
    for card in cards:
        assert "display:inline-block" in card.get("style")
        assert "max-width:264px" in card.get("style")
    assert html.count('<!--[if mso]><td width="264"') == 4


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_workshops_keeps_outlook_rows_whole(count: int) -> None:
    workshops = tuple(Workshop(title=f"Workshop {number}") for number in range(count))
    part = Part(
        kind=PartKind.ROUND,
        title="Ronde",
        start=MASTERCLASS.programme[0].start,
        end=MASTERCLASS.programme[0].end,
        workshops=workshops,
    )
    source = letter(replace(MASTERCLASS, programme=(part,)), "announcement")
    for_outlook = re.sub(r"<!--\[if mso\]>|<!\[endif\]-->", "", source.html)
    assert for_outlook.count("<tr") == for_outlook.count("</tr>")
    assert for_outlook.count("<td") == for_outlook.count("</td>")
    assert [said(title) for title in tree(source).find_class("card-title")] == [
        f"Workshop {number}" for number in range(count)
    ]


def rounds_of(*programme: Part) -> Source:
    return letter(replace(MASTERCLASS, programme=programme), "report")


PLENARY = replace(PROGRAMME[1], speakers=PROGRAMME[2].workshops[0].speakers)
ROUND = replace(PROGRAMME[2], title="Workshops")


def test_a_report_of_plenary_parts_and_rounds_is_headed_as_a_programme() -> None:
    source = rounds_of(PLENARY, ROUND, PROGRAMME[4])
    headings = [said(heading) for heading in tree(source).iter("h2", "h3")]
    assert headings[headings.index("Programma") :][:4] == [
        "Programma",
        "Welkom en aftrap",
        "Workshops",
        "Workshopronde 2",
    ]
    assert "\nProgramma\n---------\n\nWelkom en aftrap\n  Jan Rademakers, " in source.text
    assert "Limburg\n\nWorkshops\n\n  Herstructurering" in source.text


def test_the_title_of_a_later_round_has_space_above_it() -> None:
    first, *later = tree(rounds_of(PLENARY, ROUND, PROGRAMME[4])).xpath("//h3[contains(@class, 'round')]")
    assert first.get("class") == "round ink"
    assert len(later) == 2
    for title in later:
        assert "margin:24px 0 16px" in title.get("style")


def test_a_round_called_as_its_heading_is_not_called_twice() -> None:
    source = rounds_of(ROUND)
    titles = [(heading.tag, said(heading)) for heading in tree(source).iter("h2", "h3", "h4")]
    assert titles[titles.index(("h2", "Workshops")) :][:3] == [
        ("h2", "Workshops"),
        ("h3", "Herstructurering in Parkstad Limburg"),
        ("h3", "Particuliere woningen op Rotterdam Zuid"),
    ]
    assert "\nWorkshops\n---------\n\n  Herstructurering" in source.text
    assert source.text.count("Workshops\n") == 1


def test_speakers_under_a_part_called_as_its_heading_stand_free_of_it() -> None:
    assert "\nSprekers\n--------\n\n  Jan Rademakers" in rounds_of(replace(PLENARY, title="sprekers")).text


def test_a_break_is_one_line_from_when_till_when() -> None:
    pauses = tree(composed("announcement", "masterclass")).find_class("pause")
    assert [said(pause) for pause in pauses] == ["12.00–13.00 · Netwerklunch, Foyer", "14.45–15.15 · Pauze"]


def test_several_days_are_the_kicker_and_the_leaf() -> None:
    source = composed("announcement", "two days")
    document = tree(source)
    assert [said(kicker) for kicker in document.find_class("kicker")] == ["Uitnodiging · 13 en 14 juni 2019"]
    assert [said(leaf) for leaf in document.find_class("leaf-cell")][:1] == ["do–vr 13–14 juni"]
    assert [said(days) for days in document.find_class("leaf-days")] == ["13–14"]
    assert "Uitnodiging · 13 en 14 juni 2019\n" in source.text
    months = replace(MASTERCLASS, start=datetime(2026, 3, 30, 9), end=datetime(2026, 4, 2, 17))
    leaf = tree(letter(months, "announcement")).find_class("leaf-cell")[0]
    assert said(leaf) == "ma–do 30 mrt – 2 apr"
    long = letter(replace(MASTERCLASS, end=datetime(2019, 6, 28, 17)), "announcement")
    assert said(tree(long).find_class("leaf-cell")[0]) == "13–28 juni"


@pytest.mark.parametrize("name", OF_EVENT)
@pytest.mark.parametrize("report", ["", "Een kort bericht."])
def test_who_gets_a_cancellation_is_greeted_once_and_before_it(name: str, report: str) -> None:
    source = letter(replace(CANCELLED, report=report), name)
    notice = SHIPPED.words("nl")["cancelled_text"]
    for text in (said(tree(source).body), " ".join(source.text.split())):
        assert text.count("Beste Anna de Vries,") == 1
        assert f"Beste Anna de Vries, {notice}" in text


@pytest.mark.parametrize("typed", ["Zie [#krimp]", "[#] en [#krimp", "tot #] toe"])
def test_a_bracket_with_a_hash_arrives_in_subject_html_and_text(typed: str) -> None:
    event = replace(MASTERCLASS, title=typed, announcement=typed)
    mailing = compose(
        event, Order(slug="a/b", template="announcement", label=""), SHIPPED, now=datetime(2019, 5, 1, tzinfo=UTC)
    )
    recipient = Recipient(
        id="#1",
        address="anna@example.org",
        name="Anna",
        attributes={},
        message_id="1@example.nl",
        unsubscribe=("https://post.example.nl/afmelden/x",),
        date=datetime(2019, 5, 1, tzinfo=UTC),
    )
    for form in Letter(mailing).plain(recipient):
        assert typed in form


def test_speakers_without_workshops_get_a_heading_of_their_own() -> None:
    part = replace(MASTERCLASS.programme[1], speakers=MASTERCLASS.programme[2].workshops[0].speakers)
    source = letter(replace(MASTERCLASS, programme=(part,)), "report")
    assert "\nSprekers\n--------\n" in source.text
    assert "Sprekers" in [said(heading) for heading in tree(source).iter("h2")]


def test_a_small_group_is_not_named_in_a_report() -> None:
    source = composed("report", "masterclass")
    counts = source.text.partition("Wie er waren")[2].partition("Nalezen")[0]
    assert "30 deelnemers: 13 van gemeenten, 8 van corporaties, 5 van regio’s en 4\noverige." in counts
    assert "provincies" not in counts
    assert [said(number) for number in tree(source).find_class("number")] == ["13", "8", "5", "4"]


def test_the_photo_and_its_caption_lead_to_the_large_one() -> None:
    document = tree(composed("report", "masterclass"))
    (image,) = document.iter("img")
    assert image.getparent().get("href") == "https://www.example.nl/foto-groot.jpg"
    (caption,) = document.find_class("caption")
    assert said(caption) == "De netwerklunch, waar de middag begon. Bekijk de foto groot"


def test_photos_are_numbered_and_a_small_one_keeps_its_width() -> None:
    small = Image(
        url="https://www.example.nl/klein.jpg", alt="Een bord", large="https://www.example.nl/g.jpg", width=300
    )
    plain = Image(url="https://www.example.nl/x.jpg", alt="Een zaal")
    source = letter(replace(MASTERCLASS, images=(*MASTERCLASS.images, small, plain)), "report")
    assert [image.get("width") for image in tree(source).iter("img")] == ["640", "300", "640"]
    assert "Bekijk foto 1 groot:" in source.text
    assert "Bekijk foto 2 groot:\nhttps://www.example.nl/g.jpg" in source.text
    assert "Foto: Een zaal" in source.text


@pytest.mark.parametrize(
    ("event", "name", "greeting"),
    [
        (MASTERCLASS, "Anna de Vries", "Beste Anna de Vries,"),
        (MASTERCLASS, "", "Beste lezer,"),
        (ENGLISH, "", "Dear reader,"),
        (MASTERCLASS, "<script>{{ 7*7 }}", "Beste <script>{{ 7*7 }},"),
    ],
)
def test_the_greeting_uses_a_name_where_there_is_one(event: Event, name: str, greeting: str) -> None:
    for template in WITH_EVERY_PART:
        source = letter(event, template, name=name)
        assert f"\n{greeting}\n\n" in source.text
        assert greeting in [said(paragraph) for paragraph in tree(source).find_class("lead")]
        assert "<script" not in source.html


def test_placeholders_stay_for_the_second_stage() -> None:
    for name in LETTERS:
        source = first_stage(MASTERCLASS, name)
        assert '<a href="[[ links.unsubscribe ]]"' in source.html
        assert source.text.endswith("[[ links.unsubscribe ]]\n")
        assert "[% if subscriber.name %]Beste [[ subscriber.name ]][% else %]Beste lezer[% endif %]," in source.html
    assert "[[ subscriber.name | default('lezer', true) ]]" in first_stage(MASTERCLASS, "report").html


def test_what_organisers_type_is_shown_and_never_obeyed() -> None:
    nasty = '<script>alert("x")</script> & {{ 7 * 7 }}'
    event = replace(MASTERCLASS, title=nasty, announcement=nasty, audience=nasty, subtitle=nasty)
    source = first_stage(event, "announcement")
    assert "<script" not in source.html
    assert "49" not in source.subject
    assert nasty in source.text
