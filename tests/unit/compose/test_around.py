"""What templates know beside the event itself: what was told before, the agenda of the series, hosted files."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from newsletter.compose.around import Around
from newsletter.compose.context import build_context
from newsletter.compose.templates import Templates
from newsletter.compose.wording import PREVIEW_LONGEST, PREVIEW_SHORTEST
from newsletter.events.event import Event, Image, Link, NextDate, Speaker, Venue
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
)

SHIPPED = Templates([TEMPLATES])
TEN = {
    "save-the-date", "announcement", "practical", "reminder", "changed", "cancelled", "report", "next", "digest",
    "notice",
}  # fmt: skip
PUBLIC = "https://post.example.nl"
SECOND = replace(
    MASTERCLASS,
    slug="leegstand",
    title="Masterclass Leegstand",
    subtitle="Een pand is zo gevuld",
    start=datetime(2019, 10, 3, 13),
    end=datetime(2019, 10, 3, 17),
    programme=(),
    venue=Venue(name="De Zaal", city="Heerlen"),
    registration="https://www.example.nl/leegstand",
    announcement="Leegstand lost u **samen** op.\n\nMeer volgt.",
)
THIRD = replace(SEASON, slug="geld", title="Masterclass Geld en grond", season="voorjaar 2020", venue=None)
AGENDA = (MASTERCLASS, SECOND, THIRD)


def context(event: Event, around: Around | None = None) -> dict[str, Any]:
    words = SHIPPED.words(event.series.language)
    return build_context(event, label="", words=words, theme=SHIPPED.theme(), around=around or Around())


def known(event: Event, around: Around | None = None) -> Any:
    return context(event, around)["event"]


def moved(**changes: object) -> Event:
    return replace(MASTERCLASS, **changes)  # type: ignore[arg-type]


LATER = moved(start=datetime(2019, 6, 20, 13), end=datetime(2019, 6, 20, 17))
ELSEWHERE = moved(venue=Venue(name="De Zaal", city="Utrecht"))
WHEN = ["donderdag 13 juni 2019", "12.00–17.00 uur"]


# What has changed since people were told


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, LATER, []),
        (MASTERCLASS, MASTERCLASS, []),
        (MASTERCLASS, replace(MASTERCLASS, title="Anders", programme=()), []),
        (MASTERCLASS, LATER, [("Wanneer", WHEN, ["donderdag 20 juni 2019", "13.00–17.00 uur"])]),
        (
            MASTERCLASS,
            ELSEWHERE,
            [
                (
                    "Waar",
                    ["Vergadercentrum De Plaats", "Voorbeeldplein 1", "3511 AA Utrecht"],
                    ["De Zaal", "Utrecht"],
                )
            ],
        ),
        (MASTERCLASS, SEASON, [("Wanneer", WHEN, ["najaar 2019"])]),
        (SEASON, MASTERCLASS, [("Wanneer", ["najaar 2019"], WHEN)]),
        (
            MASTERCLASS,
            moved(venue=None),
            [("Waar", ["Vergadercentrum De Plaats", "Voorbeeldplein 1", "3511 AA Utrecht"], [])],
        ),
    ],
)
def test_old_and_new_stand_beside_each_other_where_they_differ(
    before: Event | None, after: Event, expected: list[tuple[str, list[str], list[str]]]
) -> None:
    changes = known(after, Around(before=before))["changes"]
    assert [(change["label"], change["was"], change["now"]) for change in changes] == expected


def test_an_event_that_moved_to_another_day_and_place_shows_both() -> None:
    after = replace(LATER, venue=ELSEWHERE.venue)
    changes = known(after, Around(before=MASTERCLASS))["changes"]
    assert [change["label"] for change in changes] == ["Wanneer", "Waar"]
    in_english = known(replace(after, series=ENGLISH.series), Around(before=MASTERCLASS))["changes"]
    assert [change["label"] for change in in_english] == ["When", "Where"]


# The agenda


def test_the_agenda_has_the_coming_events_in_their_order() -> None:
    agenda = context(MASTERCLASS, Around(agenda=AGENDA))["agenda"]
    assert [(entry["title"], entry["is_this"]) for entry in agenda] == [
        ("Masterclass Bewoners in beweging", True),
        ("Masterclass Leegstand", False),
        ("Masterclass Geld en grond", False),
    ]
    assert agenda[1] == {
        "title": "Masterclass Leegstand",
        "subtitle": "Een pand is zo gevuld",
        "date": "donderdag 3 oktober 2019",
        "day": "donderdag 3 oktober",
        "times": "13.00–17.00 uur",
        "place": "Heerlen",
        "tile": {"top": "donderdag", "big": "3", "bottom": "oktober"},
        "url": "https://www.example.nl/leegstand",
        "lead_html": '<p class="text ink">Leegstand lost u <strong>samen</strong> op.</p>',
        "lead_text": "Leegstand lost u samen op.",
        "is_this": False,
    }
    assert (agenda[2]["date"], agenda[2]["day"], agenda[2]["times"]) == ("voorjaar 2020", "voorjaar 2020", "")
    assert agenda[2]["tile"] == {"top": "voorjaar", "big": "2020", "bottom": ""}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ((), ["Masterclass Leegstand", "Masterclass Geld en grond"]),
        (
            (NextDate(title="Excursie", day=date(2019, 9, 1)), NextDate(title="Slotdag", season="najaar 2020")),
            ["Excursie", "Masterclass Leegstand", "Masterclass Geld en grond", "Slotdag"],
        ),
        # What stands in the document is the same meeting: on its day, or by its name before it had a day.
        (
            (NextDate(title="Tweede masterclass", day=date(2019, 10, 3)),),
            ["Masterclass Leegstand", "Masterclass Geld en grond"],
        ),
        (
            (NextDate(title="masterclass leegstand", season="najaar 2019"),),
            ["Masterclass Leegstand", "Masterclass Geld en grond"],
        ),
        # The same name on another day is another meeting.
        (
            (NextDate(title="Masterclass Leegstand", day=date(2019, 12, 5)),),
            ["Masterclass Leegstand", "Masterclass Leegstand", "Masterclass Geld en grond"],
        ),
    ],
)
def test_next_dates_are_the_agenda_and_what_the_document_lists_beside_it(
    listed: tuple[NextDate, ...], expected: list[str]
) -> None:
    dates = context(moved(next_dates=listed), Around(agenda=AGENDA))["dates"]
    assert [entry["title"] for entry in dates] == expected
    assert all(set(entry) == {"title", "date", "place", "tile"} for entry in dates)


def test_without_an_agenda_the_next_dates_are_those_of_the_document() -> None:
    found = context(MASTERCLASS)
    assert found["dates"] == found["event"]["next_dates"]
    assert [entry["date"] for entry in found["dates"]] == ["donderdag 3 oktober 2019", "najaar 2019"]


# What one can do


def test_a_file_for_calendars_has_one_address_for_life() -> None:
    assert known(MASTERCLASS, Around(public_url=PUBLIC))["calendar_url"] == (
        "https://post.example.nl/e/krimpregios/bewoners-in-beweging.ics"
    )
    assert known(MASTERCLASS, Around(public_url=f"{PUBLIC}/"))["calendar_url"].startswith(f"{PUBLIC}/e/")


@pytest.mark.parametrize(("event", "public_url"), [(MASTERCLASS, ""), (SEASON, PUBLIC)])
def test_without_a_place_or_a_date_there_is_no_such_file(event: Event, public_url: str) -> None:
    found = known(event, Around(public_url=public_url))
    assert found["calendar_url"] == ""
    assert found["buttons"]["calendar"] is None


@pytest.mark.parametrize(
    ("event", "public_url", "expected"),
    [
        (MASTERCLASS, PUBLIC, ["register", "route", "calendar"]),
        (MASTERCLASS, "", ["register", "route"]),
        (ONLINE, "", ["register", "join"]),
        (BARE, PUBLIC, []),
        (CANCELLED, PUBLIC, []),
    ],
)
def test_a_button_is_there_where_it_leads_somewhere(event: Event, public_url: str, expected: list[str]) -> None:
    buttons = known(event, Around(public_url=public_url))["buttons"]
    assert set(buttons) == {"register", "join", "route", "calendar"}
    assert [name for name in ("register", "join", "route", "calendar") if buttons[name]] == expected


def test_every_template_that_ships_has_its_buttons() -> None:
    actions = known(MASTERCLASS, Around(public_url=PUBLIC))["actions"]
    assert set(actions) == TEN
    assert [action["words"] for action in actions["save-the-date"]] == ["Zet in uw agenda", "Meld u aan"]
    assert all(not listed for listed in known(CANCELLED, Around(public_url=PUBLIC))["actions"].values())


# Texts, pictures, take-aways


@pytest.mark.parametrize("name", ["practical", "change", "cancellation", "notice"])
def test_the_other_texts_come_in_four_forms_and_are_empty_where_nothing_is_written(name: str) -> None:
    text = known(moved(**{name: "Eerst dit.\n\n## Dan dat\n\nEn meer."}))[name]
    assert text["lead_html"] == '<p class="lead ink">Eerst dit.</p>'
    assert (text["lead_text"], text["titled"]) == ("Eerst dit.", True)
    assert "En meer." in text["body_html"]
    assert "En meer." in text["body_text"]
    assert not any(known(BARE)[name].values())


def test_take_aways_are_lines_with_emphasis_and_links() -> None:
    event = moved(takeaways=("Begin **klein**.", "Lees de [handreiking](https://www.example.nl/h).", "<b>2</b> < 3"))
    first, second, third = known(event)["takeaways"]
    assert first == {"html": "Begin <strong>klein</strong>.", "text": "Begin klein."}
    assert second["html"] == 'Lees de <a href="https://www.example.nl/h" class="link">handreiking</a>.'
    assert second["text"] == "Lees de handreiking. (https://www.example.nl/h)"
    assert third == {"html": "&lt;b&gt;2&lt;/b&gt; &lt; 3", "text": "<b>2</b> < 3"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.example.nl/jan.jpg", "https://www.example.nl/jan.jpg"),
        ("cid:jan@example.nl", "cid:jan@example.nl"),
        ("foto/jan.jpg", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_picture_is_shown_where_a_reader_can_get_at_it(url: str, shown: str) -> None:
    part = replace(PROGRAMME[1], speakers=(Speaker(name="Jan", photo=url),))
    found = known(moved(programme=(part,), images=(Image(url=url, alt="x"),) if url else ()))
    assert found["days"][0]["parts"][0]["speakers"] == [{"name": "Jan", "detail": "", "photo": shown}]
    assert [image["url"] for image in found["images"]] == ([shown] if shown else [])


def test_a_download_says_what_one_gets() -> None:
    download = Link(title="Dia’s", url="https://www.example.nl/d.pdf", detail="pdf, 1,2 MB")
    (link,) = known(moved(links=(download,)))["links"]
    assert link == {"title": "Dia’s", "url": "https://www.example.nl/d.pdf", "detail": "pdf, 1,2 MB"}


# What a mailbox shows after the subject


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("around", [Around(), Around(before=LATER, agenda=AGENDA, public_url=PUBLIC)])
def test_every_template_that_ships_has_a_preview_of_the_right_length(variant: str, around: Around) -> None:
    previews = known(VARIANTS[variant], around)["preview"]
    assert set(previews) == TEN
    assert all(PREVIEW_SHORTEST <= len(words) <= PREVIEW_LONGEST for words in previews.values())


@pytest.mark.parametrize(
    ("template", "event", "around", "expected"),
    [
        (
            "changed",
            LATER,
            Around(before=MASTERCLASS),
            "Nu: donderdag 20 juni 2019, 13.00–17.00 uur, Vergadercentrum De Plaats.",
        ),
        (
            "changed",
            moved(change="De zaal bleek te klein, dus wij wijken uit. En meer."),
            Around(),
            "De zaal bleek te klein, dus wij wijken uit.",
        ),
        ("changed", MASTERCLASS, Around(), "Lees wat er verandert en wat dat voor u betekent."),
        (
            "practical",
            moved(practical="Kom met de trein: het station is om de hoek."),
            Around(),
            "Kom met de trein: het station is om de hoek.",
        ),
        (
            "practical",
            moved(practical="Dag [[ subscriber.name ]], kom met de trein."),
            Around(),
            "12.00–17.00 uur, Vergadercentrum De Plaats.",
        ),
        (
            "cancelled",
            moved(cancellation="Te weinig mensen hebben zich aangemeld voor deze middag."),
            Around(),
            "Te weinig mensen hebben zich aangemeld voor deze middag.",
        ),
        ("next", MASTERCLASS, Around(agenda=AGENDA), "Masterclass Leegstand, donderdag 3 oktober, Heerlen."),
        ("digest", MASTERCLASS, Around(agenda=AGENDA[1:]), "Masterclass Leegstand en Masterclass Geld en grond."),
        (
            "notice",
            moved(notice="De opnames van de middag staan vanaf vandaag online."),
            Around(),
            "De opnames van de middag staan vanaf vandaag online.",
        ),
        (
            "cancelled",
            moved(cancellation="Twee sprekers zijn ziek."),
            Around(),
            "Twee sprekers zijn ziek. Helaas gaat deze bijeenkomst niet door.",
        ),
        # These tell of other things than the event that does not take place.
        ("digest", CANCELLED, Around(agenda=AGENDA[1:]), "Masterclass Leegstand en Masterclass Geld en grond."),
    ],
)
def test_a_preview_says_what_is_new(template: str, event: Event, around: Around, expected: str) -> None:
    assert known(event, around)["preview"][template] == expected


def test_of_a_cancelled_event_every_letter_says_so_first() -> None:
    event = replace(CANCELLED, cancellation="De spreker is ziek geworden, en een ander is er niet. Jammer.")
    previews = known(event)["preview"]
    assert {previews[name] for name in TEN - {"next", "digest", "notice"}} == {
        "De spreker is ziek geworden, en een ander is er niet."
    }


def test_what_is_around_changes_nothing_else() -> None:
    alone, among = context(MASTERCLASS), context(MASTERCLASS, Around(before=TWO_DAYS, agenda=AGENDA))
    assert {name for name in alone["event"] if alone["event"][name] != among["event"][name]} == {"changes", "preview"}
    assert {name for name in alone if alone[name] != among[name]} == {"event", "agenda", "dates"}
