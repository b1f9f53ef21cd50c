"""Stage 3: CSS into style attributes, once per mailing.

In: a full HTML document, its theme resolved, with placeholders. Out: the same document, inlined.
Each option and each step answers a trap that premailer 3.10 or libxml2 was seen to have; the tests have one case each.
"""

import logging
import re

import cssutils
from lxml.etree import LxmlError

from newsletter.compose.offline import Premailer
from newsletter.compose.placeholders import protect, restore
from newsletter.errors import TemplateError

DOCTYPE = "<!doctype html>"

#: What must not stand in a style sheet that is inlined, and what to do instead.
REFUSED = (
    (re.compile(r"@import", re.I), "an @import, which the inliner would fetch; paste the rules into the template"),
    (re.compile(r"\\"), "a backslash, which the inliner does not match; use class names of letters and digits"),
    (re.compile(r"!\s*important", re.I), "an !important, which inlining loses; move the rule into clients.css"),
    (
        re.compile(r"(?:^|[\s,>+~}])[A-Z][A-Z0-9]*(?=[\s,.{:>+~\[])(?=[^{}]*\{)"),
        "an upper-case selector; use lower case",
    ),
)
STYLE = re.compile(r"<style\b([^>]*)>(.*?)</style>", re.I | re.S)
COMMENT = re.compile(r"<!--.*?-->", re.S)
STYLE_LINK = re.compile(r"<link\b[^>]*stylesheet", re.I)

#: What must never be left in a letter; each is the trace of a step that went wrong.
LEFTOVER = re.compile(r"\{\{|\{%|\bvar\(|%7B%7B|%5B%5B|ph[0-9a-f]{12}x\d{4}z")


class _Complaints(logging.Handler):
    """cssutils drops a rule that it cannot read, and all rules after a stray brace, with only a log line."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def inline(html: str) -> str:
    """Return the document with its style sheets applied to its elements.

    `<style data-premailer="ignore">` passes byte for byte: media queries, dark mode and client hacks belong there.

    Raises:
        TemplateError: the style sheet cannot be read, or a trace of an earlier stage is left.
    """
    if not html.lstrip().lower().startswith("<!doctype html>"):
        raise TemplateError(f"letter.html starts with {html.lstrip()[:20]!r}; it must start with {DOCTYPE}")
    _check_styles(html)
    protected, kept = protect(html)
    complaints = _Complaints()
    log = logging.Logger("newsletter.css")
    log.addHandler(complaints)
    cssutils.log.setLog(log)
    cssutils.log.raiseExceptions = False
    try:
        inlined: str = Premailer(
            protected,
            method="html",
            base_url=None,
            allow_network=False,
            allow_loading_external_files=False,
            disable_validation=True,
            disable_basic_attributes=["width", "height", "align"],
            align_floating_images=False,
            strip_important=False,
            keep_style_tags=False,
            remove_classes=False,
        ).transform()
    except (LxmlError, ValueError, OSError) as error:
        raise TemplateError(f"letter.html could not be inlined: {error}") from error
    if complaints.messages:
        raise TemplateError(f"the style sheet of letter.html could not be read: {complaints.messages[0]}")
    document = re.sub(r"^\s*<!doctype[^>]*>\s*", "", inlined, flags=re.IGNORECASE)
    if found := LEFTOVER.search(restore(document, dict.fromkeys(kept, ""))):
        raise TemplateError(f"the composed letter still holds {found.group()!r}; write it out in the template")
    return f"{DOCTYPE}\n{restore(document, kept, unescape=True)}"


def _check_styles(html: str) -> None:
    """Refuse what premailer and cssutils would fetch, drop or get wrong without a word."""
    if STYLE_LINK.search(html):
        raise TemplateError("letter.html links a style sheet; most clients ignore it, so include it as <style>")
    for attributes, css in STYLE.findall(COMMENT.sub("", html)):
        for pattern, why in REFUSED:
            if "data-premailer" not in attributes and pattern.search(css):
                raise TemplateError(f"the style sheet of letter.html holds {why}")
