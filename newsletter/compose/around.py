"""Stage 3: what a letter tells beside its own event.

In: what the store knows of the event's past and of its series. Out: a frozen value for `composer.compose`.
"""

from dataclasses import dataclass

from newsletter.events.event import Event

#: Templates whose letters say nothing of when and where their event is: who gets one was told nothing new of that.
SILENT = frozenset({"next", "digest", "notice"})


@dataclass(frozen=True, kw_only=True)
class Around:
    before: Event | None = None  #: the event as people were last told of it, by the last mailing that fired
    agenda: tuple[Event, ...] = ()  #: coming events of the series, by date, this one too; none that is cancelled
    public_url: str = ""  #: where hosted files are, without a slash at the end; "": where `Templates.showing` says
