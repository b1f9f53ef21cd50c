"""Stage 3: event + template -> mailing.

In: an event, the name of a template, the moment. Out: a frozen `Mailing`; premailer has run exactly once.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.compose.around import Around
from newsletter.compose.calendar import Method, calendar_file
from newsletter.compose.context import build_context
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.compose.pictures_place import place, shown
from newsletter.compose.templates import Templates
from newsletter.compose.tracking import hosts_of, traces, traces_in_text
from newsletter.errors import TemplateError
from newsletter.events.event import Event, EventStatus

__all__ = ("HTML_LIMIT", "Around", "Order", "compose")

#: Gmail clips a message whose html passes 102 KB, and the unsubscribe link with it.
HTML_LIMIT = 100_000


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which mailing is to be composed."""

    slug: str
    template: str
    label: str
    invites: bool = False  #: the calendar part is a personal invitation


_NOTHING_AROUND = Around()


def compose(
    event: Event,
    order: Order,
    templates: Templates,
    *,
    now: datetime,
    draft: bool = False,
    around: Around = _NOTHING_AROUND,
) -> Mailing:
    """Compose one mailing of an event; `around` is what it tells beside that.

    A `draft` is not inlined: it has the same words and placeholders, which is enough to try it on recipients.

    Raises:
        TemplateError: the template is missing or broken, or the letter is too large, or would tell who reads it.
        HeaderError: a title or name of the event cannot stand in a header.
    """
    placed = place(event, templates.showing)
    event, series = placed.event, placed.event.series
    around = replace(around, public_url=around.public_url or templates.showing.public_url)
    words, theme = templates.words(series.language), templates.theme(series.theme)
    try:
        context = build_context(event, label=order.label, words=words, theme=theme, around=around)
    except KeyError as error:
        raise TemplateError(f"words/{series.language}.toml has no word for {error}; add it") from error
    source = templates.render(order.template, context)
    html = source.html if draft else _inlined(source.html)
    if len(html.encode()) > HTML_LIMIT:
        size = len(html.encode()) // 1000
        raise TemplateError(f"the html of {order.slug} is {size} KB; Gmail clips letters over 100 KB, so shorten it")
    allowed = hosts_of(event, around, theme)
    if told := [*traces(html, allowed_hosts=allowed), *traces_in_text(source.text)]:
        raise TemplateError(f"{order.slug}: {told[0]}")
    mailing = Mailing(
        slug=order.slug,
        series=series.slug,
        series_name=series.name,
        template=order.template,
        language=series.language,
        sender=series.sender,
        contact=series.contact,
        subject=source.subject,
        html=html,
        text=source.text,
        calendar=_calendar(event, order, templates, now),
        attachments=shown(html, placed.files),
        list_id=series.list_id,
    )
    try:
        Letter(mailing)  # what cannot be addressed is found now, not at the first recipient
    except TemplateError as error:
        raise templates.located(order.template, error) from error
    return mailing


def _inlined(html: str) -> str:
    from newsletter.compose.inline import inline  # loading premailer takes longer than most commands, which need none

    return inline(html)


def _calendar(event: Event, order: Order, templates: Templates, now: datetime) -> str:
    """The event as a file for calendars, if the template carries one; "" for an event that is in no calendar."""
    wanted = templates.about(order.template).calendar
    if wanted == "none" or not event.has_date():
        return ""
    cancels = wanted == "cancel" or event.status is EventStatus.CANCELLED
    method: Method = "CANCEL" if cancels else "REQUEST" if order.invites else "PUBLISH"
    domain = event.series.sender.address.rpartition("@")[2]
    return calendar_file(event, stamp=now, domain=domain, method=method, invites=order.invites)
