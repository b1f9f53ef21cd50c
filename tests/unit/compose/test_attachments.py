"""Attachments as parts of a letter, read back; and what cannot be attached."""

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.attachments import attached, check_inline, shown_inline
from newsletter.compose.mailing import Attachment, Mailing
from newsletter.errors import HeaderError, TemplateError
from newsletter.store.documents import dump, load
from tests.unit.compose.reader import parameters, read
from tests.world import mailing_content

LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/")
PLAN = Attachment("plan.pdf", "application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3")
LOGO = Attachment("logo.png", "image/png", b"\x89PNG", cid="logo@nieuwsbrief.example.nl")


def head(part: str) -> str:
    return part.partition("\r\n\r\n")[0]


def test_a_file_is_attached_under_its_name() -> None:
    assert attached(PLAN) == (
        'Content-Type: application/pdf; name="plan.pdf"\r\n'
        'Content-Disposition: attachment; filename="plan.pdf"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
        "JVBERi0xLjcKJeLjz9M=\r\n"
    )


def test_an_inline_image_has_a_content_id() -> None:
    fields = read(shown_inline(LOGO).encode()).fields
    assert fields["content-id"] == "<logo@nieuwsbrief.example.nl>"
    assert fields["content-disposition"] == 'inline; filename="logo.png"'


@given(st.text(LETTERS, min_size=1, max_size=90).filter(str.strip), st.binary(max_size=400))
def test_a_name_in_any_script_and_any_content_are_read_back(name: str, content: bytes) -> None:
    wire = attached(Attachment(name, "application/octet-stream", content))
    part = read(wire.encode("ascii"))
    assert part.filename == name
    assert part.content == content
    assert all(len(line) <= 76 for line in wire.split("\r\n"))
    fallback = parameters(part.fields["content-type"])["name"]
    assert re.fullmatch(r"[ !#-\[\]-~]{1,80}", fallback)
    assert "=?" not in fallback


@pytest.mark.parametrize(
    ("name", "disposition", "fallback"),
    [
        ("Plan B.pdf", 'filename="Plan B.pdf"', "Plan B.pdf"),
        ("Verslag – één.pdf", "filename*=utf-8''Verslag%20%E2%80%93%20%C3%A9%C3%A9n.pdf", "Verslag - een.pdf"),
        ('a "b" \\ c.txt', "filename*=utf-8''a%20%22b%22%20%5C%20c.txt", "a _b_ _ c.txt"),
        ("=?utf-8?q?x?=.txt", "filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D.txt", "_utf-8?q?x?=.txt"),
        ("会議.docx", "filename*=utf-8''%E4%BC%9A%E8%AD%B0.docx", "attachment.docx"),
        ("会議", "filename*=utf-8''%E4%BC%9A%E8%AD%B0", "attachment"),
        ("תוכנית", "filename*=utf-8''%D7%AA%D7%95%D7%9B%D7%A0%D7%99%D7%AA", "attachment"),
        ("LEESMIJ", 'filename="LEESMIJ"', "LEESMIJ"),
        ("x" * 80, f"filename*0*=utf-8''{'x' * 53}; filename*1*={'x' * 27}", "x" * 60),
        (f"{'x' * 80}.pdf", f"filename*0*=utf-8''{'x' * 53}; filename*1*={'x' * 27}.pdf", f"{'x' * 56}.pdf"),
    ],
)
def test_a_name_is_plain_or_as_rfc_2231_has_it_with_a_fallback_in_ascii(
    name: str, disposition: str, fallback: str
) -> None:
    fields = read(attached(replace(PLAN, name=name)).encode()).fields
    assert fields["content-disposition"] == f"attachment; {disposition}"
    assert parameters(fields["content-type"])["name"] == fallback


@pytest.mark.parametrize(
    ("media_type", "content", "field"),
    [
        ("text/csv", "één".encode(), 'text/csv; charset=utf-8; name="plan.pdf"'),
        ("text/csv", "één".encode("latin-1"), 'text/csv; name="plan.pdf"'),
        ("image/svg+xml", "één".encode(), 'image/svg+xml; name="plan.pdf"'),
        (
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            b"x",
            'application/vnd.openxmlformats-officedocument.presentationml.presentation; name="plan.pdf"',
        ),
    ],
)
def test_a_media_type_is_written_as_it_is_and_a_text_says_its_charset(
    media_type: str, content: bytes, field: str
) -> None:
    wire = attached(replace(PLAN, media_type=media_type, content=content)).encode()
    assert read(wire).fields["content-type"] == field
    assert all(len(line) <= 76 for line in wire.split(b"\r\n"))


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\x00", "\t", "\x7f", "\u2028", "\ud800"])
@pytest.mark.parametrize("where", ["name", "media_type", "cid"])
def test_a_control_character_is_refused_wherever_it_stands(sign: str, where: str) -> None:
    value = {"name": f"a{sign}b", "media_type": f"a/b{sign}", "cid": f"a{sign}"}[where]
    with pytest.raises(HeaderError, match="control character"):
        shown_inline(replace(LOGO, **{where: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": ""}, "write the name of the file"),
        ({"name": "  "}, "write the name of the file"),
        ({"name": "../plan.pdf"}, "without folders"),
        ({"media_type": ""}, "write one such as application/pdf"),
        ({"media_type": "pdf"}, "“logo.png” has the media type “pdf”"),
        ({"media_type": "application/"}, "application/pdf"),
        ({"media_type": "a/b; charset=x"}, "application/pdf"),
        ({"media_type": "a/b/c"}, "application/pdf"),
        ({"media_type": "a/é"}, "application/pdf"),
        ({"media_type": " a/b"}, "application/pdf"),
        ({"media_type": "a/" + "b" * 80}, "application/pdf"),
        ({"media_type": "multipart/mixed"}, "application/pdf"),
        ({"media_type": "Message/rfc822"}, "application/pdf"),
        ({"cid": "a b"}, "cid of “logo.png” is “a b”"),
        ({"cid": "<a@b>"}, "cid"),
        ({"cid": "a@b@c"}, "cid"),
        ({"cid": "é"}, "cid"),
    ],
)
def test_what_cannot_be_attached_says_why(change: dict[str, str], why: str) -> None:
    with pytest.raises(HeaderError, match=re.escape(why)):
        shown_inline(replace(LOGO, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="cid:logo">',
        "<img src='cid:logo' alt='>'>",
        "<IMG SRC=CID:logo>",
        '<td background="cid:logo">',
        '<td style="background: url(cid:logo)">',
        "<td style=\"background: url('cid:logo')\">",
        '<td style="background: url(&quot;cid:logo&quot;)">',
        "<style>td { background: url( cid:logo ) }</style>",
        '<!--[if mso]><v:fill src="cid:logo" /><![endif]-->',
        '[% if subscriber.name %]<img src="cid:logo">[% endif %]',
        '<img src="cid:lo%67o">',
        '<p>cid:other</p><p title="zie cid:other">lucid:x (cid:other)</p><img src="cid:logo">',
    ],
)
def test_an_image_is_shown_wherever_html_can_show_one(html: str) -> None:
    check_inline(html, [replace(LOGO, cid="logo")])
    with pytest.raises(TemplateError, match="shows “cid:logo”, and no image has that cid"):
        check_inline(html, [])


@pytest.mark.parametrize(
    ("html", "cids", "why"),
    [
        ("<p>cid:a</p>", ["a"], "the image with the cid “a” is not shown"),
        ('<img src="cid:a">', ["a", "b"], "“b” is not shown"),
        ('<img src="cid:a"><img src="cid:b">', ["a"], "shows “cid:b”"),
        ('<img src="cid:A">', ["a"], "shows “cid:A”"),
        ('<img src="cid:">', [], "shows “cid:”"),
        ('<img src="cid:[[ subscriber.x ]]">', ["a"], "shows “cid:[[”"),
        ('<img src="cid:a">', ["a", "a"], "two images have the cid “a”"),
    ],
)
def test_every_image_of_the_html_is_there_and_every_image_is_shown(html: str, cids: list[str], why: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(why)):
        check_inline(html, [replace(LOGO, cid=cid) for cid in cids])


def test_a_mailing_with_attachments_is_kept_and_comes_back() -> None:
    mailing = replace(mailing_content(), attachments=(PLAN, LOGO, replace(PLAN, content=bytes(range(256)))))
    kept = dump(mailing)
    assert kept["attachments"][0]["content"] == base64.b64encode(PLAN.content).decode()
    assert load(Mailing, kept) == mailing


def test_a_mailing_that_was_kept_before_there_were_attachments_has_none() -> None:
    kept = dump(mailing_content())
    del kept["attachments"]
    assert load(Mailing, kept).attachments == ()
