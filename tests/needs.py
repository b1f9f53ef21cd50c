"""What a test needs beside Python packages: it is there, or the test says how to install it.

With TESTS_SKIP_NOTHING=1, as in .ci/run, what is missing is a failure.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
#: Servers are not on every user's path, and the parts of Dovecot on nobody's.
PROGRAMS = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/dovecot", "/usr/libexec/dovecot"]
)


def missing(what: str, remedy: str) -> None:
    """Skip the test with the sentence that helps, or fail where nothing may be skipped."""
    impossible(f"{what} is not installed; {remedy}")


def impossible(sentence: str) -> None:
    """The same, where installing something is not what helps."""
    if os.environ.get("TESTS_SKIP_NOTHING"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def node_with_mailparser() -> str:
    """The path of Node, with mailparser beside tests/oracle."""
    found = shutil.which("node")
    if found is None or not (ORACLE / "node_modules" / "mailparser").is_dir():
        missing("mailparser", "run apt-get install nodejs npm, then npm ci --prefix tests/oracle")
        raise AssertionError
    return found


def mail_system() -> None:
    """Postfix and Dovecot 2.3, and root, whom both want to be started by."""
    found = [shutil.which(one, path=PROGRAMS) for one in ("dovecot", "postfix", "imap", "lmtp")]
    dovecot = [str(found[0]), "--version"]
    if not all(found) or not subprocess.run(dovecot, capture_output=True, check=True).stdout.startswith(b"2.3."):
        missing("a mail system", "run apt-get install postfix dovecot-core dovecot-lmtpd dovecot-imapd (Dovecot 2.3)")
    if os.geteuid() != 0:
        impossible("only root may start a mail system; run the tests as root")


def smtp_sink() -> str:
    """The path of smtp-sink, which comes with Postfix."""
    found = shutil.which("smtp-sink", path=PROGRAMS)
    if found is None:
        missing("smtp-sink", "run apt-get install postfix")
        raise AssertionError
    return found
