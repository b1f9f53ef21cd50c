"""Stage 1: single values of the front matter.

In: one line of text. Out: a slug, an address, a link …, as it was written, but for the domain of a mail address,
which becomes ASCII; `Mistake` where it is none.
"""

import functools
import re
import unicodedata
import zoneinfo
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from newsletter.events.event import EventStatus
from newsletter.events.notes import Mistake, did_you_mean

LANGUAGES = ("nl", "en")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_SLUG = 100
_STATUSES = {status.value: status for status in EventStatus} | {
    "gepland": EventStatus.PLANNED,
    "afgelast": EventStatus.CANCELLED,
    "geannuleerd": EventStatus.CANCELLED,
}
_YES_OR_NO = {"yes": True, "ja": True, "true": True, "no": False, "nee": False, "false": False}
_NO_REPLY = re.compile(
    r"(?:no|not|do[-_.]?not)[-_.]?(?:reply|answer)|(?:niet|geen)[-_.]?(?:be)?antwoord(?:en)?", re.IGNORECASE
)


def slug(text: str) -> str:
    if not _SLUG.fullmatch(text) or len(text) > _LONGEST_SLUG:
        plain = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
        near = "-".join(re.findall("[a-z0-9]+", plain))[:_LONGEST_SLUG].rstrip("-")
        example = f": did you mean “{near}”?" if near else ", as in “bewoners-in-beweging”"
        raise Mistake(
            f"“{text}” cannot be used as a short name", f"use small letters, digits and single hyphens{example}"
        )
    return text


def https_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_fit = parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        is_fit = False
    if not is_fit or re.search(r"[\s<>\"]|\[\[|\[%", text):
        raise Mistake(f"“{text}” is not a full https address", "write it as https://www.example.nl/page")
    return text


def picture(text: str) -> str:
    """An https address, or the path of a file beside the document, with forward slashes and no way up."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text):
        return https_url(text)
    parts = text.split("/")
    if not all(parts) or {".", ".."} & set(parts) or re.search(r"[\\<>\"|?*]|\[\[|\[%", text):
        raise Mistake(
            f"“{text}” is neither a full https address nor a file beside the document",
            "write it as https://www.example.nl/zaal.jpg or as foto/zaal.jpg",
        )
    return text


def yes_or_no(text: str) -> bool:
    found = _YES_OR_NO.get(text.strip().lower())
    if found is None:
        raise Mistake(f"“{text}” is neither yes nor no", "write yes or no (or ja or nee)")
    return found


def address(text: str) -> str:
    """A mail address that every server takes, as far as can be seen without asking the network.

    Domains become ASCII (RFC 5891 §4.4). A local part has no such form, and RFC 6531 is not everywhere.
    """
    local, at, domain = text.rpartition("@")
    if at and not local.isascii() and _is_address(f"x@{domain}"):
        raise Mistake(
            f"“{text}” has a letter before the “@” that not every mail server takes",
            "use an address with only a-z, digits, dots and hyphens before the “@”",
        )
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Mistake(
            f"“{text}” is not a mail address ({str(error).rstrip('.')})", "write it as name@example.nl"
        ) from None
    return text if text.isascii() else f"{local}@{found.ascii_domain}"


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True


def contact_address(text: str) -> str:
    """An address that people can answer to: a letter without a way back is not sent."""
    mail_address = address(text)
    if _NO_REPLY.fullmatch(mail_address.split("@")[0].split("+")[0]):
        raise Mistake(f"nobody reads “{text}”", "write the mailbox where readers' answers are read")
    return mail_address


def whole_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,7}", text):
        raise Mistake(f"“{text}” is not a whole number of 0 or more", "write it in digits, as in 12")
    return int(text)


def language(text: str) -> str:
    if text not in LANGUAGES:
        raise Mistake(f"the language “{text}” is not known", "write nl or en")
    return text


def timezone(text: str) -> str:
    """An IANA name. An offset is refused: it would move the event when the clocks change."""
    known = _timezones()
    if text not in known.values():
        near = known.get(text.lower()) or "Europe/Amsterdam"
        raise Mistake(f"the time zone “{text}” is not known", f"write a region and a city, as in {near}")
    return text


def status(text: str) -> EventStatus:
    """In English or Dutch; it is written back in English."""
    found = _STATUSES.get(text.strip().lower())
    if found is None:
        raise Mistake(f"“{text}” is not a status", did_you_mean(text, list(_STATUSES)))
    return found


@functools.cache
def _timezones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"}
