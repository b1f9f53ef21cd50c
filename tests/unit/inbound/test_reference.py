"""Which letter of ours a message is about, as far as it says so itself."""

from newsletter.inbound.reference import reference
from newsletter.inbound.telling.message import parse
from newsletter.outbox.envelope import VERP
from newsletter.subscribers.links import make_token

SECRET = b"0" * 32
VERP_TOKEN = make_token(SECRET, VERP, 7)
LEAVE = make_token(SECRET, "unsubscribe", 300, 2)
BOUNCE = f"""From: MAILER-DAEMON@example.nl
To: <BOUNCE+{VERP_TOKEN.upper()}@example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/rfc822

Message-ID: <abc@example.org>
Feedback-ID: kennisdag.reminder:kennisdagen:reminder:exampleorg
List-Unsubscribe: <https://nieuws.example.org/u/{LEAVE}>,
 <mailto:contact@example.org?subject=unsubscribe%20{LEAVE}>

Beste lezer
--b--
"""


def test_a_bounce_names_its_mailing_its_delivery_and_its_subscriber() -> None:
    found = reference(parse(BOUNCE.encode()))
    assert (found.mailing, found.envelope_token) == ("kennisdag/reminder", VERP_TOKEN)
    assert (found.unsubscribe_token, found.claimed_subscriber) == (LEAVE, 300)
    assert found.message_ids == ("abc@example.org",)


def test_a_reply_names_the_letters_that_it_answers_the_nearest_first() -> None:
    raw = b"From: a@example.nl\nIn-Reply-To: <c@x>\nReferences: <a@x> <b@x> <c@x>\n\nDank"
    assert reference(parse(raw)).message_ids == ("c@x", "b@x", "a@x")


def test_what_is_no_token_names_nobody() -> None:
    found = reference(parse(b"Subject: unsubscribe " + b"zz" * 20 + b"\n\n"))
    assert (found.unsubscribe_token, found.claimed_subscriber) == ("", None)
