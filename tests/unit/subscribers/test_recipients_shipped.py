"""The lists that are shipped: thirty invented people, in the encodings that organisers really save."""

from pathlib import Path

import pytest

from newsletter.subscribers.recipients import RecipientsFile, read
from newsletter.subscribers.subscriber import address_key

FOLDER = Path(__file__).parents[3] / "recipients"


def _file(name: str) -> RecipientsFile:
    return read((FOLDER / name).read_bytes(), name)


def _files() -> list[RecipientsFile]:
    return [_file(path.name) for path in sorted(FOLDER.glob("*.csv"))]


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "rows"),
    [
        ("corporaties.csv", "utf-8-sig", ";", 8),
        ("gemeenten.csv", "cp1252", ";", 10),
        ("provincies.csv", "utf-8", ",", 7),
        ("regios.csv", "utf-8", ",", 9),
    ],
)
def test_a_shipped_list_reads_without_problems(name: str, encoding: str, delimiter: str, rows: int) -> None:
    file = _file(name)
    assert (file.problems, file.notices) == ((), ())
    assert (file.encoding, file.delimiter, len(file.rows)) == (encoding, delimiter, rows)
    assert {"address", "organisation", "role"} <= {column.key for column in file.columns}


def test_together_they_hold_thirty_people() -> None:
    addresses = [row.subscriber.address for file in _files() for row in file.rows]
    assert len(addresses) == 34
    assert len({address_key(address) for address in addresses}) == 30
    assert len(set(addresses)) == 31, "one person is written in another letter case on another list"


def test_who_is_on_two_lists_has_the_same_name_on_both() -> None:
    names: dict[str, set[str]] = {}
    for file in _files():
        for row in file.rows:
            names.setdefault(address_key(row.subscriber.address), set()).add(row.subscriber.name)
    assert [found for found in names.values() if len(found) > 1] == []


def test_everybody_lives_at_an_example_domain_and_can_be_mailed_without_smtputf8() -> None:
    for file in _files():
        for row in file.rows:
            address = row.subscriber.address
            assert address.isascii()
            assert address.endswith((".example.nl", ".example.org", ".example.com"))


@pytest.mark.parametrize(
    "name",
    [
        "Sanne van der Meer",
        "Gianna D’Angelo-’t Hooft",
        "Henk “Hans” (HRM) Bakker",
        "Bülent Çelik",
        "Łukasz Kowalczyk",
        "Nguyễn Thị Lan",
        "Berg, jr., Pieter van den",
        "Annemarie Wilhelmina Geertruida Johanna van Oldenzaal-van der Hoeven tot Nieuwenbroek",
        "سلمى حداد",
        "李明 (Ming Li)",
        "",
    ],
)
def test_the_awkward_names_are_there_letter_by_letter(name: str) -> None:
    assert name in {row.subscriber.name for file in _files() for row in file.rows}
