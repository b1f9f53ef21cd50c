"""The name of a list is a slug, and the name of a file becomes one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError
from newsletter.events import values
from newsletter.subscribers.lists import list_slug, suggested_slug


@pytest.mark.parametrize(
    ("stem", "slug"),
    [
        ("gemeenten", "gemeenten"),
        ("Gemeenten 2026", "gemeenten-2026"),
        ("Coöperaties & corporaties (definitief)", "cooperaties-corporaties-definitief"),
        ("  regio_s--Noord.v2 ", "regio-s-noord-v2"),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_file_gives_its_list_a_name(stem: str, slug: str) -> None:
    assert list_slug("", stem) == slug


def test_a_name_that_is_given_wins_and_is_kept() -> None:
    assert list_slug("gemeenten-2026", "Lijst van Jan") == "gemeenten-2026"


@pytest.mark.parametrize(
    ("name", "stem", "sentence"),
    [
        ("Gemeenten 2026", "x", "“Gemeenten 2026” cannot be the name of a list; write --list gemeenten-2026"),
        ("gemeenten/noord", "x", "“gemeenten/noord” cannot be the name of a list; write --list gemeenten-noord"),
        ("-", "x", "“-” cannot be the name of a list; use lower-case letters, digits and single hyphens"),
        ("", "名单", "“名单” cannot be the name of a list; name the list with --list"),
    ],
)
def test_a_name_that_is_no_slug_is_refused_with_one_that_is(name: str, stem: str, sentence: str) -> None:
    with pytest.raises(NewsletterError, match=re.escape(sentence)):
        list_slug(name, stem)


@given(st.text())
def test_every_suggestion_can_stand_in_an_event_document(name: str) -> None:
    slug = suggested_slug(name)
    assert slug == "" or values.slug(slug) == list_slug(slug, "") == slug
