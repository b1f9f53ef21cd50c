"""Links in letters that were sent long ago still hold: a token never changes its form."""

import pytest

from newsletter.subscribers.links import make_token, read_token

SECRET = b"0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("purpose", "ids", "token"),
    [
        ("unsubscribe", (7, 2), "8307025968c098754899ef706cde47113f"),
        ("bounce", (1_000_000,), "83c0843d1d369fc7a56ac80302186173d27b"),
        ("message-id", (0,), "83004b424dc22e7232db3dfac319495b"),
        ("confirm", (2**40, 127, 128), "838080808080207f80014c7ed4575ceb6c4530829b0c2c6b"),
        ("confirm", (), "837fdfe3e0c96f199ac72412f62525"),
    ],
)
def test_a_token_of_an_old_letter_is_read_and_would_be_made_the_same(
    purpose: str, ids: tuple[int, ...], token: str
) -> None:
    assert read_token(SECRET, purpose, token) == ids
    assert make_token(SECRET, purpose, *ids) == token
