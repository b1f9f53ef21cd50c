"""Stage 3: the look of a series as tokens: colours, type, form, logo.

In: the theme files of a working folder and what a series says of its own. Out: one flat mapping that templates read,
and a sentence for everything in it that cannot be read well, or would break out of a style sheet.
Layers, the later wins: `helder`, the theme that is named as `base`, `theme.toml` of the house, the series.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from newsletter.compose.wording import load_theme, unreadable
from newsletter.errors import TemplateError

#: The theme of who chooses none; it also gives what another theme leaves out.
DEFAULT: Final = "helder"
HOUSE: Final = "theme.toml"
#: WCAG 2.2, 1.4.3: text that is not large.
LEAST_CONTRAST: Final = 4.5
#: "" is the light scheme; the tokens of the dark one begin with "dark_".
SCHEMES: Final = {"": "light", "dark_": "dark"}
SURFACES: Final = ("paper", "ground", "tint")
COLOURS: Final = (*SURFACES, "line", "ink", "muted", "accent", "on_accent")
#: Which text stands on which ground in the letters; where both could move, the text does.
PAIRS: Final = (
    *((text, ground) for text in ("ink", "muted", "accent") for ground in SURFACES),
    ("on_accent", "accent"),
)

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_NUMBERS: Final = ("logo_width", "logo_height")
_HIGHEST_LOGO: Final = 40  #: CSS pixels
_WIDEST_LOGO: Final = 320  #: CSS pixels: what is left of a phone's width
_LOGO_TOKENS: Final = ("logo", "logo_alt", "logo_width", "logo_height")


def resolve(texts: Callable[[str], str | None], overrides: Mapping[str, str]) -> Mapping[str, str]:
    """The tokens of one series; `texts` gives the text of a file in the templates folder, or None.

    A series that names a `base` other than the house's gets that theme as it is: of `theme.toml` only the logo stays.

    Raises:
        TemplateError: a file cannot be read, or there is no theme of the name that is asked for.
    """
    house = _load(texts, HOUSE) or {}
    own = dict(overrides)
    house_base = house.pop("base", "")
    asked = own.pop("base", "")
    if asked and asked not in (house_base, house.get("name")):
        house = {key: value for key, value in house.items() if key in _LOGO_TOKENS}
        house_base = asked
    named = house_base or DEFAULT
    ground, chosen = _load(texts, _file(DEFAULT)), _load(texts, _file(named))
    if chosen is None and (house_base or not house):
        raise TemplateError(
            f"there is no theme “{named}”: templates/{_file(named)} is not there; "
            f"choose another base (helder, veen and klei are shipped), or let `newsletter init` put it there"
        )
    return {**dict.fromkeys(_LOGO_TOKENS, ""), **(ground or {}), **(chosen or {}), **house, **own}


def contrast(a: str, b: str) -> float:
    """How well one colour (#rrggbb) can be told from another, 1 to 21 (WCAG 2.2, "contrast ratio").

    Raises:
        ValueError: not a colour of this form.
    """
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def problems(theme: Mapping[str, str]) -> list[str]:
    """What is wrong with these tokens, a sentence each, with what would be right; empty where all can be read."""
    return [*_no_colours(theme), *_faint(theme), *_logo(theme)]


def _no_colours(theme: Mapping[str, str]) -> Iterator[str]:
    for scheme in SCHEMES:
        for name in COLOURS:
            value = theme.get(scheme + name, "")
            if not _COLOUR.fullmatch(value):
                yield f"{scheme}{name} is “{value}”; write a colour as #rrggbb, such as #1251b5"


def _faint(theme: Mapping[str, str]) -> Iterator[str]:
    for scheme, mode in SCHEMES.items():
        colours = {name: theme.get(scheme + name, "") for name in COLOURS}
        for text, ground in PAIRS:
            one, other = colours[text], colours[ground]
            if not (_COLOUR.fullmatch(one) and _COLOUR.fullmatch(other)):
                continue
            ratio = contrast(one, other)
            if ratio < LEAST_CONTRAST:
                grounds = [colours[surface] for word, surface in PAIRS if word == text]
                known = [colour for colour in grounds if _COLOUR.fullmatch(colour)]
                better = readable(one, known) or readable(one, [other])
                yield (
                    f"{scheme}{text} {one} on {scheme}{ground} {other} has a contrast of {_floor(ratio)}:1 in "
                    f"{mode} mode and needs {LEAST_CONTRAST}:1; {scheme}{text} {better} would pass"
                )


def _floor(ratio: float) -> str:
    """Rounded down: 4.499 must not be told as 4.50."""
    return f"{int(ratio * 100) / 100:.2f}"


def _logo(theme: Mapping[str, str]) -> Iterator[str]:
    """An address that goes into an attribute, and sizes that Outlook reads only as numbers."""
    logo = theme.get("logo", "")
    if not logo:
        return
    url = urlsplit(logo)
    if url.scheme != "https" or not url.hostname or re.search(r"""[\s"'<>\\]""", logo):
        yield f"logo is “{logo}”; write an address that begins with https://"
    for name, most in zip(_NUMBERS, (_WIDEST_LOGO, _HIGHEST_LOGO), strict=True):
        value = theme.get(name, "")
        if not (value.isascii() and value.isdigit() and 0 < int(value) <= most):
            yield f"{name} is “{value}”; write a whole number of pixels, at most {most}"
    if not theme.get("logo_alt", "").strip():
        yield "logo_alt is empty; write what the logo says, for who does not see it"


def readable(text: str, grounds: Sequence[str]) -> str:
    """The colour nearest to `text`, on the way to black or to white, that can be read on all `grounds`; "" if none can.

    On a single ground there is always one: the worst gives 4.58:1 with both black and white.

    Raises:
        ValueError: not colours of the form #rrggbb.
    """
    shades = (_mixed(text, end, step / 100) for step in range(101) for end in ("#000000", "#ffffff"))
    passing = (shade for shade in shades if all(contrast(shade, ground) >= LEAST_CONTRAST for ground in grounds))
    return next(passing, "")


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(start + (end - start) * share):02x}" for start, end in pairs)


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance", of a colour in sRGB."""
    shares = (channel / 255 for channel in _channels(colour))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[int, int, int]:
    if not _COLOUR.fullmatch(colour):
        raise ValueError(f"“{colour}” is not a colour of the form #rrggbb")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _file(name: str) -> str:
    """Of a name only: a series must not lead to a file elsewhere."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise TemplateError(
            f"a theme cannot be called “{name}”; choose helder, veen, klei or a file of templates/themes"
        )
    return f"themes/{name}.toml"


def _load(texts: Callable[[str], str | None], path: str) -> dict[str, str] | None:
    text = texts(path)
    if text is None:
        return None
    try:
        return load_theme(text)
    except ValueError as error:
        raise TemplateError(unreadable(f"templates/{path}", error)) from error
