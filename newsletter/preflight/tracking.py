"""Preflight: nobody is watched.

In: a composed mailing. Out: findings about what would tell a server who read the letter, or what they chose. What
counts as such a trace is decided in `compose.tracking`; which hosts pictures may be on, the composer has asked before.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.compose.tracking import hosts_of, traces, traces_in_text
from newsletter.preflight.finding import Finding, Level
from newsletter.preflight.reading import Reading


def watched(reading: Reading) -> Iterator[Finding]:
    """Pixels, images and links of one recipient's own, links that lead past a counter."""
    shown = {urlsplit(image.get("src") or "").hostname or "" for image in reading.images} - {""}
    hosts = shown | hosts_of(reading.event, dict(reading.theme))
    found = [("html", sentence) for sentence in traces(reading.mailing.html, allowed_hosts=hosts)]
    found += [("text", sentence) for sentence in traces_in_text(reading.mailing.text)]
    for part, sentence in found:
        yield Finding(
            level=Level.MUST,
            check="tracking",
            part=part,
            what=sentence,
            fix="take it out; readers are not watched",
            source="Telecommunicatiewet 11.7a",
        )
