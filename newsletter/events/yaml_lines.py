"""Stage 1: the front matter of an event document, as a tree in which every value knows its line.

In: YAML. Out: texts, fields and items, and problems where it is broken. No type is guessed: "12:00" (720 to YAML 1.1)
and "no" (False) stay the text that was written. Anchors, aliases and tags are refused: a few lines of aliases can
unfold to gigabytes, and nobody who writes an event needs them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from newsletter.events.notes import Notes

_DEEPEST = 20


@dataclass(frozen=True, kw_only=True)
class Text:
    """A value, or a key, as it was written."""

    name: str  #: the key under which it stands
    line: int  #: of the document, 1-based
    value: str
    is_block: bool = False  #: written under "|", so that its lines are lines of the document, from line + 1


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Keys with their values, in the order in which they stand; a key may stand there twice."""

    name: str
    line: int
    entries: "tuple[tuple[Text, Node], ...]"


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list."""

    name: str
    line: int
    items: "tuple[Node, ...]"


Node = Text | Fields | Items


class _BrokenError(Exception):
    def __init__(self, line: int, what: str, fix: str) -> None:
        self.line, self.what, self.fix = line, what, fix
        super().__init__(what)


def parse_yaml(text: str, first_line: int, notes: Notes) -> Node | None:
    """The tree of `text`, which starts on line `first_line` of the document; None, and a problem, if it is broken."""
    try:
        return _Builder(text, first_line, notes).document()
    except _BrokenError as broken:
        notes.problem(broken.line, broken.what, broken.fix)
    except yaml.MarkedYAMLError as error:
        mark, what, fix = _explain(error)
        notes.problem(first_line + (mark.line if mark else 0), what, fix)
    return None


class _Builder:
    """Turns the events of PyYAML's parser into the tree; its constructor, which guesses types, is never used."""

    def __init__(self, text: str, first_line: int, notes: Notes) -> None:
        self._text, self._first_line, self._notes = text, first_line, notes
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._depth = 0

    def document(self) -> Node:
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Fields(name="", line=self._first_line, entries=())
        node = self._node("", next(self._events))
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _BrokenError(self._line(after), *_ENDED)
        return node

    def _node(self, name: str, event: yaml.Event) -> Node:
        line = self._line(event)
        if isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.NodeEvent) and event.anchor):
            raise _BrokenError(
                line, "YAML anchors and aliases (&name, *name) are not used here", "put quotes around the value"
            )
        if getattr(event, "tag", None):
            raise _BrokenError(line, "YAML tags (!name) are not used here", "put quotes around the value")
        if isinstance(event, yaml.ScalarEvent):
            self._note_remark(event)
            return Text(name=name, line=line, value=event.value, is_block=event.style == "|")
        if self._depth >= _DEEPEST:
            raise _BrokenError(line, "there are lists in lists in lists here", "take the extra brackets out")
        self._depth += 1
        node = self._items(name, line) if isinstance(event, yaml.SequenceStartEvent) else self._fields(name, line)
        self._depth -= 1
        return node

    def _items(self, name: str, line: int) -> Items:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(name, event))
        return Items(name=name, line=line, items=tuple(items))

    def _fields(self, name: str, line: int) -> Fields:
        entries = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node("a key", event)
            if not isinstance(key, Text):
                raise _BrokenError(key.line, "a list cannot be a key", "put quotes around the value")
            entries.append((key, self._node(key.value, next(self._events))))
        return Fields(name=name, line=line, entries=tuple(entries))

    def _note_remark(self, event: yaml.ScalarEvent) -> None:
        """ "title: Kennisdag #3" is "Kennisdag" to YAML: a loss that nobody would see."""
        if event.style or event.end_mark is None:
            return
        rest = self._text[event.end_mark.index :].split("\n", 1)[0]
        if lost := re.match(r"[ \t]+(#[^\s#].*)", rest):
            self._notes.problem(
                self._line(event),
                f"“{lost[1]}” is not read: “#” after a space starts a remark",
                "put quotes around the whole value, or a space after “#” if it is a remark",
            )

    def _line(self, event: yaml.Event) -> int:
        return self._first_line + (event.start_mark.line if event.start_mark else 0)


_QUOTE = 'put quotes around the whole value, as in title: "Wonen: hoe nu verder?"'
_ENDED = "the keys end above this line, and others begin", "take out the line “...” or “---”"
_EXPLAINED = (
    ("mapping values are not allowed", "there is a colon with a space after it inside a value", _QUOTE),
    ("expected '<document start>'", *_ENDED),
    ("found character '\\t'", "there is a tab before the text", "use spaces"),
    ("cannot start any token", "a value starts with a character that has a meaning in YAML", _QUOTE),
    ("could not find expected ':'", "there is no colon with a space after the key", "write “key: value”"),
    (
        "expected <block end>",
        "this line does not fit the ones above it",
        "let it start right below the others, and put quotes around a whole value, not around a part of it",
    ),
    (
        "expected ',' or",
        "a list or mapping in brackets is not closed",
        "close the bracket, or put quotes around the value",
    ),
    (
        "expected alphabetic or numeric character",
        "a value starts with a character that has a meaning in YAML",
        _QUOTE,
    ),
)


#: What is wrong began at the start of the context, not where PyYAML noticed it.
_OPENED_BEFORE = ("could not find expected ':'", "expected ',' or")


def _explain(error: yaml.MarkedYAMLError) -> tuple["yaml.Mark | None", str, str]:
    """Where it broke, and what PyYAML found there, in words for who does not know YAML."""
    problem = error.problem or ""
    if "quoted scalar" in (error.context or ""):
        return (
            error.context_mark,
            "a quotation mark is opened here that is not closed, or a backslash stands between double ones",
            "close it, or use single quotation marks",
        )
    for sign, what, fix in _EXPLAINED:
        if sign in problem:
            mark = error.context_mark if sign in _OPENED_BEFORE else error.problem_mark
            return mark, what, fix
    return error.problem_mark, f"the keys and values cannot be read from here ({problem})", _QUOTE
