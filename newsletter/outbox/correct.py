"""Stage 4, shell: a correction: a mailing to exactly those who got another one, or may have got it.

In: the mailing that went wrong, and how the correction is called. Out: a draft that a person looks at and schedules as
any other mailing. Whoever left since is not written to any more, though they have the wrong letter.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.compose.templates import Templates
from newsletter.errors import StateError, TemplateError
from newsletter.schedule.state import PENDING, MailingState
from newsletter.store import audience, corrections, journal, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A draft, and how many it would go to."""

    row: MailingRow
    recipients: int
    unreachable: int  #: who got the wrong letter, or may have got it, and has left or was suppressed since


async def correct(
    database: Database, templates: Templates, slug: str, *, label: str, now: datetime, template: str = ""
) -> Correction:
    """Make the draft of a correction; without `template` it has the one of the mailing that it corrects.

    Raises:
        StateError: the mailing is still going out, nobody got it, or there is a correction that waits already.
        TemplateError: there is no such template.
    """
    if template and template not in templates.names():
        known = ", ".join(templates.names())
        raise TemplateError(f"there is no template “{template}”; choose one of: {known}")
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        if row.state is MailingState.SENDING:
            raise StateError(f"{slug} is still being sent; hold or cancel it first, so that no more people get it")
        reached = await corrections.count_reached(tx, row.id)
        if not reached:
            raise StateError(f"nobody has got {slug}, so there is nothing to correct; change the event or its template")
        for known in await corrections.corrections_of(tx, row.id):
            if (await mailings.get_mailing(tx, known)).state in PENDING:
                raise StateError(f"{slug} has a correction already, {known}; schedule it, or cancel it first")
        made = await corrections.add_correction(tx, row, template=template or row.planned.template, label=label)
        recipients = await audience.count_audience(tx, made.id)
        await journal.note(tx, slug, "corrected", f"by {made.slug}", at=now)
        await journal.note(tx, made.slug, "created", f"corrects {slug}, for {recipients} recipients", at=now)
        return Correction(row=made, recipients=recipients, unreachable=reached - recipients)
