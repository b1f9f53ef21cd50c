"""The windows, shell: what there is to preview, and each of it composed.

In: templates and the sample event (`web.sources`), the store of the working folder. Out: items, their contents,
and the people whom they are shown to. Nothing is written: a store that is not there is not made, a mailing that has
started keeps its frozen content.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from newsletter.compose.around import Around
from newsletter.compose.composer import Order, compose
from newsletter.compose.mailing import Mailing
from newsletter.errors import NewsletterError, NotFoundError, StoreError
from newsletter.events.event import Event, EventStatus
from newsletter.outbox.fire import order_of
from newsletter.preflight.recipients import as_recipient
from newsletter.preflight.run import worst_cases
from newsletter.store import audience, events, mailings, subscribers
from newsletter.store.around import around_of
from newsletter.store.mailings import MailingRow
from newsletter.web import people
from newsletter.web.imagined import imagined
from newsletter.web.items import Content, Item, Kind, Mailings, Setting, Stored, Trouble
from newsletter.web.people import Person
from newsletter.web.reader import Reader
from newsletter.web.samples import Sample, make_sample
from newsletter.web.sources import Sources

#: So many contents are kept; a person looks at a few.
_KEPT: Final = 40
_FIRST: Final = Setting()
T = TypeVar("T")


class Shelf:
    """Everything that can be previewed; reads it anew where it has changed."""

    def __init__(
        self,
        folders: tuple[Path, ...],
        event_file: Path,
        *,
        clock: Callable[[], datetime],
        store_url: str = "",
        working_folder: Path = Path(),
        public_url: str = "",
        public_folder: Path | None = None,
    ) -> None:
        """`folders` hold templates, an earlier one wins; `store_url` is empty where no working folder is set up.

        `public_folder` holds the files that letters find below `public_url`.
        """
        self.sources = Sources(folders, event_file)
        self.public_url, self.public_folder = public_url, public_folder
        self.clock = clock
        self._store = Reader(store_url, working_folder)
        self._making = asyncio.Lock()
        self._made: dict[tuple[Kind, str, Setting], tuple[str, Content | Trouble]] = {}
        self._people: dict[int, tuple[Content, list[Person]]] = {}
        self._worst: tuple[Content, list[Person]] | None = None
        self._glances: dict[str, tuple[str, str | Trouble]] = {}

    async def close(self) -> None:
        await self._store.close()

    async def stored(self) -> Stored:
        """Every mailing in the store, by event."""
        try:
            async with self._store.read() as tx:
                if tx is None:
                    return Stored()
                rows = await mailings.all_mailings(tx)
                titles = {row.event: (await events.get_event(tx, row.event)).title for row in rows}
        except StoreError as error:
            return Stored(trouble=Trouble(sentence=str(error)))
        slugs = dict.fromkeys(row.event for row in rows)
        return Stored(
            events=tuple(
                Mailings(title=titles[slug], event=slug, items=tuple(_item(row) for row in rows if row.event == slug))
                for slug in slugs
            )
        )

    async def find(self, kind: Kind, name: str, language: str = "nl") -> Item:
        """The item of that name.

        Raises:
            NotFoundError: there is none.
            StoreError: the store cannot be read.
        """
        if kind is Kind.TEMPLATE:
            return self.sources.item(name, language)
        async with self._store.read() as tx:
            if tx is None:
                raise NotFoundError(kind.noun, name)
            return _item(await mailings.get_mailing(tx, name))

    async def content(self, item: Item, setting: Setting = _FIRST) -> Content | Trouble:
        """The item, composed; again only when what it is made of has changed."""
        found = await self.fingerprint(item.kind, item.name, setting.event)
        key = (item.kind, item.name, setting)
        async with self._making:  # three frames and their page ask for the same letter at once
            if key not in self._made or self._made[key][0] != found:
                self._made.pop(key, None)
                self._made[key] = (found, await self._make(item, setting))
                while len(self._made) > _KEPT:
                    self._made.pop(next(iter(self._made)))
            return self._made[key][1]

    async def glance(self, item: Item) -> str | Trouble:
        """The subject of a template with the sample event, or why it has none; quick, as its styles are left alone."""
        found = await self.fingerprint(item.kind, item.name)
        if item.name not in self._glances or self._glances[item.name][0] != found:
            draft = await self._make(item, _FIRST, draft=True)
            shown = draft if isinstance(draft, Trouble) else self.address(draft.mailing)
            self._glances[item.name] = (found, shown if isinstance(shown, Trouble) else shown.subject)
        return self._glances[item.name][1]

    async def show(self, item: Item, setting: Setting = _FIRST, person: Person | None = None) -> Sample | Trouble:
        """The item as a letter to one person; without one, to the first of the made-up people."""
        content = await self.content(item, setting)
        return content if isinstance(content, Trouble) else self.address(content.mailing, person)

    def address(self, mailing: Mailing, person: Person | None = None) -> Sample | Trouble:
        """A mailing as a letter to one person."""
        recipient = person.recipient if person else None
        return _tried(
            mailing.slug,
            lambda: make_sample(mailing, now=self.clock(), public_url=self.public_url, recipient=recipient),
        )

    def html(self, mailing: Mailing, person: Person | None = None) -> str | Trouble:
        """The html of a mailing to one person, quicker than the whole letter."""
        recipient = (
            person.recipient if person else people.ordinary(mailing, now=self.clock(), public_url=self.public_url)
        )
        return _tried(mailing.slug, lambda: people.Readings(mailing).html(recipient))

    def people(self, content: Content) -> list[Person]:
        """The people whom this content can be shown to."""
        key = id(content)
        if key not in self._people or self._people[key][0] is not content:
            if len(self._people) > _KEPT:
                self._people.clear()
            found = people.made_up(content.mailing, now=self.clock(), public_url=self.public_url)
            self._people[key] = (content, found)
        return self._people[key][1]

    async def worst_cases(self, item: Item, content: Content) -> list[Person]:
        """Those on the lists of a mailing with whom something goes wrong first: the longest name, the emptiest row."""
        if item.kind is Kind.TEMPLATE:
            return []
        if self._worst is None or self._worst[0] is not content:
            async with self._store.read() as tx:
                if tx is None:
                    return []
                row, domain = (
                    await mailings.get_mailing(tx, item.name),
                    content.mailing.sender.address.partition("@")[2],
                )
                crowd = [as_recipient(person, domain) async for person in audience.audience(tx, row.id)]
            # Each of them gets a letter, so meanwhile the pages of others are served.
            found = await asyncio.to_thread(worst_cases, content.mailing, crowd)
            picked = [people.real(case.why, number, case.recipient) for number, case in enumerate(found)]
            self._worst = (content, picked)
        return self._worst[1]

    async def before(self, item: Item) -> Mailing | None:
        """What was sent last: of the mailing that this one corrects, else from the same template in its series."""
        async with self._store.read() as tx:
            if tx is None:
                return None
            rows = [row for row in await mailings.all_mailings(tx) if row.started_at is not None]
            rows.sort(key=lambda row: (row.started_at, row.id), reverse=True)
            if item.kind is Kind.TEMPLATE:
                like = [row for row in rows if row.planned.template == item.name]
            else:
                mine = await mailings.get_mailing(tx, item.name)
                like = [row for row in rows if row.id == mine.corrects_id]
                like += [row for row in rows if _is_before(row, mine)]
            return await mailings.content_of(tx, like[0].id) if like else None

    async def lacking(self, item: Item, sample: Sample) -> tuple[str, ...]:
        """What a mailing that is still to be sent asks of every subscriber, and nobody on its lists has.

        Raises:
            StoreError: the store cannot be read.
        """
        if item.kind is Kind.TEMPLATE or item.frozen or not sample.needs:
            return ()
        async with self._store.read() as tx:
            if tx is None:
                return ()
            row = await mailings.get_mailing(tx, item.name)
            known = await subscribers.attribute_keys(tx, await mailings.lists_of(tx, row.id))
        return tuple(name for name in sample.needs if name not in known)

    async def fingerprint(self, kind: Kind | None, name: str = "", event: str = "") -> str:
        """Another text as soon as the item may look different; without a kind, of the list of all items.

        `event` is the stored event that a template is shown with.
        """
        parts: list[object] = [self.sources.stamps()]
        if kind is not Kind.TEMPLATE or event:
            parts.append(await self._store.parts(kind, name, event))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    async def _make(self, item: Item, setting: Setting, *, draft: bool = False) -> Content | Trouble:
        try:
            if item.kind is Kind.MAILING:
                return await self._stored_content(item)
            event, around = await self._event_for(item, setting)
            order = Order(slug=f"{event.slug}/{item.name}", template=item.name, label=item.label)
            return self._composed(event, order, around, draft=draft)
        except NewsletterError as error:
            return Trouble(sentence=str(error))
        except Exception as error:  # a template that is being written can fail in any way, and must not end the preview
            return Trouble(sentence=f"{item.name}: unexpected {type(error).__name__}: {error}")

    async def _event_for(self, item: Item, setting: Setting) -> tuple[Event, Around]:
        """The event that a template is shown with, in the chosen theme and language, and what is around it."""
        event = self.sources.event()
        around = imagined(event, public_url=self.public_url)
        if setting.event:
            async with self._store.read() as tx:
                if tx is None:
                    raise NotFoundError("event", setting.event)
                event = await events.get_event(tx, setting.event)
                around = replace(await around_of(tx, event, now=self.clock()), public_url=self.public_url)
        series = event.series
        if setting.theme:
            series = replace(series, theme=(("base", setting.theme),))
        if setting.language:
            series = replace(series, language=setting.language)
        if self.sources.templates().about(item.name).calendar == "cancel":
            event = replace(event, status=EventStatus.CANCELLED)  # a letter that says so is of such an event
        return replace(event, series=series), around

    def _composed(self, event: Event, order: Order, around: Around, *, draft: bool = False) -> Content:
        templates, begun = self.sources.templates(), time.perf_counter()
        mailing = compose(event, order, templates, now=self.clock(), draft=draft, around=around)
        took = time.perf_counter() - begun
        return Content(mailing=mailing, event=event, theme=templates.theme(event.series.theme), composed_in=took)

    async def _stored_content(self, item: Item) -> Content:
        async with self._store.read() as tx:
            if tx is None:
                raise NotFoundError("mailing", item.name)
            row = await mailings.get_mailing(tx, item.name)
            content = await mailings.content_of(tx, row.id)
            event = await events.get_event(tx, row.event)
            if content is not None:
                return Content(mailing=content, event=event)
            around = replace(await around_of(tx, event, now=self.clock()), public_url=self.public_url)
        return self._composed(event, order_of(row), around)


def _tried(name: str, make: Callable[[], T]) -> T | Trouble:
    try:
        return make()
    except NewsletterError as error:
        return Trouble(sentence=str(error))
    except Exception as error:  # as composing: whatever a placeholder does, the preview goes on
        return Trouble(sentence=f"{name}: unexpected {type(error).__name__}: {error}")


def _is_before(row: MailingRow, mine: MailingRow) -> bool:
    """Whether a mailing that has started is an earlier one of the same kind."""
    if row.id == mine.id or (row.series, row.planned.template) != (mine.series, mine.planned.template):
        return False
    return mine.started_at is None or row.started_at is None or row.started_at < mine.started_at


def _item(row: MailingRow) -> Item:
    return Item(
        kind=Kind.MAILING,
        name=row.slug,
        label=row.planned.label or row.planned.name,
        state=row.state,
        frozen=row.started_at is not None,
        due=_wall(row),
    )


def _wall(row: MailingRow) -> datetime | None:
    return None if row.due_at is None else row.due_at.astimezone(ZoneInfo(row.timezone)).replace(tzinfo=None)
