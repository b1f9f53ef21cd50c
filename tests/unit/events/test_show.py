"""An event as `newsletter event show` prints it, and the one that `newsletter init` starts with."""

from dataclasses import replace
from datetime import date, timedelta

from newsletter.cli.event import programme_lines
from newsletter.demo.starter import starter_event
from newsletter.events.document import read, write
from newsletter.events.event import STARTER_MARK
from newsletter.events.plan import format_rule
from tests.world import event


def test_a_workshop_without_room_and_speakers_has_no_brackets() -> None:
    one = event()
    first, second = one.programme[1].workshops
    bare = replace(one.programme[1], workshops=(first, replace(second, room="")))
    assert programme_lines(replace(one, programme=(bare,))) == [
        "  13:30–15:00  Ronde 1",
        "                 Eerst (Zaal 1; Zoë Voorbeeld)",
        "                 Tweede",
    ]


def test_each_day_of_an_event_of_several_days_stands_above_its_parts() -> None:
    one = event()
    assert one.end is not None
    welcome = one.programme[0]
    day = timedelta(days=1)
    next_day = replace(welcome, title="Tweede dag", start=welcome.start + day, end=welcome.end + day)
    assert programme_lines(replace(one, end=one.end + day, programme=(welcome, next_day))) == [
        "  2026-04-23",
        "  13:00–13:30  Welkom",
        "  2026-04-24",
        "  13:00–13:30  Tweede dag",
    ]


def test_the_texts_to_start_from_can_be_recognised_and_imported() -> None:
    starter = starter_event(date(2026, 3, 2))
    assert read(write(starter), "start.md") == starter
    for text in (starter.announcement, starter.practical, starter.report):
        assert text.startswith(f"{STARTER_MARK}:")


def test_the_plan_to_start_from_uses_a_template_of_its_own_for_each_moment() -> None:
    plan = starter_event(date(2026, 3, 2)).series.plan
    assert [(entry.name, entry.template, format_rule(entry.when)) for entry in plan] == [
        ("save-the-date", "save-the-date", "6 weeks before start at 09:00"),
        ("announcement", "announcement", "4 weeks before start at 09:00"),
        ("practical", "practical", "3 working days before start at 09:00"),
        ("report", "report", "6 days after end at 10:00"),
    ]
