"""What a template says of itself, and what follows from it for the calendar part of its letters."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.templates import TemplateAbout, Templates
from newsletter.errors import TemplateError
from newsletter.events.event import Event
from tests.unit.compose.sample import CANCELLED, MASTERCLASS, SEASON, TEMPLATES

NOW = datetime(2019, 5, 1, tzinfo=UTC)
SHIPPED = Templates([TEMPLATES])


def template(folder: Path, toml: str | None, name: str = "proef") -> Templates:
    """The shipped templates, and before them one of our own."""
    (folder / name).mkdir()
    for file in ("subject.txt", "letter.html", "letter.txt"):
        (folder / name / file).write_text("<!doctype html><html><body>Dag</body></html>", encoding="utf-8")
    if toml is not None:
        (folder / name / "template.toml").write_text(toml, encoding="utf-8")
    return Templates([folder, TEMPLATES])


def test_a_template_says_when_to_use_it(tmp_path: Path) -> None:
    toml = 'calendar = "cancel"\n[label]\nnl = "Proef"\n[about]\nnl = "Om te proeven."\nen = "To taste."\n'
    assert template(tmp_path, toml).about("proef") == TemplateAbout(
        calendar="cancel", label={"nl": "Proef"}, about={"nl": "Om te proeven.", "en": "To taste."}
    )


def test_a_template_may_say_nothing(tmp_path: Path) -> None:
    assert template(tmp_path, None).about("proef") == TemplateAbout(calendar="none", label={}, about={})


def test_an_announcement_of_before_templates_said_anything_still_carries_the_event(tmp_path: Path) -> None:
    template(tmp_path, None, "announcement")
    assert Templates([tmp_path]).about("announcement").calendar == "publish"


def test_every_template_that_ships_says_when_to_use_it_in_both_languages() -> None:
    for name in SHIPPED.names():
        about = SHIPPED.about(name)
        assert set(about.label) == set(about.about) == {"nl", "en"}, name
        assert all((*about.label.values(), *about.about.values())), name


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('calendar = "sometimes"', "calendar is “sometimes”; write one of publish, cancel, none"),
        ('kalender = "publish"', "“kalender” is not known there"),
        ('label = "Proef"', "“label” has no languages"),
        ("calendar = ", "Invalid value"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_file(tmp_path: Path, toml: str, expected: str) -> None:
    with pytest.raises(TemplateError) as told:
        template(tmp_path, toml).about("proef")
    assert str(told.value).startswith("templates/proef/template.toml cannot be read: ")
    assert expected in str(told.value)


@pytest.mark.parametrize(
    ("calendar", "event", "invites", "expected"),
    [
        ("publish", MASTERCLASS, False, "PUBLISH"),
        ("publish", MASTERCLASS, True, "REQUEST"),
        ("publish", CANCELLED, False, "CANCEL"),
        ("publish", CANCELLED, True, "CANCEL"),
        ("cancel", CANCELLED, False, "CANCEL"),
        ("cancel", MASTERCLASS, False, "CANCEL"),
        ("none", MASTERCLASS, True, ""),
        ("none", CANCELLED, False, ""),
        ("publish", SEASON, True, ""),
        ("cancel", replace(SEASON, status=CANCELLED.status), False, ""),
    ],
)
def test_the_calendar_part_follows_from_template_event_and_plan(
    tmp_path: Path, calendar: str, event: Event, invites: bool, expected: str
) -> None:
    templates = template(tmp_path, f'calendar = "{calendar}"')
    order = Order(slug="x/proef", template="proef", label="", invites=invites)
    mailing = compose(event, order, templates, now=NOW)
    found = [line for line in mailing.calendar.split("\r\n") if line.startswith("METHOD:")]
    assert found == ([f"METHOD:{expected}"] if expected else [])


def test_calendars_know_an_event_by_what_the_store_keeps_for_it() -> None:
    event = replace(MASTERCLASS, uid="bewoners@oud.example.nl", sequence=3)
    mailing = compose(event, Order(slug="x/a", template="announcement", label=""), SHIPPED, now=NOW)
    assert "\r\nUID:bewoners@oud.example.nl\r\n" in mailing.calendar
    assert "\r\nSEQUENCE:3\r\n" in mailing.calendar


def test_a_word_that_a_folder_does_not_have_is_taken_from_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "nl.toml").write_text('register = "Kom ook"\n', encoding="utf-8")
    words = Templates([tmp_path, TEMPLATES]).words("nl")
    assert words["register"] == "Kom ook"
    assert words == {**SHIPPED.words("nl"), "register": "Kom ook"}


def test_a_series_has_a_theme_of_its_own() -> None:
    event = replace(MASTERCLASS, series=replace(MASTERCLASS.series, theme=(("base", "veen"), ("accent", "#123456"))))
    theme = SHIPPED.theme(event.series.theme)
    assert (theme["name"], theme["accent"], theme["logo"]) == ("veen", "#123456", "")
    html = compose(event, Order(slug="x/a", template="announcement", label=""), SHIPPED, now=NOW).html
    assert "#123456" in html
    assert SHIPPED.theme()["accent"] not in html


@pytest.mark.parametrize(
    ("theme", "expected"),
    [
        ((("base", "veen"),), []),
        ((("logo", "logo.png"), ("logo_alt", "Voorbeeld")), []),
        ((("base", "steen"),), ["there is no theme “steen”"]),
        ((("accent", "#ffff00"),), ["accent #ffff00 on paper #ffffff has a contrast of 1.07:1 in light mode"]),
        ((("logo", "logo.png"),), ["logo_alt is empty"]),
    ],
)
def test_what_cannot_be_read_in_a_theme_is_told(theme: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    found = SHIPPED.theme_problems(theme)
    assert bool(found) == bool(expected)
    assert all(any(start in sentence for sentence in found) for start in expected)
