"""Stage 4: how many letters at most, as a person writes it.

In: the text of a setting, `10/s 5000/h`. Out: limits, and which of them hold for a mail server or a recipient domain.
Pure.

What is limited is named by a key: `relay:` and a host, or `domain:` and the domain of a recipient.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

UNITS = {"s": 1, "min": 60, "h": 3600, "day": 86400}
WRITTEN = re.compile(r"(\d{1,9})/(s|min|h|day)")
DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*")

#: A letter may leave so many seconds after its slot …
LATE = 0.08
#: … and reach the mail server so long after it: clocks of workers differ, and networks tarry.
SLACK = 0.1


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` letters in any `seconds`."""

    count: int
    seconds: int

    @property
    def burst(self) -> int:
        """So many may leave at once after a quiet time.

        They are a part of `count`, so what leaves steadily is less by as many. Within a second nothing is gained by
        that, so letters are spread evenly there. A tenth of a longer limit lets a small mailing leave at full speed,
        and costs a large one a tenth of its speed.
        """
        return max(1, self.count // 10) if self.seconds >= UNITS["min"] else 1

    @property
    def interval(self) -> float:
        """Seconds between letters that leave steadily.

        A full burst and what follows it must fit into any window: the letter number `count` + 1 comes when the window
        is over, and it is `count` + 1 - `burst` intervals later than the first.
        """
        return (self.seconds + SLACK) / (self.count + 1 - self.burst)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All that is set; an empty tuple is no limit."""

    relay: tuple[Limit, ...] = ()  #: of each mail server
    domain: tuple[Limit, ...] = ()  #: of each recipient domain that is not in `domains`
    domains: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)

    def of(self, key: str) -> tuple[Limit, ...]:
        kind, _, name = key.partition(":")
        return self.relay if kind == "relay" else self.domains.get(name, self.domain)


def relay_key(host: str) -> str:
    return f"relay:{host.lower()}"


def domain_key(domain: str) -> str:
    return f"domain:{_plain(domain)}"


def read_limits(text: str) -> tuple[Limit, ...]:
    """`20/s 5000/h` as limits; nothing is no limit.

    Raises:
        ValueError: it cannot be read, or names a unit twice.
    """
    limits: dict[int, Limit] = {}
    for word in text.split():
        found = WRITTEN.fullmatch(word)
        if found is None or not int(found[1]):
            raise ValueError(
                f"“{word}” is no limit; write a number of letters and /s, /min, /h or /day, as in 10/s 5000/h"
            )
        seconds = UNITS[found[2]]
        if seconds in limits:
            raise ValueError(f"“{text}” has two limits per {found[2]}; keep one of them")
        limits[seconds] = Limit(int(found[1]), seconds)
    return tuple(limits.values())


def read_domains(text: str) -> dict[str, tuple[Limit, ...]]:
    """`gmail.com=20/s 2000/h, outlook.com=10/s` as limits by domain, in lower case and with A-labels (RFC 5890).

    Raises:
        ValueError: it cannot be read, or names a domain twice.
    """
    domains: dict[str, tuple[Limit, ...]] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, written = (part.strip() for part in item.partition("="))
        limits = read_limits(written)
        if not limits or not DOMAIN.fullmatch(name):
            raise ValueError(f"“{item}” is no domain with its limit; write it as example.nl=10/s 500/h")
        if _plain(name) in domains:
            raise ValueError(f"{name} is there twice; keep one of them")
        domains[_plain(name)] = limits
    return domains


def _plain(domain: str) -> str:
    """One spelling of a domain."""
    if not domain.isascii():
        with suppress(UnicodeError):  # then there is no other spelling
            domain = domain.encode("idna").decode("ascii")
    return domain.lower()
