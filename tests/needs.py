"""What a test needs beside Python packages: it is there, or the test says how to install it.

With TESTS_SKIP_NOTHING=1, as in .ci/run, what is missing is a failure.
"""

import os
import shutil
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"


def missing(what: str, remedy: str) -> None:
    """Skip the test with the sentence that helps, or fail where nothing may be skipped."""
    sentence = f"{what} is not installed; {remedy}"
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
