"""The windows, shell: what there is to preview, and each of it as a sample.

In: folders of templates, the document of the sample event, the store of the working folder. Out: items and samples.
Nothing is written: a store that is not there is not made, a mailing that has started keeps its frozen content.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.composer import Order, compose
from newsletter.compose.mailing import Mailing
from newsletter.compose.templates import Templates
from newsletter.errors import NewsletterError, NotFoundError, StoreError
from newsletter.events import document
from newsletter.events.event import Event
from newsletter.outbox.fire import order_of
from newsletter.schedule.state import MailingState
from newsletter.store import events, mailings, subscribers
from newsletter.store.database import Database, async_url, open_database
from newsletter.store.mailings import MailingRow
from newsletter.web.samples import Sample, make_sample
from newsletter.web.watch import stamps


class Kind(StrEnum):
    TEMPLATE = "templates"
    MAILING = "mailings"

    @property
    def noun(self) -> str:
        return self.value.removesuffix("s")


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that can be previewed."""

    kind: Kind
    name: str  #: of a template: "reminder"; the slug of a mailing: "bewoners-in-beweging/reminder"
    label: str  #: what it is called for people; empty where nobody named it
    state: MailingState | None = None  #: of a mailing
    frozen: bool = False  #: it has started; its content is what was sent
    due: datetime | None = None  #: wall clock of the series


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why an item cannot be shown: a sentence with the place and the fix."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class Mailings:
    """The mailings of one event."""

    title: str  #: of the event
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store of the working folder holds."""

    events: tuple[Mailings, ...] = ()
    trouble: Trouble | None = None  #: the store is there and cannot be read


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
    ) -> None:
        """`folders` hold templates, an earlier one wins; `store_url` is empty where no working folder is set up."""
        self.folders, self.event_file = folders, event_file
        self._clock, self._public_url = clock, public_url
        self._store_url, self._working_folder = store_url, working_folder
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._made: dict[tuple[Kind, str], tuple[str, Sample | Trouble]] = {}

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()
            self._database = None

    def sample_event(self) -> Event:
        """The event that templates are shown with.

        Raises:
            DocumentError: its document has mistakes.
        """
        return document.read(self.event_file.read_text(encoding="utf-8"), str(self.event_file))

    def sample_title(self) -> str:
        """The title of the sample event; empty while its document has mistakes."""
        event = self._sample_event_if_readable()
        return event.title if event else ""

    def templates(self) -> list[Item]:
        """Every template, by name."""
        # Made anew each time: Jinja2 keeps what it has loaded, and would not see a template that comes to stand before
        # another of its name.
        labels = self._labels()
        return [_template(name, labels) for name in Templates(self.folders).names()]

    async def stored(self) -> Stored:
        """Every mailing in the store, by event."""
        try:
            async with self._read() as tx:
                if tx is None:
                    return Stored()
                rows = await mailings.all_mailings(tx)
                titles = {event.slug: event.title for event in await events.all_events(tx)}
        except StoreError as error:
            return Stored(trouble=Trouble(sentence=str(error)))
        slugs = dict.fromkeys(row.event for row in rows)
        return Stored(
            events=tuple(
                Mailings(title=titles[slug], items=tuple(_item(row) for row in rows if row.event == slug))
                for slug in slugs
            )
        )

    async def find(self, kind: Kind, name: str) -> Item:
        """The item of that name.

        Raises:
            NotFoundError: there is none.
            StoreError: the store cannot be read.
        """
        if kind is Kind.TEMPLATE:
            names = Templates(self.folders).names()
            if name not in names:
                raise NotFoundError(kind.noun, name, names)
            return _template(name, self._labels())
        async with self._read() as tx:
            if tx is None:
                raise NotFoundError(kind.noun, name)
            return _item(await mailings.get_mailing(tx, name))

    async def show(self, item: Item) -> Sample | Trouble:
        """The item as a letter; composed again only when what it is made of has changed."""
        found, key = await self.fingerprint(item.kind, item.name), (item.kind, item.name)
        if key not in self._made or self._made[key][0] != found:
            self._made[key] = (found, await self._make(item))
        return self._made[key][1]

    async def lacking(self, item: Item, sample: Sample) -> tuple[str, ...]:
        """What a mailing that is still to be sent asks of every subscriber, and nobody on its lists has.

        Raises:
            StoreError: the store cannot be read.
        """
        if item.kind is Kind.TEMPLATE or item.frozen or not sample.needs:
            return ()
        async with self._read() as tx:
            if tx is None:
                return ()
            row = await mailings.get_mailing(tx, item.name)
            known = await subscribers.attribute_keys(tx, await mailings.lists_of(tx, row.id))
        return tuple(name for name in sample.needs if name not in known)

    async def fingerprint(self, kind: Kind | None, name: str = "") -> str:
        """Another text as soon as the item may look different; without a kind, of the list of all items."""
        parts: list[object] = [stamps([*self.folders, self.event_file])]
        if kind is not Kind.TEMPLATE:
            try:
                async with self._read() as tx:
                    parts.append(await _stored_parts(tx, name) if tx else None)
            except StoreError as error:
                parts.append(str(error))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    async def _make(self, item: Item) -> Sample | Trouble:
        try:
            mailing = await self._stored_mailing(item) if item.kind is Kind.MAILING else self._sample_mailing(item)
            return make_sample(mailing, now=self._clock(), public_url=self._public_url)
        except NewsletterError as error:
            return Trouble(sentence=str(error))
        except Exception as error:  # a template that is being written can fail in any way, and must not end the preview
            return Trouble(sentence=f"{item.name}: unexpected {type(error).__name__}: {error}")

    def _sample_mailing(self, item: Item) -> Mailing:
        event = self.sample_event()
        order = Order(slug=f"{event.slug}/{item.name}", template=item.name, label=item.label)
        return compose(event, order, Templates(self.folders), now=self._clock())

    async def _stored_mailing(self, item: Item) -> Mailing:
        async with self._read() as tx:
            if tx is None:
                raise NotFoundError("mailing", item.name)
            row = await mailings.get_mailing(tx, item.name)
            content = await mailings.content_of(tx, row.id)
            if content is not None:
                return content
            event = await events.get_event(tx, row.event)
        return compose(event, order_of(row), Templates(self.folders), now=self._clock())

    def _labels(self) -> Mapping[str, str]:
        """What the plan of the sample event calls the mailings, by their template."""
        event = self._sample_event_if_readable()
        return {planned.template: planned.label for planned in reversed(event.series.plan)} if event else {}

    def _sample_event_if_readable(self) -> Event | None:
        try:
            return self.sample_event()
        except (NewsletterError, OSError, ValueError):
            return None  # showing an item tells what is wrong with the document

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[AsyncConnection | None]:
        """A reading transaction, or None where there is no store yet.

        Raises:
            StoreError: the store cannot be opened or read.
        """
        async with self._opening:
            if self._database is None and self._has_store():
                self._database = await open_database(self._store_url, self._working_folder)
        if self._database is None:
            yield None
            return
        try:
            async with self._database.read() as tx:
                yield tx
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(f"the store cannot be read: {cause}; start the preview again") from error

    def _has_store(self) -> bool:
        if not self._store_url:
            return False
        url = async_url(self._store_url, self._working_folder)
        return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


async def _stored_parts(tx: AsyncConnection, slug: str) -> object:
    """What a mailing is made of; without a slug, the rows of all."""
    if not slug:
        return await mailings.all_mailings(tx)
    row = await mailings.get_mailing(tx, slug)
    return row, await mailings.content_of(tx, row.id), await events.find_event(tx, row.event)


def _template(name: str, labels: Mapping[str, str]) -> Item:
    return Item(kind=Kind.TEMPLATE, name=name, label=labels.get(name, ""))


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
