"""Stage 1: how a part of the front matter is read: small readers, and how they are put together.

In: nodes of the tree. Out: values, or None and a problem. A reader never raises and never stops the others, so that
an organiser sees all mistakes of a document at once.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from newsletter.errors import RuleError
from newsletter.events.notes import Mistake, Notes, Passage, did_you_mean
from newsletter.events.placeholders import note_in_line, note_placeholders
from newsletter.events.sections import tidy
from newsletter.events.wording import note_template_marks, unseen_in
from newsletter.events.yaml_lines import Fields, Items, Node, Text

T = TypeVar("T")
D = TypeVar("D")
Read = Callable[[Node, Notes], T | None]
#: Keys that may also be written in Dutch; they are always written back in English.
DUTCH: Mapping[str, str] = {
    "foto": "photo",
    "toelichting": "detail",
    "in_de_mail": "inline",
    "opbrengsten": "takeaways",
    "uitnodiging": "invite",
    "aan": "to",
    "thema": "theme",
    "basis": "base",
}


def line(node: Node, notes: Notes) -> str | None:
    """Words on one line: a title, a name."""
    text = _plain(node, notes)
    if text is not None and isinstance(node, Text):
        notes.passages.append(Passage(text=text, line=node.line, is_spread=False))
        note_template_marks(text, node.line, notes)
        note_in_line(text, node.line, notes)
    return text


def markdown(node: Node, notes: Notes) -> str | None:
    """Markdown of any number of lines, without the blank lines around it."""
    text = _plain(node, notes, is_line=False)
    if text is None or not isinstance(node, Text):
        return None
    first_line = node.line + 1 if node.is_block else node.line
    passage = Passage(text=text, line=first_line, is_spread=node.is_block)
    notes.passages.append(passage)
    note_template_marks(text, node.line, notes)
    note_placeholders(passage, notes)
    return tidy(text)


def parsed(parse: Callable[[str], T]) -> Read[T]:
    """One line that `parse` makes a value of; its `Mistake` or `RuleError` becomes a problem."""

    def read(node: Node, notes: Notes) -> T | None:
        text = _plain(node, notes)
        if text is None:
            return None
        try:
            return parse(text)
        except Mistake as mistake:
            notes.problem(node.line, f"{node.name}: {mistake.what}", mistake.fix)
        except RuleError as error:
            notes.problem(node.line, f"{node.name}: {error}")
        return None

    return read


def listed(read: Read[T]) -> Read[tuple[T, ...]]:
    """A list; what cannot be read of it is left out, with its problem."""

    def read_all(node: Node, notes: Notes) -> tuple[T, ...] | None:
        if not isinstance(node, Items):
            notes.problem(node.line, f"“{node.name}” must be a list", "start each entry on its own line, with “- ”")
            return None
        values = (read(item, notes) for item in node.items)
        return tuple(value for value in values if value is not None)

    return read_all


class Record:
    """The keys of one mapping. Each is asked for once; `close` notes those that nobody asked for.

    Keys may be written with spaces or hyphens and in any letter case: "register until" is "register_until".
    """

    def __init__(self, fields: Fields, notes: Notes) -> None:
        self.line, self._name, self._notes = fields.line, fields.name, notes
        self._values: dict[str, Node] = {}
        self._keys: dict[str, Text] = {}
        self._known: list[str] = []
        for key, value in fields.entries:
            name = key.value.strip().lower().replace(" ", "_").replace("-", "_")
            name = DUTCH.get(name, name)
            if name in self._keys:
                notes.problem(key.line, f"the key “{key.value}” stands here a second time", "keep one of the two")
            else:
                self._keys[name], self._values[name] = key, value

    def node(self, key: str) -> Node | None:
        """The value of a key as it stands there; None if it is not there, or nothing is written behind it."""
        if key not in self._known:
            self._known.append(key)
        value = self._values.get(key)
        return None if value is None or is_blank(value) else value

    def optional(self, key: str, read: Read[T], default: D) -> T | D:
        node = self.node(key)
        value = read(node, self._notes) if node is not None else None
        return default if value is None else value

    def required(self, key: str, read: Read[T], example: str) -> T | None:
        node = self.node(key)
        if node is not None:
            return read(node, self._notes)
        fix = f"write “{key}: {example}”"
        if key in self._keys:
            self._notes.problem(self._keys[key].line, f"“{key}” is empty", fix)
        else:
            of = f" of “{self._name}”" if self._name else ""
            self._notes.problem(self.line, f"the key “{key}”{of} is missing", fix)
        return None

    def has(self, key: str) -> bool:
        return key in self._keys

    def first_unknown(self) -> Text | None:
        return next((key for name, key in self._keys.items() if name not in self._known), None)

    def _known_words(self) -> list[str]:
        return [*self._known, *(dutch for dutch, key in DUTCH.items() if key in self._known)]

    def close(self, *but: str) -> None:
        """Note every key that was not asked for, except `but`, which have a problem of their own."""
        for name, key in self._keys.items():
            if name not in self._known and key.value not in but:
                of = f" in “{self._name}”" if self._name else ""
                self._notes.problem(
                    key.line, f"the key “{key.value}” is not known{of}", did_you_mean(name, self._known_words())
                )


def record(read: Callable[[Record, Notes], T | None]) -> Read[T]:
    """A mapping with known keys."""

    def read_fields(node: Node, notes: Notes) -> T | None:
        if not isinstance(node, Fields):
            notes.problem(
                node.line, f"“{node.name}” must have keys of its own", "write each on its own line, as “key: value”"
            )
            return None
        keys = Record(node, notes)
        value = read(keys, notes)
        keys.close()
        return value

    return read_fields


def is_blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.value.strip()


def _plain(node: Node, notes: Notes, *, is_line: bool = True) -> str | None:
    if not isinstance(node, Text):
        notes.problem(node.line, f"“{node.name}” must be a text", "put quotes around the whole value")
        return None
    mistake = unseen_in(node.value, is_line=is_line)
    if mistake:
        notes.problem(node.line, f"{node.name}: {mistake.what}", mistake.fix)
        return None
    return node.value
