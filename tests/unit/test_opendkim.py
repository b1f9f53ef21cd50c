"""What the tests ask OpenDKIM, where the machine does not let them."""

from pathlib import Path

import pytest

import tests.opendkim


@pytest.mark.parametrize(("nothing", "outcome"), [("", "Skipped"), ("1", "Failed")])
def test_without_a_network_of_its_own_opendkim_is_skipped_only_where_skipping_is_allowed(
    nothing: str, outcome: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tests.opendkim, "OWN_NETWORK", ("false",))
    monkeypatch.setattr(tests.opendkim, "program", lambda name: name)
    monkeypatch.setenv("TESTS_SKIP_NOTHING", nothing)
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception), match="a network of its own") as caught:
        tests.opendkim.tool_says(tmp_path, [], {})
    assert caught.type.__name__ == outcome
