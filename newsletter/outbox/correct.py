"""Stage 4, shell: a correction: a mailing to exactly those who got other ones, or may have got them.

In: the mailings that went wrong, all about one event, and how the correction is called. Out: a draft that a person
looks at and schedules as any other mailing; it goes once to everybody whom one of them reached. Whoever left since is
not written to any more, though they have the wrong letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.templates import Templates
from newsletter.errors import StateError, TemplateError
from newsletter.schedule.state import MailingState
from newsletter.store import audience, corrections, events, journal, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A draft, and how many it would go to."""

    row: MailingRow
    corrects: tuple[str, ...]  #: slugs of the mailings that went wrong
    recipients: int
    unreachable: int  #: who got a wrong letter, or may have got it, and has left or was suppressed since


async def correct(
    database: Database, templates: Templates, *slugs: str, now: datetime, label: str = "", template: str = ""
) -> Correction:
    """Make the draft of a correction of one or more mailings about one event.

    Without `template` it has theirs; without `label` it is called what its template is called.

    Raises:
        StateError: one of them is still going out, nobody got any, or a correction waits already for the same people.
        TemplateError: there is no such template, or they have different ones and none was chosen.
    """
    if template and template not in templates.names():
        known = ", ".join(templates.names())
        raise TemplateError(f"there is no template “{template}”; choose one of: {known}")
    async with database.write() as tx:
        # Locked in one order, whatever the order that a person named them in: two of them cannot wait for each other.
        locked = {slug: await mailings.get_mailing(tx, slug, lock=True) for slug in sorted(set(slugs))}
        rows = [locked[slug] for slug in dict.fromkeys(slugs)]
        named, ids = " and ".join(row.slug for row in rows), [row.id for row in rows]
        template = _check(rows, named, template)
        reached = await corrections.count_reached(tx, ids)
        if not reached:
            raise StateError(
                f"nobody has got {named}, so there is nothing to correct; change the event or its template"
            )
        for waiting in await audience.waiting_corrections(tx, rows[0].event, template, ids):
            raise StateError(
                f"{waiting.row.slug} waits already, with the same template, for {waiting.shared} of the {reached} whom "
                f"{named} reached; schedule it, or, to write to all of them at once, cancel it first"
            )
        label = label or await _label(tx, templates, template, rows[0].event)
        made = await corrections.add_correction(tx, *rows, template=template, label=label)
        recipients = await audience.count_audience(tx, made.id)
        for row in rows:
            await journal.note(tx, row.slug, "corrected", f"by {made.slug}", at=now)
        await journal.note(tx, made.slug, "created", f"corrects {named}, for {recipients} recipients", at=now)
        corrects = tuple(row.slug for row in rows)
        return Correction(row=made, corrects=corrects, recipients=recipients, unreachable=reached - recipients)


def _check(rows: Sequence[MailingRow], named: str, template: str) -> str:
    """The template of one correction of all of these; raises if there can be no such correction, as `correct` does."""
    for row in rows:
        if row.state is MailingState.SENDING:
            raise StateError(f"{row.slug} is still being sent; hold or cancel it first, so that no more people get it")
    if len({row.event for row in rows}) > 1:
        raise StateError(f"{named} are about different events; correct those of one event at a time")
    theirs = {template} if template else {row.planned.template for row in rows}
    if len(theirs) > 1:
        known = ", ".join(sorted(theirs))
        raise TemplateError(f"{named} have different templates; choose one with --template, such as one of: {known}")
    return theirs.pop()


async def _label(tx: AsyncConnection, templates: Templates, template: str, event: str) -> str:
    """What a template is called in the language of the series, for which it may have no word."""
    language = (await events.get_event(tx, event)).series.language
    return templates.about(template).label.get(language, template)
