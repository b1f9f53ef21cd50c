"""The colours of the pages can be told apart, by day and by night (WCAG 2.2 §1.4.3)."""

import re

import pytest

from newsletter.web.render import asset

LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", asset("preview.css"), re.S)
)


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "grounds"),
    [
        ("ink", ("ground", "paper", "tint", "bad-tint", "mark")),
        ("muted", ("ground", "paper", "tint")),
        ("accent", ("ground", "paper", "tint")),
        ("on-accent", ("accent",)),
        ("good", ("ground", "paper", "tint", "good-tint")),
        ("warn", ("ground", "paper", "tint")),
        ("bad", ("paper", "bad-tint")),
    ],
)
def test_every_text_stands_out_from_its_ground(colours: dict[str, str], ink: str, grounds: tuple[str, ...]) -> None:
    for ground in grounds:
        dark, light = sorted((_luminance(colours[ink]), _luminance(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ground
