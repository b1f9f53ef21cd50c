"""Memory: nouns <-> JSON, without loss.

In: frozen dataclasses of the other rooms. Out: what a JSON column holds, and back.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter

from newsletter.compose.mailing import Mailing
from newsletter.events.event import Event, Series
from newsletter.events.plan import PlannedMailing

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {noun: TypeAdapter(noun) for noun in (Event, Series, PlannedMailing, Mailing)}


def dump(noun: Event | Series | PlannedMailing | Mailing) -> Any:
    """The noun as JSON-able lists, dicts and strings."""
    return _ADAPTERS[type(noun)].dump_python(noun, mode="json")


def load(kind: type[T], document: Any) -> T:
    """The noun back."""
    noun: T = _ADAPTERS[kind].validate_python(document)
    return noun
