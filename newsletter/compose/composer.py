"""Stage 3: event + template -> mailing.

In: an event, the name of a template, the moment. Out: a frozen `Mailing`; premailer has run exactly once.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.compose.calendar import calendar_file
from newsletter.compose.context import build_context
from newsletter.compose.inline import inline
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.compose.templates import Templates
from newsletter.errors import TemplateError
from newsletter.events.event import Event

#: Templates whose letters carry the event as a calendar file.
WITH_CALENDAR = frozenset({"announcement"})
#: Gmail clips a message whose html passes 102 KB, and the unsubscribe link with it.
HTML_LIMIT = 100_000


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which mailing is to be composed."""

    slug: str
    template: str
    label: str


def compose(event: Event, order: Order, templates: Templates, *, now: datetime, draft: bool = False) -> Mailing:
    """Compose one mailing of an event.

    A `draft` is not inlined: it has the same words and placeholders, which is enough to try it on recipients.

    Raises:
        TemplateError: the template is missing or broken, or the letter is too large.
        HeaderError: a title or name of the event cannot stand in a header.
    """
    series = event.series
    words, theme = templates.words(series.language), templates.theme()
    try:
        context = build_context(event, label=order.label, words=words, theme=theme)
    except KeyError as error:
        raise TemplateError(f"words/{series.language}.toml has no word for {error}; add it") from error
    source = templates.render(order.template, context)
    html = source.html if draft else inline(source.html)
    if len(html.encode()) > HTML_LIMIT:
        size = len(html.encode()) // 1000
        raise TemplateError(f"the html of {order.slug} is {size} KB; Gmail clips letters over 100 KB, so shorten it")
    calendar = ""
    if order.template in WITH_CALENDAR and event.has_date():
        calendar = calendar_file(event, stamp=now, domain=series.sender.address.rpartition("@")[2])
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
        calendar=calendar,
    )
    Letter(mailing)  # what cannot be addressed is found now, not at the first recipient
    return mailing
