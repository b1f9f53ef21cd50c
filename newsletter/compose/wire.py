"""Stage 3: a text of the letter, compiled to its wire form.

In: text with `[[ … ]]` and `[% … %]`. Out: a template whose rendering is already quoted-printable.
The static text never changes, so it is encoded once, when the mailing is compiled; per recipient only the small
values are encoded. Each fragment ends at column 0, so fragments join in any order and no line passes 76 columns.
"""

import binascii
import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.errors import PlaceholderError, TemplateError

#: Blocks that catch what is rendered inside them would catch it encoded, and encode it again.
CATCHING = (nodes.AssignBlock, nodes.FilterBlock, nodes.Macro, nodes.CallBlock)
#: A lone dot ends SMTP's DATA (RFC 5321 §4.5.2), "From " is changed by mbox stores; neither begins an encoded line.
RISKY_LINE = re.compile(r"^(?:\.|From )[^\r\n]*", re.MULTILINE)
LINE = 76  #: with the soft break that may end it, RFC 2045 §6.7 (5)
NEWLINE = re.compile(r"\r\n|\r|\n")
#: The second stage has no comments: what organisers type, "[#krimp]" too, arrives. Jinja2 wants delimiters all the
#: same; nobody can type these, and no HTML may hold them.
NO_COMMENT = ("\x00[#", "#]\x00")


def quoted_printable(text: str) -> str:
    """Encode a fragment (RFC 2045 §6.7) to lines of at most 76 that end in CRLF, hard or soft."""
    if not text:
        return ""
    crlf = NEWLINE.sub("\r\n", text).encode()
    encoded = NEWLINE.sub("\r\n", binascii.b2a_qp(crlf, istext=True).decode("ascii"))
    encoded = RISKY_LINE.sub(lambda line: _safe_start(line.group()), encoded)
    if encoded.endswith("\r\n"):
        return encoded
    begin = encoded.rfind("\n") + 1
    return encoded[:begin] + _broken(encoded[begin:], LINE - 1) + "=\r\n"


def _safe_start(line: str) -> str:
    return _broken(f"={ord(line[0]):02X}{line[1:]}", LINE)


def _broken(line: str, room: int) -> str:
    """The line, with a soft break if it is longer than `room`; an escape such as =2E is not split."""
    if len(line) <= room:
        return line
    cut = room - 1
    if "=" in line[cut - 2 : cut]:
        cut = line.rindex("=", 0, cut)
    rest = line[cut:]
    return line[:cut] + "=\r\n" + (_safe_start(rest) if RISKY_LINE.match(rest) else rest)


def _environment(*, html: bool, wire: bool) -> ImmutableSandboxedEnvironment:
    def shown(value: Any) -> Any:
        if isinstance(value, StrictUndefined):
            return value  # printing it raises, with its name
        # A value's line ends are settled by itself: a CR at its end is not half of the template's next CRLF.
        text = NEWLINE.sub("\n", str(escape(value) if html else value))
        return Markup(quoted_printable(text) if wire else text)  # noqa: S704 - escaped just here

    return ImmutableSandboxedEnvironment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string=NO_COMMENT[0],
        comment_end_string=NO_COMMENT[1],
        undefined=StrictUndefined,
        autoescape=html,
        finalize=shown,
        keep_trailing_newline=True,
    )


class Compiled:
    """A text of a letter, ready for recipients; `wire` says whether renderings are quoted-printable or plain."""

    def __init__(self, source: str, *, html: bool, wire: bool = True, place: str = "letter") -> None:
        """Compile.

        Raises:
            TemplateError: the placeholders cannot be read; the sentence names `place` and the line.
        """
        environment = _environment(html=html, wire=wire)
        try:
            tree = environment.parse(source)
            if caught := next(tree.find_all(CATCHING), None):
                kind = type(caught).__name__
                raise TemplateError(f"{place}:{caught.lineno}: [% %] cannot hold a {kind} block; use if and for")
            if wire:
                for data in tree.find_all(nodes.TemplateData):
                    data.data = quoted_printable(data.data)
            code = environment.compile(tree)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{place}:{error.lineno}: {error.message}") from error
        self._template = Template.from_code(environment, code, environment.make_globals(None))

    def render(self, context: Mapping[str, object], *, recipient: str) -> str:
        """The text for one recipient.

        Raises:
            PlaceholderError: a value is missing, naming the recipient (by `recipient`, an id) and the key.
        """
        try:
            return self._template.render(context)
        except UndefinedError as error:
            raise PlaceholderError(recipient, _key(error)) from error
        except Exception as error:  # whatever a placeholder makes Jinja2 raise is to be mended where it is written
            raise TemplateError(f"recipient {recipient}: {error}") from error


def _key(error: UndefinedError) -> str:
    message = str(error.message)
    if found := re.search(r"has no attribute '([^']+)'", message):
        return f"subscriber.{found.group(1)}"
    found = re.search(r"'([^']+)' is undefined", message)
    return found.group(1) if found else message
