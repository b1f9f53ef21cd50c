"""A recipients file, as Excel NL and others save it, to subscribers and problems."""

import csv
import io
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.recipients import MAX_CELL, RecipientsFile, read
from newsletter.subscribers.subscriber import Subscriber

PEOPLE = [
    Subscriber(
        address="sanne@example.nl",
        name="Sanne van der Meer",
        attributes={"organisation": "Gemeente Voorbeeldstad", "role": "Adviseur; wonen"},
    ),
    Subscriber(
        address="Zoe@example.nl",
        name="Zoë D’Angelo-’t Hooft",
        attributes={"organisation": "Coöperatie “Bouwlust”", "role": "Regel 1\nRegel 2"},
    ),
    Subscriber(address="info@example.nl", attributes={"organisation": "", "role": ""}),
]
EXCEL = (
    "Naam;E-mailadres;Organisatie;Functie;\r\n"
    'Sanne van der Meer;sanne@example.nl;Gemeente Voorbeeldstad;"Adviseur; wonen";\r\n'
    'Zoë D’Angelo-’t Hooft;Zoe@Example.NL;Coöperatie “Bouwlust”;"Regel 1\nRegel 2";\r\n'
    ";info@example.nl;;;\r\n"
    ";;;;\r\n"
)


def _people(file: RecipientsFile) -> list[Subscriber]:
    assert file.problems == ()
    return [row.subscriber for row in file.rows]


def _read(text: str) -> RecipientsFile:
    return read(text.encode(), "lijst.csv")


def _sentences(text: str) -> list[str]:
    return [str(problem) for problem in _read(text).problems]


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "first_line"),
    [
        (EXCEL.encode("cp1252"), "cp1252", ";", 2),  # "CSV (gescheiden door lijstscheidingsteken)"
        (EXCEL.encode("utf-8-sig"), "utf-8-sig", ";", 2),  # "CSV UTF-8"
        (b"\xff\xfe" + EXCEL.replace(";", "\t").encode("utf-16-le"), "utf-16-le", "\t", 2),  # "Unicode-tekst"
        (("sep=;\r\n" + EXCEL).encode("cp1252"), "cp1252", ";", 3),
        (EXCEL.replace("\r\n", "\n").encode(), "utf-8", ";", 2),
        (EXCEL.replace("\r\n", "\r").encode("cp1252"), "cp1252", ";", 2),
        (EXCEL.encode("utf-16-be"), "utf-16-be", ";", 2),
    ],
)
def test_what_excel_saves_gives_the_same_people(data: bytes, encoding: str, delimiter: str, first_line: int) -> None:
    file = read(data, "lijst.csv")
    expected = PEOPLE
    if delimiter == "\t":
        expected = [
            Subscriber(address=p.address, name=p.name, attributes={k: v.replace("; ", "\t ") for k, v in a.items()})
            for p in PEOPLE
            for a in [p.attributes]
        ]
    assert _people(file) == expected
    assert (file.encoding, file.delimiter) == (encoding, delimiter)
    assert [row.line for row in file.rows] == [first_line, first_line + 1, first_line + 3]
    assert [column.key for column in file.columns] == ["name", "address", "organisation", "role", ""]
    assert file.columns[1].header == "E-mailadres"


def test_commas_in_names_do_not_make_a_comma_the_delimiter() -> None:
    file = _read("Achternaam, voorletters;e-mail\nBerg, van den, P.;p@example.nl\nSmit, K., jr.;k@example.nl\n")
    assert file.delimiter == ";"
    assert [p.attributes for p in _people(file)] == [
        {"achternaam_voorletters": "Berg, van den, P."},
        {"achternaam_voorletters": "Smit, K., jr."},
    ]


def test_a_delimiter_within_a_quoted_header_does_not_count() -> None:
    file = _read('"organisatie; afdeling; team",e-mail\nX,jan@example.nl\n')
    assert file.delimiter == ","
    assert [column.key for column in file.columns] == ["organisatie_afdeling_team", "address"]


def test_one_column_needs_no_delimiter() -> None:
    assert [p.address for p in _people(_read("e-mail\njan@example.nl\nkees@example.nl\n"))] == [
        "jan@example.nl",
        "kees@example.nl",
    ]


def test_an_unknown_column_in_the_middle_shifts_nothing() -> None:
    file = _read("naam,schoenmaat,e-mail,organisatie\nJan,43,jan@example.nl,X\nKees,,kees@example.nl,Y\n")
    assert _people(file) == [
        Subscriber(address="jan@example.nl", name="Jan", attributes={"schoenmaat": "43", "organisation": "X"}),
        Subscriber(address="kees@example.nl", name="Kees", attributes={"schoenmaat": "", "organisation": "Y"}),
    ]


@pytest.mark.parametrize(
    ("header", "row", "name", "attributes"),
    [
        (
            "voornaam;tussenvoegsel;achternaam;e-mail",
            "Jan;van der;Berg;jan@example.nl",
            "Jan van der Berg",
            {"first_name": "Jan", "infix": "van der", "last_name": "Berg"},
        ),
        (
            "achternaam;voornaam;e-mail",
            "Berg, van der;Jan;jan@example.nl",
            "Jan Berg, van der",
            {"first_name": "Jan", "last_name": "Berg, van der"},
        ),
        (
            "voorletters;achternaam;e-mail",
            "J.P.;Berg;jan@example.nl",
            "J.P. Berg",
            {"initials": "J.P.", "last_name": "Berg"},
        ),
        (
            "voorletters;voornaam;achternaam;e-mail",
            "J.P.;Jan;Berg;jan@example.nl",
            "Jan Berg",
            {"initials": "J.P.", "first_name": "Jan", "last_name": "Berg"},
        ),
        ("voornaam;naam;e-mail", "Jan;Jan Berg;jan@example.nl", "Jan Berg", {"first_name": "Jan"}),
        ("voornaam;naam;e-mail", "Jan;;jan@example.nl", "Jan", {"first_name": "Jan"}),
        ("naam;e-mail", ";Jan Berg <jan@example.nl>", "Jan Berg", {}),
        ("naam;e-mail", "Jan;Jan Berg <jan@example.nl>", "Jan", {}),
        ("e-mail", "jan@example.nl", "", {}),
    ],
)
def test_a_name_is_taken_whole_or_composed_in_the_dutch_order(
    header: str, row: str, name: str, attributes: Mapping[str, str]
) -> None:
    [person] = _people(_read(f"{header}\n{row}\n"))
    assert person == Subscriber(address="jan@example.nl", name=name, attributes=attributes)


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "[[ subscriber.address ]]",
        "<script>alert(1)</script>",
        "=cmd()",
        "%s",
        "'t Hart",
        "Henk “Hans” (HRM)",
        "Berg, jr., Pieter van den",
        "سلمى حداد",
        "李明",
        "👩\u200d🔬 Noor",
        "Null",
        "x" * 200,
    ],
)
def test_a_name_is_data_and_kept_literally(name: str) -> None:
    [person] = _people(_read(f"naam;e-mail\n{name};jan@example.nl\n"))
    assert person.name == name


@pytest.mark.parametrize("name", [" Jan  Berg ", "\u00a0Jan\u00a0Berg", "Jan \u00a0 Berg\t", "\ufeffJan\u200b Berg"])
def test_stray_white_space_in_a_name_goes(name: str) -> None:
    [person] = _people(_read(f'naam,e-mail\n"{name}",jan@example.nl\n'))
    assert person.name == "Jan Berg"


@pytest.mark.parametrize("character", ["\n", "\r\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e"])
@pytest.mark.parametrize(
    ("row", "key"),
    [
        ('"{}",,x@example.nl', "name"),
        (',"{}",x@example.nl', "last_name"),
        (',,"{} <x@example.nl>"', "name"),
    ],
)
def test_a_control_character_in_a_name_is_a_problem(character: str, row: str, key: str) -> None:
    file = _read(f"naam,achternaam,e-mail\n{row.format(f'Jan{character}Bcc')}\nKees,Smit,kees@example.nl\n")
    [problem] = file.problems
    assert problem.line == 2
    assert problem.what.startswith(f"the {key} “Jan")
    assert problem.what.endswith("has a line break or a control character in it")
    assert [found.subscriber.name for found in file.rows] == ["Kees"]


def test_an_attribute_may_have_lines_but_no_other_control_characters() -> None:
    [person] = _people(_read('e-mail,postadres\njan@example.nl,"Straat 1\r\nVoorbeeldstad\r\n"\n'))
    assert person.attributes == {"postadres": "Straat 1\nVoorbeeldstad"}
    assert _sentences('e-mail,postadres\njan@example.nl,"Straat\x1b[1m"\n') == [
        "lijst.csv:2: the postadres “Straat [1m” has a line break or a control character in it; remove it"
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["lijst.csv: the file is empty; write a line for each person"]),
        ("\r\n;;\r\n", ["lijst.csv: the file is empty; write a line for each person"]),
        ("sep=;\r\n", ["lijst.csv: the file is empty; write a line for each person"]),
        ("e-mail;naam\n", ["lijst.csv: there are columns but no people; write a line for each person"]),
        ("e-mail;naam\n;;\n", ["lijst.csv: there are columns but no people; write a line for each person"]),
        (
            "naam,bedrijf\nJan,X\n",
            [
                "lijst.csv:1: no column holds the e-mail address (the columns are “naam”, “bedrijf”); "
                "name the columns, such as “e-mail,naam”"
            ],
        ),
        (
            "\njan@example.nl;Jan\nkees@example.nl;Kees\n",
            [
                "lijst.csv:2: the first line is a person, not the names of the columns; "
                "put a line above it, such as “e-mail;naam”"
            ],
        ),
        (
            'e-mail;"naam\njan@example.nl;Jan\n',
            [
                "lijst.csv:1: a quotation mark on this line is opened and never closed; "
                "close it, or write a quotation mark within quotation marks twice"
            ],
        ),
        (
            "e-mail;naam\nJan;Jan\n",
            [
                "lijst.csv:2: “Jan” is not an e-mail address (an email address must have an @-sign); "
                "correct it, or remove the row"
            ],
        ),
        ("e-mail;naam\n;Jan\n", ["lijst.csv:2: there is no e-mail address; fill it in, or remove the row"]),
        (
            "e-mail,naam\njan@example.nl,Berg, van der\n",
            [
                "lijst.csv:2: the row has 3 cells and there are 2 columns, probably by a delimiter inside a value; "
                "put that value in quotation marks"
            ],
        ),
        (
            "e-mail;;naam\njan@example.nl;;Jan\nkees@example.nl;x;Kees\npiet@example.nl;y;Piet\n",
            ["lijst.csv:1: column 2 has values (the first on line 3) but no name; name it, or empty it"],
        ),
        (
            "e-mail;organisatie;bedrijf\njan@example.nl;X;Y\n",
            [
                "lijst.csv:1: the columns “organisatie” and “bedrijf” both mean organisation; "
                "rename or remove one column"
            ],
        ),
    ],
)
def test_each_mistake_has_its_line_and_its_fix(text: str, sentences: list[str]) -> None:
    assert _sentences(text) == sentences


def test_what_cannot_be_read_at_all_is_one_problem_without_a_line() -> None:
    file = read(b"PK\x03\x04", "lijst.xlsx")
    assert [problem.line for problem in file.problems] == [0]
    assert (file.encoding, file.rows, file.columns) == ("", (), ())


def test_fewer_cells_are_empty_at_the_end_and_empty_cells_too_many_are_nothing() -> None:
    assert _people(_read("e-mail;naam;organisatie\njan@example.nl\nkees@example.nl;Kees;X;;; \n")) == [
        Subscriber(address="jan@example.nl", attributes={"organisation": ""}),
        Subscriber(address="kees@example.nl", name="Kees", attributes={"organisation": "X"}),
    ]


@pytest.mark.parametrize("row", ["jan@example.nl;;;", "jan@example.nl", " jan@example.nl ; ;  ;x"])
def test_an_empty_cell_is_an_empty_value_of_its_column(row: str) -> None:
    [person] = _people(_read(f"e-mail;naam;organisatie;;voornaam\n{row}\n".replace(";x", "")))
    assert person == Subscriber(address="jan@example.nl", attributes={"organisation": "", "first_name": ""})


def test_an_address_beyond_ascii_is_one() -> None:
    file = _read("e-mail;naam\né@example.com;É\njan@münchen.example;Jan\n")
    assert [row.subscriber.address for row in file.rows] == ["é@example.com", "jan@xn--mnchen-3ya.example"]
    assert file.problems == ()


def test_one_bad_row_of_a_thousand_leaves_999_and_is_explained() -> None:
    lines = [f"persoon{number}@example.nl;Persoon {number}" for number in range(1000)]
    lines[499] = "persoon499@example,nl;Persoon 499"
    file = _read("e-mail;naam\n" + "\n".join(lines))
    assert len(file.rows) == 999
    [problem] = file.problems
    assert (problem.line, problem.fix) == (501, "write persoon499@example.nl if that is what is meant")


def test_all_mistakes_of_a_row_are_named_at_once() -> None:
    assert [problem.line for problem in _read('e-mail,naam\njan,"Jan\nJansen"\n').problems] == [2, 2]


def test_a_garbled_line_is_a_problem_and_no_row() -> None:
    data = b"e-mail;naam\njan@example.nl;Jan\n" + "zoe@example.nl;Zoë\n".encode() + b"rene@example.nl;Ren\xe9\n"
    file = read(data, "lijst.csv")
    assert [row.line for row in file.rows] == [2, 3]
    assert [problem.line for problem in file.problems] == [4]


def test_a_row_with_a_garbled_line_in_a_quoted_cell_is_no_row_either() -> None:
    file = read('e-mail;adres\njan@example.nl;"Straat\nZoÃ«laan"\nkees@example.nl;X\n'.encode(), "lijst.csv")
    assert [row.line for row in file.rows] == [4]
    assert [problem.line for problem in file.problems] == [3]


@pytest.mark.parametrize(
    "text",
    [
        'e-mail;naam\njan@example.nl;"Jan\nkees@example.nl;Kees\npiet@example.nl;Piet"\nx@example.nl;X\n',
        'e-mail;stad\njan@example.nl;"Stad\nkees@example.nl;Dorp"\npiet@example.nl;Gat\nx@example.nl;X\n',
        'e-mail;stad;taal\njan@example.nl;"Stad;nl\nkees@example.nl;Dorp";nl\npiet@example.nl\nx@example.nl;X\n',
        'stad;e-mail\n"Stad;jan@example.nl\nDorp;kees@example.nl\n";piet@example.nl\n;x@example.nl\n',
    ],
)
def test_a_forgotten_quotation_mark_swallows_no_other_person(text: str) -> None:
    file = _read(text)
    assert {row.subscriber.address for row in file.rows} >= {"kees@example.nl", "x@example.nl"}
    assert (file.problems[0].line, file.problems[0].what) == (
        2,
        "a quotation mark on this line is opened and never closed",
    )


def test_a_first_cell_of_several_lines_is_not_taken_for_a_forgotten_quotation_mark() -> None:
    [person] = _people(_read('postadres,naam,e-mail\n"Straat 1\nVoorbeeldstad",Jan,jan@example.nl\n'))
    assert person.attributes == {"postadres": "Straat 1\nVoorbeeldstad"}


def test_a_remark_with_an_address_in_it_is_not_taken_for_a_person() -> None:
    text = 'e-mail,opmerking,naam\njan@example.nl,"Bel even,\nof mail naar hulp@example.nl, graag,\ndank\n\n",Jan\n'
    [person] = _people(_read(text))
    assert person.attributes["opmerking"] == "Bel even,\nof mail naar hulp@example.nl, graag,\ndank"


@pytest.mark.parametrize("length", [MAX_CELL + 1, 200_000])
def test_a_cell_over_the_limit_is_refused_with_a_sentence(length: int) -> None:
    file = _read(f"e-mail;opmerking\njan@example.nl;{'x' * length}\nkees@example.nl;{'x' * MAX_CELL}\n")
    [problem] = file.problems
    assert problem.line == 2
    assert problem.fix == "shorten it"
    assert [row.line for row in file.rows] == [3]


def test_more_rows_than_the_limit_are_a_problem() -> None:
    data = b"e-mail\na@example.nl\nb@example.nl\nc@example.nl\n"
    assert [str(problem) for problem in read(data, "lijst.csv", max_rows=2).problems] == [
        "lijst.csv:4: there are more than 2 rows; split the file"
    ]
    assert read(data, "lijst.csv", max_rows=3).problems == ()


@pytest.mark.parametrize(("columns", "problems"), [(1000, 0), (1001, 1), (100_000, 1)])
def test_more_columns_than_the_limit_are_a_problem(columns: int, problems: int) -> None:
    file = _read("e-mail" + ";" * (columns - 1) + "\njan@example.nl\n")
    assert [str(problem) for problem in file.problems] == [
        "lijst.csv:1: there are more than 1000 columns; remove those that nobody needs"
    ] * problems


def test_the_same_person_twice_is_a_notice_and_no_problem() -> None:
    file = _read("e-mail;naam\nJan@example.nl;Jan\nkees@example.nl;Kees\njan@EXAMPLE.nl;\n")
    assert len(_people(file)) == 3
    assert [str(notice) for notice in file.notices] == [
        "lijst.csv:4: jan@example.nl is the same person as on line 2; one of the two rows can go"
    ]


def test_two_rows_of_one_person_that_contradict_each_other_are_told_apart() -> None:
    file = _read("e-mail;naam;organisatie;taal\njan@example.nl;Jan;X;\njan@example.nl;Johan;Y;nl\n")
    assert [str(notice) for notice in file.notices] == [
        "lijst.csv:3: jan@example.nl is the same person as on line 2, with another name and organisation; "
        "line 2 is kept; remove the row that is wrong"
    ]


def test_one_domain_in_two_spellings_is_one_person() -> None:
    file = _read("e-mail\njan@münchen.example\njan@xn--mnchen-3ya.example\n")
    assert {p.address for p in _people(file)} == {"jan@xn--mnchen-3ya.example"}
    assert [notice.line for notice in file.notices] == [3]


# In Windows-1252 only letters: what follows a letter there may look like UTF-8, and is then refused on purpose.
LETTERS = {
    "cp1252": st.characters(max_codepoint=0xFF, categories=["Lu", "Ll", "Nd", "Po", "Ps"], exclude_characters="¡§¶·¿µ"),
    "utf": st.characters(categories=["L", "N", "P", "S"], exclude_characters="ÂÃÄÅÐÑâð\ufffd"),
}
CODECS = ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
HEADERS = ["E-mailadres", "Naam", "Organisatie", "Sterrenbeeld"]
ADDRESSES = st.from_regex(r"[A-Za-z0-9]{1,12}@[a-z]{1,8}\.example\.(nl|org|com)", fullmatch=True)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, str]]]:
    codec = draw(st.sampled_from(CODECS))
    words = st.text(LETTERS["cp1252" if codec == "cp1252" else "utf"], min_size=1, max_size=12)
    names = st.lists(words, max_size=4).map(" ".join)
    return codec, draw(st.lists(st.tuples(ADDRESSES, names, names), min_size=1, max_size=8))


@given(
    table=tables(),
    order=st.permutations(HEADERS),
    delimiter=st.sampled_from(";,\t"),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    hint=st.booleans(),
    quote_all=st.booleans(),
)
def test_names_and_addresses_come_back_from_any_encoding_and_delimiter(
    table: tuple[str, list[tuple[str, str, str]]],
    order: list[str],
    delimiter: str,
    end: str,
    hint: bool,
    quote_all: bool,
) -> None:
    codec, people = table
    written = io.StringIO(newline="")
    if hint:
        written.write(f"sep={delimiter}{end}")
    style: type[csv.Dialect] = type(
        "Style", (csv.excel,), {"quoting": csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL}
    )
    writer = csv.writer(written, style, delimiter=delimiter, lineterminator=end)
    writer.writerow(order)
    for address, name, organisation in people:
        cells = {"E-mailadres": address, "Naam": name, "Organisatie": organisation}
        writer.writerow(cells.get(header, "") for header in order)
    file = read(written.getvalue().encode(codec), "lijst.csv")
    assert [(p.address, p.name, p.attributes.get("organisation", "")) for p in _people(file)] == people


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    file = read(data, "lijst.csv")
    assert file.rows or file.problems


@given(st.text(st.sampled_from('e-mail;naam,\t\r\n"@.nlé \0\ufffd'), max_size=120))
def test_any_text_below_a_header_gives_rows_or_problems(text: str) -> None:
    file = _read("e-mail;naam\n" + text)
    assert file.rows or file.problems
