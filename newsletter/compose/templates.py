"""Stage 3: the two-stage templates.

In: a folder of templates (`<name>/subject.txt`, `letter.html`, `letter.txt`) and what is known of the event.
Out: `Source`: subject, html and text in which only `[[ … ]]` and `[% … %]` remain, for the second stage.
Both stages are sandboxed and strict: what a template asks for and is not there is an error, never a blank.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.meta import find_referenced_templates
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from newsletter.compose import themes
from newsletter.compose.pictures_place import Showing
from newsletter.compose.pictures_slots import is_path
from newsletter.compose.slips import explained, without_first_stage
from newsletter.compose.wire import slip_in
from newsletter.compose.wording import FILTERS, load_words, unfilled, unreadable
from newsletter.errors import TemplateError

CALENDARS = ("publish", "cancel", "none")
FILES = ("subject.txt", "letter.html", "letter.txt")
#: More names than this do not help in one sentence; the nearest one does.
_NAMES: Final = 40
_CARRIED: Final = Showing()


@dataclass(frozen=True, kw_only=True)
class Source:
    """A letter after the first stage: the same for all recipients, and not yet inlined."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TemplateAbout:
    """What a template says of itself in `template.toml`; the mappings are by language."""

    calendar: str = "none"  #: how its letters carry the event: "publish", "cancel" or "none"
    label: Mapping[str, str] = field(default_factory=dict)  #: what it is called for people
    about: Mapping[str, str] = field(default_factory=dict)  #: one sentence: when to use it


class Templates:
    """The templates of one or more folders; an earlier folder wins."""

    def __init__(self, folders: Sequence[Path], *, showing: Showing = _CARRIED) -> None:
        """`showing` is how letters get at pictures and other files; without it they carry them."""
        self.folders, self.showing = tuple(folders), showing
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(folder, encoding="utf-8") for folder in self.folders]),
            undefined=_Unknown,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters.update(FILTERS)

    def names(self) -> tuple[str, ...]:
        """The templates that can be chosen, by name."""
        found = {
            folder.name
            for root in self.folders
            if root.is_dir()
            for folder in root.iterdir()
            if all((folder / file).is_file() for file in FILES)
        }
        return tuple(sorted(found))

    def about(self, name: str) -> TemplateAbout:
        """What a template says of itself.

        Raises:
            TemplateError: its `template.toml` cannot be read.
        """
        path = f"{name}/template.toml"
        text = self._text(path)
        if text is None:
            # Folders of before there was a template.toml: their announcement has always carried the event.
            return TemplateAbout(calendar="publish" if name == "announcement" else "none")
        try:
            return load_about(text)
        except ValueError as error:
            raise TemplateError(unreadable(f"templates/{path}", error)) from error

    def words(self, language: str) -> Mapping[str, str]:
        """The fixed words of the letters in one language; a word that a folder has not is taken from the next.

        Raises:
            TemplateError: a file of words is missing or cannot be read, or has a `{name}` that nothing fills in.
        """
        path, words = f"words/{language}.toml", dict[str, str]()
        found = [root / path for root in self.folders if (root / path).is_file()]
        if not found:
            raise TemplateError(f"there is no {path} in {_shown(self.folders)}; `newsletter init` puts it there")
        for file in reversed(found):  # the last are those that ship
            try:
                text = file.read_text(encoding="utf-8")
                own = load_words(text)
            except ValueError as error:
                raise TemplateError(unreadable(path, error)) from error
            if slip := unfilled(text, own, words):
                raise TemplateError(f"{path}:{slip[0]}: {slip[1]}")
            words |= own
        return words

    def theme(self, overrides: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> Mapping[str, str]:
        """The design tokens: colours, type, width, logo; `overrides` are those of a series.

        Raises:
            TemplateError: a file of tokens cannot be read, or there is no theme of that name.
        """
        return themes.resolve(self._text, dict(overrides))

    def theme_problems(self, overrides: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[str]:
        """What cannot be read well in the theme of a series, a sentence each."""
        chosen = dict(overrides)
        if is_path(chosen.get("logo", "")):  # brought in by the import, and it is as large as it was made
            chosen |= {"logo": "https://example.org/logo.png", "logo_width": "1", "logo_height": "1"}
        try:
            return themes.problems(self.theme(chosen))
        except TemplateError as error:
            return [str(error)]

    def _text(self, path: str) -> str | None:
        """A file of the first folder that has it."""
        for root in self.folders:
            if (root / path).is_file():
                try:
                    return (root / path).read_text(encoding="utf-8")
                except ValueError as error:
                    raise TemplateError(f"{path} cannot be read: {error}") from error
        return None

    def render(self, name: str, context: Mapping[str, object]) -> Source:
        """Run the first stage.

        Raises:
            TemplateError: naming the file, and the line where Jinja2 knows it.
        """
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise TemplateError(
                f"there is no template “{name}” in {_shown(self.folders)} (there are: {known}); "
                f"a template is a folder with {', '.join(FILES)}"
            )
        subject = " ".join(self._render(f"{name}/subject.txt", context).split())
        return Source(
            subject=subject,
            html=self._render(f"{name}/letter.html", {**context, "subject": subject}),
            text=_tidy(self._render(f"{name}/letter.txt", {**context, "subject": subject})),
        )

    def _render(self, path: str, context: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(path).render(context)
        except TemplateSyntaxError as error:
            line, sentence = explained(self._environment, error.source or "", error)
            raise TemplateError(f"templates/{error.name or path}:{line}: {sentence}") from error
        except TemplateNotFound as error:
            raise TemplateError(f"templates/{path}: it includes {error.name}, which is not there") from error
        except _UnknownNameError as error:
            raise TemplateError(f"templates/{path}:{_line(error)}: {_explained(error, context)}") from error
        except Exception as error:  # whatever a template makes Jinja2 raise is to be mended in the template
            place = f"{path}:{_line(error)}" if _line(error) else path
            raise TemplateError(f"templates/{place}: {error}") from error

    def located(self, name: str, error: TemplateError) -> TemplateError:
        """An error of the second stage, with the file and the line that somebody wrote, where it is known."""
        file, _, sentence = str(error).partition(": ")
        if file not in FILES:
            return error
        for path, text in self._with_included(f"{name}/{file}").items():
            slip = slip_in(without_first_stage(text))
            if slip is not None and slip[1] == sentence:
                return TemplateError(f"templates/{path}:{slip[0]}: {sentence}")
        return TemplateError(f"templates/{name}/{error}")

    def _with_included(self, path: str) -> dict[str, str]:
        """The texts of a file that can be read, and of all that it includes, by their paths."""
        found, asked = dict[str, str](), [path]
        while asked:
            path = asked.pop()
            text = self._text(path) if path not in found else None
            if text is not None:
                found[path] = text
                with suppress(TemplateSyntaxError):  # it is not included this time
                    asked += filter(None, find_referenced_templates(self._environment.parse(text)))
        return found


def load_about(text: str) -> TemplateAbout:
    """Read what a template says of itself.

    Raises:
        ValueError: it is not TOML, or not what can be said there.
    """
    said = tomllib.loads(text)
    if unknown := sorted(set(said) - {"calendar", "label", "about"}):
        raise ValueError(f"“{unknown[0]}” is not known there; it holds calendar, [label] and [about]")
    calendar = said.get("calendar", "none")
    if calendar not in CALENDARS:
        raise ValueError(f"calendar is “{calendar}”; write one of {', '.join(CALENDARS)}")
    for key in ("label", "about"):
        if not isinstance(said.get(key, {}), dict):
            raise ValueError(f'“{key}” has no languages; write [{key}] with nl = "…" and en = "…" below it')
    label, about = ({lang: str(words) for lang, words in said.get(key, {}).items()} for key in ("label", "about"))
    return TemplateAbout(calendar=calendar, label=label, about=about)


class _UnknownNameError(UndefinedError):
    """A template asks something known for what it has not."""

    def __init__(self, message: str, asked: object, name: str) -> None:
        super().__init__(message)
        self.asked, self.name = asked, name


class _Unknown(StrictUndefined):
    """Strict, and says of what the name was asked."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        message, asked = super()._undefined_message, self._undefined_obj
        # Jinja2 asks for the message only to raise it, and would raise without the object.
        if not self._undefined_hint and (asked is missing or asked is None or isinstance(asked, Mapping)):
            raise _UnknownNameError(message, asked, str(self._undefined_name))
        return message


def _explained(error: _UnknownNameError, context: Mapping[str, object]) -> str:
    """What is not there, what it may have been meant to be, and what there is."""
    if error.asked is None:
        return f"what stands before “.{error.name}” is empty here; put it between {{% if … %}} and {{% endif %}}"
    if not isinstance(error.asked, Mapping):
        return f"there is no “{error.name}”; {_known(error.name, context, 'there are')}"
    owner = _place_of(error.asked, context) or "this"
    return f"{owner} has no “{error.name}”; {_known(error.name, error.asked, 'it has')}"


def _known(name: str, known: Iterable[str], has: str) -> str:
    names = sorted(map(str, known))
    near = get_close_matches(name, names, n=1)
    found = [f"perhaps “{near[0]}” is meant"] if near else []
    if len(names) <= _NAMES or not near:
        found.append(f"{has}: {', '.join(names)}")
    return "; ".join(found)


def _place_of(asked: object, known: object, place: str = "") -> str:
    """Where a template finds this very object: "event.venue"; "event.facts[0]" in a list; empty where nowhere."""
    if asked is known:
        return place
    inner: Iterable[tuple[str, object]] = ()
    if isinstance(known, Mapping):
        inner = ((f"{place}.{name}".removeprefix("."), value) for name, value in known.items())
    elif isinstance(known, list):
        inner = ((f"{place}[{number}]", value) for number, value in enumerate(known))
    return next(filter(None, (_place_of(asked, value, there) for there, value in inner)), "")


def _line(error: BaseException) -> int:
    """Jinja2 rewrites tracebacks so that frames of a template carry its own line numbers."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename.endswith((".html", ".txt", ".css")):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _shown(folders: Sequence[Path]) -> str:
    return " or ".join(str(folder) for folder in folders)


def _tidy(text: str) -> str:
    """At most one empty line in a row, no spaces at line ends, one newline at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
