"""Stage 3: a text of a letter as fixed pieces with blanks between them.

In: the syntax tree of the second stage, once; then the values of one recipient after another. Out: the pieces of the
text with the blanks filled in.
Nearly every letter only greets, links and has a condition or two, and for these the preparation of a rendering by
Jinja2 costs far more than the rendering itself. What is read here means exactly what it means in Jinja2. Everything
else is Jinja2's: a text with anything more in it (`read` gives None), and a recipient for whom something is missing
(`fill` gives None), so that errors are found and worded in one place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jinja2 import nodes

#: What placeholders may ask for: nouns ("subscriber"), and under each the values, in a plain dict.
Values = Mapping[str, Mapping[str, object]]
Expression = Callable[[Values], object]
NOUNS = ("subscriber", "links")


@dataclass(frozen=True)
class Blank:
    """Where a value is written."""

    value: Expression


@dataclass(frozen=True)
class Choice:
    """`[% if %]`: one of two texts."""

    condition: Expression
    then: "Text"
    otherwise: "Text"


Text: TypeAlias = tuple[str | Blank | Choice, ...]


class _MoreThanThis(Exception):  # noqa: N818 - no error: the answer "no" from deep inside a tree
    """The text holds what only Jinja2 knows."""


def read(tree: nodes.Template) -> Text | None:
    """The text, or None if there is more in it than values, defaults and conditions."""
    try:
        return _text(tree.body)
    except _MoreThanThis:
        return None


def fill(text: Text, values: Values, shown: Callable[[str], str]) -> list[str] | None:
    """The pieces in order, each value as `shown` writes it; None if a value is missing, or is no string."""
    pieces: list[str] = []
    try:
        return pieces if _fill(text, values, shown, pieces) else None
    except KeyError:
        return None


def _fill(text: Text, values: Values, shown: Callable[[str], str], pieces: list[str]) -> bool:
    for part in text:
        if type(part) is str:
            pieces.append(part)
        elif type(part) is Blank:
            value = part.value(values)
            if type(value) is not str:
                return False
            pieces.append(shown(value))
        elif type(part) is Choice:
            chosen = part.then if part.condition(values) else part.otherwise
            if not _fill(chosen, values, shown, pieces):
                return False
    return True


def _text(body: Sequence[nodes.Node]) -> Text:
    text: list[str | Blank | Choice] = []
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    text.append(part.data if isinstance(part, nodes.TemplateData) else Blank(_expression(part)))
            case nodes.If():
                text.append(_choice(node))
            case _:
                raise _MoreThanThis
    return tuple(text)


def _choice(node: nodes.If) -> Choice:
    otherwise = _text(node.else_)
    for other in reversed(node.elif_):
        otherwise = (Choice(_expression(other.test), _text(other.body), otherwise),)
    return Choice(_expression(node.test), _text(node.body), otherwise)


def _expression(node: nodes.Node) -> Expression:
    match node:
        case nodes.Const(value=str(constant)):
            return lambda values: constant
        case nodes.Not(node=inner):
            negated = _expression(inner)
            return lambda values: not negated(values)
        case nodes.Or(left=left, right=right):
            one, other = _expression(left), _expression(right)
            return lambda values: one(values) or other(values)
        case nodes.And(left=left, right=right):
            one, other = _expression(left), _expression(right)
            return lambda values: one(values) and other(values)
        case nodes.Test(name="defined", node=inner, args=[], kwargs=[], dyn_args=None, dyn_kwargs=None):
            noun, key = _place(inner)
            return lambda values: key in values[noun]
        case nodes.Filter(name="default" | "d", node=inner, args=args, kwargs=[], dyn_args=None, dyn_kwargs=None):
            if inner is not None and len(args) <= 2:
                return _default(*_place(inner), *map(_constant, args))
    noun, key = _place(node)
    return lambda values: values[noun][key]


def _default(noun: str, key: str, default: object = "", even_if_empty: object = False) -> Expression:
    if even_if_empty:
        return lambda values: values[noun].get(key) or default
    return lambda values: values[noun].get(key, default)


def _constant(node: nodes.Node) -> object:
    if isinstance(node, nodes.Const):
        return node.value
    raise _MoreThanThis


def _place(node: nodes.Node) -> tuple[str, str]:
    """`subscriber.functie` and `subscriber['functie']`: the noun, and the key under it."""
    match node:
        case nodes.Getattr(node=nodes.Name(name=str(noun)), attr=str(key)):
            pass
        case nodes.Getitem(node=nodes.Name(name=str(noun)), arg=nodes.Const(value=str(key))):
            pass
        case _:
            raise _MoreThanThis
    # Jinja2 finds methods too: `subscriber.items` is the method of a dict, whatever the recipient's values are.
    if noun not in NOUNS or hasattr(dict, key):
        raise _MoreThanThis
    return noun, key
