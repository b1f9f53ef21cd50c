"""What an import would do: who joins, who changes, who stays out, and when nothing happens at all."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.planning import ImportPlan, PlannedRow, RowOutcome, combined, plan_import
from newsletter.subscribers.recipients import read
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState, address_key

JAN = Subscriber(address="jan@example.nl", name="Jan", attributes={"organisation": "X"}, id=7)
ACTIVE = {"jan@example.nl": SubscriptionState.ACTIVE}
LEFT = {"jan@example.nl": SubscriptionState.UNSUBSCRIBED}


def _plan(
    text: str,
    existing: Mapping[str, Subscriber] | None = None,
    subscribed: Mapping[str, SubscriptionState] | None = None,
    suppressed: Mapping[str, str] | None = None,
) -> ImportPlan:
    return plan_import(read(text.encode(), "lijst.csv"), existing or {}, subscribed or {}, suppressed or {})


@pytest.mark.parametrize(
    ("row", "existing", "subscribed", "suppressed", "outcome", "sentence"),
    [
        ("jan@example.nl;Jan;X", None, {}, {}, RowOutcome.NEW, "joins this list"),
        ("jan@example.nl;Jan;X", JAN, {}, {}, RowOutcome.NEW, "known already, joins this list"),
        (
            "jan@example.nl;Johan;",
            JAN,
            {},
            {},
            RowOutcome.NEW,
            "known already, joins this list; name “Jan” becomes “Johan”",
        ),
        (
            "jan@example.nl;Jan;X",
            JAN,
            ACTIVE,
            {},
            RowOutcome.UNCHANGED,
            "is on this list, with the same details",
        ),
        ("jan@example.nl;;", JAN, ACTIVE, {}, RowOutcome.UNCHANGED, "is on this list, with the same details"),
        ("JAN@example.nl;Jan;X", JAN, ACTIVE, {}, RowOutcome.UNCHANGED, "is on this list, with the same details"),
        (
            "jan@example.nl;Johan;Y",
            JAN,
            ACTIVE,
            {},
            RowOutcome.UPDATED,
            "name “Jan” becomes “Johan”, organisation “X” becomes “Y”",
        ),
        (
            "jan@example.nl;Jan;X",
            Subscriber(address="jan@example.nl", id=7),
            ACTIVE,
            {},
            RowOutcome.UPDATED,
            "name becomes “Jan”, organisation becomes “X”",
        ),
        (
            "jan@example.nl;Johan;Y",
            JAN,
            LEFT,
            {},
            RowOutcome.UNSUBSCRIBED,
            "left this list, and can only come back of their own accord",
        ),
        (
            "jan@example.nl;Johan;Y",
            JAN,
            ACTIVE,
            {"jan@example.nl": "hard bounce"},
            RowOutcome.SUPPRESSED,
            "must not be mailed (hard bounce), and stays suppressed",
        ),
        (
            "Jan@Example.NL;Jan;X",
            None,
            {},
            {"jan@example.nl": ""},
            RowOutcome.SUPPRESSED,
            "must not be mailed, and stays suppressed",
        ),
        (
            "jan@example.nl;Jan;X",
            JAN,
            LEFT,
            {"jan@example.nl": "complaint"},
            RowOutcome.SUPPRESSED,
            "must not be mailed (complaint), and stays suppressed",
        ),
    ],
)
def test_a_row_has_one_outcome_and_one_sentence(
    row: str,
    existing: Subscriber | None,
    subscribed: Mapping[str, SubscriptionState],
    suppressed: Mapping[str, str],
    outcome: RowOutcome,
    sentence: str,
) -> None:
    known = {"jan@example.nl": existing} if existing else {}
    plan = _plan(f"e-mail;naam;organisatie\n{row}\n", known, subscribed, suppressed)
    [planned] = plan.rows
    assert (planned.line, planned.outcome, planned.sentence) == (2, outcome, sentence)
    assert address_key(planned.address) == "jan@example.nl"
    assert bool(plan.to_store) is (outcome in (RowOutcome.NEW, RowOutcome.UPDATED))
    assert plan.to_subscribe == (("jan@example.nl",) if outcome is RowOutcome.NEW else ())
    assert plan.may_apply()


def test_values_of_the_file_win_and_empty_cells_erase_nothing() -> None:
    known = Subscriber(address="Jan@example.nl", name="Jan", attributes={"organisation": "X", "role": "adviseur"}, id=7)
    plan = _plan("e-mail;naam;organisatie;taal\nJAN@example.nl;;Y;nl\n", {"jan@example.nl": known}, ACTIVE)
    assert plan.to_store == (
        Subscriber(
            address="Jan@example.nl",
            name="Jan",
            attributes={"organisation": "Y", "role": "adviseur", "language": "nl"},
            id=7,
        ),
    )


def test_rows_of_one_person_are_one_subscriber_and_the_first_value_wins() -> None:
    plan = _plan("e-mail;naam;taal\nJan@example.nl;;nl\njan@example.nl;Jan;en\nJAN@example.nl;Johan;\n")
    assert plan.to_store == (Subscriber(address="Jan@example.nl", name="Jan", attributes={"language": "nl"}),)
    assert plan.to_subscribe == ("jan@example.nl",)
    assert [(row.line, row.outcome, row.sentence) for row in plan.rows[1:]] == [
        (
            3,
            RowOutcome.DUPLICATE,
            "jan@example.nl is the same person as on line 2, with another language; "
            "line 2 is kept; remove the row that is wrong",
        ),
        (4, RowOutcome.DUPLICATE, "JAN@example.nl is the same person as on line 2; one of the two rows can go"),
    ]


def test_a_plan_sums_itself_up_in_words() -> None:
    plan = _plan("e-mail\na@example.nl\nb@example.nl\nB@example.nl\nc@example.nl\n", suppressed={"c@example.nl": ""})
    assert plan.summary() == "2 new, 1 suppressed, 1 duplicate"
    assert ImportPlan(file="leeg.csv", rows=()).summary() == "no rows"


@pytest.mark.parametrize(
    ("rows", "stored", "summary"),
    [
        ("jan@example.nl;Johan\nb@example.nl;B\n", True, "1 new, 1 updated"),
        ("jan@example.nl;Johan\nb@example.nl;B\n", False, "1 would be new, 1 would be updated"),
        ("b@example.nl;B\njan\njan\n", True, "1 would be new, 2 problems"),
        ("b@example.nl;B\njan\n", False, "1 would be new, 1 problem"),
        ("jan@example.nl;Jan\nJan@example.nl;\nJAN@example.nl;\n", False, "1 unchanged, 2 duplicates"),
    ],
)
def test_a_summary_never_sounds_as_if_something_was_stored_that_was_not(rows: str, stored: bool, summary: str) -> None:
    assert _plan(f"e-mail;naam\n{rows}", {"jan@example.nl": JAN}, ACTIVE).summary(stored=stored) == summary


def test_who_gets_mail_through_the_list_and_is_not_in_the_file_is_counted() -> None:
    states = {f"{name}@example.nl": SubscriptionState.ACTIVE for name in "abcd"}
    states["e@example.nl"] = SubscriptionState.UNSUBSCRIBED
    plan = _plan("e-mail\nA@example.nl\nx@example.nl\n", {}, states, {"d@example.nl": "complaint"})
    assert plan.absent == 2, "b and c"
    assert _plan("e-mail\na@example.nl\n").absent == 0


def test_a_plan_hands_on_how_the_columns_were_understood() -> None:
    plan = _plan("E-mail;Functie\na@example.nl;\n")
    assert [(column.header, column.key) for column in plan.columns] == [("E-mail", "address"), ("Functie", "role")]


@pytest.mark.parametrize(
    ("known", "attributes"),
    [
        ({}, {"organisation": "", "role": ""}),
        ({"organisation": "X"}, {"organisation": "X", "role": ""}),
        ({"role": "adviseur", "city": "Y"}, {"organisation": "", "role": "adviseur", "city": "Y"}),
    ],
)
def test_an_empty_cell_is_stored_as_empty_for_who_has_no_value_and_is_no_change(
    known: Mapping[str, str], attributes: Mapping[str, str]
) -> None:
    before = Subscriber(address="jan@example.nl", name="Jan", attributes=known, id=7)
    plan = _plan("e-mail;organisatie;functie\njan@example.nl;;\n", {"jan@example.nl": before}, ACTIVE)
    assert [row.outcome for row in plan.rows] == [RowOutcome.UNCHANGED]
    assert [person.attributes for person in plan.to_store] == [attributes]
    again = _plan("e-mail;organisatie;functie\njan@example.nl;;\n", {"jan@example.nl": plan.to_store[0]}, ACTIVE)
    assert again.to_store == ()


def test_a_plan_hands_on_the_problems_of_the_file() -> None:
    file = read(b'e-mail,naam\njan,"Jan\nJansen"\n', "lijst.csv")
    assert len(file.problems) == 2
    assert plan_import(file, {}, {}, {}).problems == file.problems


def test_one_bad_row_of_a_thousand_is_explained_and_nothing_may_be_applied() -> None:
    lines = [f"persoon{number}@example.nl;Persoon {number}" for number in range(1000)]
    lines[499] = 'persoon499;"Persoon\t499"'
    plan = _plan("e-mail;naam\n" + "\n".join(lines))
    assert plan.counts() == {
        RowOutcome.NEW: 999,
        RowOutcome.UPDATED: 0,
        RowOutcome.UNCHANGED: 0,
        RowOutcome.SUPPRESSED: 0,
        RowOutcome.UNSUBSCRIBED: 0,
        RowOutcome.DUPLICATE: 0,
        RowOutcome.PROBLEM: 1,
    }
    assert not plan.may_apply()
    assert [row.line for row in plan.rows] == list(range(2, 1002))
    assert plan.rows[499] == PlannedRow(
        line=501,
        address="",
        outcome=RowOutcome.PROBLEM,
        sentence="the name “Persoon 499” has a line break or a control character in it (remove it); "
        "“persoon499” is not an e-mail address (an email address must have an @-sign) (correct it, or remove the row)",
    )


def test_a_problem_of_the_whole_file_is_a_row_of_the_plan_too() -> None:
    plan = _plan("")
    assert [(row.line, row.outcome) for row in plan.rows] == [(0, RowOutcome.PROBLEM)]
    assert (plan.may_apply(), plan.to_store, plan.file) == (False, (), "lijst.csv")


def test_a_notice_does_not_stop_an_import() -> None:
    plan = _plan("e-mail;naam\njan@example.nl;Jan\njan@example.nl;Johan\n")
    assert plan.may_apply()
    assert plan.counts()[RowOutcome.DUPLICATE] == 1


def test_a_person_known_under_an_own_spelling_of_the_domain_is_the_same_person() -> None:
    known = Subscriber(address="jan@münchen.example", name="Jan", id=3)
    key = address_key(known.address)
    plan = _plan("e-mail\njan@xn--mnchen-3ya.example\n", {key: known}, {key: SubscriptionState.ACTIVE})
    assert plan.counts()[RowOutcome.UNCHANGED] == 1


def test_a_suppressed_person_stays_out_however_often_the_file_says_so() -> None:
    plan = _plan("e-mail\njan@example.nl\nJan@example.nl\n", suppressed={"jan@example.nl": "complaint"})
    assert [row.outcome for row in plan.rows] == [RowOutcome.SUPPRESSED, RowOutcome.DUPLICATE]
    assert (plan.to_store, plan.to_subscribe) == ((), ())


VALUES = st.dictionaries(st.sampled_from(["role", "language", "city"]), st.sampled_from(["", "a", "b"]))


@given(VALUES, VALUES)
def test_combining_loses_no_value(mine: dict[str, str], theirs: dict[str, str]) -> None:
    one = Subscriber(address="jan@example.nl", name=mine.get("role", ""), attributes=mine)
    other = Subscriber(address="JAN@example.nl", name="Jan", attributes=theirs, id=7)
    both = combined(one, other)
    assert both.address == one.address
    assert both.name == (one.name or "Jan")
    for key in mine.keys() | theirs.keys():
        assert both.attributes[key] == (mine.get(key) or theirs.get(key, ""))


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1),
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(list(SubscriptionState))),
    st.sets(st.sampled_from(["a", "b", "c"])),
)
def test_nobody_who_left_or_is_suppressed_is_ever_stored_or_subscribed(
    names: list[str], known: set[str], states: dict[str, SubscriptionState], suppressed: set[str]
) -> None:
    def at(name: str) -> str:
        return f"{name}@example.nl"

    plan = _plan(
        "e-mail\n" + "".join(f"{at(name)}\n" for name in names),
        {at(name): Subscriber(address=at(name), id=1) for name in known},
        {at(name): state for name, state in states.items()},
        {at(name): "complaint" for name in suppressed},
    )
    left = {name for name, state in states.items() if state is SubscriptionState.UNSUBSCRIBED}
    assert set(plan.to_subscribe) == {at(name) for name in set(names) - suppressed - states.keys()}
    assert {person.address for person in plan.to_store}.isdisjoint(at(name) for name in suppressed | left)
    assert len(plan.rows) == len(names)
    assert sum(plan.counts().values()) == len(names)
