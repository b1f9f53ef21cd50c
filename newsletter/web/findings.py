"""The windows: what the checks say of a letter, with the place of each.

In: a composed content. Out: findings, the worst first, and the sizes that they are about. Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from newsletter.preflight.finding import Finding
from newsletter.preflight.run import check
from newsletter.web.items import Content
from newsletter.web.samples import Sample

_STYLE: Final = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.S)


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A size, and where it becomes one too many; all in bytes."""

    size: int
    warn: int
    most: int
    end: int  #: where it goes wrong for readers; the end of the scale

    @property
    def level(self) -> str:
        return "bad" if self.size > self.most else "warn" if self.size > self.warn else "good"


def findings(content: Content) -> list[Finding]:
    """Everything that the checks find, the worst first."""
    return check(content.mailing, event=content.event, theme=content.theme)


def html_gauge(sample: Sample) -> Gauge:
    """Gmail cuts letters off after about 102 kB of html (email-bugs#41)."""
    return Gauge(size=len(sample.html.encode()), warn=90_000, most=100_000, end=102_000)


def style_gauge(sample: Sample) -> Gauge:
    """Gmail takes out style sheets that together pass 16 kB (email-bugs#90)."""
    sheets = _STYLE.findall(_COMMENT.sub("", sample.html))
    return Gauge(size=sum(len(text.encode()) for text in sheets), warn=14_000, most=16_000, end=16_000)
