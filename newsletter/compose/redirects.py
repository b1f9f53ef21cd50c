"""Stage 3: links that lead to a page by way of somebody else, who can count who follows them.

In: the address of a link. Out: the address that it leads to in the end, as far as that can be read from it.
Nobody has to mean harm: what is copied out of a received letter often is such a link, made for one reader.
"""

import base64
import binascii
import re
from urllib.parse import parse_qsl, unquote, urlsplit

#: They hide the way to a page in an address of their own: mail filters, which give every reader another one, and
#: counters of clicks.
MIDDLEMEN = (
    *("safelinks.protection.outlook.com", "urldefense.com", "urldefense.proofpoint.com", "linkprotect.cudasvc.com"),
    *("protect.checkpoint.com", "list-manage.com", "ct.sendgrid.net", "mlsend.com", "mailplus.nl", "awstrack.me"),
)
#: They are told of a page so that people can share it, keep it or plan it; that is what the link says it does.
TOLD_OF_A_PAGE = (
    *("www.linkedin.com", "www.facebook.com", "x.com", "twitter.com", "bsky.app", "wa.me", "api.whatsapp.com"),
    *("calendar.google.com", "www.google.com/calendar", "outlook.live.com", "outlook.office.com", "web.archive.org"),
)
ADDRESS = re.compile(r"https?://", re.IGNORECASE)
IN_A_PATH = re.compile(r"https?(?:%3A|:)(?:%2F){2}", re.IGNORECASE)
SHORTEST = 12  #: characters of base64 that could be an address


def way_round(url: str) -> str | None:
    """Where a link leads by way of somebody else, "" if that cannot be read; None for a link that goes there itself."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https", ""):
        return None
    if any(f"{host}{parts.path}/".startswith(f"{name}/") for name in TOLD_OF_A_PAGE):
        return None
    target = next((found for _, value in parse_qsl(parts.query) if (found := _address(value))), "")
    if not target and (begin := IN_A_PATH.search(parts.path)):
        target = unquote(parts.path[begin.start() :])
    if any(host == name or host.endswith(f".{name}") for name in MIDDLEMEN):
        return target
    # Within one site nobody else is told: a page to log in knows where one came from.
    return target if target and not _is_one_site(host, target) else None


def _address(value: str) -> str:
    """The address that a value of a query is, plain, encoded once more, or in base64."""
    for text in (value, unquote(value), _from_base64(value)):
        if ADDRESS.match(text.strip()):
            return text.strip()
    return ""


def _from_base64(value: str) -> str:
    if len(value) < SHORTEST:
        return ""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


def _is_one_site(host: str, target: str) -> bool:
    try:
        other = urlsplit(target).hostname or ""
    except ValueError:
        return False
    return host.split(".")[-2:] == other.rstrip(".").split(".")[-2:]
