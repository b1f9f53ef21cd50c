"""The windows: colours turned round in lightness, as forced dark modes do.

In: a CSS value. Out: the same value with each colour in it turned: white becomes nearly black, and black white, while
the hue stays.
"""

import colorsys
import re
from typing import Final

#: No client turns white into black itself: 0x12 is the ground of Gmail's dark mode.
DARKEST: Final = 0.07
_NAMED: Final = {
    "black": "000000",
    "white": "ffffff",
    "silver": "c0c0c0",
    "gray": "808080",
    "grey": "808080",
    "red": "ff0000",
    "maroon": "800000",
    "green": "008000",
    "blue": "0000ff",
    "navy": "000080",
    "yellow": "ffff00",
    "orange": "ffa500",
    "purple": "800080",
    "teal": "008080",
}
_COLOUR: Final = re.compile(
    r"#(?P<hex>[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b"
    r"|rgba?\(\s*(?P<rgb>\d{1,3}\s*[, ]\s*\d{1,3}\s*[, ]\s*\d{1,3})\s*(?P<alpha>[,/]\s*[\d.]+%?\s*)?\)"
    rf"|(?<![\w#.-])(?P<name>{'|'.join(_NAMED)})(?![\w-])",
    re.I,
)


def turned(value: str) -> str:
    """The CSS value with every colour in it turned round in lightness; its quoted parts and urls stay."""
    parts = re.split(r"(\"[^\"]*\"|'[^']*'|url\([^)]*\))", value)
    return "".join(part if number % 2 else _COLOUR.sub(_turn, part) for number, part in enumerate(parts))


def _turn(found: re.Match[str]) -> str:
    red, green, blue = _channels(found)
    hue, lightness, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    turned = colorsys.hls_to_rgb(hue, DARKEST + (1 - DARKEST) * (1 - lightness), saturation)
    channels = [round(channel * 255) for channel in turned]
    if found["alpha"]:
        return f"rgba({channels[0]}, {channels[1]}, {channels[2]}, {found['alpha'].strip(' ,/')})"
    alpha = found["hex"][6:] if found["hex"] and len(found["hex"]) == 8 else ""
    return "#" + "".join(f"{channel:02x}" for channel in channels) + alpha


def _channels(found: re.Match[str]) -> tuple[int, int, int]:
    if found["rgb"]:
        red, green, blue = (min(int(number), 255) for number in re.findall(r"\d+", found["rgb"]))
        return red, green, blue
    digits = found["hex"] or _NAMED[found["name"].lower()]
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits[:3])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
