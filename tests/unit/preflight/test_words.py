"""Findings in Dutch: every check has its sentences, and no sentence is of a check that is not there."""

import inspect
import re

from newsletter.preflight import recipients
from newsletter.preflight.finding import Finding, Level, ordered, short, stopping, to_json
from newsletter.preflight.plain_language import OFFICIALESE
from newsletter.preflight.run import CHECKS
from newsletter.preflight.words import LEVELS, dutch, sentences

#: Made elsewhere than in the table: per recipient, by SpamAssassin, by visiting.
MORE = {*re.findall(r'"(recipients-[a-z]+)"', inspect.getsource(recipients)), "spam", "link-visited"}
FINDING = Finding(level=Level.MUST, check="link-host", part="html", what="no way", fix="mend it", line=3, excerpt="x")


def test_every_check_has_a_dutch_sentence_and_a_fix() -> None:
    assert set(sentences()) == {name for name, _ in CHECKS} | MORE
    assert all(what.endswith(".") and fix.endswith(".") for what, fix in sentences().values())
    assert set(LEVELS) == set(Level)


def test_a_finding_that_nobody_translated_stays_english() -> None:
    unknown = Finding(level=Level.HINT, check="new", part="html", what="what", fix="fix")
    assert dutch(unknown) == ("what", "fix")
    assert dutch(FINDING)[0].startswith("Deze link werkt alleen")


def test_a_finding_as_a_sentence_and_as_json() -> None:
    assert str(FINDING) == "html:3: “x” no way; mend it"
    assert to_json(FINDING) == {
        "level": "must",
        "check": "link-host",
        "part": "html",
        "line": 3,
        "excerpt": "x",
        "what": "no way",
        "fix": "mend it",
        "source": "",
        "recipients": [],
    }


def test_findings_are_ordered_by_level_part_and_line() -> None:
    hint = Finding(level=Level.HINT, check="a", part="subject", what="w", fix="f")
    later = Finding(level=Level.MUST, check="a", part="html", what="w", fix="f", line=9)
    text = Finding(level=Level.MUST, check="a", part="text", what="w", fix="f", line=1)
    assert ordered([hint, text, later, FINDING]) == [FINDING, later, text, hint]
    assert stopping([hint, text]) == [text]


def test_an_excerpt_is_one_line_of_at_most_80_characters() -> None:
    assert short("  een \n twee ") == "een twee"
    assert len(short("woord " * 40)) <= 80


def test_the_list_of_office_words_is_long_enough_and_offers_another_word_each_time() -> None:
    assert len(OFFICIALESE) >= 120
    assert OFFICIALESE["middels"] == "met"
    assert all(word != instead and word == word.lower() for word, instead in OFFICIALESE.items())
