"""Stage 3: what is known only per recipient, carried safely through tools that know nothing of it.

In: text with `[[ … ]]` and `[% … %]`. Out: the same text with alphanumeric sentinels, and the way back.
Escapers, Markdown and libxml2 all change brackets, quotes and spaces ("[[ a > b ]]" in an href becomes %5B%5B…);
a sentinel of letters and digits passes all of them unchanged, in text and in URLs alike.
"""

import hashlib
import html
import re

PLACEHOLDER = re.compile(r"\[\[(?!\[).*?\]\]|\[%.*?%\]", re.DOTALL)


def protect(text: str) -> tuple[str, dict[str, str]]:
    """Replace every placeholder by a sentinel; the same placeholder gets a sentinel at each place."""
    # The prefix is made from the text, so that no author can have written it by chance.
    prefix = "ph" + hashlib.sha256(text.encode()).hexdigest()[:12] + "x"
    kept: dict[str, str] = {}

    def keep(match: re.Match[str]) -> str:
        sentinel = f"{prefix}{len(kept):04d}z"
        kept[sentinel] = match.group()
        return sentinel

    return PLACEHOLDER.sub(keep, text), kept


def restore(text: str, kept: dict[str, str], *, unescape: bool = False) -> str:
    """Put the placeholders back. With `unescape`, the HTML escaping of what stands inside them is undone:
    an organiser's `[[ x or 'lezer' ]]` in a title was escaped with the title around it.
    """
    if not kept:
        return text
    pattern = re.compile("|".join(map(re.escape, kept)))

    def back(match: re.Match[str]) -> str:
        placeholder = kept[match.group()]
        return html.unescape(placeholder) if unescape else placeholder

    return pattern.sub(back, text)
