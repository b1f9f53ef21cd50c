"""The windows: CSS, read just far enough to take things out of it.

In: the text of a style sheet or of a style attribute. Out: its rules and declarations in order, and the way back. What
cannot be read is kept as it stands, as browsers skip it too.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

COMMENT = re.compile(r"/\*.*?\*/", re.S)
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|\{|\}|;")
#: Text up to a semicolon that stands in no quotes and no brackets.
_DECLARATION = re.compile(r"(?:[^;\"'()]|\"[^\"]*\"|'[^']*'|\((?:[^()]|\([^()]*\))*\))+")


class Rule(NamedTuple):
    """A rule of a style sheet (CSS Syntax §5)."""

    prelude: str  #: "p.lead", "@media (min-width: 600px)"
    body: str | None  #: what stands between its braces; None for one that ends in a semicolon ("@import …")

    @property
    def keyword(self) -> str:
        """The name of an at-rule in lower case ("@media"); empty for any other rule."""
        found = re.match(r"@[\w-]*", self.prelude)
        return found.group().lower() if found else ""


class Declaration(NamedTuple):
    name: str  #: in lower case
    value: str  #: with its !important


def rules(css: str) -> list[Rule]:
    """The rules of a style sheet; comments are left out, what is left open at the end is closed."""
    css = COMMENT.sub("", css)
    found: list[Rule] = []
    depth, start, opened = 0, 0, 0
    for token in _TOKEN.finditer(css):
        sign = token.group()
        if sign == "{":
            depth += 1
            opened = token.start() if depth == 1 else opened
        elif sign == "}" and depth:
            depth -= 1
            if not depth:
                found.append(Rule(css[start:opened].strip(), css[opened + 1 : token.start()]))
                start = token.end()
        elif sign in "};" and not depth:
            if css[start : token.start()].strip():
                found.append(Rule(css[start : token.start()].strip(), None))
            start = token.end()
    if depth:
        found.append(Rule(css[start:opened].strip(), css[opened + 1 :] + "}" * (depth - 1)))
    return found


def sheet(found: Iterable[Rule]) -> str:
    """The rules as a style sheet."""
    return "\n".join(f"{prelude};" if body is None else f"{prelude} {{{body}}}" for prelude, body in found)


def declarations(style: str) -> list[Declaration]:
    """What a style attribute, or the body of a rule, declares."""
    pairs = (part.partition(":") for part in _DECLARATION.findall(COMMENT.sub("", style)))
    return [Declaration(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon and name.strip()]


def style(found: Iterable[Declaration]) -> str:
    """The declarations as a style attribute."""
    return "; ".join(f"{name}: {value}" for name, value in found)


def each_body(css: str, change: Callable[[str], str]) -> str:
    """The style sheet with the declarations of each rule changed, those inside @media and its like too."""
    changed = []
    for rule in rules(css):
        body = rule.body
        if body is not None:
            body = each_body(body, change) if "{" in body else change(body)
        changed.append(Rule(rule.prelude, body))
    return sheet(changed)
