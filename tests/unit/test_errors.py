"""What people read of an error."""

import pytest

from newsletter.errors import Problem, RecipientsError, SmtpError, StoreError, told


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StoreError("the store is in use"), "the store is in use"),
        (
            SmtpError("mail.example.nl:25 cannot be reached:\n  timed out"),
            "mail.example.nl:25 cannot be reached: timed out",
        ),
        (
            RecipientsError([Problem(file="a.csv", line=2, what="one"), Problem(file="a.csv", line=3, what="two")]),
            "a.csv:2: one a.csv:3: two",
        ),
        (ValueError("no\tsuch\r\nthing"), "unexpected ValueError: no such thing"),
        (ZeroDivisionError(), "unexpected ZeroDivisionError: "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_is_told_on_one_line_and_one_that_nobody_expected_says_its_kind(
    error: Exception, sentence: str
) -> None:
    assert told(error) == sentence
