"""What mail programs make of a letter: one fixture for each rule, which shows something else without it."""

import inspect
import re

import pytest

from newsletter.web import clients, word
from newsletter.web.clients import (
    CLIP,
    forced_dark,
    gmail,
    gmail_no_style,
    in_scheme,
    outlook_com,
    without_images,
)
from newsletter.web.word import outlook_word

ALL = (gmail, gmail_no_style, outlook_com, outlook_word, forced_dark, without_images)


def page(body: str = "<p>Tekst</p>", head: str = "") -> str:
    return f'<!doctype html>\n<html lang="nl"><head><title>x</title>{head}</head><body>{body}</body></html>'


def styled(style: str, tag: str = "div") -> str:
    """One element with this style, in a table where it has to be."""
    element = f'<{tag} id="it" style="{style}">Tekst</{tag}>'
    return page(f"<table><tr>{element}</tr></table>" if tag in ("td", "th") else element)


def left(html: str) -> str:
    """The style of the element `it`; empty where it has none."""
    found = re.search(r'<\w+ [^>]*id="it"[^>]*>', html)
    assert found is not None
    style = re.search(r'style="([^"]*)"', found.group())
    return style[1] if style else ""


def sheets(html: str) -> str:
    return "\n".join(re.findall(r"<style[^>]*>(.*?)</style>", html, re.S))


@pytest.mark.parametrize("client", ALL)
def test_what_every_program_knows_stays(client: object) -> None:
    assert callable(client)
    shown = client(page('<p style="font-size: 16px">Eén ‘woord’ &amp; 🎉 &#847;</p>'))
    assert shown.startswith("<!doctype html>\n<html")
    assert "Eén ‘woord’ &amp; 🎉 \u034f" in shown
    assert "font-size: 16px" in shown


# Gmail


def test_gmail_clips_after_102_kb_and_says_so() -> None:
    """email-bugs#41."""
    end = '<p id="afmelden">Afmelden</p>'
    assert "afmelden" in gmail(page("<p>" + "a" * (CLIP - 1000) + "</p>" + end))
    clipped = gmail(page("<p>" + "a" * CLIP + "</p>" + end))
    assert "afmelden" not in clipped
    assert "[Message clipped]" in clipped


def test_gmail_clips_bytes_and_leaves_no_half_sign() -> None:
    assert "\ufffd" not in gmail(page("<p>" + "é" * (CLIP // 2) + "</p>"))
    assert "[Message clipped]" in gmail(page("<p>" + "é" * (CLIP // 2) + "</p>"))


def test_gmail_takes_the_styles_of_a_clipped_letter() -> None:
    """email-bugs#56."""
    sheet = "<style>p { color: #111111 }</style>"
    assert "color" in sheets(gmail(page(head=sheet)))
    assert sheets(gmail(page("<p>" + "a" * CLIP + "</p>", sheet))) == ""


def test_gmail_removes_the_style_that_goes_over_16_kb_and_those_after_it() -> None:
    """email-bugs#90."""
    small, large = "<style>p { color: #111111 }</style>", "<style>" + "p { color: #222222 }\n" * 820 + "</style>"
    shown = sheets(gmail(page(head=small + large + small)))
    assert shown.count("#111111") == 1
    assert "#222222" not in shown


@pytest.mark.parametrize(
    "nested", ["@media (max-width: 320px) { @viewport { width: 320px } }", "@media screen { @font-face { src: x } }"]
)
def test_gmail_removes_a_style_with_an_at_rule_in_an_at_rule(nested: str) -> None:
    """email-bugs#21."""
    plain = "<style>p { color: #111111 } @media screen { p { color: #333333 } }</style>"
    shown = sheets(gmail(page(head=f"{plain}<style>p {{ color: #222222 }} {nested}</style>")))
    assert "#111111" in shown
    assert "#333333" in shown
    assert "#222222" not in shown


def test_gmail_reads_styles_in_the_head_alone() -> None:
    """caniemail html-style note 1."""
    assert sheets(gmail(page("<style>p { color: #111111 }</style><p>x</p>"))) == ""


@pytest.mark.parametrize(
    "rule",
    [
        "@media (prefers-color-scheme: dark) { p { color: #222222 } }",
        "@font-face { font-family: x; src: local(y) }",
        "@supports (display: grid) { p { color: #222222 } }",
        "@import url(x.css);",
    ],
)
def test_gmail_passes_over_what_it_does_not_know(rule: str) -> None:
    """caniemail css-at-media-prefers-color-scheme, css-at-font-face, css-at-supports, css-at-import."""
    shown = sheets(gmail(page(head=f"<style>p {{ color: #111111 }} {rule}</style>")))
    assert "#111111" in shown
    assert "@" not in shown


def test_gmail_declares_no_variables_and_positions_nothing() -> None:
    """caniemail css-variables, css-position."""
    assert left(gmail(styled("--inkt: #111111; position: absolute; color: #222222"))) == "color: #222222"
    assert "--inkt" not in sheets(gmail(page(head="<style>p { --inkt: #111111; color: #222222 }</style>")))


def test_gmail_shows_no_svg_and_only_the_image_of_a_picture() -> None:
    """caniemail html-svg, html-picture."""
    shown = gmail(page('<svg></svg><picture><source srcset="a.webp"><img src="a.png" alt="A"></picture>'))
    assert "svg" not in shown
    assert "source" not in shown
    assert 'src="a.png"' in shown


def test_gmail_with_an_account_elsewhere_reads_no_style_at_all() -> None:
    """caniemail html-style note 2."""
    shown = gmail_no_style(page('<p id="it" style="color: #222222">x</p>', "<style>p { color: #111111 }</style>"))
    assert "<style" not in shown
    assert left(shown) == "color: #222222"


# Outlook.com


@pytest.mark.parametrize("odd", ["foo: =", "width: {1}", "filter: a*b", "x: y|z", "content: [a]"])
def test_outlook_com_loses_a_style_over_one_odd_sign(odd: str) -> None:
    """email-bugs#19."""
    assert left(outlook_com(styled(f"color: #111111; {odd}"))) == ""


@pytest.mark.parametrize("plain", ["width: 33.3%", "color: rgb(1, 2, 3)", "font-family: 'A=B'", "opacity: 0.5"])
def test_outlook_com_keeps_a_style_of_ordinary_signs(plain: str) -> None:
    assert "#111111" in left(outlook_com(styled(f"background-color: #111111; {plain}")))


def test_outlook_com_marks_the_dark_and_reads_no_media_query_for_it() -> None:
    sheet = (
        "<style>@media (prefers-color-scheme: dark) { p { color: #222222 } } [data-ogsc] p { color: #333333 }</style>"
    )
    assert "data-ogsc" in outlook_com(page(head=sheet), dark=True).partition("<head>")[0]
    assert "data-ogsc" not in outlook_com(page(head=sheet)).partition("<head>")[0]
    assert "(max-width: 0)" in sheets(outlook_com(page(head=sheet), dark=True))


# Outlook for Windows


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("mso", True),
        ("gte mso 9", True),
        ("mso 16", True),
        ("lt mso 12", False),
        ("mso 12", False),
        ("!mso", False),
        ("(gte mso 9)", True),
        ("gte mso 9 | IE", False),
    ],
)
def test_word_reads_conditional_comments(when: str, counts: bool) -> None:
    letter = page(f"<!--[if {when}]><p>Spook</p><![endif]--><p>Ieder</p>")
    assert ("<p>Spook</p>" in outlook_word(letter)) is counts
    for other in (gmail, gmail_no_style, outlook_com, forced_dark):
        assert "Spook" not in other(letter)


def test_what_is_for_others_alone_word_leaves_out() -> None:
    letter = page("<!--[if !mso]><!--><p>Ander</p><!--<![endif]--><p>Ieder</p>")
    assert "Ander" not in outlook_word(letter)
    assert "Ander" in gmail(letter)


def test_the_settings_of_office_are_no_text() -> None:
    xml = "<!--[if mso]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->"
    shown = outlook_word(page(head=f"{xml}<style>p {{ color: #111111 }}</style>"))
    assert "AllowPNG" not in shown
    assert "#111111" in shown.partition("</head>")[0]


@pytest.mark.parametrize(
    ("tag", "style", "kept"),
    [
        ("div", "max-width: 300px", ""),  # caniemail css-max-width note 1
        ("td", "max-width: 300px", ""),
        ("p", "padding: 8px; color: #111111", "color: #111111"),  # caniemail css-padding note 1
        ("td", "padding-left: 8px", "padding-left: 8px"),
        ("div", "width: 300px", ""),  # caniemail css-width note 1
        ("td", "width: 300px", "width: 300px"),
        ("div", "border-radius: 4px", ""),  # caniemail css-border-radius
        ("td", "border-top-left-radius: 4px", ""),
        ("div", "box-shadow: 0 0 2px #111111", ""),  # caniemail css-box-shadow
        ("div", "background-image: url(x.png)", ""),  # caniemail css-background-image
        ("div", "background: #111111 url(x.png) no-repeat", "background-color: #111111"),
        ("div", "background: linear-gradient(#222222, #333333)", ""),  # caniemail css-linear-gradient
        ("div", "background: #111111", "background: #111111"),
        ("div", "display: inline-block", "display: revert"),  # caniemail css-display note 5, email-bugs#148
        ("div", "display: flex; gap: 8px", "display: revert"),
        ("div", "display: none", "display: none"),
        ("div", "margin: 0 auto", ""),  # caniemail css-margin note 4
        ("div", "margin-top: -8px", ""),  # caniemail css-margin note 1
        ("div", "margin: 8px 0", "margin: 8px 0"),
        ("div", "float: left", ""),  # caniemail css-float
        ("div", "position: relative; top: 4px", ""),  # caniemail css-position
        ("div", "opacity: 0", ""),  # caniemail css-opacity
    ],
)
def test_word_knows_less_css(tag: str, style: str, kept: str) -> None:
    assert left(outlook_word(styled(style, tag))) == kept


def test_word_knows_max_width_on_a_table() -> None:
    shown = outlook_word(page('<table id="it" style="max-width: 300px"><tr><td>x</td></tr></table>'))
    assert left(shown) == "max-width: 300px"


def test_word_takes_the_width_of_an_image_from_its_attribute_and_does_not_hide_it() -> None:
    """caniemail css-width note 1, css-display note 5, html-srcset."""
    image = '<img id="it" src="a.png" srcset="b.png 2x" width="300" alt="" style="width: 100%; display: none">'
    shown = outlook_word(page(image))
    assert left(shown) == ""
    assert 'width="300"' in shown
    assert "srcset" not in shown


def test_word_reads_no_at_rules_and_only_styles_in_the_head() -> None:
    """caniemail css-at-media, css-at-supports, html-style note 1."""
    head = "<style>p { color: #111111; opacity: 0 } @media screen { p { color: #222222 } }</style>"
    shown = sheets(outlook_word(page("<style>p { color: #333333 }</style><p>x</p>", head)))
    assert "#111111" in shown
    assert not re.search("#222222|#333333|opacity|@media", shown)


@pytest.mark.parametrize(
    ("style", "is_times"),
    [
        ("font-family: Webletter, Arial", True),
        ("font-family: Arial, Webletter", False),
        ("font-family: Webletter, Arial; mso-font-alt: Arial", False),
    ],
)
def test_word_falls_to_times_for_a_font_that_was_to_be_fetched(style: str, is_times: bool) -> None:
    """caniemail css-at-font-face note 5."""
    head = "<style>@font-face { font-family: 'Webletter'; src: local(x) }</style>"
    shown = outlook_word(page(f'<p id="it" style="{style}">x</p>', head))
    assert ("Times New Roman" in shown) is is_times


def test_word_gives_all_cells_of_a_row_the_padding_of_the_highest() -> None:
    """caniemail css-padding note 2."""
    shown = outlook_word(page('<table><tr><td style="padding: 24px 8px">a</td><td id="it">b</td></tr></table>'))
    assert left(shown) == "padding-top: 24px; padding-bottom: 24px"


# Dark, and images off


def test_forced_dark_turns_light_to_dark_and_dark_to_light() -> None:
    """email-bugs#68."""
    head = "<style>p { color: #000 } @media (prefers-color-scheme: dark) { p { color: #123456 } }</style>"
    shown = forced_dark(page('<table bgcolor="#ffffff"><tr><td style="background: #ffffff">x</td></tr></table>', head))
    assert "#fff" not in shown.partition("<body")[2]
    assert 'bgcolor="#121212"' in shown
    assert "color: #ffffff" in sheets(shown)
    assert "#123456" not in shown


def test_in_the_dark_of_the_system_the_letter_says_itself_how_it_looks() -> None:
    """caniemail css-at-media-prefers-color-scheme."""
    letter = page(head="<style>@media (prefers-color-scheme: dark) { p { color: #222222 } }</style>")
    assert "@media (min-width: 0)" in sheets(in_scheme(letter, dark=True))
    assert "@media (max-width: 0)" in sheets(in_scheme(letter, dark=False))
    assert "color-scheme: dark only" in sheets(in_scheme(letter, dark=True))


def test_without_images_their_text_is_left() -> None:
    shown = without_images(
        page(
            '<table background="x.png"><tr><td id="it" style="background: #111111 url(y.png)">'
            '<img src="a.png" srcset="b.png 2x" alt="De zaal"></td></tr></table>',
            "<style>p { background-image: url('z.png') }</style>",
        )
    )
    assert 'alt="De zaal"' in shown
    assert not re.search(r"\.png|srcset|url\(", shown)
    assert "#111111" in left(shown)


@pytest.mark.parametrize("client", ALL)
def test_a_letter_of_nothing_is_shown_as_nothing(client: object) -> None:
    assert callable(client)
    assert client("").startswith("<!doctype html>")


def test_every_rule_names_its_source() -> None:
    source = inspect.getsource(clients) + inspect.getsource(word)
    for number in (19, 21, 41, 56, 68, 90, 148):
        assert f"email-bugs#{number}" in source
