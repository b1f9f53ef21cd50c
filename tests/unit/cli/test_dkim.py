"""What `newsletter dkim` decides by itself."""

from datetime import date

import pytest

from newsletter.cli.dkim import default_selector
from newsletter.compose.dkim_keys import KeyType, checked_selector


@pytest.mark.parametrize(
    ("type_", "today", "selector"),
    [
        (KeyType.RSA, date(2026, 3, 2), "rsa-202603"),
        (KeyType.RSA, date(2026, 12, 31), "rsa-202612"),
        (KeyType.ED25519, date(2027, 1, 1), "ed25519-202701"),
    ],
)
def test_a_selector_tells_the_type_and_the_month(type_: KeyType, today: date, selector: str) -> None:
    assert default_selector(type_, today) == selector
    assert checked_selector(selector) == selector
