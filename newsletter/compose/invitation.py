"""Stage 3: the calendar part of a personal invitation: everybody's, but for the one line that says who is invited.

In: the calendar of a mailing, once; then one name and address after another. Out: the calendar of that recipient, as
text and in wire form. Only the line of the recipient is made per letter; what stands around it is encoded before.
"""

import base64
import re
from urllib.parse import quote

from newsletter.compose.headers import ascii_address, checked
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


class Invitation:
    """The calendar of a mailing, compiled for its recipients."""

    def __init__(self, before: str, after: str) -> None:
        """`before` ends, and `after` begins, at a line."""
        self._before, self._after = before, after
        raw = before.encode()
        whole = len(raw) - len(raw) % BASE64_LINE
        self._before_quoted, self._after_quoted = quoted_printable(before), quoted_printable(after)
        self._before_base64, self._rest, self._after_raw = _base64(raw[:whole]), raw[whole:], after.encode()

    @classmethod
    def read(cls, calendar: str) -> "Invitation | None":
        """Compile; None for a calendar that is the same for everybody."""
        found = OPEN_LINE.search(calendar)
        return cls(calendar[: found.end("lead")], calendar[found.end() :]) if found else None

    def text(self, name: str, address: str) -> str:
        """The calendar of one recipient.

        Raises:
            HeaderError: the name holds a control character or line end, or the address is none.
        """
        return f"{self._before}{_attendee(name, address)}{self._after}"

    def wire(self, name: str, address: str) -> tuple[str, str]:
        """The same, twice in wire form: quoted-printable, and base64. Raises as `text` does."""
        line = _attendee(name, address)
        quoted = f"{self._before_quoted}{quoted_printable(line)}{self._after_quoted}"
        return quoted, self._before_base64 + _base64(self._rest + line.encode() + self._after_raw)


def _attendee(name: str, address: str) -> str:
    """The rest of the line of the attendee, folded. An empty name is left out: the address is shown then."""
    name = " ".join(checked("the name of a recipient", name).split()).translate(CARET)
    common_name = f';CN="{name}"' if name else ""
    return _continued(f"{common_name}:mailto:{quote(ascii_address(address), safe=MAILTO_SAFE)}")


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
