"""`newsletter explain`."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError
from newsletter.outbox.explain import Explanation
from newsletter.outbox.explain import explain as explain_address
from newsletter.store import subscribers
from newsletter.subscribers.address import typed_address

#: A subscriber as other commands name one who may not be shown.
NUMBER = re.compile(r"#?([0-9]{1,18})")


def explain(
    who: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="The address, in any letter case, or the number of a subscriber."),
    ],
    as_json: Json = False,
) -> None:
    """Tell what is kept of somebody, why they get mail or do not, what they got or did not get, what is next."""
    number = NUMBER.fullmatch(who)
    address = "" if number else typed_address(who)

    async def action(app: App) -> tuple[str, Explanation]:
        async with app.database.read() as tx:
            typed = await subscribers.address_of(tx, int(number[1])) if number else address
        if typed is None:
            raise NewsletterError(f"there is no subscriber “{who}”; write the address, or another number")
        return typed, await explain_address(app.database, typed)

    typed, found = console.with_app(action)
    if as_json:
        console.as_json({"address": typed, **vars(found)})
        return
    for sentence in sentences(typed, found):
        console.say(sentence)


def sentences(address: str, found: Explanation) -> list[str]:
    """The explanation as a person reads it; times on the clock of the series."""
    lines = [f"{address}{f' ({found.name})' if found.name else ''}"]
    if found.suppressed:
        lines.append(f"  suppressed: {found.suppressed}; nothing is sent to it, whatever list it is on")
    if not found.known:
        return [*lines, "  is on no list, so nothing is sent to it"]
    lines += [f"  {key}: {value}" for key, value in found.attributes.items() if value]
    for row in found.subscriptions:
        lines.append(f"  {row['list']}: {row['state']} since {console.local(row['since'], row['timezone'])}")
    lines.append("letters:" if found.deliveries else "letters: none yet")
    lines += [_delivery(row) for row in found.deliveries]
    if found.passed_over:
        lines.append("did not get:")
    for passed in found.passed_over:
        lines.append(f"  {_at(passed.mailing, passed.started_at, passed.timezone, 'not started')}: {passed.why}")
    lines.append("next:" if found.upcoming else "next: nothing planned")
    for item in found.upcoming:
        lines.append(f"  {_at(item.mailing, item.due_at, item.timezone, 'no date yet')}: {item.verdict}")
    return lines


def _at(mailing: str, at: datetime | None, zone: str, none: str) -> str:
    return f"{mailing}, {console.local(at, zone) or none}"


def _delivery(row: Mapping[str, Any]) -> str:
    at = console.local(row["ended_at"] or row["queued_at"], row["timezone"])
    tries = f", {row['attempts']} attempts" if row["attempts"] > 1 else ""
    back = "".join(f"; {_came_back(one, row['timezone'])}" for one in row.get("came_back", ()))
    return f"  {row['mailing']}: {row['state']} {at}{tries} {row['reason']}".rstrip() + back


def _came_back(bounce: Mapping[str, Any], zone: str) -> str:
    """That a letter came back, as a person reads it: when, why, and whether it counts against them."""
    from newsletter.inbound.telling.reasons import REASONS  # the words of all servers take a tenth of a second to load

    told = f"{bounce['reason']}, {REASONS.get(bounce['reason'], 'see the answer')}"
    if bounce["void"]:
        counts = f", which does not count: {bounce['void']}"
    else:
        counts = "" if bounce["weight"] in ("hard", "soft") else ", which does not count against them"
    verb = "was still being tried" if bounce["weight"] == "delayed" else "came back"
    return f"{verb} {console.local(bounce['at'], zone)} ({told}){counts}"
