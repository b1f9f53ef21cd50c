"""The windows, shell: everything that the page of one item shows.

In: a shelf, an item and a choice. Out: a `Bench`: the letter as chosen, with what is found in it and what can be chosen
instead.
"""

from dataclasses import dataclass, replace

from newsletter.compose.mailing import Mailing
from newsletter.preflight.finding import Finding
from newsletter.web import agenda, changes, frame, hosted, places
from newsletter.web.agenda import Agenda
from newsletter.web.changes import Change
from newsletter.web.choice import Choice, View
from newsletter.web.findings import Gauge, findings, html_gauge, style_gauge
from newsletter.web.items import Content, Item, Stored, Trouble
from newsletter.web.people import Person
from newsletter.web.samples import Sample
from newsletter.web.shelf import Shelf

#: Parts of a mailing that stand in its html.
_IN_HTML = frozenset({"html", "images", "preheader"})


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What is different from what was sent last."""

    name: str  #: slug of what was sent
    subject: list[Change]
    html: list[Change]
    text: list[Change]


@dataclass(frozen=True, kw_only=True)
class Bench:
    item: Item
    choice: Choice
    sample: Sample
    content: Content
    people: list[Person]
    person: Person
    findings: list[Finding]
    gauges: tuple[tuple[str, Gauge], ...]
    preheader: str
    lacking: tuple[str, ...] = ()
    calendar: Agenda | None = None
    compared: Compared | None = None

    @property
    def marked(self) -> Finding | None:
        """The finding whose place is shown."""
        number = self.choice.mark
        return self.findings[number] if 0 <= number < len(self.findings) else None


@dataclass(frozen=True, kw_only=True)
class Around:
    """What can be chosen instead of an item, its event, its theme and its language."""

    templates: list[Item]
    stored: Stored
    themes: list[str]
    languages: list[str]
    sample_title: str

    @property
    def items(self) -> list[Item]:
        return [*self.templates, *(item for event in self.stored.events for item in event.items)]

    def beside(self, item: Item, step: int) -> Item:
        """The item before (-1) or after (1) another; after the last comes the first."""
        names = [(each.kind, each.name) for each in self.items]
        at = names.index((item.kind, item.name)) if (item.kind, item.name) in names else 0
        return self.items[(at + step) % len(self.items)] if self.items else item


async def around(shelf: Shelf, language: str) -> Around:
    return Around(
        templates=shelf.sources.items(language),
        stored=await shelf.stored(),
        themes=shelf.sources.themes(),
        languages=shelf.sources.languages(),
        sample_title=shelf.sources.title(),
    )


async def bench(shelf: Shelf, item: Item, choice: Choice) -> Bench | Trouble:
    """The page of an item; why there is none where it cannot be composed or addressed."""
    content = await shelf.content(item, choice.setting)
    if isinstance(content, Trouble):
        return content
    people = await people_of(shelf, item, content, choice)
    person = chosen(people, choice)
    sample = shelf.address(content.mailing, person)
    if isinstance(sample, Trouble):
        return sample
    return Bench(
        item=item,
        choice=choice,
        sample=sample,
        content=content,
        people=people,
        person=person,
        findings=findings(content),
        gauges=(("html", html_gauge(sample)), ("style", style_gauge(sample))),
        preheader=_preheader(sample.html),
        lacking=await shelf.lacking(item, sample),
        calendar=agenda.read(sample.calendar) if choice.view is View.CALENDAR else None,
        compared=await _compared(shelf, item, content.mailing) if choice.view is View.CHANGES else None,
    )


async def framed(shelf: Shelf, item: Item, choice: Choice) -> str | Trouble:
    """The html of the frame: the letter as the chosen program shows it, with the place of a finding marked in it."""
    content = await shelf.content(item, choice.setting)
    if isinstance(content, Trouble):
        return content
    mailing = content.mailing
    if choice.mark >= 0:
        found = findings(content)
        if choice.mark < len(found) and found[choice.mark].part in _IN_HTML:
            finding = found[choice.mark]
            marked = places.mark(mailing.html, excerpt=finding.excerpt, line=finding.line)
            mailing = replace(mailing, html=marked)
    # Without a choice it is the first of the people, who can be made without all the others.
    person = chosen(await people_of(shelf, item, content, choice), choice) if choice.person else None
    html = shelf.html(mailing, person)
    if isinstance(html, Trouble):
        return html

    def find(address: str) -> tuple[str, bytes] | None:
        return hosted.picture(address, public_url=shelf.public_url, folder=shelf.public_folder)

    return frame.in_frame(html, choice, frame.among(mailing.attachments, find))


async def people_of(shelf: Shelf, item: Item, content: Content, choice: Choice) -> list[Person]:
    """Whom the letter can be shown to: made-up people, and of the lists of a mailing whoever is asked for."""
    found = shelf.people(content)
    return [*found, *await shelf.worst_cases(item, content)] if choice.lists else found


def chosen(people: list[Person], choice: Choice) -> Person:
    """The person that was chosen; the first where there is none of that key now."""
    return next((each for each in people if each.key == choice.person), people[0])


async def _compared(shelf: Shelf, item: Item, mailing: Mailing) -> Compared | None:
    before = await shelf.before(item)
    if before is None:
        return None
    return Compared(
        name=before.slug,
        subject=changes.line_changes(before.subject, mailing.subject),
        html=changes.html_changes(before.html, mailing.html),
        text=changes.text_changes(before.text, mailing.text),
    )


def _preheader(html: str) -> str:
    """What a list of messages shows after the subject: the first words of the letter."""
    first = " ".join(block.text for block in changes.blocks(html)[:6] if block.kind not in ("img", "a"))
    return f"{first[:140]}…" if len(first) > 140 else first


def place_of(finding: Finding) -> View | None:
    """The view in which the place of a finding can be seen; None where it is in no part of the letter."""
    if finding.part in _IN_HTML:
        return View.LETTER if finding.part != "preheader" else View.SOURCE
    known = {"text": View.TEXT, "calendar": View.CALENDAR, "headers": View.MESSAGE, "subject": View.MESSAGE}
    return known.get(finding.part)
