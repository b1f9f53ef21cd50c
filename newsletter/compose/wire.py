"""Stage 3: a text of the letter, compiled to its wire form.

In: text with `[[ … ]]` and `[% … %]`. Out: a template whose rendering is already quoted-printable.
The static text never changes, so it is encoded once, when the mailing is compiled; per recipient only the small
values are encoded. Each fragment ends at column 0, so fragments join in any order and no line passes 76 columns.
"""

import binascii
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.compose import blanks
from newsletter.compose.slips import explained
from newsletter.errors import PlaceholderError, TemplateError

#: Blocks that catch what is rendered inside them would catch it encoded, and encode it again.
CATCHING = (nodes.AssignBlock, nodes.FilterBlock, nodes.Macro, nodes.CallBlock)
#: A lone dot ends SMTP's DATA (RFC 5321 §4.5.2), "From " is changed by mbox stores; neither begins an encoded line.
RISKY_LINE = re.compile(r"^(?:\.|From )[^\r\n]*", re.MULTILINE)
LINE = 76  #: with the soft break that may end it, RFC 2045 §6.7 (5)
#: A value that is its own encoding, in text and in html: one line with its soft break, nothing to escape, no risky
#: start, no space at its end. Most names, and our https links.
AS_IT_IS = re.compile(rf"(?!\.|From )[ !#-%(-;?-~]{{1,{LINE - 1}}}(?<! )")
#: What is escaped in html.
MARKUP = re.compile(r"[&<>'\"]")
NEWLINE = re.compile(r"\r\n|\r|\n")
#: The second stage has no comments: what organisers type, "[#krimp]" too, arrives. Jinja2 wants delimiters all the
#: same; nobody can type these, and no HTML may hold them.
NO_COMMENT = ("\x00[#", "#]\x00")


def quoted_printable(text: str) -> str:
    """Encode a fragment (RFC 2045 §6.7) to lines of at most 76 that end in CRLF, hard or soft."""
    if not text:
        return ""
    crlf = NEWLINE.sub("\r\n", text) if "\n" in text or "\r" in text else text
    encoded = binascii.b2a_qp(crlf.encode(), istext=True).decode("ascii")
    if len(encoded) < LINE and "\n" not in encoded and not RISKY_LINE.match(encoded):
        return f"{encoded}=\r\n"
    encoded = encoded.replace("\r\n", "\n").replace("\n", "\r\n")
    encoded = RISKY_LINE.sub(lambda line: _safe_start(line.group()), encoded)
    if encoded.endswith("\r\n"):
        return encoded
    begin = encoded.rfind("\n") + 1
    return encoded[:begin] + _broken(encoded[begin:], LINE - 1) + "=\r\n"


#: A name stands in the text and in the html of a letter.
_value = lru_cache(maxsize=64)(quoted_printable)


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


def _writer(*, html: bool, wire: bool) -> Callable[[object], str]:
    """How a value is written: escaped in html, and on the wire encoded."""

    def shown(value: object) -> str:
        if wire and type(value) is str and AS_IT_IS.fullmatch(value):
            return f"{value}=\r\n"
        # A value's line ends are settled by itself: a CR at its end is not half of the template's next CRLF.
        if type(value) is str and not (html and MARKUP.search(value)):
            text = value
        else:
            text = str(escape(value) if html else value)
        return _value(text) if wire else NEWLINE.sub("\n", text)

    return shown


def _environment(shown: Callable[[object], str], *, html: bool) -> ImmutableSandboxedEnvironment:
    def finalize(value: Any) -> Any:
        # Printing what is undefined raises, with its name; the rest was escaped where that is needed.
        return value if isinstance(value, StrictUndefined) else Markup(shown(value))  # noqa: S704

    return ImmutableSandboxedEnvironment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string=NO_COMMENT[0],
        comment_end_string=NO_COMMENT[1],
        undefined=StrictUndefined,
        autoescape=html,
        finalize=finalize,
        keep_trailing_newline=True,
    )


class Compiled:
    """A text of a letter, ready for recipients; `wire` says whether renderings are quoted-printable or plain."""

    def __init__(self, source: str, *, html: bool, wire: bool = True, place: str = "letter") -> None:
        """Compile.

        Raises:
            TemplateError: the placeholders cannot be read; the sentence names `place`, but no line: nobody wrote the
                lines of a composed text. `slip_in` knows those of a template.
        """
        self._shown = _writer(html=html, wire=wire)
        environment = _environment(self._shown, html=html)
        try:
            tree = environment.parse(source)
            if caught := next(tree.find_all(CATCHING), None):
                raise TemplateError(f"{place}: {_cannot_hold(caught)}")
            if wire:
                for data in tree.find_all(nodes.TemplateData):
                    data.data = quoted_printable(data.data)
            self._text = blanks.read(tree)
            code = environment.compile(tree)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{place}: {explained(environment, source, error)[1]}") from error
        self._template = Template.from_code(environment, code, environment.make_globals(None))

    @property
    def is_plain(self) -> bool:
        """Whether it is filled in without Jinja2."""
        return self._text is not None

    def pieces(self, values: blanks.Values, *, recipient: str) -> list[str]:
        """The text for one recipient, in pieces to be joined.

        Raises:
            PlaceholderError: a value is missing, naming the recipient (by `recipient`, an id) and the key.
        """
        if self._text is not None and (pieces := blanks.fill(self._text, values, self._shown)) is not None:
            return pieces
        try:
            return [self._template.render(values)]
        except UndefinedError as error:
            raise PlaceholderError(recipient, _key(error)) from error
        except Exception as error:  # whatever a placeholder makes Jinja2 raise is to be mended where it is written
            raise TemplateError(f"recipient {recipient}: {error}") from error

    def render(self, values: blanks.Values, *, recipient: str) -> str:
        """The text for one recipient; raises as `pieces` does."""
        return "".join(self.pieces(values, recipient=recipient))


def slip_in(source: str) -> tuple[int, str] | None:
    """The line of a text whose placeholders cannot be read, and why, in the words of `Compiled`; None if they can."""
    environment = _environment(str, html=False)
    try:
        tree = environment.parse(source)
        if caught := next(tree.find_all(CATCHING), None):
            return caught.lineno, _cannot_hold(caught)
        environment.compile(tree)
    except TemplateSyntaxError as error:
        return explained(environment, source, error)
    return None


def _cannot_hold(caught: nodes.Node) -> str:
    return f"[% %] cannot hold a {type(caught).__name__} block; use if and for"


def _key(error: UndefinedError) -> str:
    message = str(error.message)
    if found := re.search(r"has no attribute '([^']+)'", message):
        return f"subscriber.{found.group(1)}"
    found = re.search(r"'([^']+)' is undefined", message)
    return found.group(1) if found else message
