"""The settings as people write them: the file `newsletter.env`, its mistakes, and what every setting is.

In: a working folder. Out: `Settings`, or every mistake in words; a table of all settings, and a file to begin with.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from newsletter.errors import SettingsError
from newsletter.settings import ENV_FILE, PREFIX, Settings

#: What to write, by the kind of mistake that pydantic tells.
WRITE = {
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "bool_parsing": "write true or false",
}
#: What pydantic writes before the words of ours.
OURS = "Value error, "
#: Groups that repeat another; they are described in one line.
REPEATED = {
    "smtp2": "The same settings again for a second mail server, which is used while the first cannot be.",
    "smtp3": "And for a third.",
    "imap2": "The same settings again for a second mailbox.",
    "imap3": "And for a third.",
}


def load(folder: Path) -> Settings:
    """Read the settings of a folder; the environment wins over its `newsletter.env`.

    Relative paths of the settings hold from that folder.

    Raises:
        SettingsError: naming the variable and what is wrong with it.
    """
    try:
        return Settings(_env_file=folder / ENV_FILE)
    except ValidationError as error:
        wrong = [_mistake(item) for item in error.errors(include_url=False, include_input=False)]
        raise SettingsError(f"settings cannot be used: {'; '.join(wrong)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{folder / ENV_FILE} cannot be read: {error}") from error


def _mistake(item: Any) -> str:
    """One mistake; never with the value, which may be a password."""
    variable = _variable(item["loc"])
    if item["type"] == "extra_forbidden":
        near = get_close_matches(variable, [name for name, _, _ in _described()], n=1)
        return f"there is no setting {variable}" + (f"; did you mean {near[0]}?" if near else "")
    return f"{variable}: {WRITE.get(item['type'], item['msg'].removeprefix(OURS))}"


def _variable(location: tuple[int | str, ...]) -> str:
    name = "__".join(str(part) for part in location).upper()
    return name if name.startswith(PREFIX) else PREFIX + name


def _described() -> Iterator[tuple[str, str, str]]:
    """Variable, default and description of every setting."""
    for group, field in Settings.model_fields.items():
        model = field.annotation
        if group in REPEATED:
            yield f"{PREFIX}{group.upper()}__HOST", "", REPEATED[group]
            continue
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"settings group {group} is no model")
        for name, info in model.model_fields.items():
            known = info.default is not None and not isinstance(info.default, SecretStr)
            default = str(info.default) if known else ""
            yield f"{PREFIX}{group.upper()}__{name.upper()}", default, info.description or ""


def table() -> str:
    """The settings as a Markdown table; README holds it, and a test compares."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for variable, default, description in _described():
        rows.append(f"| `{variable}` | {f'`{default}`' if default else ''} | {description} |")
    return "\n".join(rows) + "\n"


def example_file() -> str:
    """A `newsletter.env` in which every setting is explained and none is set."""
    lines = ["# Settings of newsletter. Take away the # before a setting to change it.", ""]
    for variable, default, description in _described():
        lines += [f"# {description}", f"#{variable}={default}", ""]
    return "\n".join(lines)
