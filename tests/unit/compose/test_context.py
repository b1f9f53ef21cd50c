"""What templates know of an event."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.compose.context import SMALLEST_GROUP, build_context
from newsletter.compose.templates import Templates
from newsletter.compose.wording import PREVIEW_LONGEST, PREVIEW_SHORTEST
from newsletter.events.event import Attendance, Event, Image, Link, Part, PartKind, Venue, Workshop
from tests.unit.compose.sample import (
    BARE,
    CANCELLED,
    ENGLISH,
    HYBRID,
    MASTERCLASS,
    NO_DATE,
    ONLINE,
    SEASON,
    SERIES,
    TEMPLATES,
    TWO_DAYS,
    VARIANTS,
)

SHIPPED = Templates([TEMPLATES])


def context(event: Event, label: str = "") -> dict[str, Any]:
    return build_context(event, label=label, words=SHIPPED.words(event.series.language), theme=SHIPPED.theme())


def known(event: Event) -> Any:
    return context(event)["event"]


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2019, 6, day, hour, minute)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_template_gets_plain_values_and_nothing_with_methods_of_ours(variant: str) -> None:
    def check(value: object) -> None:
        assert type(value) in (str, int, bool, type(None), dict, list, Markup)
        if isinstance(value, dict):
            assert all(type(key) is str for key in value)
            for inner in value.values():
                check(inner)
        if isinstance(value, list):
            for inner in value:
                check(inner)

    check(context(VARIANTS[variant]))


def test_the_context_has_its_eight_names() -> None:
    assert set(context(MASTERCLASS, " Laatste\nbericht ")) == {
        "event",
        "series",
        "agenda",
        "dates",
        "t",
        "theme",
        "language",
        "label",
    }
    assert context(MASTERCLASS, " Laatste\nbericht ")["label"] == "Laatste bericht"


@pytest.mark.parametrize(
    ("event", "date_", "day", "day_month", "times"),
    [
        (MASTERCLASS, "donderdag 13 juni 2019", "donderdag 13 juni", "13 juni", "12.00–17.00 uur"),
        (ENGLISH, "Thursday 13 June 2019", "Thursday 13 June", "13 June", "12:00–17:00"),
        (SEASON, "najaar 2019", "najaar 2019", "najaar 2019", ""),
        (NO_DATE, "", "", "", ""),
        (ONLINE, "donderdag 13 juni 2019", "donderdag 13 juni", "13 juni", "12.00–17.00 uur, tijd in Amsterdam"),
        (replace(MASTERCLASS, end=None), "donderdag 13 juni 2019", "donderdag 13 juni", "13 juni", "12.00 uur"),
        (
            replace(MASTERCLASS, start=_at(13, 0), end=None),
            "donderdag 13 juni 2019",
            "donderdag 13 juni",
            "13 juni",
            "",
        ),
        (
            replace(MASTERCLASS, start=_at(13, 20), end=_at(14, 0, 30)),
            "donderdag 13 juni 2019",
            "donderdag 13 juni",
            "13 juni",
            "20.00–00.30 uur",
        ),
        (
            TWO_DAYS,
            "13 en 14 juni 2019",
            "13 en 14 juni",
            "13 en 14 juni",
            "",
        ),
        (
            replace(TWO_DAYS, series=ENGLISH.series),
            "13 and 14 June 2019",
            "13 and 14 June",
            "13 and 14 June",
            "",
        ),
        (
            replace(MASTERCLASS, end=_at(15, 17)),
            "13 t/m 15 juni 2019",
            "13 t/m 15 juni",
            "13 t/m 15 juni",
            "",
        ),
        (
            replace(ENGLISH, start=datetime(2026, 3, 30, 9), end=datetime(2026, 4, 2, 17)),
            "30 March to 2 April 2026",
            "30 March to 2 April",
            "30 March to 2 April",
            "",
        ),
        (
            replace(MASTERCLASS, start=datetime(2026, 12, 31, 9), end=datetime(2027, 1, 1, 17)),
            "31 december 2026 en 1 januari 2027",
            "31 december en 1 januari",
            "31 december en 1 januari",
            "",
        ),
        (
            replace(MASTERCLASS, end=datetime(2019, 7, 2, 12)),
            "13 juni t/m 2 juli 2019",
            "13 juni t/m 2 juli",
            "13 juni t/m 2 juli",
            "",
        ),
    ],
)
def test_when_an_event_is_is_written_out(event: Event, date_: str, day: str, day_month: str, times: str) -> None:
    this = known(event)
    assert (this["date"], this["day"], this["day_month"], this["times"]) == (date_, day, day_month, times)


@pytest.mark.parametrize(
    ("event", "tile"),
    [
        (MASTERCLASS, {"top": "donderdag", "big": "13", "bottom": "juni"}),
        (SEASON, {"top": "najaar", "big": "2019", "bottom": ""}),
        (replace(SEASON, season="binnenkort"), {"top": "binnenkort", "big": "", "bottom": ""}),
        (NO_DATE, None),
        (TWO_DAYS, {"top": "do–vr", "big": "13–14", "bottom": "juni"}),
        (replace(TWO_DAYS, series=ENGLISH.series), {"top": "Thu–Fri", "big": "13–14", "bottom": "June"}),
        (
            replace(MASTERCLASS, start=datetime(2026, 3, 30, 9), end=datetime(2026, 4, 2, 17)),
            {"top": "ma–do", "big": "30\u00a0mrt\u00a0– 2\u00a0apr", "bottom": ""},
        ),
        (replace(MASTERCLASS, end=_at(20, 9)), {"top": "", "big": "13–20", "bottom": "juni"}),
    ],
)
def test_a_date_is_a_leaf_of_a_calendar(event: Event, tile: Mapping[str, str] | None) -> None:
    assert known(event)["tile"] == tile


@pytest.mark.parametrize(
    ("venue", "place"),
    [
        (None, ""),
        (Venue(), ""),
        (Venue(name="De Plaats", city="3511 AA Utrecht"), "Utrecht"),
        (Venue(city="3511AA  Utrecht"), "Utrecht"),
        (Venue(city="Utrecht"), "Utrecht"),
        (Venue(name="De Plaats"), "De Plaats"),
        (Venue(online="https://v.example.nl"), "online"),
        (Venue(city="Utrecht", online="https://v.example.nl"), "Utrecht"),
    ],
)
def test_the_subject_names_a_town_without_its_postal_code(venue: Venue | None, place: str) -> None:
    assert known(replace(MASTERCLASS, venue=venue))["place"] == place


def facts(event: Event) -> dict[str, list[str]]:
    return {fact["key"]: fact["lines"] for fact in known(event)["facts"]}


def test_the_facts_are_where_when_for_whom_and_until_when() -> None:
    assert facts(MASTERCLASS) == {
        "where": ["Vergadercentrum De Plaats", "Voorbeeldplein 1", "3511 AA Utrecht"],
        "when": ["donderdag 13 juni 2019", "12.00–17.00 uur"],
        "audience": ["Beleidsmakers van gemeenten, corporaties, regio’s en provincies"],
        "register": ["tot en met maandag 3 juni 2019"],
    }


@pytest.mark.parametrize(
    ("event", "key", "lines"),
    [
        (ONLINE, "where", ["Online"]),
        (HYBRID, "where", ["De Plaats", "Utrecht", "of online"]),
        (ONLINE, "when", ["donderdag 13 juni 2019", "12.00–17.00 uur", "tijd in Amsterdam"]),
        (SEASON, "when", ["najaar 2019"]),
        (
            TWO_DAYS,
            "when",
            ["donderdag 13 juni 2019, 12.00 uur", "tot vrijdag 14 juni 2019, 16.00 uur"],
        ),
    ],
)
def test_a_fact_says_what_holds(event: Event, key: str, lines: list[str]) -> None:
    assert facts(event)[key] == lines


def test_what_is_not_known_is_no_fact() -> None:
    assert facts(BARE) == {}
    assert known(BARE)["venue"] is None
    assert known(replace(BARE, venue=Venue()))["venue"] is None
    assert "register" not in facts(replace(MASTERCLASS, registration=""))


@pytest.mark.parametrize(
    ("event", "announcement", "reminder"),
    [
        (MASTERCLASS, ["Meld u aan", "Bekijk de route"], ["Bekijk de route"]),
        (HYBRID, ["Meld u aan", "Bekijk de route"], ["Bekijk de route", "Neem online deel"]),
        (ONLINE, ["Meld u aan"], ["Neem online deel"]),
        (replace(ONLINE, registration=""), ["Neem online deel"], ["Neem online deel"]),
        (CANCELLED, [], []),
        (BARE, [], []),
    ],
)
def test_the_main_thing_that_readers_can_do_comes_first(
    event: Event, announcement: list[str], reminder: list[str]
) -> None:
    actions = known(event)["actions"]
    assert [action["words"] for action in actions["announcement"]] == announcement
    assert [action["words"] for action in actions["reminder"]] == reminder


@pytest.mark.parametrize("url", ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "file:///etc/passwd"])
def test_an_address_that_has_no_place_in_a_mail_is_left_out(url: str) -> None:
    event = replace(
        MASTERCLASS,
        registration=url,
        venue=Venue(name="De Plaats", url=url, online=url),
        links=(Link(title="x", url=url),),
        images=(Image(url=url, alt="x"), Image(url="https://www.example.nl/f.jpg", alt="y", large=url)),
        series=replace(SERIES, website=url),
    )
    assert url.strip() not in str(context(event))


@pytest.mark.parametrize(
    "url", ["https://a.nl/?a=b:c", "mailto:a@example.nl", "[[ subscriber.link ]]", "www.example.nl"]
)
def test_another_address_is_kept(url: str) -> None:
    assert known(replace(MASTERCLASS, registration=url))["registration"] == url


def test_days_have_a_name_where_there_are_more_than_one() -> None:
    assert [day["day"] for day in known(MASTERCLASS)["days"]] == [""]
    days = known(TWO_DAYS)["days"]
    assert [day["day"] for day in days] == ["Donderdag 13 juni", "Vrijdag 14 juni"]
    assert [len(day["parts"]) for day in days] == [6, 1]
    assert known(BARE)["days"] == []


def test_a_part_has_times_room_speakers_and_workshops() -> None:
    part = known(MASTERCLASS)["days"][0]["parts"][2]
    assert (part["kind"], part["is_break"]) == ("round", False)
    assert (part["start"], part["end"], part["times"]) == ("13.30", "14.45", "13.30–14.45")
    assert [workshop["room"] for workshop in part["workshops"]] == ["Zaal 1", "Zaal 2"]
    assert part["workshops"][1]["speakers"] == [
        {"name": "Andriena Lushtaku-Smedts", "detail": "programmamanager, gemeente Rotterdam", "photo": ""}
    ]
    assert part["workshops"][0]["times"] == ""


def test_a_workshop_shows_times_of_its_own() -> None:
    workshop = Workshop(title="Kort", start=_at(13, 13, 30), end=_at(13, 14))
    part = Part(kind=PartKind.ROUND, title="Ronde", start=_at(13, 13), end=_at(13, 15), workshops=(workshop,))
    days = known(replace(MASTERCLASS, programme=(part,)))["days"]
    assert days[0]["parts"][0]["workshops"][0]["times"] == "13.30–14.00 uur"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), None),
        ((1, 3), None),
        ((4, 4), {"total": 8, "groups": [], "sentence": ""}),
        (
            (5, 6),
            {
                "total": 11,
                "groups": [{"label": "van a", "count": 5}, {"label": "van b", "count": 6}],
                "sentence": "5 van a en 6 van b",
            },
        ),
        (
            (7, 4, 0, 2),
            {
                "total": 13,
                "groups": [{"label": "van a", "count": 7}, {"label": "overige", "count": 6}],
                "sentence": "7 van a en 6 overige",
            },
        ),
    ],
)
def test_attendance_names_no_small_group(counts: tuple[int, ...], expected: object) -> None:
    groups = tuple(Attendance(kind=kind, count=count) for kind, count in zip("abcd", counts, strict=False))
    assert known(replace(MASTERCLASS, attendance=groups))["attendance"] == expected


@given(st.lists(st.integers(0, 40), max_size=8))
def test_no_group_under_five_is_ever_named_and_the_counts_add_up(counts: list[int]) -> None:
    groups = tuple(Attendance(kind=f"soort{number}x", count=count) for number, count in enumerate(counts))
    attendance = known(replace(BARE, attendance=groups))["attendance"]
    for group in groups:
        assert (group.kind in str(attendance)) == (group.count >= SMALLEST_GROUP)
    if attendance and attendance["groups"]:
        assert sum(group["count"] for group in attendance["groups"]) == attendance["total"] == sum(counts)


def test_next_dates_are_a_day_or_a_season() -> None:
    day, season = known(MASTERCLASS)["next_dates"]
    assert (day["date"], day["tile"]["big"], day["place"]) == ("donderdag 3 oktober 2019", "3", "Heerlen")
    assert (season["date"], season["tile"]["top"], season["place"]) == ("najaar 2019", "najaar", "")


def test_a_text_comes_as_lead_and_body_in_html_and_in_text() -> None:
    text = known(MASTERCLASS)["report"]
    assert text["lead_html"].startswith('<p class="lead ink">Dertig mensen')
    assert text["lead_text"].startswith("Dertig mensen")
    assert text["body_html"].startswith('<h2 class="heading ink">Workshopronde 1</h2>')
    assert text["body_text"].startswith("Workshopronde 1\n---------------")
    assert text["titled"] is True
    assert known(MASTERCLASS)["announcement"]["titled"] is False


def test_white_space_in_what_was_typed_does_not_reach_the_letter() -> None:
    assert known(replace(MASTERCLASS, title=" Een\n titel\u00a0hier "))["title"] == "Een titel\u00a0hier"


def test_the_organisation_falls_back_to_the_sender() -> None:
    assert context(BARE)["series"]["organisation"] == "Expertisetraject krimpregio’s"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_preview_is_long_enough_to_hide_the_body_and_short_enough_to_be_shown(variant: str) -> None:
    for preview in known(VARIANTS[variant])["preview"].values():
        assert PREVIEW_SHORTEST <= len(preview) <= PREVIEW_LONGEST


@pytest.mark.parametrize(
    ("event", "template", "expected"),
    [
        (
            MASTERCLASS,
            "announcement",
            "12.00–17.00 uur, Vergadercentrum De Plaats. Aanmelden kan tot en met maandag 3 juni.",
        ),
        (MASTERCLASS, "reminder", "12.00–17.00 uur, Vergadercentrum De Plaats."),
        (
            replace(MASTERCLASS, report="Het was een middag om te onthouden, zei iedereen. En meer."),
            "report",
            "Het was een middag om te onthouden, zei iedereen.",
        ),
        (
            replace(MASTERCLASS, report="Dag [[ subscriber.name ]], het was een mooie en lange middag."),
            "report",
            "Wat er is besproken, wie er waren en hoe het verdergaat.",
        ),
        (BARE, "announcement", "Lees waar het over gaat, voor wie het is en hoe u meedoet."),
        (BARE, "reminder", "Waar u moet zijn, hoe u er komt en wat u kunt verwachten."),
    ],
)
def test_a_preview_adds_to_the_subject(event: Event, template: str, expected: str) -> None:
    assert known(event)["preview"][template] == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (MASTERCLASS, "Graag tot ziens op donderdag 13 juni."),
        (ONLINE, "Graag tot donderdag 13 juni, online."),
        (HYBRID, "Graag tot ziens op donderdag 13 juni."),
        (SEASON, "De datum is nog niet bekend."),
        (TWO_DAYS, "Graag tot ziens op 13 en 14 juni."),
    ],
)
def test_a_reminder_says_until_when(event: Event, expected: str) -> None:
    assert known(event)["welcome"].startswith(expected)


def test_the_last_day_to_register_is_written_out() -> None:
    event = replace(ENGLISH, register_until=date(2019, 6, 3))
    assert facts(event)["register"] == ["until Monday 3 June 2019"]
