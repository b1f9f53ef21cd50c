"""Which header means what, in Dutch and English."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.columns import attribute_key, readable, understand


def _keys(*headers: str) -> list[str]:
    return [column.key for column in understand(headers, "lijst.csv", 1).columns]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("E-mail", "address"),
        ("email", "address"),
        ("E-MAILADRES", "address"),
        ("e-mail adres", "address"),
        ("E_mail_adres", "address"),
        ("Mailadres", "address"),
        ("mail", "address"),
        ("Email address", "address"),
        ("EmailAddress", "address"),
        ("adres e-mail", "address"),
        ("E-mail (werk)", "address"),
        ("Naam", "name"),
        ("NAME", "name"),
        ("Volledige naam", "name"),
        ("Full name", "name"),
        ("Voornaam", "first_name"),
        ("first-name", "first_name"),
        ("Voorletters", "initials"),
        ("Tussenvoegsel(s)", "infix"),
        ("infix", "infix"),
        ("Achternaam", "last_name"),
        ("Surname", "last_name"),
        ("Organisatie", "organisation"),
        ("Organization", "organisation"),
        ("organisation", "organisation"),
        ("Bedrijf", "organisation"),
        ("Company", "organisation"),
        ("Functie", "role"),
        ("Job title", "role"),
        ("Rol", "role"),
        ("Taal", "language"),
        ("Language", "language"),
        ("Aantal gästen (max.)", "aantal_gasten_max"),
        ("Dieetwensen", "dieetwensen"),
        ("Coördinator", "coordinator"),
        ("2e contact", "column_2e_contact"),
        ("_geheim", "geheim"),
        ("__class__", "class"),
        ("組織", "組織"),
        ("Straße", "strasse"),
        ("#", ""),
        ("", ""),
    ],
)
def test_a_header_is_understood_in_either_language_and_any_spelling(header: str, key: str) -> None:
    assert _keys(header) == [key]


@given(st.text())
def test_a_key_is_an_identifier_that_a_template_can_write(header: str) -> None:
    key = attribute_key(header)
    assert key == "" or (key.isidentifier() and not key.startswith("_") and key == attribute_key(key))


def test_keys_may_be_words_of_python_since_templates_have_their_own() -> None:
    assert keyword.iskeyword(attribute_key("Class"))


def test_the_address_alone_may_be_called_address() -> None:
    assert _keys("naam", "adres") == ["name", "address"]
    assert _keys("address", "name") == ["address", "name"]


def test_beside_an_e_mail_address_adres_is_where_somebody_lives() -> None:
    assert _keys("adres", "e-mail") == ["adres", "address"]


@pytest.mark.parametrize("headers", [("e-mail", "address"), ("address", "e-mail"), ("adres", "address")])
def test_two_columns_for_the_address_are_a_problem(headers: tuple[str, str]) -> None:
    columns = understand(headers, "lijst.csv", 1)
    [problem] = columns.problems
    assert problem.what == f"the columns “{headers[0]}” and “{headers[1]}” both mean address"


def test_two_columns_with_one_meaning_are_a_problem_with_its_fix() -> None:
    columns = understand(["e-mail", "Organisatie", "Bedrijf", "Company"], "lijst.csv", 3)
    assert [str(problem) for problem in columns.problems] == [
        "lijst.csv:3: the columns “Organisatie” and “Bedrijf” both mean organisation; rename or remove one column",
        "lijst.csv:3: the columns “Organisatie” and “Company” both mean organisation; rename or remove one column",
    ]
    assert [(column.key, column.refused) for column in columns.columns] == [
        ("address", False),
        ("organisation", False),
        ("", True),
        ("", True),
    ]


@pytest.mark.parametrize("header", ["ID", "attributes", "Items", "values", "get"])
def test_a_key_that_a_template_would_find_elsewhere_is_a_problem(header: str) -> None:
    [problem] = understand(["e-mail", header], "lijst.csv", 1).problems
    assert problem.what == f"the column “{header}” cannot be called {header.lower()} in a template"


def test_columns_without_a_name_do_not_contradict_each_other() -> None:
    columns = understand(["e-mail", "", "", "naam"], "lijst.csv", 1)
    assert columns.problems == ()
    assert [column.key for column in columns.columns] == ["address", "", "", "name"]


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        (
            ["E-Mail Adres", "Voornaam", "Organisatie / gemeente"],
            "E-Mail Adres → address, Voornaam → subscriber.first_name, "
            "“Organisatie / gemeente” → subscriber.organisatie_gemeente",
        ),
        (["naam", "", "e-mail"], "naam → name, e-mail → address"),
        (
            ["e-mail", "bedrijf", "organisatie"],
            "e-mail → address, bedrijf → subscriber.organisation, organisatie → not read",
        ),
        (["e-mail", "→ x"], "e-mail → address, “→ x” → subscriber.x"),
        (["e-mail", "#"], "e-mail → address, “#” → not read"),
        ([], ""),
    ],
)
def test_how_the_columns_were_understood_is_one_line(headers: list[str], sentence: str) -> None:
    assert readable(understand(headers, "x.csv", 1).columns) == sentence
