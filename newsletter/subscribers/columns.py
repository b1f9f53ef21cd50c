"""Stage 2: what the headers of a recipients file mean.

In: the first record ("E-mail", "Voornaam", "Tussenvoegsel", "Organisatie"). Out: one key for each column: `address`,
`name`, or the name under which a template finds the attribute ([[ subscriber.organisation ]]). Headers are Dutch or
English, in any order, letter case and punctuation; what is not known keeps its own name.
"""

import dataclasses
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.errors import Problem
from newsletter.subscribers.address import shown
from newsletter.subscribers.subscriber import Subscriber

# key -> the headers that mean it, without accents, spaces and signs
_MEANINGS = {
    "address": "email emailadres emailaddress emailaddr mail mailadres mailaddress adresemail emailadreswerk emailwerk"
    " emailzakelijk zakelijkemail zakelijkemailadres workemail",
    "name": "name naam volledigenaam fullname displayname weergavenaam",
    "first_name": "firstname voornaam voornamen roepnaam givenname forename",
    "initials": "initials voorletters voorletter initialen",
    "infix": "infix tussenvoegsel tussenvoegsels tussenvoeging voorvoegsel voorvoegsels",
    "last_name": "lastname achternaam surname familyname familienaam geslachtsnaam",
    "salutation": "salutation aanhef",
    "organisation": "organisation organization organisatie organisatienaam naamorganisatie organisationname"
    " organizationname bedrijf bedrijfsnaam company companyname",
    "department": "department afdeling",
    "role": "role rol functie functienaam functietitel jobtitle position",
    "language": "language taal voorkeurstaal taalvoorkeur lang preferredlanguage",
    "city": "city plaats plaatsnaam woonplaats town",
    "phone": "phone phonenumber telephone telefoon telefoonnummer tel",
}
_KEYS = {header: key for key, headers in _MEANINGS.items() for header in headers.split()}

# Of a file without any of the above for the address; else "adres" is where somebody lives.
_PERHAPS_ADDRESS = ("address", "adres")

# [[ subscriber.items ]] would find the method of the mapping, not the column.
_RESERVED = {field.name for field in dataclasses.fields(Subscriber)} - {"address", "name"} | {
    name for name in dir(dict) if not name.startswith("_")
}


@dataclass(frozen=True, kw_only=True)
class Column:
    header: str  #: as it stands in the file
    key: str  #: "address", "name", the key of an attribute; "" for a column that is not read
    refused: bool = False  #: its key cannot be used, which is a problem of its own


@dataclass(frozen=True, kw_only=True)
class Columns:
    columns: tuple[Column, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def address(self) -> int | None:
        """The position of the address, 0-based; None where no column holds it."""
        return next((place for place, column in enumerate(self.columns) if column.key == "address"), None)

    def known(self) -> int:
        """How many of the headers have a meaning here."""
        return sum(column.key in _MEANINGS for column in self.columns)


def attribute_key(header: str) -> str:
    """The header as a template can write it: "Aantal gästen (max.)" -> aantal_gasten_max; an identifier, or ""."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", header) if not unicodedata.combining(c))
    text = unicodedata.normalize("NFC", bare.casefold())
    words = "".join(c if c != "_" and f"a{c}".isidentifier() else " " for c in text).split()
    key = "_".join(words)
    return key if not key or key.isidentifier() else f"column_{key}"


def readable(columns: Sequence[Column]) -> str:
    """How they were understood: "E-mail → address, Voornaam → subscriber.first_name"; what is blank is left out."""
    return ", ".join(f"{_header(column.header)} → {_meaning(column)}" for column in columns if column.header)


def _header(header: str) -> str:
    # Quotation marks only where a sign could be taken for ours.
    return header if all(c.isalnum() or c in " -_." for c in header) else shown(header)


def _meaning(column: Column) -> str:
    if not column.key:
        return "not read"
    return column.key if column.key in ("address", "name") else f"subscriber.{column.key}"


def understand(headers: Sequence[str], file: str, line: int) -> Columns:
    """Give each header its key; two headers for one key, and a key that cannot be used, are problems of that line."""
    own_keys = [attribute_key(header) for header in headers]
    meanings = [_KEYS.get(key.replace("_", ""), "") for key in own_keys]
    if "address" not in meanings:
        meanings = [
            "address" if key in _PERHAPS_ADDRESS else found for key, found in zip(own_keys, meanings, strict=True)
        ]
    keys = [found or key for key, found in zip(own_keys, meanings, strict=True)]
    columns: list[Column] = []
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for header, key in zip(headers, keys, strict=True):
        complaint = ""
        if key in _RESERVED:
            complaint = f"the column {shown(header)} cannot be called {key} in a template"
        elif key in first:
            complaint = f"the columns {shown(first[key])} and {shown(header)} both mean {key}"
        if complaint:
            problems.append(Problem(file=file, line=line, what=complaint, fix="rename or remove one column"))
        elif key:
            first[key] = header
        columns.append(Column(header=header, key="" if complaint else key, refused=bool(complaint)))
    return Columns(columns=tuple(columns), problems=tuple(problems))
