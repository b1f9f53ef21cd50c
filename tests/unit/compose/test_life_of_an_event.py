"""The shipped letters one by one, from the date to keep free to the agenda of the series, with all they can hold."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from lxml import html as parser

from newsletter.compose.templates import Source
from newsletter.events.event import EventStatus, NextDate
from tests.unit.compose.rich import (
    AROUND,
    EARLIER,
    FULL,
    NOTHING_AROUND,
    PORTRAIT,
    SHIPPED,
    sent,
)
from tests.unit.compose.sample import BARE, SEASON

PLACE = ("Vergadercentrum De Plaats", "Voorbeeldplein 1", "3511 AA Utrecht")

CANCELLED = replace(FULL, status=EventStatus.CANCELLED)


@cache
def full(name: str, theme: str = "") -> Source:
    """Composing is pure, so each letter is made once."""
    return sent(CANCELLED if name == "cancelled" else FULL, name, theme=theme)


def tree(source: Source) -> Any:
    document = parser.document_fromstring(source.html)
    for end in document.iter("br"):
        end.tail = f" {end.tail or ''}"
    return document


def said(element: Any) -> str:
    return " ".join(str(element.text_content()).replace("\u00a0", " ").split())


def of_class(source: Source, name: str) -> list[str]:
    return [said(element) for element in tree(source).find_class(name)]


def buttons(source: Source) -> list[tuple[str, str]]:
    return [(said(link), link.get("href").rpartition("/")[2]) for link in tree(source).find_class("button-link")]


def in_order(text: str, phrases: Sequence[str]) -> bool:
    places = [text.find(phrase) for phrase in phrases]
    return -1 not in places and places == sorted(places)


# What each is and when it calendars


@pytest.mark.parametrize(
    ("name", "calendar"),
    [
        ("save-the-date", "publish"),
        ("announcement", "publish"),
        ("practical", "none"),
        ("reminder", "none"),
        ("changed", "publish"),
        ("cancelled", "cancel"),
        ("report", "none"),
        ("next", "none"),
        ("digest", "none"),
        ("notice", "none"),
    ],
)
def test_a_template_says_what_it_is_called_and_what_becomes_of_the_calendar(name: str, calendar: str) -> None:
    about = SHIPPED.about(name)
    assert about.calendar == calendar
    for language in ("nl", "en"):
        words = SHIPPED.words(language)
        assert about.label[language] == words[name.replace("-", "_")]
        assert about.about[language].endswith(".")
        assert len(about.about[language]) <= 120


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("save-the-date", "Bewaar de datum: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("practical", "Praktische informatie: Masterclass Bewoners in beweging: donderdag 13 juni"),
        ("changed", "Gewijzigd: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("cancelled", "Gaat niet door: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
        ("next", "Volgende bijeenkomst: Masterclass Leegstand: donderdag 3 oktober, Heerlen"),
        ("digest", "Agenda Woningmarkt in krimpregio’s: vanaf donderdag 13 juni"),
        ("notice", "Bericht: Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht"),
    ],
)
def test_a_subject_says_what_and_when(name: str, subject: str) -> None:
    assert full(name).subject == subject


# Save the date


def test_a_date_to_keep_free_is_written_large_with_time_and_place() -> None:
    (poster,) = of_class(full("save-the-date"), "poster")
    assert poster == "donderdag 13 juni 12.00–17.00 uur Vergadercentrum De Plaats Voorbeeldplein 1 3511 AA Utrecht"
    assert buttons(full("save-the-date")) == [
        ("Zet in uw agenda", "bewoners-in-beweging.ics"),
        ("Meld u aan", "aanmelden"),
    ]


def test_a_season_is_a_date_to_keep_free_too() -> None:
    source = sent(SEASON, "save-the-date", around=NOTHING_AROUND)
    (poster,) = of_class(source, "poster")
    assert poster.startswith("najaar 2019 ")
    words = SHIPPED.words("nl")
    assert words["season_later"] in source.text
    assert words["calendar"] not in source.text


def test_who_cannot_register_yet_is_told_that_there_is_nothing_to_do() -> None:
    later = SHIPPED.words("nl")["save_later"]
    assert later not in full("save-the-date").text
    assert later in sent(replace(FULL, registration=""), "save-the-date").text


# Practical information, and a change


def test_practical_information_gives_the_way_there_and_the_programme_in_short() -> None:
    source = full("practical")
    assert in_order(
        source.text,
        ["Zo komt u er.", "\nWaar  ", "\nBekijk de route:\n", "\nGoed om te weten\n", "- Neem een", "\nProgramma\n"],
    )
    assert "Harde en zachte instrumenten" not in source.text


def test_a_change_tells_what_was_and_what_is_in_words_and_by_a_line_through_the_old() -> None:
    source = full("changed")
    rows = [[said(cell) for cell in row.iter("p")] for row in tree(source).find_class("change")]
    assert rows == [
        ["was", "donderdag 13 juni 2019 11.00–16.00 uur", "wordt", "donderdag 13 juni 2019 12.00–17.00 uur"],
        ["was", "Zalencentrum De Hoek Amersfoort", "wordt", " ".join(PLACE)],
    ]
    for was in tree(source).find_class("change-was"):
        assert "text-decoration:line-through" in was.get("style")
    assert "\n  was:         donderdag 13 juni 2019, 11.00–16.00 uur\n" in source.text
    assert "\n  wordt:       donderdag 13 juni 2019, 12.00–17.00 uur\n" in source.text


def test_what_does_not_change_is_told_once_and_as_such() -> None:
    source = sent(FULL, "changed", around=replace(AROUND, before=replace(EARLIER, venue=FULL.venue)))
    assert in_order(source.text, ["Wat er verandert", "Wanneer", "Wat hetzelfde blijft", "Waar   "])
    assert len(tree(source).find_class("change")) == 1
    assert of_class(source, "fact-label") == ["Waar"]


def test_a_place_that_was_not_known_is_said_to_be_so() -> None:
    source = sent(FULL, "changed", around=replace(AROUND, before=replace(FULL, venue=None)))
    assert of_class(source, "change-was") == ["nog niet bekend"]
    assert "\n  was:         nog niet bekend\n" in source.text


def test_where_nobody_knows_what_was_the_letter_tells_what_is() -> None:
    source = sent(replace(FULL, change=""), "changed", around=NOTHING_AROUND)
    assert SHIPPED.words("nl")["changed_lead"] in said(tree(source).body)
    assert of_class(source, "fact-label") == ["Waar", "Wanneer"]
    assert not tree(source).find_class("change")
    assert SHIPPED.words("nl")["changed_calendar"] in source.text


# A cancellation, a report, a notice


def test_a_cancellation_says_so_first_then_why_then_what_it_was() -> None:
    source = full("cancelled")
    assert in_order(
        source.text,
        ["Gaat niet door", "Beste Anna", "Helaas", "Twee sprekers", "Hoe het verdergaat", "Wij zoeken", "Om deze"],
    )
    assert buttons(source) == []
    assert sent(FULL, "cancelled").text == source.text


def test_a_report_opens_with_one_photo_and_then_tells_what_to_take_away() -> None:
    second = replace(FULL.images[0], url="https://www.example.nl/twee.jpg", large="")
    source = sent(replace(FULL, images=(*FULL.images, second)), "report")
    body = tree(source).body
    order = [element.get("class").split()[0] for element in body.iter("img", "td") if "class" in element.attrib]
    places = [at for at, name in enumerate(order) if name in ("photo", "panel")]
    assert [order[at] for at in places] == ["photo", "panel", "photo"]
    assert "\nWat u kunt meenemen\n-------------------\n\n- Gebruik zachte instrumenten naast" in source.text
    (panel,) = tree(source).find_class("panel")
    assert [said(item) for item in panel.iter("li")] == [
        "Gebruik zachte instrumenten naast wettelijke.",
        "Begin bij de bewoner.",
    ]
    assert [said(strong) for strong in panel.iter("strong")] == ["zachte instrumenten"]


def test_the_bars_of_attendance_show_proportions_of_numbers_that_are_written() -> None:
    (most, *others) = [bar for bar in tree(full("report")).find_class("accent") if "measure" in bar.get("class")]
    assert [bar.get("width") for bar in (most, *others)] == ["100%", "61%", "38%", "30%"]
    assert of_class(full("report"), "number") == ["13", "8", "5", "4"]
    for bar in (most, *others):
        assert bar.xpath("ancestor::table[1]/@aria-hidden") == ["true"]


def test_a_download_says_what_file_it_is() -> None:
    assert "Presentatie Parkstad Limburg (pdf, 1,2 MB):\nhttps://" in full("report").text
    items = [said(item) for item in tree(full("report")).find_class("item")]
    assert "Presentatie Parkstad Limburg (pdf, 1,2 MB)" in items
    assert "Handreiking bewonersparticipatie" in items


def test_a_notice_is_the_organisers_words_and_what_they_are_about() -> None:
    assert in_order(full("notice").text, ["De presentaties staan", "Deel ze gerust", "Om deze bijeenkomst", "Waar  "])


# The series: what comes next, and all that comes


def test_the_next_meeting_is_the_first_that_comes_after_this_one() -> None:
    source = full("next")
    assert [said(title) for title in tree(source).iter("h1")] == ["Masterclass Leegstand"]
    assert of_class(source, "poster") == ["donderdag 3 oktober 13.00–17.00 uur Heerlen"]
    assert buttons(source) == [("Meld u aan", "aanmelden")]
    assert "Drie gemeenten laten zien" in source.text
    assert in_order(
        source.text, ["Masterclass Leegstand\n===", "\nDaarna\n------\n\nMasterclass Geld en grond\n21 en 22"]
    )


@pytest.mark.parametrize(
    ("event", "title", "day"),
    [
        (FULL, "Masterclass Leegstand", "donderdag 3 oktober Heerlen"),
        (replace(FULL, next_dates=(NextDate(title="Slot", season="voorjaar 2020"),)), "Slot", "voorjaar 2020"),
        (replace(FULL, next_dates=()), FULL.title, "donderdag 13 juni 12.00–17.00 uur Utrecht"),
    ],
)
def test_without_an_agenda_the_next_is_the_first_that_the_document_lists_or_else_this_one(
    event: Any, title: str, day: str
) -> None:
    source = sent(event, "next", around=NOTHING_AROUND)
    assert [said(heading) for heading in tree(source).iter("h1")] == [title]
    assert of_class(source, "poster") == [day]


def test_when_nothing_comes_and_this_one_is_cancelled_the_letter_says_no_more_than_that() -> None:
    source = sent(replace(CANCELLED, next_dates=()), "next", around=NOTHING_AROUND)
    assert source.subject.startswith("Gaat niet door: ")
    assert SHIPPED.words("nl")["cancelled_text"] in " ".join(source.text.split())
    assert not tree(source).find_class("poster")
    assert buttons(source) == []


def test_the_agenda_lists_every_meeting_with_a_link_that_names_it() -> None:
    source = full("digest")
    assert of_class(source, "agenda-title") == [
        "Masterclass Bewoners in beweging",
        "Masterclass Leegstand",
        "Masterclass Geld en grond",
    ]
    links = [said(link) for link in tree(source).iter("a") if said(link).startswith("Meld u aan voor")]
    assert links == ["Meld u aan voor Masterclass Bewoners in beweging", "Meld u aan voor Masterclass Leegstand"]
    # A meeting without a second line is told by its first paragraph.
    assert "Heerlen\n\nDrie gemeenten laten zien" in source.text
    assert "\nLater\n-----\n\nMasterclass Geld en grond\nnajaar 2019\n" not in source.text


def test_an_empty_agenda_says_so() -> None:
    empty = SHIPPED.words("nl")["digest_empty"]
    assert empty in " ".join(sent(BARE, "digest", around=NOTHING_AROUND).text.split())
    assert empty not in full("digest").text
    assert sent(BARE, "digest", around=NOTHING_AROUND).subject == "Agenda Woningmarkt in krimpregio’s"


# Blocks


def test_a_portrait_stands_beside_its_name_which_says_all_that_it_says() -> None:
    portraits = [image for image in tree(full("announcement")).iter("img") if image.get("src") == PORTRAIT]
    assert len(portraits) == 5
    for portrait in portraits:
        assert (portrait.get("alt"), portrait.get("width")) == ("", "64")
        assert said(portrait.xpath("ancestor::tr[1]")[0])


def test_the_calendar_is_a_button_where_it_is_hosted_and_else_a_file() -> None:
    told = SHIPPED.words("nl")["calendar"]
    assert ("Zet in uw agenda", "bewoners-in-beweging.ics") in buttons(full("announcement"))
    assert told not in full("announcement").text
    alone = sent(FULL, "announcement", around=replace(AROUND, public_url=""))
    assert "Zet in uw agenda" not in alone.text
    assert told in " ".join(alone.text.split())


def test_dates_to_come_are_leaves_and_so_is_a_season() -> None:
    source = sent(replace(FULL, next_dates=(NextDate(title="Slot", season="voorjaar 2020"),)), "announcement")
    assert of_class(source, "date-text") == [
        "Masterclass Leegstand donderdag 3 oktober 2019, Heerlen",
        "Masterclass Geld en grond 21 en 22 november 2019, online",
        "Slot voorjaar 2020",
    ]
    assert of_class(source, "leaf-cell")[1:] == ["donderdag 3 oktober", "do–vr 21–22 november", "voorjaar 2020"]


# Themes


def style_of(source: Source, name: str) -> str:
    return str(tree(source).find_class(name)[0].get("style"))


@pytest.mark.parametrize(
    ("theme", "leaf", "card", "radius"),
    [
        ("helder", "background-color:#eef3fa", "border-width:0 0 0", "border-radius:4px"),
        ("veen", "border-width:1px", "border-width:2px 0 0", "border-radius:0;"),
        ("klei", "background-color:#96361f", "border-width:0 0 0", "border-radius:24px"),
    ],
)
def test_a_theme_draws_its_own_leaves_cards_and_buttons(theme: str, leaf: str, card: str, radius: str) -> None:
    source = full("announcement", theme)
    assert leaf in style_of(source, "leaf-cell")
    assert card in style_of(source, "card-cell")
    assert radius in style_of(source, "button-cell")
    assert ("parting" in source.html) is (theme == "veen")


def test_text_on_a_filled_leaf_has_the_colour_for_it_in_both_schemes() -> None:
    source = full("save-the-date", "klei")
    (poster,) = tree(source).find_class("poster")
    assert "accent" in poster.get("class").split()
    for line in poster.iter("p"):
        assert "on-accent" in line.get("class").split()


def test_a_logo_keeps_light_paper_behind_it_in_dark_mode() -> None:
    address = "https://www.example.nl/l.png"
    logo = {"logo": address, "logo_alt": "Voorbeeld", "logo_width": "160", "logo_height": "40"}
    event = replace(FULL, series=replace(FULL.series, theme=tuple(logo.items())))
    source = sent(event, "notice")
    (image,) = tree(source).find_class("logo")
    assert [image.get(key) for key in ("alt", "width", "height")] == ["Voorbeeld", "160", "40"]
    assert len(re.findall(r"\.logo-plate { [^}]*background-color: #ffffff !important; }", source.html)) == 2
    assert "logo" not in full("notice").html


@pytest.mark.parametrize("theme", ["veen", "klei"])
@pytest.mark.parametrize("name", ["announcement", "changed", "report"])
def test_every_theme_keeps_the_letter_below_what_clients_allow(name: str, theme: str) -> None:
    html = full(name, theme).html
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert sum(len(style.encode()) for style in styles) < 14_000
    assert len(html.encode()) < 100_000
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->")
    assert "serif" in styles[0] if theme == "veen" else "Arial" in styles[0]
