"""`newsletter dkim`, from making a key to a letter that verifies with what was printed."""

import json
from collections.abc import Mapping

import dkim  # type: ignore[import-untyped]
import pytest

from newsletter.compose.dkim import load_keys, signer_for
from tests.e2e.conftest import Folder

LETTER = (
    b"From: Nieuws <nieuws@post.example.nl>\r\nTo: zoe@example.org\r\nSubject: Dag\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@post.example.nl>\r\n\r\nDag.\r\n"
)


def made(folder: Folder, *arguments: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(folder.run("dkim", "make", *arguments, "--json").stdout)
    return found


def test_a_letter_verifies_with_the_records_that_were_printed(folder: Folder) -> None:
    keys = [made(folder, "example.nl", "--type", type_) for type_ in ("rsa", "ed25519")]
    published = {key["name"]: key["value"].encode() for key in keys}
    signer = signer_for(load_keys(folder.path / "dkim"), "post.example.nl")
    assert signer is not None
    verifier = dkim.DKIM(signer.sign(LETTER))
    for number, key in enumerate(keys):
        assert key["type"] in key["selector"]
        assert verifier.verify(number, dnsfunc=lambda name, timeout=0: published[name.decode().rstrip(".")])


def test_a_new_key_is_for_its_owner_only_and_what_is_printed_is_public(folder: Folder) -> None:
    done = folder.run("dkim", "make", "Example.nl", "--selector", "s1")
    file = folder.path / "dkim/example.nl/s1.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "made dkim/example.nl/s1.pem" in done.stdout
    assert "s1._domainkey.example.nl\n" in done.stdout
    assert 's1._domainkey.example.nl. IN TXT ( "v=DKIM1; k=rsa; p=' in done.stdout
    secret = [line for line in file.read_text().splitlines() if "PRIVATE KEY" not in line]
    assert len(secret) > 20
    assert not any(line in done.stdout + done.stderr for line in secret)


def test_show_prints_the_same_record_again(folder: Folder) -> None:
    first = folder.run("dkim", "make", "example.nl", "--selector", "s1").stdout
    shown = folder.run("dkim", "show").stdout
    assert shown.startswith("The DNS of example.nl must have this TXT record:\n")
    assert shown in first
    assert folder.run("dkim", "show", "EXAMPLE.nl").stdout == shown


def test_show_tells_all_keys_or_those_of_one_domain(folder: Folder) -> None:
    assert "There is no key, and letters are not signed" in folder.run("dkim", "show").stdout
    assert json.loads(folder.run("dkim", "show", "--json").stdout) == []
    keys = [
        made(folder, domain, "--selector", selector, "--type", "ed25519")
        for domain, selector in (("example.nl", "a"), ("example.nl", "b"), ("example.org", "a"))
    ]
    described = [{name: value for name, value in key.items() if name != "file"} for key in keys]
    assert json.loads(folder.run("dkim", "show", "--json").stdout) == described
    assert json.loads(folder.run("dkim", "show", "example.nl", "--json").stdout) == described[:2]
    refused = folder.run("dkim", "show", "example.com", code=1).stderr
    assert refused == "dkim has no key for example.com; make one with: newsletter dkim make example.com\n"


def test_a_long_record_is_given_in_pieces_too(folder: Folder) -> None:
    key = json.loads(folder.run("dkim", "make", "example.nl", "--json").stdout)
    assert len(key["strings"][0]) == 255
    assert "".join(key["strings"]) == key["value"]
    assert key["zone"].count('"') == 2 * len(key["strings"])


def test_no_key_is_overwritten(folder: Folder) -> None:
    made(folder, "example.nl")
    [file] = (folder.path / "dkim").rglob("*.pem")
    before = file.read_bytes()
    assert "is there already and is never overwritten" in folder.run("dkim", "make", "example.nl", code=1).stderr
    assert file.read_bytes() == before


def test_a_key_that_others_can_read_is_told_with_what_mends_it(folder: Folder) -> None:
    made(folder, "example.nl", "--selector", "s1")
    (folder.path / "dkim/example.nl/s1.pem").chmod(0o644)
    said = folder.run("dkim", "show", code=1).stderr
    assert said.endswith("run: chmod 600 dkim/example.nl/s1.pem\n")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("geen domein",), 1, "“geen domein” is not a domain; write what stands behind the @ of the From"),
        (("../weg.nl",), 1, "is not a domain"),
        (("example.nl", "--selector", "../x"), 1, "“../x” cannot be a selector"),
        (("example.nl", "--type", "dsa"), 2, "dsa"),
    ],
)
def test_what_cannot_be_a_key_is_refused_and_nothing_is_made(
    arguments: tuple[str, ...], code: int, sentence: str, folder: Folder
) -> None:
    assert sentence in folder.run("dkim", "make", *arguments, code=code).stderr
    assert not (folder.path / "dkim").exists()


def test_no_key_is_made_where_it_would_not_be_found(bare: Folder) -> None:
    for command in (("make", "example.nl"), ("show",)):
        assert "there is no newsletter.env in" in bare.run("dkim", *command, code=1).stderr
    assert list(bare.path.iterdir()) == []


def test_keys_may_be_kept_in_another_folder(bare: Folder) -> None:
    bare.settings["NEWSLETTER_PATHS__DKIM"] = "geheim/sleutels"
    made(bare, "example.nl", "--selector", "s1", "--type", "ed25519")
    assert (bare.path / "geheim/sleutels/example.nl/s1.pem").is_file()
    assert "s1._domainkey.example.nl" in bare.run("dkim", "show").stdout
