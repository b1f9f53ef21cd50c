"""`newsletter replies …`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.events.event import Series
from newsletter.inbound.replying.threads import clean, clean_lines, name_of
from newsletter.inbound.replying.waiting import is_late, working_days
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.sender import words
from newsletter.store import forwards, journal, replies
from newsletter.store.documents import load

commands = typer.Typer(no_args_is_help=True, help="Replies: what people asked, and whether somebody has answered.")

Number = Annotated[int, typer.Argument(metavar="ID", help="The number of the question, as `replies list` shows it.")]
BY_HAND = "by hand"
#: Characters of a name and of a subject on a terminal; `replies show` has all of them.
WHO, SUBJECT = 40, 72


@commands.command("list")
def list_replies(
    with_ended: Annotated[bool, typer.Option("--all", help="Also those that were answered or closed.")] = False,
    as_json: Json = False,
) -> None:
    """List the questions that wait for an answer, the oldest first.

    An answer that is seen in the thread closes a question by itself; for that, the contact mailbox must be read.
    """

    async def action(app: App) -> list[dict[str, Any]]:
        async with app.database.read() as tx:
            found = await replies.listed(tx, with_ended=with_ended)
        return [facts(dict(row), app.clock(), app.settings.inbound.working_days) for row in found]

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    rows = as_table(found, with_ended=with_ended, in_short=console.out.is_terminal)
    console.table(*rows, empty="No question waits for an answer.")
    for one in found:
        if one["forwarding"]:
            console.say(f"question {one['question']} has not reached the contact mailbox: {one['forwarding']}")


@commands.command("show")
def show(number: Number, as_json: Json = False) -> None:
    """Show one question: who asks, about which mailing, in which words, and what followed in its thread."""

    async def action(app: App) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        async with app.database.read() as tx:
            row = dict(await replies.get(tx, number))
            sent_on = await forwards.of_message(tx, row["message_id"])
            later = await replies.later_in_thread(tx, number)
        one = facts(row, app.clock(), app.settings.inbound.working_days)
        one["sent_on"] = [_sent_on(dict(forward)) for forward in sent_on]
        zone = _zone(row)
        thread = [
            _message(row["at"], zone, row["raw"]),
            *(_message(other.received_at, zone, other.raw) for other in later),
        ]
        return one, thread

    one, thread = console.with_app(action)
    if as_json:
        console.as_json(one | {"thread": thread})
        return
    for line in described(one):
        console.say(line)
    for message in thread:
        console.say(f"\n— {message['at']:%Y-%m-%d %H:%M}{_by(message)}\n")
        console.say(message["text"] or "(its text is not kept any more)")


@commands.command("close")
def close(number: Number) -> None:
    """Close a question that needs no answer any more."""

    async def action(app: App) -> bool:
        async with app.database.write() as tx:
            await replies.get(tx, number)
            closed = await replies.end(tx, number, replies.CLOSED, BY_HAND, now=app.clock())
            if closed:
                await journal.note(tx, f"question {number}", "closed", BY_HAND, at=app.clock())
        return closed

    console.say(f"question {number} is closed" if console.with_app(action) else f"question {number} was closed already")


@commands.command("open")
def open_(number: Number) -> None:
    """Open a question again; what could not be sent on to the contact mailbox is tried once more."""

    async def action(app: App) -> tuple[bool, int]:
        async with app.database.write() as tx:
            row = await replies.get(tx, number)
            opened = await replies.reopen(tx, number)
            again = await forwards.try_again(tx, row["message_id"], now=app.clock())
            if opened or again:
                await journal.note(tx, f"question {number}", "opened", BY_HAND, at=app.clock())
        return opened, again

    opened, again = console.with_app(action)
    console.say(f"question {number} is open{' again' if opened else ''}")
    if again:
        console.say(
            "  it is sent on to the contact mailbox once more, by `newsletter run` or `newsletter inbound poll`"
        )


def facts(row: Mapping[str, Any], now: datetime, patience: int) -> dict[str, Any]:
    """A question as other programs read it, with its age on the clock of its series."""
    zone = _zone(row)
    asked, until = row["at"].astimezone(zone), (row["ended_at"] or now).astimezone(zone)
    forwarding = clean(row["forwarding"] or "")
    return {
        "question": row["id"],
        "asked_at": asked,
        "working_days": working_days(asked.date(), until.date()),
        "late": row["state"] == replies.OPEN and is_late(asked.date(), until.date(), patience),
        "state": row["state"],
        "ended_at": row["ended_at"] and row["ended_at"].astimezone(zone),
        "ended_by": row["ended_by"],
        "author": clean(row["author"]),
        "subject": clean(row["subject"]),
        "mailing": row["mailing"] or "",
        "series": _series(row).slug if row["series"] else "",
        "forwarding": forwarding,
    }


def as_table(found: list[dict[str, Any]], *, with_ended: bool, in_short: bool) -> tuple[list[str], list[list[object]]]:
    """Headings and rows; who and what stand last, where long names and subjects may take a second line."""
    heads = ["no.", "asked", "working days", *(["state"] if with_ended else []), "who", "subject"]
    rows: list[list[object]] = []
    for one in found:
        who = _name(one["author"]) or "(forgotten)"
        subject = one["subject"] or ("(no subject)" if one["author"] else "(forgotten)")
        rows.append(
            [
                one["question"],
                f"{one['asked_at']:%Y-%m-%d}",
                f"{one['working_days']}{', late' if one['late'] else ''}",
                *([one["state"]] if with_ended else []),
                _short(who, WHO) if in_short else who,
                _short(subject, SUBJECT) if in_short else subject,
            ]
        )
    return heads, rows


def described(one: Mapping[str, Any]) -> list[str]:
    """What is known about a question, in lines."""
    age = f"{one['working_days']} working day{'' if one['working_days'] == 1 else 's'}"
    lines = [f"question {one['question']}, {one['state']}, asked {one['asked_at']:%Y-%m-%d %H:%M}"]
    if one["state"] == replies.OPEN:
        lines[0] += f", {age} ago{', late' if one['late'] else ''}"
    else:
        lines[0] += f", {one['state']} {one['ended_at']:%Y-%m-%d %H:%M} ({one['ended_by']}), after {age}"
    lines.append(f"  from     {one['author'] or '(forgotten)'}")
    lines.append(f"  subject  {one['subject']}")
    if one["mailing"]:
        lines.append(f"  about    {one['mailing']}")
    return lines + [f"  sent on  {sentence}" for sentence in one["sent_on"]]


def _sent_on(forward: Mapping[str, Any]) -> str:
    how = " as an attachment" if forward["wrapped"] else ""
    if forward["state"] == "sent":
        return f"to {forward['address']}{how}"
    return f"not yet to {forward['address']}: {forward['state']} {clean(forward['reason'])}".rstrip()


def _message(at: datetime, zone: ZoneInfo, raw: bytes | None) -> dict[str, Any]:
    part = parse(raw) if raw is not None else None
    return {
        "at": at.astimezone(zone),
        "by": name_of(part) if part else "",
        "text": clean_lines(words(part)) if part else "",
    }


def _by(message: Mapping[str, Any]) -> str:
    return f", {message['by']}" if message["by"] else ""


def _name(author: str) -> str:
    """The name, or the address where there is none."""
    return author.rpartition(" <")[0] or author


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _series(row: Mapping[str, Any]) -> Series:
    return load(Series, row["series"])


def _zone(row: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(_series(row).timezone if row["series"] else console.ZONE)
