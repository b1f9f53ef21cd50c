"""Preflight: the links of a mailing.

In: a composed mailing. Out: findings about where links go and what they are called. Nothing is visited here; that is
done by `preflight.visit`, where somebody asks for it.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.preflight.css import values
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import Anchor, Reading

#: Domains that nobody can register (RFC 2606, RFC 6761): placeholders, to be replaced before a real mailing.
_EXAMPLES: Final = re.compile(r"(?:^|\.)example(?:\.(?:com|net|org|nl))?$", re.I)
#: Names that mean something on one machine or in one office only.
_LOCAL: Final = re.compile(
    r"(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|corp|invalid|test)$", re.I
)
_HOST: Final = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]", re.I)
_UNWRITTEN: Final = re.compile(r"[\s<>\"\\^`{}|]")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
_ADDRESS: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]{2,}")
_BARE: Final = re.compile(r"(?:https?://|www\.)\S+", re.I)
#: Texts that say nothing to who jumps from link to link (WCAG 2.4.4).
_EMPTY_WORDS: Final = (
    "hier|klik|klik hier|klik dan hier|deze link|link|lees meer|lees verder|meer|meer info|meer informatie|verder|"
    "download|bekijk|ga verder|here|click|click here|this link|read more|more|more info|learn more|continue|go"
)
_SAYS_NOTHING: Final = frozenset(_EMPTY_WORDS.split("|"))
_WEB: Final = ("http", "https")


def syntax(reading: Reading) -> Iterator[Finding]:
    """An address that no mail program can open."""
    for anchor in _fixed(reading):
        if why := broken(anchor.href):
            yield _about(
                anchor,
                Level.MUST,
                "link-syntax",
                why,
                "write the whole address, as it stands in the address bar of a browser",
                "RFC 3986",
            )


def broken(href: str) -> str:
    """Why this cannot be a link, or nothing."""
    text = href.strip()
    if not text:
        return "the link goes nowhere"
    scheme = scheme_of(text)
    if scheme and scheme not in _WEB:
        return ""
    if text.startswith("#"):
        return ""
    if not scheme:
        return f"the link goes to “{short(text)}”, which a mail program cannot find"
    parts = parsed(text)
    if parts is None or _UNWRITTEN.search(text) or _BROKEN_ESCAPE.search(text):
        return f"“{short(text)}” is not an address"
    if not parts.hostname:
        return f"“{short(text)}” names no site"
    return ""


def scheme(reading: Reading) -> Iterator[Finding]:
    """A link that does something else than open a page, a mail or a telephone call."""
    for anchor in _fixed(reading):
        found = scheme_of(anchor.href.strip())
        if found and found not in (*_WEB, "mailto", "tel", "sms"):
            what = f"the link begins with “{found}:”, which mail programs remove or warn about"
            yield _about(anchor, Level.MUST, "link-scheme", what, "link to a page with https", "email practice")


def not_secure(reading: Reading) -> Iterator[Finding]:
    """A page without encryption."""
    for anchor in _fixed(reading):
        if scheme_of(anchor.href.strip()) == "http" and not broken(anchor.href):
            what = "the link is not encrypted (http)"
            yield _about(anchor, Level.SHOULD, "link-http", what, "write https, if the site has it", "RFC 9110 §4.2.2")


def host(reading: Reading) -> Iterator[Finding]:
    """A site that only the writer can reach."""
    for anchor in _fixed(reading):
        name = host_of(anchor.href)
        if name and (why := unreachable(name)):
            yield _about(anchor, Level.MUST, "link-host", why, "link to the public address of the page", "RFC 6761")


def unreachable(name: str) -> str:
    """Why nobody else can reach a host of that name, or nothing."""
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        if _EXAMPLES.search(name) or (_HOST.fullmatch(name) and not _LOCAL.search(name)):
            return ""
        return f"the site “{name}” is known on your own network only"
    return "" if address.is_global else f"the address {address} is known on your own network only"


def placeholder_host(reading: Reading) -> Iterator[Finding]:
    """A site that stands for one that is still to be filled in."""
    for name in dict.fromkeys(host_of(anchor.href) for anchor in _fixed(reading)):
        if _EXAMPLES.search(name):
            first = next(anchor for anchor in reading.anchors if host_of(anchor.href) == name)
            what = f"{name} is a name for examples, where no site is"
            yield _about(first, Level.HINT, "link-example", what, "put the real address there", "RFC 2606")


def same_text(reading: Reading) -> Iterator[Finding]:
    """Two links that sound alike and go to different places."""
    first: dict[str, Anchor] = {}
    for anchor in reading.anchors:
        name = anchor.text.casefold()
        known = first.setdefault(name, anchor) if name else anchor
        if known.href.strip() != anchor.href.strip():
            what = f"the link is called the same as the one on line {known.line}, and goes elsewhere"
            fix = "say in each of the two what is to be found there"
            yield _about(anchor, Level.SHOULD, "link-same-text", what, fix, "WCAG 2.4.4")


def text(reading: Reading) -> Iterator[Finding]:
    """A link whose text does not say where it goes."""
    for anchor in reading.anchors:
        name = anchor.text.casefold().strip(" .…:>»→")
        if not anchor.text:
            what, fix = "the link has no text", "write what is to be found there, or the alt text of its picture"
            yield _about(anchor, Level.MUST, "link-text", what, fix, "WCAG 2.4.4")
        elif name in _SAYS_NOTHING:
            what, fix = f"“{anchor.text}” does not say where the link goes", "name the page: “Bekijk het programma”"
            yield _about(anchor, Level.SHOULD, "link-text", what, fix, "WCAG 2.4.4")


def bare_address(reading: Reading) -> Iterator[Finding]:
    """A link whose text is its address, which a screen reader spells out."""
    for anchor in reading.anchors:
        if _BARE.fullmatch(anchor.text) and len(anchor.text) > len("www.") + 20:
            what = "the text of the link is its address"
            yield _about(anchor, Level.SHOULD, "link-bare", what, "write what is to be found there", "WCAG 2.4.4")


def mail(reading: Reading) -> Iterator[Finding]:
    """A mail link to no mailbox, or to one that nobody reads."""
    for anchor in _fixed(reading):
        if scheme_of(anchor.href.strip()) != "mailto":
            continue
        address = unquote(anchor.href.strip()[len("mailto:") :].partition("?")[0])
        if not all(_ADDRESS.fullmatch(one.strip()) for one in address.split(",")):
            what = f"“{short(address)}” is not a mail address"
            yield _about(anchor, Level.MUST, "link-mail", what, "write it as name@example.nl", "RFC 6068")
        elif re.match(r"(?:no|do-?not|niet)-?(?:reply|beantwoorden)", address, re.I):
            what = f"nobody reads {address}"
            yield _about(anchor, Level.SHOULD, "link-mail", what, "link to the contact mailbox", "RFC 5322 §3.6.2")


def inside(reading: Reading) -> Iterator[Finding]:
    """A link to a place in the letter that is not there."""
    known = {element.get("id") or element.get("name") for element in reading.elements}
    for anchor in _fixed(reading):
        target = anchor.href.strip()
        if target.startswith("#") and target[1:] not in known:
            what = f"there is no place “{target[1:]}” in the letter"
            yield _about(anchor, Level.SHOULD, "link-inside", what, f'write id="{target[1:]}" where it should go')


def underline(reading: Reading) -> Iterator[Finding]:
    """A link amid words that only its colour shows."""
    for anchor in reading.anchors:
        parent = anchor.element.getparent()
        beside = (parent.text_content() if parent is not None else "").split()
        style = values(anchor.element.get("style") or "")
        decoration = style.get("text-decoration", style.get("text-decoration-line", ""))
        if "none" in decoration and anchor.has_words and len(beside) > len(anchor.element.text_content().split()) + 2:
            what = "only its colour shows that this is a link"
            yield _about(
                anchor, Level.SHOULD, "link-underline", what, "leave links amid words underlined", "WCAG 1.4.1"
            )


def unsubscribe(reading: Reading) -> Iterator[Finding]:
    """No visible way to leave (Tw 11.7, and the rules of Gmail and Yahoo)."""
    parts = (("html", reading.mailing.html), ("text", reading.mailing.text))
    for part, content in parts:
        if not any("links.unsubscribe" in one for one in PLACEHOLDER.findall(content)):
            yield Finding(
                level=Level.MUST,
                check="unsubscribe",
                part=part,
                what="there is no link to leave the list",
                fix="put [[ links.unsubscribe ]] into the foot of the template",
                source="Telecommunicatiewet 11.7",
            )


def host_of(href: str) -> str:
    """The site of a web address, lower case; empty where it has none."""
    parts = parsed(href.strip())
    return (parts.hostname or "").lower() if parts is not None and parts.scheme.lower() in _WEB else ""


def is_example(name: str) -> bool:
    """Whether a host is one of those that stand for another (RFC 2606)."""
    return _EXAMPLES.search(name) is not None


def parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def scheme_of(href: str) -> str:
    found = re.match(r"([a-z][a-z0-9+.-]*):", href, re.I)
    return found[1].lower() if found else ""


def _fixed(reading: Reading) -> Iterator[Anchor]:
    """The links that are the same for everybody; what a placeholder gives is known only of a recipient."""
    return (anchor for anchor in reading.anchors if not PLACEHOLDER.search(anchor.href))


def _about(anchor: Anchor, level: Level, check: str, what: str, fix: str, source: str = "") -> Finding:
    excerpt = short(anchor.text or anchor.href)
    return Finding(
        level=level, check=check, part="html", line=anchor.line, excerpt=excerpt, what=what, fix=fix, source=source
    )
