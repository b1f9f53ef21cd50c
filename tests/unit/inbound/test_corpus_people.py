"""What people send, and what their programs answer for them: every message of the corpus is told apart."""

import pytest

from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.verdict import Kind
from tests.corpus.read import Case, cases

PEOPLE = cases("people")
HUMAN = [case for case in cases() if case.human]
ANSWERED = [case for case in cases() if case.kind is Kind.AUTO_REPLY]
LANGUAGES = {"nl", "en", "de", "fr"}


def named(given: Case) -> str:
    return given.name


@pytest.mark.parametrize("case", PEOPLE, ids=named)
def test_a_message_is_what_it_is(case: Case) -> None:
    verdict = classify(case.raw)
    assert verdict.kind is case.kind, verdict.rule
    if case.reason:
        assert verdict.reason == case.reason
    if case.recipients:
        assert verdict.recipients == case.recipients


@pytest.mark.parametrize("case", HUMAN, ids=named)
def test_what_a_person_wrote_is_never_dropped(case: Case) -> None:
    verdict = classify(case.raw)
    assert verdict.kind in (Kind.REPLY, Kind.UNSURE), verdict.rule


@pytest.mark.parametrize("case", ANSWERED, ids=named)
def test_an_automatic_reply_is_no_bounce_and_leaves_no_list(case: Case) -> None:
    verdict = classify(case.raw)
    assert verdict.kind not in (Kind.BOUNCE, Kind.COMPLAINT, Kind.UNSUBSCRIBE), verdict.rule


def test_the_corpus_has_what_it_takes() -> None:
    of = [case for case in PEOPLE if case.human and case.kind is Kind.REPLY]
    assert len(of) >= 90
    assert {case.language for case in of} >= LANGUAGES
    assert sum(case.kind is Kind.AUTO_REPLY for case in PEOPLE) >= 45
    assert sum(case.kind is Kind.UNSUBSCRIBE for case in PEOPLE) >= 20
    assert sum(case.kind is Kind.CALENDAR for case in PEOPLE) >= 8
    assert len({case.source for case in PEOPLE}) >= 40


@pytest.mark.parametrize(
    ("file", "until", "instead"),
    [
        ("away/exchange-internal.eml", "2026-12-03", ("p.bakker@example.nl",)),
        ("away/exchange-external.eml", "2026-12-11", ()),
        ("away/exchange-en.eml", "2026-12-04", ()),
        ("away/exchange-en-external.eml", "2026-12-06", ()),
        ("away/exchange-de.eml", "2026-12-11", ()),
        ("away/exchange-fr.eml", "2026-12-04", ()),
        ("away/domino-en.eml", "2026-12-07", ()),
        ("away/maternity-en.eml", "2027-03-01", ("dan.brown@example.com",)),
        ("left/nl.eml", "", ("m.bos@example.nl",)),
        ("left/de.eml", "", ("anna.weiss@example.com",)),
        ("left/new-address.eml", "", ("jan@example.com",)),
    ],
)
def test_an_automatic_reply_tells_until_when_and_whom_to_write_to(
    file: str, until: str, instead: tuple[str, ...]
) -> None:
    [case] = [case for case in PEOPLE if case.file == file]
    verdict = classify(case.raw)
    assert (verdict.until, verdict.instead) == (until, instead)
    assert verdict.evidence
