"""Preflight: what a mailing asks of a recipient.

In: a composed mailing. Out: its conditions and the values that it always writes, each with a function that says what it
comes to for one recipient. Of what only Jinja2 knows (loops, filters) nothing is said.
"""

import re
from collections.abc import Mapping
from typing import Final

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.compose import blanks
from newsletter.compose.blanks import Blank, Choice, Expression, Values
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.wire import NO_COMMENT

_TAG: Final = re.compile(r"\[\[(?!\[)\s*(?P<value>.*?)\s*\]\]|\[%-?\s*(?P<word>\w+)\s*(?P<rest>.*?)\s*-?%\]", re.S)
_SECOND_STAGE: Final = ImmutableSandboxedEnvironment(
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string=NO_COMMENT[0],
    comment_end_string=NO_COMMENT[1],
)


def conditions(mailing: Mailing) -> tuple[str, ...]:
    """What the mailing asks of a recipient: "subscriber.name", each once, in order."""
    found = (
        match["rest"]
        for source in (mailing.subject, mailing.html, mailing.text)
        for match in _TAG.finditer(source)
        if match["word"] in ("if", "elif")
    )
    return tuple(dict.fromkeys(found))


def always_shown(mailing: Mailing) -> tuple[str, ...]:
    """The values that are written whatever the recipient has: not within a condition or a loop."""
    shown: dict[str, None] = {}
    for source in (mailing.subject, mailing.html, mailing.text):
        depth = 0
        for match in _TAG.finditer(source):
            if match["word"] in ("if", "for"):
                depth += 1
            elif match["word"] in ("endif", "endfor"):
                depth -= 1
            elif match["value"] and depth == 0:
                shown[match["value"]] = None
    return tuple(shown)


def values_of(person: Recipient) -> Values:
    """What placeholders see of a recipient."""
    known: Mapping[str, object] = {**person.attributes, "name": person.name, "address": person.address}
    return {"subscriber": known, "links": {"unsubscribe": person.unsubscribe[0] if person.unsubscribe else ""}}


def condition(text: str) -> Expression | None:
    part = _only_part(f"[% if {text} %]x[% endif %]")
    return part.condition if isinstance(part, Choice) else None


def value(text: str) -> Expression | None:
    part = _only_part(f"[[ {text} ]]")
    return part.value if isinstance(part, Blank) else None


def _only_part(source: str) -> str | Blank | Choice | None:
    """What a text of one placeholder says; None where only Jinja2 knows."""
    try:
        read = blanks.read(_SECOND_STAGE.parse(source))
    except TemplateSyntaxError:
        return None
    return read[0] if read else None


def holds(condition: Expression, values: Values) -> bool:
    try:
        return bool(condition(values))
    except KeyError:
        return False


def is_empty(value: Expression, values: Values) -> bool:
    try:
        return value(values) == ""
    except KeyError:
        return False
