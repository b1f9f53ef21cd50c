"""Stage 2: what a person typed as an e-mail address.

In: a cell ("Jan <mailto:Jan@Example.NL>"). Out: the name and the address in the one form that we store, or what is
wrong with it. The stored form keeps the letter case of the local part (RFC 5321 §2.4) and writes the domain as
lower-case A-labels (RFC 5890 §2.3.2.1): the form that goes over the wire, in which one domain has one spelling.
Nothing is looked up in the DNS. A local part beyond ASCII is an address too (RFC 6531 §3.3); whether the mail server
takes it is seen when it is sent to.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from newsletter.errors import NewsletterError
from newsletter.events.event import Mailbox

# RFC 5321 §4.5.3.1: 64 octets of local part; 256 of path, which counts two angle brackets.
_MAX_LOCAL = 64
_MAX_ADDRESS = 254

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"({_ATEXT}(?:\.{_ATEXT})*)@([A-Za-z0-9.-]+)")
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_AROUND = _INVISIBLE + " \t\r\n\u00a0;,"
_GONE = str.maketrans("", "", _INVISIBLE)

# What hands do wrong, in the order in which it is undone until an address remains.
_SLIPS = (
    (re.compile(r"[(\[{] ?(?:at|apenstaartje) ?[)\]}]| at |＠|﹫", re.IGNORECASE), "@"),
    (re.compile(" "), ""),
    (re.compile(r"@{2,}"), "@"),
    (re.compile(r"[,;:]"), "."),
    (re.compile(r"\.{2,}"), "."),
    (re.compile(r"^\.|\.$|\.(?=@)|(?<=@)\."), ""),
)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong with a value, and how to mend it; the place is known to who asked."""

    what: str
    fix: str


def read_mailbox(cell: str) -> Mailbox | Mistake:
    """Read one address, with or without a name, angle brackets, `mailto:` and stray or invisible characters."""
    plain = _PLAIN.fullmatch(cell)
    if plain and len(plain[1]) <= _MAX_LOCAL:
        try:
            address = f"{plain[1]}@{_wire_domain(plain[2])}"
        except EmailNotValidError as error:
            return _mistake(cell, error)
        if len(address) <= _MAX_ADDRESS:
            return Mailbox(name="", address=address)
    name, text = _parted(cell.strip(_AROUND))
    if ">" in name and (several := _several(cell)):
        return several
    text = _without_wrapping(text)
    if not text:
        return Mistake(what="there is no e-mail address", fix="fill it in, or remove the row")
    try:
        address = _stored_form(text)
    except EmailNotValidError as error:
        return _several(cell) or _mistake(text, error)
    # Mail programs write the address once more where they know no name.
    return Mailbox(name="" if name.lower() == text.lower() else name, address=address)


def typed_address(text: str) -> str:
    """The one address that a person typed where nothing else belongs, in the form that we store.

    Raises:
        NewsletterError: it is none, or there are several.
    """
    found = read_mailbox(text)
    if isinstance(found, Mailbox):
        return found.address
    guess = likely_address(text)
    fix = f"write {guess} if that is what is meant" if guess else "write one address, as name@example.nl"
    raise NewsletterError(f"{found.what}; {fix}")


def likely_address(text: str) -> str:
    """The address that was meant, where hands did what hands do wrong; or ""."""
    return next(_guesses(text), "")


def domain_key(domain: str) -> str:
    """The one spelling of a domain: A-labels in lower case; what is no domain at all is only lower-cased."""
    try:
        return _wire_domain(domain)
    except EmailNotValidError:
        return domain.lower()


def shown(text: str, limit: int = 60) -> str:
    """A value as it can stand in a sentence: on one line, in quotation marks, not too long."""
    line = "".join(character if character.isprintable() else " " for character in text[: limit + 1])
    line = " ".join(line.split())
    return f"“{line[: limit - 1]}…”" if len(text) > limit else f"“{line}”"


@lru_cache(maxsize=10_000)
def _wire_domain(domain: str) -> str:
    # A list has few domains and many people: the thorough check is made once per domain.
    ascii_domain: str = _validated(f"a@{domain}").ascii_domain
    return ascii_domain


def _validated(address: str) -> ValidatedEmail:
    # `test_environment` lets .test through, a domain that RFC 2606 §2 reserves for trying things out.
    return validate_email(
        address,
        check_deliverability=False,
        test_environment=True,
        allow_quoted_local=True,
        strict=True,
    )


def _stored_form(address: str) -> str:
    valid = _validated(address)
    # The library lower-cases the mailbox names of RFC 2142 ("Info"); the owner's letter case stays here. Quotation
    # marks that are not needed do go: RFC 5321 §4.1.2 calls both spellings the same mailbox.
    written = unicodedata.normalize("NFC", address.rpartition("@")[0])
    local = written if written.lower() == valid.local_part else valid.local_part
    if len(local.encode()) > _MAX_LOCAL:
        raise EmailNotValidError("The part before the @-sign is longer than 64 bytes.")
    return f"{local}@{valid.ascii_domain}"


def _parted(text: str) -> tuple[str, str]:
    """Name and address of "Jan <jan@example.nl>"; without angle brackets all of it is address."""
    name, bracket, address = text[:-1].rpartition("<")
    return (_unquoted(name.strip()), address) if bracket and text.endswith(">") else ("", text)


def _without_wrapping(text: str) -> str:
    text = text.translate(_GONE).strip(_AROUND)
    if mailto := _MAILTO.fullmatch(text):
        text = mailto[1].strip()
    # Outlook copies an address without a name as 'jan@example.nl'.
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "'‘’" else text


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name


def _several(text: str) -> Mistake | None:
    found = [part for part in re.split(r"[\s;,/|<>]+", text) if _is_address(part)]
    if len(found) < 2:
        return None
    what = f"there are {len(found)} e-mail addresses where one belongs, {shown(text)}"
    return Mistake(what=what, fix="give each person a row of their own")


def _mistake(text: str, error: EmailNotValidError) -> Mistake:
    sentences = str(error).rstrip(".").split(". ")
    reason = ", ".join(sentence[:1].lower() + sentence[1:] for sentence in sentences)
    guess = likely_address(text)
    return Mistake(
        what=f"{shown(text)} is not an e-mail address ({reason})",
        fix=f"write {guess} if that is what is meant" if guess else "correct it, or remove the row",
    )


def _guesses(text: str) -> Iterator[str]:
    text = " ".join(text.split())
    for slip, remedy in _SLIPS:
        text = slip.sub(remedy, text)
        if _is_address(text):
            yield text


def _is_address(text: str) -> bool:
    try:
        _stored_form(text)
    except EmailNotValidError:
        return False
    return True
