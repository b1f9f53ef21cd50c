"""Stage 3: the calendar part of a personal invitation: everybody's, but for the line that says who is invited.

In: the calendar of a mailing, once; then one name and address after another. Out: the calendar of that recipient, as
text and in wire form. Only the line of the recipient is made per letter; what stands around it is encoded before. Where
answers come back to an address of their own, the line of who invites is theirs too (RFC 5546 §3.2.3: an answer goes to
the ORGANIZER).
"""

import base64
import re
from urllib.parse import quote

from newsletter.compose.headers import checked, recipient_address
from newsletter.compose.wire import quoted_printable

#: Who is invited, until a letter is addressed. RFC 5546 §3.2.2: a request names its attendees, and asks them to answer.
INVITED = (
    "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE\r\n"
    ' ;CN="[[ subscriber.name ]]":mailto:[[ subscriber.address ]]\r\n'
)
#: RFC 5546 §3.2.5: a cancellation names them too; there is nothing left to answer.
NO_LONGER_INVITED = 'ATTENDEE;ROLE=REQ-PARTICIPANT\r\n ;CN="[[ subscriber.name ]]":mailto:[[ subscriber.address ]]\r\n'
#: At the start of a line no text of an event can stand: its line ends are escaped, its folded lines begin with a space.
OPEN_LINE = re.compile(
    r"(?<=\r\n)(?P<lead>ATTENDEE;[A-Z=;-]+\r\n)"
    r' ;CN="\[\[ subscriber\.name \]\]":mailto:\[\[ subscriber\.address \]\]\r\n'
)
#: Who invites, with the lines that continue it.
ORGANIZER = re.compile(r"(?<=\r\n)ORGANIZER[;:](?:[^\r\n]|\r\n )*\r\n")
UNFOLD = re.compile(r"\r\n ?")
SEQUENCE = re.compile(r"(?<=\r\n)SEQUENCE:([0-9]{1,9})(?=\r\n)")
METHOD = re.compile(r"(?<=\r\n)METHOD:([A-Z]+)(?=\r\n)")
FOLDED = 74  #: octets of a continued line after its space: RFC 5545 §3.1 allows 75 with it
BASE64_LINE = 57  #: octets on one line of base64.encodebytes
#: RFC 6868 §3.1: how what may not stand between the quotation marks of a parameter stands there after all.
CARET = str.maketrans({"^": "^^", '"': "^'"})
#: What RFC 6068 §2 leaves as it is in an address, as far as it has no meaning in a URI.
MAILTO_SAFE = "@!$'*+-._~"


def method_of(calendar: str) -> str:
    """The METHOD of a calendar object; the part that holds it repeats that (RFC 6047 §2.4)."""
    found = METHOD.search(calendar)
    return found.group(1) if found else ""


def sequence_of(calendar: str) -> int:
    """The SEQUENCE of a calendar object of ours (RFC 5545 §3.8.7.4: 0 where it has none)."""
    found = SEQUENCE.search(calendar)
    return int(found.group(1)) if found else 0


class Invitation:
    """The calendar of a mailing, compiled for its recipients."""

    def __init__(self, before: str, after: str) -> None:
        """`before` ends, and `after` begins, at a line."""
        self._fixed = _Run(before)
        self._after, self._after_quoted, self._after_raw = after, quoted_printable(after), after.encode()
        found = ORGANIZER.search(before)
        # The line of the organizer, up to the address; what stands before it, and between it and the attendee.
        lead = _folded(UNFOLD.sub("", found[0]).rpartition(":mailto:")[0]) if found else ""
        self._upto = _Run(f"{before[: found.start()]}{lead}") if found else None
        self._between = before[found.end() :] if found else ""

    @classmethod
    def read(cls, calendar: str) -> "Invitation | None":
        """Compile; None for a calendar that is the same for everybody."""
        found = OPEN_LINE.search(calendar)
        return cls(calendar[: found.end("lead")], calendar[found.end() :]) if found else None

    def text(self, name: str, address: str, organizer: str = "") -> str:
        """The calendar of one recipient, who answers to `organizer`; "" is whom the calendar names for everybody.

        Raises:
            HeaderError: the name holds a control character or line end, or an address is none.
        """
        run, own = self._own(name, address, organizer)
        return f"{run.text}{own}{self._after}"

    def wire(self, name: str, address: str, organizer: str = "") -> tuple[str, str]:
        """The same, twice in wire form: quoted-printable, and base64. Raises as `text` does."""
        run, own = self._own(name, address, organizer)
        quoted = f"{run.quoted}{quoted_printable(own)}{self._after_quoted}"
        return quoted, run.base64 + _base64(run.rest + own.encode() + self._after_raw)

    def _own(self, name: str, address: str, organizer: str) -> "tuple[_Run, str]":
        """What is the same for everybody, and what follows on it for one."""
        if not organizer or self._upto is None:
            return self._fixed, _attendee(name, address)
        return self._upto, f"{_continued(_mailto(organizer))}{self._between}{_attendee(name, address)}"


class _Run:
    """The begin of every calendar of a mailing, encoded as far as what follows does not matter."""

    def __init__(self, text: str) -> None:
        """`text` ends at the end of a line."""
        raw = text.encode()
        whole = len(raw) - len(raw) % BASE64_LINE
        self.text, self.quoted = text, quoted_printable(text)
        self.base64, self.rest = _base64(raw[:whole]), raw[whole:]


def _attendee(name: str, address: str) -> str:
    """The rest of the line of the attendee, folded. An empty name is left out: the address is shown then."""
    name = " ".join(checked("the name of a recipient", name).split()).translate(CARET)
    common_name = f';CN="{name}"' if name else ""
    return _continued(f"{common_name}{_mailto(address)}")


def _mailto(address: str) -> str:
    return f":mailto:{quote(recipient_address(address), safe=MAILTO_SAFE)}"


def _folded(line: str) -> str:
    """A line, folded as `_continued` does; its first part has one octet more."""
    raw, cut = line.encode(), FOLDED + 1
    if len(raw) <= cut:
        return f"{line}\r\n"
    while raw[cut] & 0xC0 == 0x80:
        cut -= 1
    return f"{raw[:cut].decode()}\r\n{_continued(raw[cut:].decode())}"


def _continued(text: str) -> str:
    """Folded at octets, but not inside of a character (RFC 5545 §3.1); it continues a line that has ended."""
    raw, lines = text.encode(), []
    while len(raw) > FOLDED:
        cut = FOLDED
        while raw[cut] & 0xC0 == 0x80:  # the second or a later octet of a character
            cut -= 1
        lines.append(raw[:cut])
        raw = raw[cut:]
    return "".join(f" {line.decode()}\r\n" for line in [*lines, raw])


def _base64(raw: bytes) -> str:
    return base64.encodebytes(raw).decode("ascii").replace("\n", "\r\n")
