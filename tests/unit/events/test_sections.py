"""How a document falls apart into front matter, announcement and report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.events.notes import Notes
from newsletter.events.sections import HEADINGS, Sections, join, split, tidy

COLLIDING = [
    "# Report",
    "# Verslag",
    "#  aankondiging ",
    "# ANNOUNCEMENT",
    "# praktisch",
    "\\# Notice",
    "\\# Report",
    "\\\\# Verslag",
    "---",
    "```",
    "",
]
LINES = st.sampled_from(COLLIDING) | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8).filter(
    lambda line: not any(mark in line for mark in ("{{", "{%"))
)
TEXTS = st.lists(LINES, max_size=6).map(lambda lines: tidy("\n".join(lines)))


def split_up(text: str) -> Sections:
    notes = Notes(file="x.md")
    sections = split(text, notes)
    assert not notes.problems
    assert sections is not None
    return sections


def problems_of(text: str) -> list[tuple[int, str, str]]:
    notes = Notes(file="x.md")
    split(text, notes)
    return [(problem.line, problem.what, problem.fix) for problem in sorted(notes.problems)]


@pytest.mark.parametrize(
    ("first", "second"), [("Announcement", "Report"), ("Aankondiging", "Verslag"), ("AANKONDIGING", "report")]
)
def test_a_document_has_three_parts_with_headings_in_either_language(first: str, second: str) -> None:
    sections = split_up(f"---\nevent: x\n---\n\n# {first}\n\nKom ook.\n\n# {second}\nHet was goed.\n")
    assert (sections.front, sections.front_line) == ("event: x", 2)
    assert tidy(sections.texts["announcement"].text) == "Kom ook."
    assert tidy(sections.texts["report"].text) == "Het was goed."
    assert sections.texts["report"].line == 10


def test_the_report_may_come_first_and_the_announcement_may_be_left_out() -> None:
    sections = split_up("---\nevent: x\n---\n# Report\nGoed.\n# Announcement\nKom.")
    assert (sections.texts["announcement"].text, tidy(sections.texts["report"].text)) == ("Kom.", "Goed.")
    assert split_up("---\nevent: x\n---\n# Report\nGoed.").texts["announcement"].text == ""


@pytest.mark.parametrize("language", ["nl", "en"])
@given(texts=st.fixed_dictionaries(dict.fromkeys(HEADINGS, TEXTS)))
def test_all_texts_survive_being_joined_and_split(language: str, texts: dict[str, str]) -> None:
    sections = split_up(join("event: x\n", texts, language))
    assert {name: tidy(passage.text) for name, passage in sections.texts.items()} == texts


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Practical", "practical"), ("Praktisch", "practical"), ("change", "change"), ("WIJZIGING", "change"),
        ("Cancellation", "cancellation"), ("Annulering", "cancellation"), ("Notice", "notice"), ("bericht", "notice"),
    ],
)  # fmt: skip
def test_the_other_texts_have_headings_in_either_language(heading: str, name: str) -> None:
    sections = split_up(f"---\nevent: x\n---\n# Verslag\nGoed.\n# {heading}\nLet op.\n")
    assert {key: tidy(passage.text) for key, passage in sections.texts.items() if passage.text} == {
        "report": "Goed.",
        name: "Let op.",
    }
    assert sections.texts[name].line == 7


def test_a_text_that_is_empty_gets_no_heading_but_for_the_two_that_every_event_has() -> None:
    assert join("event: x\n", {}, "nl") == "---\nevent: x\n---\n\n# Aankondiging\n\n# Verslag\n"
    assert "\n# Change\n\nLater.\n" in join("event: x\n", {"change": "Later."}, "en")


def test_a_heading_that_belongs_to_a_text_is_written_with_a_backslash() -> None:
    document = join("event: x\n", {"announcement": "```\n# Report\n```"}, "en")
    assert "\n\\# Report\n" in document
    assert tidy(split_up(document).texts["announcement"].text) == "```\n# Report\n```"


def test_windows_line_ends_a_byte_order_mark_and_blank_lines_before_are_no_mistakes() -> None:
    sections = split_up("\ufeff\r\n---\r\nevent: x\r\n--- \r\n# Report\r\nGoed.\r\nEcht.\r\n")
    assert (sections.front, sections.front_line, tidy(sections.texts["report"].text)) == ("event: x", 3, "Goed.\nEcht.")


@pytest.mark.parametrize("text", ["", "# Report\nGoed.\n", "event: x\n---\n", "--\nevent: x\n"])
def test_a_document_without_front_matter_is_a_problem(text: str) -> None:
    ((line, what, _),) = problems_of(text)
    assert (line, what) == (1, "the document does not start with front matter")


@pytest.mark.parametrize(
    ("text", "line"),
    [("---\nevent: x\n# Report\nGoed.\n", 3), ("---\nevent: x\n# Report\nGoed.\n---\nmeer\n", 3), ("---\nevent: x", 2)],
)
def test_front_matter_that_is_not_closed_is_a_problem(text: str, line: int) -> None:
    ((found, what, fix),) = problems_of(text)
    assert found == line
    assert "not closed" in what
    assert "“---”" in fix


def test_text_that_belongs_to_no_part_is_a_problem() -> None:
    ((line, what, _),) = problems_of("---\nevent: x\n---\n\nDag allemaal.\n\n# Report\n")
    assert (line, what) == (5, "this text belongs neither to the announcement nor to the report")
    assert problems_of("---\nevent: x\n---\nDag.")[0][0] == 4


def test_a_part_that_stands_there_twice_is_a_problem() -> None:
    ((line, what, _),) = problems_of("---\nevent: x\n---\n# Report\na\n# Verslag\nb\n")
    assert (line, what) == (6, "“# Verslag” stands here a second time")


@pytest.mark.parametrize(
    ("heading", "meant"),
    [
        ("# Verlag", "# Verslag"),
        ("# Anouncement", "# Announcement"),
        ("# Report #", "# Report"),
        ("# Praktische informatie", "# Praktisch"),
        ("# Report: what we did", "# Report"),
        ("  # Verslag", "# Verslag"),
    ],
)
def test_a_heading_that_is_nearly_a_part_is_a_problem(heading: str, meant: str) -> None:
    ((line, what, fix),) = problems_of(f"---\nevent: x\n---\n# Aankondiging\na\n{heading}\nb\n")
    assert line == 6
    assert what == f"did you mean “{meant}” by “{heading}”?"
    assert fix == "otherwise start the line with “##”"


@pytest.mark.parametrize("heading", ["# Programma", "# Voor wie is dit?", "#\tTot slot #", "   # 2027"])
def test_any_other_heading_of_level_one_is_a_problem(heading: str) -> None:
    ((line, what, fix),) = problems_of(f"---\nevent: x\n---\n# Aankondiging\na\n{heading}\nb\n")
    assert line == 6
    assert what == f"“{heading.strip()}” is not the heading of a text of the event"
    assert fix.startswith(
        "start the line with “##”, or write one of: “# Aankondiging”, “# Announcement”, “# Praktisch”,"
    )
    assert fix.endswith("“# Verslag”, “# Report”")


@pytest.mark.parametrize("line", ["## Programma", "#krimp", "    # een opmerking", "# ", "Zie # 4"])
def test_what_is_no_heading_of_level_one_belongs_to_the_text(line: str) -> None:
    assert split_up(f"---\nevent: x\n---\n# Report\na\n{line}\n").texts["report"].text.rstrip("\n") == f"a\n{line}"


def test_a_heading_of_level_one_behind_a_backslash_belongs_to_the_text() -> None:
    assert split_up("---\nevent: x\n---\n# Report\n\\# Programma\n").texts["report"].text == "# Programma\n"


@given(st.text(alphabet=" \t\n\u00a0\r-x", max_size=12))
def test_tidying_a_text_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
