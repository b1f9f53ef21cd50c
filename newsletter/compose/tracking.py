"""Stage 3: does a letter tell anybody that it was read, or by whom?

In: the html of a mailing, or its text, with `[[ … ]]`. Out: one sentence for each thing that would: pixels, pictures
and links that differ per recipient, links by way of somebody else, files fetched from foreign hosts. A letter may link
to anything, but fetches pictures from the hosts of its own series and event only, the same for everybody.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from newsletter.compose.placeholders import protect
from newsletter.compose.redirects import way_round

#: Attributes whose address is fetched when a letter is shown, whatever the element.
FETCHED = frozenset({"src", "srcset", "lowsrc", "dynsrc", "background", "poster", "data", "xlink:href"})
#: Elements whose href is fetched, or changes what is.
FETCHED_HREF = frozenset({"link", "base", "image", "use"})
#: Addresses that are followed by who wants to: href, and what a form is sent to.
FOLLOWED = frozenset({"href", "action", "formaction"})
SHOWN = frozenset({"img", "input", "image", "v:image", "v:imagedata", "v:fill"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
#: What only has a place in a link when it is all of it: links that are made for one recipient, with a signed token.
TOKEN_LINK = re.compile(r"\[\[-?\s*links\.\w+\s*-?\]\]")
#: A placeholder that writes an address, or text that is not escaped, which may be an element.
WRITES_HTML = re.compile(r"://|\|\s*(?:safe|urlize|xmlattr|tojson)\b", re.IGNORECASE)
CONDITIONAL = re.compile(r"\[if [^\]]*\]>(.*)<!\[endif\]", re.DOTALL)
CSS_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?|\\(.)", re.IGNORECASE | re.DOTALL)
CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_FETCHES = re.compile(
    r"url\(\s*[\"']?(.*?)[\"']?\s*\)|@import\s+[\"'](.*?)[\"']|image-set\(\s*[\"'](.*?)[\"']", re.I
)
CSS_HIDES = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:(?:0(?:\.0\d*)?|\.0\d*)(?![\d.])|max-(?:height|width):0(?![\d.])"
)
CSS_SIZE = re.compile(r"(?:^|;)(?:max-)?(width|height):([\d.]+)(?:px)?(?=;|!|$)")
SIZE = re.compile(r"\s*([\d.]+)(?:px)?\s*")
PIXEL, SPECK = 1, 3  #: CSS pixels: so thin in one direction, or so small in both, a picture shows nothing
HOST = re.compile(r"https?://([^/?#\s\"'<>()\[\]\\]+)", re.IGNORECASE)
IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
LONG = 80  #: characters of an address in a sentence


def hosts_of(*things: object) -> frozenset[str]:
    """Every host of an address in strings, collections and frozen values: an event with its series, a theme, a URL."""
    return frozenset(_host(f"https://{found}") for thing in things for found in _named(thing)) - {""}


def traces(html: str, *, allowed_hosts: Collection[str]) -> list[str]:
    """What in a letter would tell who reads it, in order; best of all of the html as it goes out, with its CSS inlined.

    Args:
        html: of a mailing, not yet addressed.
        allowed_hosts: hosts that pictures may be on; with each, those below it ("example.nl": "beeld.example.nl" too).
    """
    protected, kept = protect(html)
    finder = _Finder(kept, frozenset(allowed_hosts))
    finder.feed(protected)
    finder.close()
    return list(dict.fromkeys([*_writers(kept.values()), *finder.found]))


def traces_in_text(text: str) -> list[str]:
    """The same of the plain text of a letter, which holds addresses but fetches none."""
    protected, kept = protect(text)
    found = list(_writers(kept.values()))
    for url in IN_TEXT.findall(protected):
        if any(sentinel in url for sentinel in kept):
            found.append(_differs("a link", _written(url, kept)))
        elif sentence := _rewritten(url):
            found.append(sentence)
    return list(dict.fromkeys(found))


class _Finder(HTMLParser):
    """Goes through the html, and through what Outlook alone reads of it; placeholders are sentinels."""

    def __init__(self, kept: Mapping[str, str], allowed: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._kept, self._allowed = kept, allowed
        self._open: list[tuple[str, bool]] = []  #: elements around this place, and whether each hides what is in it
        self._css = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        hides = _hides(values)
        for name, value in values.items():
            self._look_at(tag, name, value)
        if tag in SHOWN and _is_remote(values.get("src", "")):
            self._look_at_picture(values, hidden=hides or any(hidden for _, hidden in self._open))
        if tag not in VOID:
            self._open.append((tag, hides))
        self._css = tag == "style"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._css = False
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if self._css:
            self._look_at_css(data)

    def handle_comment(self, data: str) -> None:
        if found := CONDITIONAL.search(data):
            inside = _Finder(self._kept, self._allowed)
            inside.feed(found.group(1))
            inside.close()
            self.found += inside.found

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name in FETCHED or (name == "href" and tag in FETCHED_HREF):
            for url in value.split(",") if name == "srcset" else [value]:
                self._look_at_fetched(f"<{tag} {name}>", url.strip().split(" ")[0] if name == "srcset" else url)
        elif name in FOLLOWED:
            self._look_at_link(value.strip())
        elif name == "style":
            self._look_at_css(value)
        elif name == "ping" and value:
            self.found.append(f"<{tag} ping> tells {_short(self._shown(value))} who follows a link; leave it out")
        elif name == "content" and "url=" in value.lower():
            self._look_at_fetched(f"<{tag} content>", re.split("url=", value, maxsplit=1, flags=re.IGNORECASE)[1])

    def _look_at_css(self, css: str) -> None:
        css = CSS_ESCAPE.sub(lambda found: _css_sign(found), CSS_COMMENT.sub("", css))
        for found in CSS_FETCHES.findall(css):
            self._look_at_fetched("css", "".join(found))

    def _look_at_fetched(self, place: str, url: str) -> None:
        if self._is_personal(url):
            self.found.append(_differs(f"what {place} fetches", self._shown(url)))
        elif _is_remote(url) and not _is_on(_host(url), self._allowed):
            self.found.append(
                f"{place} fetches {_short(self._shown(url))}, and {_host(url) or 'that host'} then sees who reads; "
                "put it on a host that the series or event names, or leave it out"
            )

    def _look_at_picture(self, values: Mapping[str, str], *, hidden: bool) -> None:
        if hidden or _is_speck(values):
            what = "hidden" if hidden else "too small to be seen"
            self.found.append(
                f"the picture {_short(self._shown(values['src']))} is {what}, so it only tells who reads; "
                "show it, or leave it out"
            )

    def _look_at_link(self, url: str) -> None:
        if not self._is_personal(url):
            if sentence := _rewritten(url):
                self.found.append(sentence)
        elif not TOKEN_LINK.fullmatch(self._kept.get(url, "")):
            self.found.append(_differs("a link", self._shown(url)))

    def _is_personal(self, url: str) -> bool:
        return any(sentinel in url for sentinel in self._kept)

    def _shown(self, url: str) -> str:
        return _written(url, self._kept)


def _writers(placeholders: Collection[str]) -> Iterator[str]:
    for placeholder in placeholders:
        if WRITES_HTML.search(placeholder):
            yield f"{_short(placeholder)} writes html or an address per recipient; write those outside of the brackets"


def _differs(what: str, url: str) -> str:
    return (
        f"{what} differs per recipient ({_short(url)}), so it tells who reads; "
        "write the same address for everybody, or [[ links.unsubscribe ]] alone"
    )


def _rewritten(url: str) -> str:
    target = way_round(url)
    if target is None:
        return ""
    fix = f"link to {_short(target)} itself" if target else "link to the page itself"
    return f"the link {_short(url)} goes by way of somebody who can count who follows it; {fix}"


def _written(url: str, kept: Mapping[str, str]) -> str:
    for sentinel, placeholder in kept.items():
        url = url.replace(sentinel, placeholder)
    return url


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


def _is_remote(url: str) -> bool:
    # Browsers drop tabs and line ends of an address, and take a backslash for a slash.
    return re.sub(r"[\t\r\n]", "", url).strip().replace("\\", "/").lower().startswith(("http:", "https:", "ftp:", "//"))


def _host(url: str) -> str:
    try:
        return (urlsplit(re.sub(r"[\t\r\n]", "", url).strip().replace("\\", "/")).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_on(host: str, allowed: Collection[str]) -> bool:
    names = (name.lower().removeprefix("www.") for name in allowed)
    return bool(host) and any(host == name or host.endswith(f".{name}") for name in names)


def _hides(values: Mapping[str, str]) -> bool:
    return "hidden" in values or bool(CSS_HIDES.search(_plain_css(values.get("style", ""))))


def _is_speck(values: Mapping[str, str]) -> bool:
    sizes = [float(number) for _, number in CSS_SIZE.findall(_plain_css(values.get("style", "")))]
    for name in ("width", "height"):
        if found := SIZE.fullmatch(values.get(name, "")):
            sizes.append(float(found.group(1)))
    return any(size <= PIXEL for size in sizes) or (len(sizes) > 1 and max(sizes) <= SPECK)


def _plain_css(css: str) -> str:
    return re.sub(r"\s+", "", CSS_COMMENT.sub("", css)).lower()


def _css_sign(found: re.Match[str]) -> str:
    number = int(found.group(1), 16) if found.group(1) else 0
    return chr(number) if 0 < number < 0x110000 else found.group(2) or ""


def _named(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield from HOST.findall(thing)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for one in fields(thing):
            yield from _named(getattr(thing, one.name))
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _named(value)
    elif isinstance(thing, tuple | list | frozenset | set):
        for value in thing:
            yield from _named(value)
