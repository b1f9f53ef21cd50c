"""What is different from the last letter is shown, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.changes import Block, Change, Piece, blocks, html_changes, line_changes, text_changes


def page(body: str) -> str:
    return f"<!doctype html><html><head><style>p {{}}</style></head><body>{body}</body></html>"


def told(pieces: tuple[Piece, ...]) -> str:
    """The pieces as text, with what changed in it between brackets."""
    return "".join(f"[{piece.text}]" if piece.is_changed else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>Een</p>", [Block("p", "Een")]),
        ("<p>Een <b>twee</b> drie</p>", [Block("p", "Een twee drie")]),
        (
            "<table><tr><td>a</td><td><h2>b</h2>c</td></tr></table>",
            [Block("td", "a"), Block("h2", "b"), Block("td", "c")],
        ),
        ('<p>Zie <a href="/x">daar</a></p>', [Block("p", "Zie daar"), Block("a", "/x")]),
        ('<p><img src="/a" alt="De zaal"></p>', [Block("img", "De zaal /a")]),
        ('<a href="/x"><img src="/a" alt="Zaal"></a>', [Block("a", "/x"), Block("img", "Zaal /a")]),
        ("<div>Voor\u034f\u200c</div><!-- weg --><p></p>", [Block("div", "Voor")]),
        ('<a href="/x"><table><tr><td>knop</td></tr></table></a>', [Block("a", "/x"), Block("td", "knop")]),
    ],
)
def test_a_letter_is_its_blocks(body: str, found: list[Block]) -> None:
    assert blocks(page(body)) == found


def test_only_the_block_that_changed_is_shown_with_the_words_that_changed() -> None:
    was = page("<h1>Dag</h1><p>Wij beginnen om 12 uur.</p><p>Tot dan.</p>")
    now = page("<h1>Dag</h1><p>Wij beginnen om 13 uur.</p><p>Tot dan.</p>")
    (change,) = html_changes(was, now)
    assert change.kind == "p"
    assert told(change.was) == "Wij beginnen om [12] uur."
    assert told(change.now) == "Wij beginnen om [13] uur."


def test_a_block_that_is_new_or_has_gone_has_one_side() -> None:
    was, now = page("<p>a</p><p>b</p>"), page("<p>b</p><h2>c</h2>")
    assert html_changes(was, now) == [
        Change("p", (Piece("a", True),), ()),
        Change("h2", (), (Piece("c", True),)),
    ]


def test_a_link_that_leads_elsewhere_is_a_change_and_a_colour_is_not() -> None:
    was = page('<p style="color: red">Zie <a href="/een">daar</a></p>')
    now = page('<p style="color: blue">Zie <a href="/twee">daar</a></p>')
    assert [(change.kind, told(change.now)) for change in html_changes(was, now)] == [("a", "/[twee]")]


def test_of_the_text_part_paragraphs_are_compared() -> None:
    (change,) = text_changes("Kop\n===\n\nEen twee.\n\nDrie.\n", "Kop\n===\n\nEen vier.\n\n\nDrie.\n")
    assert told(change.now) == "Een [vier]."


def test_a_line_is_compared_as_one() -> None:
    assert line_changes("Zelfde", "Zelfde") == []
    assert [told(change.was) for change in line_changes("Dag 1", "Dag 2")] == ["Dag [1]"]
    assert html_changes("", page("<p>x</p>"))[0].was == ()


@given(st.lists(st.sampled_from(["a", "b c", "d e f", "g"]), max_size=6), st.lists(st.sampled_from("abg"), max_size=6))
def test_the_new_text_can_be_read_off_the_changes(was: list[str], now: list[str]) -> None:
    found = text_changes("\n\n".join(was), "\n\n".join(now))
    news = ["".join(piece.text for piece in change.now) for change in found if change.now]
    assert set(news) <= set(now)
    assert text_changes("\n\n".join(now), "\n\n".join(now)) == []
