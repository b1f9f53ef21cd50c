"""What the letters are looked at for is found where it is wrong: a page with one fault for each rule."""

import pytest

from tests.look.browser import Browser
from tests.look.seen import Seen, look_at

WORD = "Bestuursrechtspraakcommissievergadering"
LINK = '<a href="https://www.example.nl/{0}" style="display:inline-block;font-size:8px;line-height:10px">{0}</a>'


def page(body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="nl"><head><title>Proef</title>{head}</head>'
        f'<body style="margin:0;background-color:#ffffff;color:#111111"><h1>Proef</h1>{body}</body></html>'
    )


def test_a_page_without_a_fault_is_found_to_have_none(browser: Browser) -> None:
    seen = look_at(browser, page('<p>Tekst. <img src="https://www.example.nl/foto.jpg" width="200" alt="Zaal"></p>'))
    assert (seen.findings, seen.bare_findings) == ([], [])
    assert wrong(seen) == ""
    assert [len(views) for views in (seen.layouts, seen.bare_layouts, seen.large_layouts)] == [2, 2, 4]
    assert seen.asked == ["https://www.example.nl/foto.jpg"]
    assert "Tekst." in seen.layouts[0].text


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("color-contrast", '<p style="color:#999999">Lichtgrijs</p>'),
        ("image-alt", '<img src="https://www.example.nl/foto.jpg" width="200">'),
        ("link-name", '<a href="https://www.example.nl/"></a>'),
        ("target-size", LINK.format("a") + LINK.format("b")),
        ("valid-lang", '<p lang="dutch">Tekst</p>'),
        ("list", "<ul><p>Geen lijst</p></ul>"),
    ],
)
def test_what_bars_a_reader_is_found_with_styles_and_without(browser: Browser, rule: str, body: str) -> None:
    seen = look_at(browser, page(body))
    views = [finding.view for finding in seen.findings if finding.rule == rule]
    assert {"320 light", "320 dark", "640 light", "640 dark"} <= set(views)
    assert rule in {finding.rule for finding in seen.bare_findings}


@pytest.mark.parametrize(
    ("view", "style"),
    [
        ("640 dark", "@media (prefers-color-scheme: dark) { .a { color: #cccccc !important } }"),
        ("320 light", "@media (max-width: 400px) { .a { color: #cccccc !important } }"),
        ("darkened by Outlook", "[data-ogsc] .a { color: #cccccc !important }"),
    ],
)
def test_each_view_is_looked_at_by_itself(browser: Browser, view: str, style: str) -> None:
    seen = look_at(browser, page('<p class="a">Tekst</p>', f"<style>{style}</style>"))
    assert view in {finding.view for finding in seen.findings if finding.rule == "color-contrast"}
    assert seen.bare_findings == []


def test_a_text_without_a_colour_of_its_own_is_lost_by_night(browser: Browser) -> None:
    scheme = '<meta name="color-scheme" content="light dark">'
    seen = look_at(browser, page('<p style="background-color:#ffffff;color:canvastext">Tekst</p>', scheme))
    assert [finding.view for finding in seen.bare_findings] == ["640 dark, bare"]


def wrong(seen: Seen) -> str:
    return "\n".join(wrong for one in (*seen.layouts, *seen.bare_layouts, *seen.large_layouts) for wrong in one.wrong)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("320 light: 180 px to scroll sideways", '<div style="width:500px">Breed</div>'),
        ("320 light, bare: div.wide “Breed”", '<div class="wide" style="width:500px">Breed</div>'),
        ("640 light: p. “Bestuurs", f'<p style="width:60px">{WORD}</p>'),
        (
            "640 light: td. “x”",
            '<table style="table-layout:fixed;width:99px"><td><div style="width:150px">x</div></table>',
        ),
        ("640 light: p. “een twee", '<p style="width:60px;height:20px;overflow:hidden">een twee drie vier vijf</p>'),
        ("640 large: p. “een", '<p style="height:26px;overflow:hidden">een</p>'),
        ("320 spaced: p. “Bestuurs", f'<p style="width:300px;padding-right:20px">{WORD}</p>'),
    ],
)
def test_what_does_not_fit_is_found(browser: Browser, what: str, body: str) -> None:
    assert what in wrong(look_at(browser, page(body)))


def test_a_low_button_and_a_picture_that_counts_are_found(browser: Browser) -> None:
    body = '<table><tr><td><a class="button" href="https://www.example.nl/">Meld u aan</a></td></tr></table>'
    seen = look_at(browser, page(body + '<img src="https://count.example.com/1.gif" alt="" width="1">'))
    assert [text for text, height in seen.layouts[0].buttons if height < 44] == ["Meld u aan"]
    assert seen.asked == ["https://count.example.com/1.gif"]
