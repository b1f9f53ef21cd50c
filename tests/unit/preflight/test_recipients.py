"""Every recipient's letter: what is missing, what is odd, and whose letter is worth looking at."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.letter import Letter
from newsletter.errors import PlaceholderError
from newsletter.events.plan import Audience, who
from newsletter.preflight.asked import conditions
from newsletter.preflight.finding import Level
from newsletter.preflight.recipients import Letters, as_recipient, odd_name
from newsletter.preflight.run import check_letters, worst_cases
from newsletter.subscribers.subscriber import Subscriber
from tests.unit.preflight.letters import GOOD, PROSE, person, spoiled

ROLE = spoiled("html", (PROSE, f"{PROSE} U bent [[ subscriber.functie ]]. [% if subscriber.lid %]Lid[% endif %]"))


def test_letters_to_people_with_all_values_have_no_findings() -> None:
    report = check_letters(GOOD, [person(1), person(2, "Zoë van ’t Hof")])
    assert report.findings == ()
    assert report.letters == 2


def test_a_missing_value_is_told_once_with_how_many_lack_it_and_who() -> None:
    people = [person(n, functie="adviseur", lid="") for n in range(10)] + [person(n) for n in range(10, 17)]
    report = check_letters(ROLE, people)
    [finding] = [one for one in report.findings if one.level.value == "must"]
    assert (finding.check, finding.part) == ("recipients-missing", "recipients")
    assert "7 of 17 recipients have no value for subscriber.functie" in finding.what
    assert finding.recipients == ("#10", "#11", "#12", "#13", "#14")
    assert report.letters == 10
    with pytest.raises(PlaceholderError):
        Letter(ROLE).address(people[-1])


def test_an_empty_value_that_is_always_written_is_told_and_one_within_a_condition_is_not() -> None:
    people = [person(1, "", functie="", lid=""), person(2, functie="adviseur", lid="ja")]
    report = check_letters(ROLE, people)
    assert [(one.check, one.recipients) for one in report.findings] == [("recipients-empty", ("#1",))]
    assert "[[ subscriber.functie ]] is empty for 1 of 2" in report.findings[0].what


def test_a_default_fills_what_is_empty() -> None:
    mailing = spoiled("html", (PROSE, f"{PROSE} U bent [[ subscriber.functie | default('lezer', true) ]]."))
    assert check_letters(mailing, [person(1), person(2, functie="")]).findings == ()


def test_it_counts_for_how_many_each_condition_holds() -> None:
    people = [person(1, "", functie="x", lid=""), person(2, functie="x", lid="ja"), person(3, functie="x", lid="")]
    assert check_letters(ROLE, people).branches == (("subscriber.name", 2, 1), ("subscriber.lid", 1, 2))


def test_the_longest_and_the_emptiest_recipient_are_named() -> None:
    people = [person(1, "Jo", functie="x"), person(2, "Jo", functie="x" * 300), person(3, "", functie="")]
    mailing = replace(ROLE, html=ROLE.html.replace("[% if subscriber.lid %]Lid[% endif %]", ""))
    report = check_letters(mailing, people)
    assert report.longest is people[1]
    assert report.emptiest is people[2]
    assert report.largest == len(Letter(mailing).address(people[1]))


def test_a_value_that_makes_a_letter_so_long_that_it_is_clipped_is_told() -> None:
    report = check_letters(ROLE, [person(1, functie="x" * 110_000, lid="")])
    assert [(one.level.value, one.check) for one in report.findings] == [("must", "recipients-size")]


def test_a_name_that_cannot_stand_in_a_header_is_told_and_keeps_nobody_else_waiting() -> None:
    report = check_letters(GOOD, [person(1, "Jan\x00"), person(2)])
    assert [(one.level.value, one.check) for one in report.findings] == [("should", "recipients-refused")]
    assert report.letters == 1


@pytest.mark.parametrize(
    "name",
    [
        "jan@example.nl",
        "Jan 2",
        "JAN DE VRIES",
        "jan de vries",
        "Vries, Jan de",
        "Test Persoon",
        "n.v.t.",
        "<Jan>",
        "x" * 61,
    ],
)
def test_a_name_that_looks_wrong_is_a_hint(name: str) -> None:
    report = check_letters(GOOD, [person(1, name), person(2)])
    assert [(one.level.value, one.check) for one in report.findings] == [("hint", "recipients-name")]
    assert "1 of 2" in report.findings[0].what


@pytest.mark.parametrize(
    "name", ["Anna de Vries", "Zoë van ’t Hof-D'Août", "Bo", "J.P. van Dam", "李小龍", "Testa Rossi", "BN", ""]
)
def test_a_name_of_any_people_is_no_odd_name(name: str) -> None:
    assert odd_name(name) == ""


@pytest.mark.parametrize("address", ["jörg@example.nl", "用户@example.org"])
def test_an_address_that_not_every_mail_server_takes_is_a_hint(address: str) -> None:
    report = check_letters(
        GOOD, [person(1)._replace(address=address), person(2)._replace(address="jan@münchen.example")]
    )
    assert [(one.level.value, one.check, one.recipients) for one in report.findings] == [
        ("hint", "recipients-address", ("#1",))
    ]
    assert report.letters == 2


def test_nobody_at_all_is_no_fault_of_the_letter() -> None:
    report = check_letters(GOOD, [])
    assert (report.findings, report.letters, report.longest, report.emptiest) == ((), 0, None, None)


@pytest.mark.parametrize("to", [one for one in Audience if one])
def test_nobody_yet_who_gave_the_answer_that_a_mailing_is_for_is_a_hint(to: Audience) -> None:
    [finding] = Letters(GOOD, to).report().findings
    assert (finding.level, finding.check, finding.part) == (Level.HINT, "recipients-nobody", "recipients")
    assert finding.what == f"it goes to {who(to)}, and that is nobody yet"
    letters = Letters(GOOD, to)
    letters.add(person(1))
    assert letters.report().findings == ()


def test_the_worst_cases_cover_each_way_that_a_condition_can_go() -> None:
    people = [person(n, f"Persoon {n}", functie="x", lid="ja" if n % 2 else "") for n in range(20)]
    people += [person(20, "", functie="", lid=""), person(21, "Zoë-Marie van der Wâl-Öztürk <zm>", functie="x", lid="")]
    cases = worst_cases(ROLE, people)
    reasons = ", ".join(case.why for case in cases)
    for why in ("if subscriber.name", "if not subscriber.name", "if subscriber.lid", "if not subscriber.lid"):
        assert why in reasons
    assert len({case.recipient.id for case in cases}) == len(cases)
    by_id = {case.recipient.id: case.why for case in cases}
    assert "no name" in by_id["#20"]
    assert "fewest values" in by_id["#20"]
    for why in ("longest name", "letters beyond a to z", "signs that html writes otherwise"):
        assert why in by_id["#21"]


def test_somebody_who_cannot_be_addressed_is_a_worst_case() -> None:
    assert any(
        "cannot be addressed" in case.why for case in worst_cases(ROLE, [person(1), person(2, functie="x", lid="")])
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.booleans()), max_size=12))
def test_each_person_is_counted_once_whatever_their_values(rows: list[tuple[str, bool]]) -> None:
    people = [person(n, "Jo", **({"functie": role, "lid": ""} if has else {})) for n, (role, has) in enumerate(rows)]
    report = check_letters(ROLE, people)
    assert report.letters + sum(not has for _, has in rows) == len(rows)
    assert all(holds + fails == len(rows) for _, holds, fails in report.branches)


def test_conditions_are_those_of_all_parts_each_once() -> None:
    assert conditions(ROLE) == ("subscriber.name", "subscriber.lid")


def test_a_subscriber_is_known_by_an_opaque_id_and_has_links_of_nobody() -> None:
    made = as_recipient(Subscriber(address="a@example.nl", name="Anna", id=7), "example.nl")
    assert made.id == "#7"
    assert "a@" not in "".join(made.unsubscribe)
