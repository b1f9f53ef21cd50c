"""What a test needs beside Python packages: it is there, or the test says how to install it.

With TESTS_SKIP_NOTHING=1, as in .ci/run, what is missing is a failure.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
#: What these packages would run when they are installed fetches things that no test needs.
NPM = "npm ci --ignore-scripts --prefix tests/oracle"
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
        missing("mailparser", f"run apt-get install nodejs npm, then {NPM}")
        raise AssertionError
    return found


def chromium() -> str:
    """The path of Chromium."""
    found = shutil.which("chromium")
    if found is None:
        missing("Chromium", "run apt-get install chromium fonts-liberation")
        raise AssertionError
    return found


def axe_core() -> Path:
    """The script that looks for what bars people from reading."""
    found = ORACLE / "node_modules" / "axe-core" / "axe.min.js"
    if not found.is_file():
        missing("axe-core", f"run apt-get install nodejs npm, then {NPM}")
    return found


def html_validator() -> list[str]:
    """The command of the Nu Html Checker."""
    java, jar = shutil.which("java"), ORACLE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    if java is None or not jar.is_file():
        missing("the Nu Html Checker", f"run apt-get install default-jre-headless nodejs npm, then {NPM}")
        raise AssertionError
    return [java, "-jar", str(jar)]


def spamassassin() -> str:
    """The path of SpamAssassin."""
    found = shutil.which("spamassassin")
    if found is None:
        missing("SpamAssassin", "run apt-get install spamassassin")
        raise AssertionError
    return found


def mail_system() -> None:
    """Postfix and Dovecot 2.3 with Sieve, and root, whom both want to be started by."""
    found = [shutil.which(one, path=PROGRAMS) for one in ("dovecot", "postfix", "imap", "lmtp", "sievec")]
    dovecot = [str(found[0]), "--version"]
    if not all(found) or not subprocess.run(dovecot, capture_output=True, check=True).stdout.startswith(b"2.3."):
        parts = "postfix dovecot-core dovecot-lmtpd dovecot-imapd dovecot-sieve"
        missing("a mail system", f"run apt-get install {parts} (Dovecot 2.3)")
    if os.geteuid() != 0:
        impossible("only root may start a mail system; run the tests as root")


def smtp_sink() -> str:
    """The path of smtp-sink, which comes with Postfix."""
    found = shutil.which("smtp-sink", path=PROGRAMS)
    if found is None:
        missing("smtp-sink", "run apt-get install postfix")
        raise AssertionError
    return found
