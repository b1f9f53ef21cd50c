"""Stage 4: everything that a worker needs to send, in one noun."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from newsletter.compose.dkim import Signer
from newsletter.outbox.limits import Limits
from newsletter.outbox.outcome import Outcome, Transport
from newsletter.settings import Mail, Pause
from newsletter.store.database import Database

Clock = Callable[[], datetime]
#: What a mail server's "slower" is about: all letters through it, or those to one recipient domain.
Scope = Literal["relay", "domain"]


@dataclass(frozen=True, kw_only=True)
class Sending:
    database: Database
    transport: Transport
    mail: Mail
    secret: bytes
    clock: Clock
    connections: int = 4
    lease: timedelta = timedelta(minutes=1)
    signers: Mapping[str, Signer] = field(default_factory=dict)  #: by From domain
    signing_processes: int = 0  #: beside this one, for long mailings with RSA keys
    pause: Pause = field(default_factory=Pause)
    pace: Limits = field(default_factory=Limits)
    chance: Callable[[], float] = random.random  #: spreads retries
    throttle: Callable[[Outcome], Scope | None] = lambda _outcome: None  #: what a reply asks us to slow down for
