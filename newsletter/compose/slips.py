"""Stage 3: what Jinja2 says of a text that it cannot read, in words for who wrote that text.

In: an environment of either stage, a text, the error. Out: the line, and one sentence.
"""

import re
from collections.abc import Iterator
from typing import Final

from jinja2 import Environment, TemplateSyntaxError

_INNERMOST: Final = re.compile(r"The innermost block that needs to be closed is '(?P<tag>\w+)'")
_BLOCKS: Final = frozenset({"if", "for", "set", "macro", "call", "filter", "block", "with", "autoescape"})
_FIRST_STAGE: Final = re.compile(r"(?P<value>\{\{.*?\}\})|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def explained(environment: Environment, source: str, error: TemplateSyntaxError) -> tuple[int, str]:
    """The line of a text that is to be mended, and why.

    Of a block that is never closed Jinja2 names the line at which it gave up, often the last one of the text.
    """
    message = error.message or str(error)
    innermost = _INNERMOST.search(message)
    line, tag = _unclosed(environment, source) if innermost else (0, "")
    if innermost is None or tag != innermost["tag"]:
        return error.lineno, message
    begin, end = environment.block_start_string, environment.block_end_string
    return line, f"{begin} {tag} … {end} is never closed; write {begin} end{tag} {end} where it ends"


def without_first_stage(source: str) -> str:
    """A text as the second stage finds it, as far as that is known: every line stays where it is."""

    def blank(match: re.Match[str]) -> str:
        return ("x" if match["value"] else "") + "\n" * match[0].count("\n")

    return _FIRST_STAGE.sub(blank, source)


def _unclosed(environment: Environment, source: str) -> tuple[int, str]:
    """The line and the tag of the innermost block that is open where the text, or a block around it, ends."""
    blocks: list[tuple[int, str]] = []
    for line, tag in _block_tags(environment, source):
        if not tag.startswith("end"):
            blocks.append((line, tag))
        elif blocks and blocks[-1][1] == tag.removeprefix("end"):
            blocks.pop()
        else:
            break
    return blocks[-1] if blocks else (0, "")


def _block_tags(environment: Environment, source: str) -> Iterator[tuple[int, str]]:
    """The tags that begin or end a block, each with its line; `set` begins one only without “=”."""
    inside: list[tuple[int, str, str]] = []
    for token in environment.lex(source):
        if token[1] == "block_begin":
            inside = []
        elif token[1] == "block_end":
            line, _, tag = inside[0] if inside else (0, "", "")
            is_value = tag == "set" and any(word == "=" for _, _, word in inside)
            if tag.removeprefix("end") in _BLOCKS and not is_value:
                yield line, tag
        elif token[1] != "whitespace":
            inside.append(token)
