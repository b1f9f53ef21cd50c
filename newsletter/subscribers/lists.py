"""Stage 2: the name of a list.

In: what a person wrote, or the name of a file (“Gemeenten 2026.csv”). Out: a slug (gemeenten-2026), or what is wrong
with it. An event document names its lists in the same form.
"""

import re
import unicodedata

from newsletter.errors import NewsletterError

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 100  # as in an event document


def suggested_slug(name: str) -> str:
    """The nearest slug: without accents, in lower case, hyphens for the rest; "" where nothing is left."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "-".join(re.findall(r"[a-z0-9]+", bare.casefold()))[:_LONGEST].strip("-")


def list_slug(name: str, file_stem: str) -> str:
    """The list to import into: the name that was given, or else the one that the file suggests.

    Raises:
        NewsletterError: the given name is no slug, or the name of the file has no letter to make one from.
    """
    if not name:
        slug = suggested_slug(file_stem)
        if not slug:
            raise NewsletterError(f"“{file_stem}” cannot be the name of a list; name the list with --list")
        return slug
    if _SLUG.fullmatch(name) and len(name) <= _LONGEST:
        return name
    slug = suggested_slug(name)
    rule = "use lower-case letters, digits and single hyphens"
    raise NewsletterError(f"“{name}” cannot be the name of a list; {f'write --list {slug}' if slug else rule}")
