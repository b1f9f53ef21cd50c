"""The demo, and its letters read by a parser that is not Python's."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from newsletter.app import shipped
from newsletter.demo.play import EVENT, LISTS
from newsletter.events.document import read
from newsletter.events.event import Event
from newsletter.subscribers.recipients import read as read_recipients
from newsletter.subscribers.subscriber import Subscriber, address_key
from tests.e2e.conftest import Folder
from tests.needs import ORACLE, node_with_mailparser

MAILINGS = {"save-the-date": 30, "announcement": 30, "practical": 30, "report": 30}
LETTERS = sum(MAILINGS.values())


@dataclass(frozen=True)
class Played:
    """The inbox of the demo, and what the command said."""

    output: str
    files: list[Path]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = Folder(tmp_path_factory.mktemp("demo"))
    output = folder.run("demo", "--dir", "var/demo").stdout
    return Played(output, sorted((folder.path / "var/demo/inbox").glob("*.eml")))


@pytest.fixture(scope="module")
def letters(played: Played) -> list[Mapping[str, object]]:
    """Each letter as Node's mailparser reads it."""
    names = "\n".join(str(file) for file in played.files)
    done = subprocess.run(
        [node_with_mailparser(), str(ORACLE / "read.mjs")],
        input=names,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    found: list[Mapping[str, object]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def people() -> dict[str, Subscriber]:
    """The people of the four lists, by address key; the first spelling of a name counts."""
    found: dict[str, Subscriber] = {}
    for name in LISTS:
        file = shipped("recipients") / f"{name}.csv"
        for row in read_recipients(file.read_bytes(), file.name).rows:
            key = address_key(row.subscriber.address)
            if key not in found or not found[key].name:
                found[key] = row.subscriber
    return found


@pytest.fixture(scope="module")
def event() -> Event:
    return read(EVENT.read_text(encoding="utf-8"), EVENT.name)


def template_of(letter: Mapping[str, object]) -> str:
    raw = Path(str(letter["file"])).read_bytes()
    found = re.search(rb"^Feedback-ID: [^:]*:[^:]*:([^:]*):", raw.replace(b"\r\n ", b" "), re.MULTILINE)
    assert found is not None
    return found.group(1).decode()


class Links(HTMLParser):
    """The addresses that a reader can follow."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") or ""
        if tag == "a" and not href.startswith(("#", "mailto:", "tel:")):
            self.found.append(href)


def plain(text: str) -> str:
    """Text with every run of white space, also no-break spaces and line ends, as one space."""
    return " ".join(text.replace("\u200b", "").split())


def test_there_is_one_letter_for_each_recipient_and_mailing(played: Played) -> None:
    assert len(played.files) == LETTERS
    assert f"{LETTERS} letters in" in played.output
    when = [line for line in played.output.splitlines() if line.startswith("2019-")]
    assert [line.split("  ")[0] for line in when] == [
        "2019-05-02 09:00",
        "2019-05-16 09:00",
        "2019-06-07 09:00",
        "2019-06-20 10:00",
    ]


def test_every_subscriber_gets_each_mailing_under_their_own_name(
    letters: list[Mapping[str, object]], people: dict[str, Subscriber]
) -> None:
    got: dict[str, set[str]] = {name: set() for name in MAILINGS}
    for letter in letters:
        to = letter["to"]
        assert isinstance(to, list)
        [person] = to
        key = address_key(person["address"])
        assert person["name"] == people[key].name
        got[template_of(letter)].add(key)
        greeting = f"Beste {people[key].name}," if people[key].name else "Beste lezer,"
        assert greeting in plain(str(letter["text"]))
    assert len(people) == 30
    assert got == {name: set(people) for name in MAILINGS}


def test_subjects_and_senders_are_those_of_the_sources(letters: list[Mapping[str, object]], event: Event) -> None:
    subjects = {template_of(letter): plain(str(letter["subject"])) for letter in letters}
    what_and_when = f"{event.title}: donderdag 13 juni, Utrecht"
    assert subjects == {
        # With what kind of letter it is, the place does not fit in a subject any more.
        "save-the-date": f"Bewaar de datum: {what_and_when.removesuffix(', Utrecht')}",
        "announcement": what_and_when,
        "practical": f"Praktische informatie: {what_and_when.removesuffix(', Utrecht')}",
        "report": f"Verslag: {what_and_when}",
    }
    for letter in letters:
        assert letter["from"] == [{"name": event.series.sender.name, "address": event.series.sender.address}]
        assert letter["replyTo"] == [{"name": "", "address": event.series.contact}]
    assert len({letter["messageId"] for letter in letters}) == LETTERS


def test_the_report_names_every_workshop_speaker_and_organisation(
    letters: list[Mapping[str, object]], event: Event
) -> None:
    wanted = [
        word
        for part in event.programme
        for workshop in part.workshops
        for speaker in workshop.speakers
        for word in (workshop.title, speaker.name, speaker.organisation)
    ]
    assert len(wanted) == 15
    for letter in letters:
        if template_of(letter) != "report":
            continue
        for shown in (plain(str(letter["text"])), visible(str(letter["html"]))):
            for word in wanted:
                assert plain(word) in shown, word


def visible(html: str) -> str:
    """The words of a page, without markup, styles and comments."""

    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.words: list[str] = []
            self.quiet = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.quiet += tag in ("style", "title")

        def handle_endtag(self, tag: str) -> None:
            self.quiet -= tag in ("style", "title")

        def handle_data(self, data: str) -> None:
            if not self.quiet:
                self.words.append(data)

    words = Words()
    words.feed(html)
    return plain(" ".join(words.words))


def test_every_link_of_the_html_stands_in_the_text(letters: list[Mapping[str, object]]) -> None:
    for letter in letters:
        links = Links(str(letter["html"])).found
        assert len(links) >= 3
        for link in links:
            assert link in str(letter["text"]), (letter["file"], link)


def test_nothing_is_left_of_templates_or_sentinels(letters: list[Mapping[str, object]]) -> None:
    leftover = re.compile(r"\{\{|\}\}|\{%|\[\[|\]\]|\[%|%5B|%7B|\bvar\(|ph[0-9a-f]{12}x\d|\bNone\b|Undefined")
    for letter in letters:
        for part in ("subject", "text", "html"):
            assert not leftover.search(str(letter[part])), (letter["file"], part)


def test_the_text_stands_before_the_html_and_no_line_is_too_long(played: Played) -> None:
    for file in played.files:
        raw = file.read_bytes()
        assert raw.index(b"Content-Type: text/plain") < raw.index(b"Content-Type: text/html")
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
        head, _, body = raw.partition(b"\r\n\r\n")
        assert max(len(line) for line in body.split(b"\r\n")) <= 76
        assert max(len(line) for line in head.split(b"\r\n")) <= 998


def test_who_is_asked_to_keep_the_day_gets_a_calendar_file_that_any_calendar_reads(
    letters: list[Mapping[str, object]], event: Event
) -> None:
    for letter in letters:
        files = letter["attachments"]
        assert isinstance(files, list)
        calendars = [one for one in files if one["contentType"] in ("text/calendar", "application/ics")]
        assert bool(calendars) is (template_of(letter) in ("save-the-date", "announcement"))
        for one in calendars:
            assert "METHOD:PUBLISH" in one["content"]
            assert "DTSTART;TZID=Europe/Amsterdam:20190613T120000" in one["content"]
            assert f"UID:{event.slug}@" in one["content"]


def test_leaving_is_offered_by_https_first_and_then_by_mail(played: Played) -> None:
    tokens = set()
    for file in played.files:
        raw = file.read_bytes().replace(b"\r\n ", b" ").decode()
        found = re.search(r"^List-Unsubscribe: <(https://[^>]*)>, <(mailto:[^>]*)>\r$", raw, re.MULTILINE)
        assert found is not None
        tokens.add(found.group(1))
    assert len(tokens) == 30


def test_the_letters_are_dated_by_the_simulated_clock(letters: list[Mapping[str, object]]) -> None:
    dates = {template_of(letter): datetime.fromisoformat(str(letter["date"])).date().isoformat() for letter in letters}
    assert dates == {
        "save-the-date": "2019-05-02",
        "announcement": "2019-05-16",
        "practical": "2019-06-07",
        "report": "2019-06-20",
    }


def test_playing_it_again_gives_the_same_number_of_letters(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for _ in range(2):
        assert f"{LETTERS} letters in" in folder.run("demo", "--dir", "opnieuw").stdout
    assert len(list((tmp_path / "opnieuw/inbox").glob("*.eml"))) == LETTERS
