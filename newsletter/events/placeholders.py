"""Stage 1: the placeholders in the words of an organiser: `[[ … ]]` and `[% … %]`, filled in per recipient.

In: passages of Markdown. Out: problems, so that a slip is found at import and not when the mailing is due. The
delimiters are those of `compose.wire`, where these words end up; `[#` has no meaning.
"""

import re
from collections.abc import Iterator

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, meta, nodes

from newsletter.events.notes import Mistake, Notes, Passage

#: What is known about a recipient, and the names below it (None: the columns of the list, which any list may have).
KNOWN: dict[str, tuple[str, ...] | None] = {"subscriber": None, "links": ("unsubscribe",)}
_IN_A_LINE = re.compile(r"\[\[|\[%|\[#")
_OPEN = re.compile(
    r"(?P<opening>\[\[)(?P<body>.*?)(?P<end>\]\]|\Z)|(?P<tag>\[%)(?P<inside>.*?)(?P<close>%\]|\Z)", re.DOTALL
)
_STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign)
_EXAMPLE = "write for example [[ subscriber.name ]] or [[ links.unsubscribe ]]"
_NEVER = "\0"  # no text of a document holds it

_ENVIRONMENT = Environment(
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string=f"{_NEVER}#",
    comment_end_string=f"#{_NEVER}",
    undefined=StrictUndefined,
    autoescape=True,
)


def note_in_line(text: str, line: int, notes: Notes) -> None:
    """Note placeholders in a value of one line: it also stands in calendars and subjects, the same for everybody."""
    for mark in sorted(set(_IN_A_LINE.findall(text))):
        notes.problem(
            line,
            f"“{mark}” works in the announcement, the report and other texts only",
            "write the words themselves here",
        )


def note_placeholders(passage: Passage, notes: Notes) -> None:
    """Note what is wrong with the placeholders of a text, each with the line of the document on which it stands."""
    for offset, mistake in mistakes_in(passage.text):
        notes.problem(passage.line_at(offset), mistake.what, mistake.fix)


def mistakes_in(text: str) -> list[tuple[int, Mistake]]:
    """What is wrong with the placeholders of a text, and at which character."""
    return list(_misspelled(text)) or list(_unreadable(text)) or list(_unknown(text))


def _misspelled(text: str) -> Iterator[tuple[int, Mistake]]:
    """Brackets without their counterpart."""
    outside, last = [], 0
    for match in _OPEN.finditer(text):
        opening = match["opening"] or match["tag"]
        inside = match["body"] or match["inside"] or ""
        closing = "]]" if match["opening"] else "%]"
        if not (match["end"] or match["close"]) or opening in inside or "\n\n" in inside:
            yield match.start(), Mistake(f"“{opening}” is not closed with “{closing}”", _EXAMPLE)
        outside.append((last, text[last : match.start()]))
        last = match.end()
    for start, words in (*outside, (last, text[last:])):
        for stray in re.finditer(r"\]\]|%\]", words):
            line = words[words.rfind("\n", 0, stray.start()) + 1 :].split("\n", 1)[0]
            # "a[b[1]]" and "[see [1]](…)" are words like others.
            if line.count("[") != line.count("]"):
                opening = {"]]": "[[", "%]": "[%"}[stray[0]]
                yield start + stray.start(), Mistake(f"“{stray[0]}” has no “{opening}” before it", _EXAMPLE)


def _unreadable(text: str) -> Iterator[tuple[int, Mistake]]:
    """Expressions that are none; then, if each can be read by itself, conditions that do not fit together."""
    broken = False
    for match in _OPEN.finditer(text):
        if match["opening"] and not _is_readable(match[0]):
            broken = True
            yield match.start(), Mistake(f"“{_on_one_line(match[0])}” cannot be read", _EXAMPLE)
    if broken:
        return
    try:
        _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        reason = (error.message or "").rstrip(".")
        yield (
            _offset_of(text, error.lineno),
            Mistake(f"the [% … %] cannot be read ({reason})", "write [% if … %] … [% endif %]"),
        )


def _unknown(text: str) -> Iterator[tuple[int, Mistake]]:
    """Names that nothing is known by, and statements that a letter has no use for."""
    tree = _ENVIRONMENT.parse(text)
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name not in _ENVIRONMENT.filters:
            what = f"there is no filter “{filtered.name}”"
            yield (
                _offset_of(text, filtered.lineno),
                Mistake(what, "write for example [[ subscriber.name | default('') ]]"),
            )
            return  # which names are free cannot be found out then
    for statement in tree.find_all(nodes.Stmt):
        if not isinstance(statement, _STATEMENTS):
            what = f"[% … %] cannot hold “{type(statement).__name__.lower()}” here"
            yield _offset_of(text, statement.lineno), Mistake(what, "use if and for")
    free = meta.find_undeclared_variables(tree)
    by_name = {id(asked.node): asked for asked in tree.find_all(nodes.Getattr)}
    by_key = {id(asked.node): asked for asked in tree.find_all(nodes.Getitem)}
    below: dict[int, nodes.Getattr | nodes.Getitem] = {**by_name, **by_key}
    for name in tree.find_all(nodes.Name):
        if name.name in free and (mistake := _mistake_of(name, below.get(id(name)))):
            yield _offset_of(text, name.lineno), mistake


def _mistake_of(name: nodes.Name, below: nodes.Getattr | nodes.Getitem | None) -> Mistake | None:
    """What is wrong with a name and what is asked of it, as in `links.unsubscribe`."""
    if name.name not in KNOWN:
        return Mistake(f"“{name.name}” in [[ … ]] is not known per recipient", _EXAMPLE)
    if isinstance(below, nodes.Getattr):
        attribute = below.attr
    elif isinstance(below, nodes.Getitem) and isinstance(below.arg, nodes.Const):
        attribute = str(below.arg.value)
    else:
        return Mistake(f"“{name.name}” in [[ … ]] does not say which value is meant", _EXAMPLE)
    known = KNOWN[name.name]
    if known is not None and attribute not in known:
        fix = "write " + " or ".join(f"[[ {name.name}.{each} ]]" for each in known)
        return Mistake(f"there is no “{name.name}.{attribute}”", fix)
    return None


def _is_readable(placeholder: str) -> bool:
    try:
        _ENVIRONMENT.parse(placeholder)
    except TemplateSyntaxError:
        return False
    return True


def _on_one_line(words: str) -> str:
    return " ".join(words.split())


def _offset_of(text: str, line: int) -> int:
    """The character at which a line begins, 1-based as Jinja2 counts them."""
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1])
