"""A photo beside an event document, from the command line into a letter, and back beside the document."""

import email
import email.policy
import io
import re
from email.message import EmailMessage

import pytest
from PIL import Image

from tests.e2e.conftest import Folder
from tests.unit.compose import photographs as made

EVENT = "kennisbijeenkomst"
REPORT = f"{EVENT}/report"
URL = "https://nieuwsbrief.example.nl"


@pytest.fixture
def illustrated(folder: Folder) -> Folder:
    """A working folder whose example event has a photo from a phone beside its document."""
    document = folder.path / "events/kennisbijeenkomst.md"
    text = document.read_text(encoding="utf-8")
    images = "images:\n  - url: foto/zaal.jpg\n    alt: Mensen in gesprek aan een lange tafel\nseries:"
    document.write_text(text.replace("\nseries:", f"\n{images}", 1), encoding="utf-8")
    (folder.path / "events/foto").mkdir()
    (folder.path / "events/foto/zaal.jpg").write_bytes(made.gps_photo())
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    return folder


def sent(folder: Folder) -> EmailMessage:
    """A test letter, out of the outbox."""
    folder.run("mailing", "test", REPORT, "--to", "tester@example.org")
    [file] = (folder.path / "var/outbox").glob("*.eml")
    content = file.read_bytes()
    file.unlink()
    return email.message_from_bytes(content, policy=email.policy.default)


def html_of(letter: EmailMessage) -> str:
    body = letter.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_a_photo_goes_into_letters_and_back_beside_its_document(illustrated: Folder) -> None:
    illustrated.settings["NEWSLETTER_MAIL__PUBLIC_URL"] = URL
    illustrated.run("event", "import", f"events/{EVENT}.md")
    linking = sent(illustrated)
    [address] = re.findall(rf'src="{URL}/([^"]+)"', html_of(linking))
    photo = (illustrated.path / "var/public" / address).read_bytes()
    assert Image.open(io.BytesIO(photo)).size == (400, 300)
    assert b"Voorbeeld" not in photo
    assert not [part for part in linking.walk() if part.get_content_maintype() == "image"]
    calendar = illustrated.path / f"var/public/e/kennisbijeenkomsten/{EVENT}.ics"
    assert calendar.read_bytes().startswith(b"BEGIN:VCALENDAR")

    del illustrated.settings["NEWSLETTER_MAIL__PUBLIC_URL"]  # nobody serves it: letters carry it
    carrying = sent(illustrated)
    [cid] = re.findall(r'src="cid:([^"]+)"', html_of(carrying))
    [image] = [part for part in carrying.walk() if part.get_content_maintype() == "image"]
    assert (image["content-id"], image.get_filename(), image.get_content()) == (f"<{cid}>", "zaal.jpg", photo)

    assert "uit/foto/zaal.jpg" in illustrated.run("event", "export", EVENT, "--out", "uit/dag.md").stdout
    assert (illustrated.path / "uit/foto/zaal.jpg").read_bytes() == made.gps_photo()
    assert f"{EVENT}: unchanged" in illustrated.run("event", "import", "uit/dag.md").stdout
