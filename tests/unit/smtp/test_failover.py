"""Several mail servers, on loopback; some of them are away or turn us away."""

from dataclasses import dataclass

import pytest

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import OutcomeKind, Parcel
from newsletter.settings import Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.smtp.failover import REST, FailoverTransport
from tests.smtp_server import smtp_server

LETTER = b"Subject: x\r\n\r\nDag.\r\n"


@dataclass
class Seconds:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def parcel(number: int) -> Parcel:
    return Parcel("a@example.nl", f"b{number}@example.nl", LETTER)


def relays(*ports: int) -> list[SmtpTransport]:
    return [SmtpTransport(Smtp(host="127.0.0.1", port=port, letters_per_connection=1)) for port in ports]


async def test_the_next_server_is_used_while_the_first_is_away_and_no_longer() -> None:
    clock, away = Seconds(), [True]
    async with (
        smtp_server(lambda verb, _: "421 4.3.2 away" if verb == "CONNECT" and away[0] else None) as first,
        smtp_server() as second,
    ):
        transport = FailoverTransport(relays(first.port, second.port), clock)
        async with transport.session() as session:
            for number in range(3):
                assert (await session.send(parcel(number), parcel(number + 1))).kind is OutcomeKind.SENT
            assert (len(second.letters), first.connections) == (3, 1)
            away[0], clock.now = False, REST
            assert (await session.send(parcel(3))).kind is OutcomeKind.SENT
    assert [recipient for _, recipient, _ in first.letters] == ["b3@example.nl"]


async def test_a_letter_that_was_refused_is_not_offered_to_another_server() -> None:
    async with (
        smtp_server(lambda verb, _: "550 5.1.1 unknown" if verb == "RCPT" else None) as first,
        smtp_server() as second,
        FailoverTransport(relays(first.port, second.port), Seconds()).session() as session,
    ):
        assert (await session.send(parcel(0))).kind is OutcomeKind.PERMANENT
    assert second.connections == 0


@pytest.mark.parametrize(("replies", "fault"), [(("554 no", "554 no"), True), (("554 no", "421 later"), False)])
async def test_when_none_can_be_used_all_say_why(replies: tuple[str, str], fault: bool) -> None:
    async with (
        smtp_server(lambda verb, _: replies[0] if verb == "CONNECT" else None) as first,
        smtp_server(lambda verb, _: replies[1] if verb == "CONNECT" else None) as second,
        FailoverTransport(relays(first.port, second.port), Seconds()).session() as session,
    ):
        with pytest.raises(SmtpError, match=f"{first.port}.*{second.port}") as caught:
            await session.send(parcel(0))
    assert caught.value.is_our_fault is fault
