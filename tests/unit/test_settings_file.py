"""Mistakes in newsletter.env, in words that say what to write."""

from pathlib import Path

import pytest

from newsletter.errors import SettingsError
from newsletter.settings_file import load


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("NEWSLETTER_SMTP__PORT=abc", "NEWSLETTER_SMTP__PORT: write a whole number"),
        ("NEWSLETTER_MAIL__RELAY_SIGNS=misschien", "NEWSLETTER_MAIL__RELAY_SIGNS: write true or false"),
        ("NEWSLETTER_PAUSE__RATIO=veel", "NEWSLETTER_PAUSE__RATIO: write a number"),
        (
            "NEWSLETTER_SMTP__PROT=25",
            "there is no setting NEWSLETTER_SMTP__PROT; did you mean NEWSLETTER_SMTP__PORT?",
        ),
        ("NEWSLETTER_SMTP__BLURB=25", "there is no setting NEWSLETTER_SMTP__BLURB"),
        ("NEWSLETTER_MAIL__PUBLIC_URL=http://x.example", "NEWSLETTER_MAIL__PUBLIC_URL: must start with https://"),
    ],
)
def test_a_mistake_says_what_to_write(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "newsletter.env").write_text(f"{line}\nNEWSLETTER_SMTP__HOST=mail.example.nl\n")
    with pytest.raises(SettingsError, match="settings cannot be used") as refused:
        load(tmp_path)
    assert said in str(refused.value)


def test_a_mistake_never_repeats_the_value(tmp_path: Path) -> None:
    (tmp_path / "newsletter.env").write_text("NEWSLETTER_SMTP__PASWORD=geheim\nNEWSLETTER_SMTP__PORT=geheim\n")
    with pytest.raises(SettingsError) as refused:
        load(tmp_path)
    assert "geheim" not in str(refused.value)
