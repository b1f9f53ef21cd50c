"""The table that README shows: what the classification makes of the corpus."""

import pytest

from newsletter.inbound.telling.verdict import Kind, Verdict
from tests.corpus.confusion import BEGIN, END, Told, figures, table, tell_all, written_into
from tests.corpus.read import Case


def told(kind: Kind, taken_for: Kind, *, human: bool = False) -> Told:
    case = Case(
        side="people", file="a/b.eml", language="nl", source="x", kind=kind, hard=None, recipients=(), reason="",
        human=human, raw=b"",
    )  # fmt: skip
    return Told(case, Verdict(kind=taken_for, rule="x"))


def test_the_corpus_is_told_apart_as_it_must_be() -> None:
    all_told = tell_all()
    assert len(all_told) >= 300
    assert sum(one.case.human for one in all_told) >= 80
    assert sum(one.is_right for one in all_told) / len(all_told) >= 0.98
    assert not [one.case.name for one in all_told if one.is_dropped]
    bounces = [one for one in all_told if one.case.kind is Kind.BOUNCE]
    assert sum(one.verdict.hard == one.case.hard for one in bounces) / len(bounces) >= 0.95
    named = [one for one in all_told if one.case.recipients]
    assert sum(one.names_all for one in named) / len(named) >= 0.97


def test_a_person_who_is_taken_for_a_machine_is_dropped_and_counted() -> None:
    made = [
        told(Kind.REPLY, Kind.REPLY, human=True),
        told(Kind.REPLY, Kind.AUTO_REPLY, human=True),
        told(Kind.REPLY, Kind.UNSURE, human=True),
        told(Kind.AUTO_REPLY, Kind.BOUNCE),
    ]
    assert [one.is_dropped for one in made] == [False, True, False, False]
    assert "| reply | · | 1 | 1 | 1 | 33.3 % | 2 | 1 |" in table(made)
    assert "Of 3 messages of people 1 are dropped; 1 automatic replies are taken for bounces." in figures(made)


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    assert written_into(f"a\n{BEGIN}\nold\n{END}\nb\n", "new") == f"a\n{BEGIN}\nnew\n{END}\nb\n"


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}"])
def test_where_the_markers_are_missing_it_says_how_to_put_them(text: str) -> None:
    with pytest.raises(ValueError, match=BEGIN):
        written_into(text, "new")
