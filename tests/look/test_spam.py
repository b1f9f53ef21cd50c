"""Every letter as it goes over the wire, judged by SpamAssassin on its own, without the network: one run for all."""

import re
import subprocess
from email.message import EmailMessage

import pytest

from tests.look.letters import PLAIN_SPECIMENS, received
from tests.needs import spamassassin

#: Points; from 5 on, a letter is taken for spam.
LIMIT = 0.5
#: Whatever their points: each says that the letter was not made well (of MIME, RFC 2045 and 2046; of mail, RFC 5322).
BAD = (
    r"MISSING_\w+|INVALID_DATE|MIME_HTML_ONLY|MPART_ALT_DIFF\w*|MIME_BASE64_TEXT|MIME_QP_LONG_LINE"
    r"|HTML_IMAGE_ONLY_\w+|SUBJ_ILLEGAL_CHARS"
)
RULE = re.compile(r"^ *(-?\d+\.\d) ([A-Z][A-Z0-9_]+) ", re.M)
#: Rules are what counts here, not what this machine has learned or has been told about senders.
ALONE = ("use_bayes 0", "bayes_auto_learn 0", "use_txrep 0", "use_auto_welcomelist 0")


LETTERS = [str(one) for one in PLAIN_SPECIMENS]
CLUMSY = "badly made"
BEGIN = b"From post@example.org Thu Jan  1 00:00:00 2026\n"

pytestmark = pytest.mark.xdist_group("look: SpamAssassin")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """The rules that each letter meets, with their points; one run for all, as SpamAssassin starts slowly."""
    folder = tmp_path_factory.mktemp("letters")
    box, preferences = folder / "letters.mbox", folder / "preferences"
    letters = {str(one): received(one).wire for one in PLAIN_SPECIMENS} | {CLUMSY: badly_made()}
    lines = (re.sub(rb"(?m)^(>*From )", rb">\1", one.replace(b"\r\n", b"\n")) for one in letters.values())
    box.write_bytes(b"".join(BEGIN + one + b"\n\n" for one in lines))
    preferences.write_text("\n".join(ALONE), encoding="utf-8")
    done = subprocess.run(
        [spamassassin(), "--local", "--test-mode", f"--prefspath={preferences}", "--mbox", str(box)],
        capture_output=True,
        check=True,
        timeout=300,
    )
    found = {}  # they come back in another order
    for report in done.stdout.split(BEGIN)[1:]:
        text = report.decode(errors="replace")
        name = re.search(r"(?m)^Message-ID: <(\S+)@", text)
        rules = RULE.findall(text.partition("Content analysis details:")[2])
        found[name[1] if name else CLUMSY] = {rule: float(points) for points, rule in rules}
    assert found.keys() == letters.keys()
    return found


def badly_made() -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.org", "b@example.nl", "FREE MONEY NOW!!!"
    letter.set_content("<p>Act now!</p>", subtype="html")
    return letter.as_bytes()


def against(rules: dict[str, float]) -> float:
    """The points against a letter; those in favour, as for a mailing list, must not hide them."""
    return sum(points for points in rules.values() if points > 0)


@pytest.mark.parametrize("letter", LETTERS)
def test_no_letter_looks_like_spam(verdicts: dict[str, dict[str, float]], letter: str) -> None:
    rules = verdicts[letter]
    assert "HTML_MESSAGE" in rules, "it was not read"
    assert against(rules) <= LIMIT, rules
    assert [rule for rule in rules if re.fullmatch(BAD, rule)] == []


@pytest.mark.parametrize("rule", ["MIME_HTML_ONLY", "MISSING_MID", "MISSING_DATE"])
def test_a_letter_that_is_badly_made_is_noticed(verdicts: dict[str, dict[str, float]], rule: str) -> None:
    assert rule in verdicts[CLUMSY]
    assert re.fullmatch(BAD, rule)
    assert against(verdicts[CLUMSY]) > LIMIT
