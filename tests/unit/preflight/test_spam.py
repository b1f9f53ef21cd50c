"""What SpamAssassin says of a letter, as findings."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.compose.letter import Letter
from newsletter.preflight.size import sample_recipient
from newsletter.preflight.spam import check_spam, read_report
from tests.needs import missing
from tests.unit.preflight.letters import GOOD

REPORT = """\
X-Spam-Checker-Version: SpamAssassin 4.0.1

Content analysis details:   ({score} points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 0.0 HTML_MESSAGE           BODY: HTML included in message
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 1.2 MISSING_HEADERS        Missing To: header
 0.0 MIME_HTML_ONLY         BODY: Message only has text/html MIME parts
 0.4 SUBJ_PERCENT           Subject: has a percentage
"""


def test_the_score_and_each_rule_that_costs_points_are_told_by_name() -> None:
    found = read_report(REPORT.format(score="1.6"))
    assert [(one.level.value, one.check) for one in found] == [
        ("should", "spam"),
        ("should", "spam"),
        ("should", "spam"),
        ("hint", "spam"),
    ]
    said = " ".join(one.what for one in found)
    for rule in ("MISSING_HEADERS", "MIME_HTML_ONLY", "SUBJ_PERCENT", "1.6 points"):
        assert rule in said
    assert "NO_RELAYS" not in said
    assert "HTML_MESSAGE" not in said


def test_a_letter_that_counts_as_spam_must_be_mended() -> None:
    assert read_report(REPORT.format(score="7.1"))[0].level.value == "must"


@pytest.mark.parametrize("report", ["", "no report at all"])
def test_no_report_is_no_finding(report: str) -> None:
    assert read_report(report) == []


async def test_a_good_letter_passes_the_real_spamassassin() -> None:
    if shutil.which("spamassassin") is None:
        missing("SpamAssassin", "run apt-get install spamassassin")
    # A letter as short as this one with a photo in it is taken for an advertisement.
    short = replace(GOOD, html=re.sub(r"<img[^>]*>", "", GOOD.html))
    found = await check_spam(Letter(short).address(sample_recipient(short)._replace(date=datetime.now(UTC))))
    assert [str(one) for one in found if one.level.value != "hint"] == []
    spam = b"Subject: x\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"
    assert "must" in [one.level.value for one in await check_spam(spam)]
