"""Stage 1: the series of an event document, and its plan of mailings.

In: the node of "series": a mapping with everything, or the slug of a series that is known. Out: `Series`.
"""

from collections.abc import Mapping
from contextlib import suppress
from zoneinfo import ZoneInfo

from newsletter.events.event import Event, Mailbox, Series
from newsletter.events.fields import Record, line, listed, markdown, parsed, record
from newsletter.events.notes import Mistake, Notes, did_you_mean
from newsletter.events.plan import DEFAULT_WINDOW, Audience, PlannedMailing, parse_audience, parse_rule, parse_window
from newsletter.events.read_theme import read_theme
from newsletter.events.values import address, contact_address, https_url, language, slug, timezone, yes_or_no
from newsletter.events.yaml_lines import Fields, Items, Node, Text


def read_series(node: Node, notes: Notes, known: Mapping[str, Series]) -> Series | None:
    if isinstance(node, Text):
        return parsed(lambda text: _known_series(text, known))(node, notes)
    return record(_series)(node, notes)


def zone_of(node: Node | None) -> ZoneInfo | None:
    """The zone of a series in which something else is wrong, so that the times of the event can be read in it."""
    for key, value in node.entries if isinstance(node, Fields) else ():
        if key.value == "timezone" and isinstance(value, Text):
            with suppress(Mistake):
                return ZoneInfo(timezone(value.value))
    return None


def note_other_series(keys: Record, notes: Notes, event: Event, known: Mapping[str, str]) -> None:
    """An event stays in its series: another one has other readers, and its mailings would go to those.

    `keys` are those of the document; `known` are the slugs of the stored events with the slug of their series.
    """
    series = known.get(event.slug, event.series.slug)
    node = keys.node("series")
    if series == event.series.slug or node is None:
        return
    slugs = (
        [value for key, value in node.entries if key.value.strip().lower() == "slug"]
        if isinstance(node, Fields)
        else []
    )
    notes.problem(
        (slugs[0] if slugs else node).line,
        f"the event “{event.slug}” is in series “{series}” already, not in “{event.series.slug}”",
        f"choose another slug for the event, or keep series “{series}”",
    )


def _known_series(text: str, known: Mapping[str, Series]) -> Series:
    if text not in known:
        fix = did_you_mean(text, known) if known else "write the whole series here, with its keys"
        raise Mistake(f"there is no series “{text}”", fix)
    return known[text]


def _series(keys: Record, notes: Notes) -> Series | None:
    name_of_series = keys.required("slug", parsed(slug), "kennisdagen-wonen")
    name = keys.required("name", line, "Kennisdagen wonen")
    contact = keys.required("contact", parsed(contact_address), "contact@example.nl")
    sender = keys.required("from", record(_mailbox), "{name: Kennisdagen wonen, address: post@example.nl}")
    words = keys.required("language", parsed(language), "nl")
    zone = keys.required("timezone", parsed(timezone), "Europe/Amsterdam")
    lists = keys.required("lists", _lists, "[gemeenten, corporaties]")
    organisation = keys.optional("organisation", line, "")
    about = keys.optional("about", markdown, "")
    website = keys.optional("website", parsed(https_url), "")
    theme = keys.optional("theme", read_theme, ())
    plan = _plan(keys.node("plan"), notes, lists)
    if (
        name_of_series is None
        or name is None
        or contact is None
        or sender is None
        or words is None
        or zone is None
        or lists is None
    ):
        return None
    return Series(
        slug=name_of_series,
        name=name,
        contact=contact,
        sender=sender,
        language=words,
        timezone=zone,
        lists=lists,
        organisation=organisation,
        about=about,
        website=website,
        plan=plan,
        theme=theme,
    )


def _mailbox(keys: Record, notes: Notes) -> Mailbox | None:
    name = keys.required("name", line, "Kennisdagen wonen")
    mail_address = keys.required("address", parsed(address), "post@example.nl")
    return None if name is None or mail_address is None else Mailbox(name=name, address=mail_address)


def _lists(node: Node, notes: Notes) -> tuple[str, ...] | None:
    lists = listed(parsed(slug))(node, notes)
    if isinstance(node, Items) and not node.items:
        notes.problem(node.line, "“lists” is empty", "name at least one list, as in [gemeenten]")
    if lists is not None and len(set(lists)) < len(lists):
        twice = next(name for name in lists if lists.count(name) > 1)
        notes.problem(node.line, f"the list “{twice}” is named twice", "name it once")
    return lists


def _plan(node: Node | None, notes: Notes, lists: tuple[str, ...] | None) -> tuple[PlannedMailing, ...]:
    names: set[str] = set()

    def mailing(keys: Record, notes: Notes) -> PlannedMailing | None:
        planned = _planned_mailing(keys, notes, lists)
        if planned is not None and planned.name in names:
            notes.problem(keys.line, f"the plan has two mailings “{planned.name}”", "give one of them another name")
        names.add(planned.name if planned else "")
        return planned

    return (listed(record(mailing))(node, notes) or ()) if node is not None else ()


def _planned_mailing(keys: Record, notes: Notes, known: tuple[str, ...] | None) -> PlannedMailing | None:
    name = keys.required("mailing", parsed(slug), "reminder")
    label = keys.optional("label", line, "")
    template = keys.required("template", parsed(slug), "reminder")
    when = keys.required("when", parsed(parse_rule), "3 working days before start at 09:00")
    window = keys.optional("window", parsed(parse_window), DEFAULT_WINDOW)
    invites = keys.optional("invite", parsed(yes_or_no), False)
    audience = keys.optional("to", parsed(parse_audience), Audience.EVERYBODY)
    node = keys.node("lists")
    lists = (_lists(node, notes) or ()) if node is not None else ()
    for unknown in (name for name in lists if known is not None and name not in known):
        notes.problem(
            node.line if node else keys.line,
            f"the series has no list “{unknown}”",
            did_you_mean(unknown, known or ()) if known else "add it to “lists” of the series",
        )
    if name is None or template is None or when is None:
        return None
    return PlannedMailing(
        name=name,
        template=template,
        when=when,
        lists=lists,
        window=window,
        label=label,
        invites=invites,
        audience=audience,
    )
