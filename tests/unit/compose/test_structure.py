"""The parts of a letter: each level is there only where it is needed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Attachment, Mailing, Recipient
from newsletter.errors import HeaderError, TemplateError
from tests.unit.compose.cases import CALENDAR, CANCELLATION, INVITATION
from tests.unit.compose.reader import Part, parameters, read
from tests.world import mailing_content

PLAN = Attachment("plan.pdf", "application/pdf", b"%PDF")
LOGO = Attachment("logo.png", "image/png", b"\x89PNG", cid="logo@example.nl")
BOTH = ["text/plain", "text/html"]
RELATED = ["text/plain", ("multipart/related", ["text/html", "image/png"])]


def mailing(*, calendar: bool = False, files: tuple[Attachment, ...] = ()) -> Mailing:
    shown = "".join(f'<img alt="" src="cid:{file.cid}">' for file in files if file.cid)
    plain = mailing_content()
    html = plain.html.replace("<body>", f"<body>{shown}")
    return replace(plain, html=html, calendar=CALENDAR if calendar else "", attachments=files)


def letter(content: Mailing) -> Part:
    person = Recipient(
        id="#1",
        address="anna@example.nl",
        name="Anna",
        attributes={},
        message_id="x@example.nl",
        unsubscribe=("https://example.nl/u/x",),
        date=datetime(2026, 3, 2, tzinfo=UTC),
    )
    return read(Letter(content).address(person))


@pytest.mark.parametrize(
    ("calendar", "files", "tree"),
    [
        (False, (), ("multipart/alternative", BOTH)),
        (
            True,
            (),
            ("multipart/mixed", [("multipart/alternative", [*BOTH, "text/calendar"]), "application/ics"]),
        ),
        (False, (PLAN,), ("multipart/mixed", [("multipart/alternative", BOTH), "application/pdf"])),
        (False, (LOGO,), ("multipart/alternative", RELATED)),
        (False, (LOGO, PLAN), ("multipart/mixed", [("multipart/alternative", RELATED), "application/pdf"])),
        (
            True,
            (PLAN, LOGO, replace(PLAN, media_type="image/jpeg")),
            (
                "multipart/mixed",
                [
                    ("multipart/alternative", [*RELATED, "text/calendar"]),
                    "application/ics",
                    "application/pdf",
                    "image/jpeg",
                ],
            ),
        ),
    ],
)
def test_each_level_is_there_only_where_it_is_needed(
    calendar: bool, files: tuple[Attachment, ...], tree: object
) -> None:
    assert letter(mailing(calendar=calendar, files=files)).tree() == tree


@pytest.mark.parametrize(
    ("calendar", "method"), [(CALENDAR, "PUBLISH"), (INVITATION, "REQUEST"), (CANCELLATION, "CANCEL")]
)
def test_a_calendar_stands_where_every_client_looks_for_it_whatever_its_method(calendar: str, method: str) -> None:
    found = letter(replace(mailing(files=(PLAN,)), calendar=calendar))
    assert found.tree() == (
        "multipart/mixed",
        [("multipart/alternative", [*BOTH, "text/calendar"]), "application/ics", "application/pdf"],
    )
    inside = found.parts[0].parts[2]
    assert parameters(inside.fields["content-type"]) == {"charset": "utf-8", "method": method}
    assert "content-disposition" not in inside.fields
    file = found.parts[1]
    assert file.filename == "invite.ics"
    assert file.content == inside.content


def test_what_belongs_together_says_what_it_is_the_html_of() -> None:
    [related] = [part for part in letter(mailing(files=(LOGO,))).all() if part.media_type == "multipart/related"]
    assert parameters(related.fields["content-type"])["type"] == "text/html"


def test_boundaries_differ_and_cannot_stand_in_a_body() -> None:
    found = [part for part in letter(mailing(calendar=True, files=(PLAN, LOGO))).all() if part.parts]
    boundaries = [parameters(part.fields["content-type"])["boundary"] for part in found]
    assert len(set(boundaries)) == 3
    # Never in quoted-printable or base64 (RFC 2045 §6.7, note), and none is the start of another.
    assert all(boundary.startswith("=_") for boundary in boundaries)
    assert not any(one != other and one.startswith(other) for one in boundaries for other in boundaries)


def test_the_texts_have_the_language_of_the_letter() -> None:
    found = letter(mailing(calendar=True))
    assert [part.fields.get("content-language") for part in found.all()] == ["nl", None, "nl", "nl", None, None]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"attachments": (replace(PLAN, name="a\r\nb"),)}, HeaderError),
        ({"attachments": (replace(PLAN, media_type="pdf"),)}, HeaderError),
        ({"attachments": (LOGO,)}, TemplateError),
        ({"html": '<img src="cid:logo@example.nl">'}, TemplateError),
        ({"language": "nl\r\nBcc: x@example.nl"}, HeaderError),
    ],
)
def test_what_can_never_be_sent_is_refused_when_the_letter_is_compiled(
    change: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Letter(replace(mailing_content(), **change))  # type: ignore[arg-type]
