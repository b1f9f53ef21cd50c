"""Two recipients' letters of one mailing differ in the greeting, in signed links, and in what `[% if %]` says.

Proved on what goes over the wire, read back by a reader that shares no code with the product, for every template.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.templates import Templates
from newsletter.errors import TemplateError
from newsletter.events.event import Event, EventStatus
from tests.unit.compose.calendars import unfolded
from tests.unit.compose.cases import INVITATION
from tests.unit.compose.reader import Part, decoded, mailbox, read
from tests.unit.compose.sample import TEMPLATES, VARIANTS
from tests.world import NOW, mailing_content

NAMES = sorted(path.parent.name for path in TEMPLATES.glob("*/letter.html"))
#: Header fields that say to whom a letter goes; all others are the same.
OF_THE_RECIPIENT = {"to", "message-id", "list-unsubscribe"}
#: What a shipped letter may ask of a recipient: how to greet, and the link to leave.
GREETING = re.compile(r"\[\[ subscriber\.name(?: or '[^']*'| \| d(?:efault)?\('[^']*', true\))? \]\]")
LEAVING = re.compile(r"\[\[ links\.unsubscribe \]\]")
ON_A_NAME = re.compile(r"\[% (?:if subscriber\.name|else|endif) %\]")


@cache
def composed(name: str, *, language: str = "nl", invites: bool = False) -> Mailing:
    one: Event = VARIANTS["english" if language == "en" else "masterclass"]
    templates = Templates([TEMPLATES])
    if templates.about(name).calendar == "cancel":
        one = replace(one, status=EventStatus.CANCELLED)
    return compose(one, Order(slug=f"{one.slug}/{name}", template=name, label="", invites=invites), templates, now=NOW)


def person(number: int, name: str) -> Recipient:
    """Nothing of one recipient is like that of another, but for the length of the name and of the links."""
    return Recipient(
        id=f"recipient-number-{number}",
        address=f"person-{number}@example.org",
        name=name,
        attributes={"organisation": f"Gemeente nummer {number}", "secret": f"only of {number}"},
        message_id=f"message-{number}@example.nl",
        unsubscribe=(
            f"https://post.example.nl/u/token-{number}",
            f"mailto:vragen@example.nl?subject=unsubscribe%20token-{number}",
        ),
        date=datetime.fromisoformat("2026-03-02T09:00:00+00:00"),
    )


ONE, OTHER, NAMELESS = person(1, "Zoë Voorbeeld"), person(2, "Jan O. «X» Een"), person(3, "")


def differences(one: Part, other: Part) -> Iterator[tuple[str, list[str], list[str]]]:
    """Which field or part differs between letters of one shape, and its words that the other does not have."""
    assert one.tree() == other.tree()
    for mine, its in zip(one.all(), other.all(), strict=True):
        assert list(mine.fields) == list(its.fields)
        for name, value in mine.fields.items():
            if value != its.fields[name]:
                yield name, [value], [its.fields[name]]
        if mine.content != its.content:
            lines = (part.content.decode().splitlines() for part in (mine, its))
            pairs = [(a, b) for a, b in zip(*lines, strict=True) if a != b]
            yield mine.media_type, [a for a, _ in pairs], [b for _, b in pairs]


def own(text: str, recipient: Recipient) -> str:
    """The text with what may be the recipient's own marked as such."""
    for value, mark in ((recipient.name, "‹name›"), *((way, "‹link›") for way in recipient.unsubscribe)):
        text = text.replace(value, mark) if value else text
    return text


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_two_letters_differ_in_the_greeting_and_in_the_links_to_leave_only(name: str, language: str) -> None:
    letter = Letter(composed(name, language=language))
    one, other = read(letter.address(ONE)), read(letter.address(OTHER))
    seen = set()
    for place, mine, its in differences(one, other):
        seen.add(place)
        if place in ("text/plain", "text/html"):
            assert [own(line, ONE) for line in mine] == [own(line, OTHER) for line in its]
    assert seen == {*OF_THE_RECIPIENT, "text/plain", "text/html"}
    assert mailbox(one.fields["to"]) == (ONE.name, ONE.address)
    assert decoded(one.fields["subject"]) == decoded(other.fields["subject"])


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_holds_nothing_else_of_what_is_known_of_its_recipient(name: str) -> None:
    wire = read(Letter(composed(name)).address(ONE))
    for part in wire.all():
        text = part.content.decode(errors="replace")
        assert ONE.address not in text
        for value in (ONE.id, ONE.message_id, *ONE.attributes.values()):
            assert value not in text
    for field, value in wire.fields.items():
        if field not in OF_THE_RECIPIENT:
            assert ONE.address not in value
            assert ONE.id not in value


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_letter_asks_for_a_name_and_a_link_and_nothing_else(name: str) -> None:
    mailing = composed(name)
    asked = {found for text in (mailing.subject, mailing.html, mailing.text) for found in PLACEHOLDER.findall(text)}
    others = {
        found
        for found in asked
        if not (GREETING.fullmatch(found) or LEAVING.fullmatch(found) or ON_A_NAME.fullmatch(found))
    }
    assert others == set()
    assert any(LEAVING.fullmatch(found) for found in asked)


@pytest.mark.parametrize("name", NAMES)
def test_who_has_no_name_gets_the_letter_with_another_greeting(name: str) -> None:
    letter = Letter(composed(name))
    one, nameless = (letter.plain(recipient) for recipient in (ONE, NAMELESS))
    assert one[0] == nameless[0]
    for mine, its in zip(one[1:], nameless[1:], strict=True):
        missing = set(own(mine, ONE).splitlines()) - set(own(its, NAMELESS).splitlines())
        assert all("‹name›" in line or line in ("", " ") for line in missing), missing


def test_a_condition_decides_about_what_stands_in_it_and_about_nothing_else() -> None:
    html = mailing_content().html.replace(
        "</p>", "</p>[% if subscriber.member %]<p>Voor leden.</p>[% endif %]<p>Ja</p>"
    )
    letter = Letter(replace(mailing_content(), html=html))
    member, other = (
        read(letter.address(ONE._replace(attributes={"member": value}))).text("text/html") for value in ("x", "")
    )
    assert member.replace("<p>Voor leden.</p>", "") == other


def test_invitations_differ_in_the_line_of_the_attendee_too() -> None:
    letter = Letter(replace(mailing_content(), calendar=INVITATION))
    one, other = (unfolded(letter.calendar(recipient)) for recipient in (ONE, OTHER))
    differing = [(mine, its) for mine, its in zip(one, other, strict=True) if mine != its]
    [(mine, its)] = differing
    assert mine.startswith("ATTENDEE;")
    assert mine.replace(ONE.name, OTHER.name).replace(ONE.address, OTHER.address) == its


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        ('<img src="https://www.example.nl/o.gif" width="1" height="1" alt="">', "too small to be seen"),
        ('<img src="https://www.example.nl/[[ subscriber.address ]].png" width="64" alt="">', "differs per recipient"),
        ('<a href="https://klik.example.com/?u=https%3A%2F%2Fwww.example.nl%2F">Programma</a>', "by way of somebody"),
        ('<img src="https://elders.example.com/logo.png" width="64" height="64" alt="">', "elders.example.com"),
    ],
)
def test_a_template_that_adds_a_trace_is_refused(attempt: str, why: str, tmp_path: Path) -> None:
    own_template = tmp_path / "reminder"
    own_template.mkdir()
    for file in (TEMPLATES / "reminder").iterdir():
        (own_template / file.name).write_bytes(file.read_bytes())
    text = (own_template / "letter.html").read_text(encoding="utf-8")
    assert text.count("{% endblock %}") >= 1
    head, mark, tail = text.rpartition("{% endblock %}")
    (own_template / "letter.html").write_text(f"{head}<p>{attempt}</p>\n{mark}{tail}", encoding="utf-8")
    one = VARIANTS["masterclass"]
    order = Order(slug=f"{one.slug}/reminder", template="reminder", label="")
    for draft in (True, False):
        with pytest.raises(TemplateError, match=re.escape(why)):
            compose(one, order, Templates([tmp_path, TEMPLATES]), now=NOW, draft=draft)
