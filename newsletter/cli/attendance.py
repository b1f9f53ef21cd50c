"""`newsletter event attendance`: who comes. Names are shown on purpose: it is the list for the door."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError
from newsletter.events.event import Event
from newsletter.store import attendance as answers
from newsletter.store import events

#: In this order they are counted and listed.
ANSWERS: Final = ("accepted", "tentative", "delegated", "declined")
#: How a cell begins that a spreadsheet would take for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def attendance(
    slug: Annotated[str, typer.Argument(help="The event, as `newsletter event list` shows it.")],
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Also write names and answers to this file, for the door.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show who comes: what people answered to the personal invitation, and how many have not."""

    async def action(app: App) -> tuple[Event, list[dict[str, Any]], int]:
        async with app.database.read() as tx:
            event = await events.get_event(tx, slug)
            rows = [dict(row) for row in await answers.answers(tx, slug)]
            return event, rows, await answers.count_invited(tx, slug)

    event, rows, invited = console.with_app(action)
    people = sorted(rows, key=lambda row: _place(row["answer"]))
    if csv_file is not None:
        _write(csv_file, door_list(people))
    counts = count(people, invited)
    if as_json:
        console.as_json({"event": slug, "invited": invited, "counts": counts, "people": _facts(people, event)})
        return
    console.say(event.title)
    console.say(f"  {', '.join(f'{number} {answer}' for answer, number in counts.items())}; {invited} invited")
    console.table(
        ("answer", "name", "address", "when", "remark"),
        [
            (row["answer"], row["name"], row["address"], row["answered_at"], row["remark"])
            for row in _facts(people, event, shown=True)
        ],
        empty="Nobody has answered yet; a plan entry with “invite: yes” asks people to.",
    )
    if csv_file is not None:
        console.say(f"wrote {csv_file}")


def count(people: Sequence[Mapping[str, Any]], invited: int) -> dict[str, int]:
    """How many gave each answer, and how many of the invited gave none."""
    counts = {answer: sum(row["answer"] == answer for row in people) for answer in ANSWERS}
    return {**counts, "unanswered": max(invited - len(people), 0)}


def door_list(people: Sequence[Mapping[str, Any]]) -> str:
    """Name and answer of each, as CSV; who has no name stands there with their address."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("name", "answer"))
    writer.writerows((_cell(row["name"] or row["address"]), _cell(row["answer"])) for row in people)
    return text.getvalue()


def _cell(text: str) -> str:
    """A cell that a spreadsheet shows as it is, and never works out."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _place(answer: str) -> int:
    return ANSWERS.index(answer) if answer in ANSWERS else len(ANSWERS)


def _facts(people: Sequence[Mapping[str, Any]], event: Event, *, shown: bool = False) -> list[dict[str, Any]]:
    zone = event.series.timezone
    return [
        {
            **{key: row[key] for key in ("name", "address", "answer")},
            "answered_at": console.local(row["answered_at"], zone) if shown else row["answered_at"],
            "remark": "before the event was changed" if row["sequence"] < event.sequence else "",
        }
        for row in people
    ]


def _write(file: Path, text: str) -> None:
    try:
        # With the mark by which a spreadsheet knows UTF-8.
        file.write_text(text, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise NewsletterError(f"{file} cannot be written: {error.strerror}") from error
