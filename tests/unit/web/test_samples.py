"""A sample is the letter itself, addressed to somebody who does not exist."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.errors import TemplateError
from newsletter.web.people import ADDRESS, NAME, attributes_of
from newsletter.web.samples import make_sample
from tests.world import NOW, mailing_content


@pytest.mark.parametrize(
    ("placeholder", "asked"),
    [
        ("[[ subscriber.city ]]", {"city": "‹city›"}),
        ("[[subscriber.city|upper]]", {"city": "‹city›"}),
        ("[[ subscriber . city ]]", {"city": "‹city›"}),
        ("[[ subscriber['stad en dorp'] ]]", {"stad en dorp": "‹stad en dorp›"}),
        ('[[ subscriber["city"] ]]', {"city": "‹city›"}),
        ("[[ subscriber.get('city') ]]", {"city": "‹city›"}),
        ("[[ subscriber.gemeente_naam or subscriber.city ]]", {"gemeente_naam": "‹gemeente_naam›", "city": "‹city›"}),
        ("[% if subscriber.city %]ja[% endif %]", {"city": "‹city›"}),
        ("[[ subscriber.name ]] [[ subscriber.address ]]", {}),
        ("[[ links.unsubscribe ]]", {}),
        ("[[ mysubscriber.city ]]", {}),
        ("subscriber.city", {}),
        ("[[ subscriber.plaats_één ]]", {"plaats_één": "‹plaats_één›"}),
    ],
)
def test_every_attribute_that_is_asked_for_is_given_its_own_name(placeholder: str, asked: dict[str, str]) -> None:
    assert attributes_of(replace(mailing_content(), text=placeholder)) == asked


@pytest.mark.parametrize("part", ["subject", "html", "text"])
def test_attributes_are_found_in_every_part_of_a_mailing(part: str) -> None:
    mailing = mailing_content()
    if part == "subject":
        mailing = replace(mailing, subject="Voor [[ subscriber.city ]]")
    elif part == "html":
        mailing = replace(mailing, html=mailing.html.replace("Beste", "[[ subscriber.city ]]"))
    else:
        mailing = replace(mailing, text="[[ subscriber.city ]]")
    sample = make_sample(mailing, now=NOW)
    assert "‹city›" in {"subject": sample.subject, "html": sample.html, "text": sample.text}[part]


def test_the_name_of_the_sample_recipient_is_escaped_in_html_alone() -> None:
    assert "'" in NAME
    sample = make_sample(mailing_content(), now=NOW)
    assert NAME.replace("'", "&#39;") in sample.html
    assert NAME in sample.text
    assert sample.header("To") == f"{NAME} <{ADDRESS}>"


def test_the_headers_are_decoded_and_in_the_order_of_the_letter() -> None:
    sample = make_sample(mailing_content(), now=NOW)
    names = [name for name, _ in sample.headers]
    assert names[0] == "From"
    assert sample.header("subject") == "Kennisdag ‘Wonen’ – één dag"
    assert sample.letter.startswith(b"From: ")
    assert sample.header("X-Not-There") == ""


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=90))
def test_any_subject_is_shown_as_it_was_written(subject: str) -> None:
    assume(not any(opening in subject for opening in ("[[", "[%")))
    sample = make_sample(replace(mailing_content(), subject=subject), now=NOW)
    assert sample.subject == subject
    assert sample.header("Subject") == subject


def test_the_unsubscribe_link_is_the_public_one_where_there_is_one() -> None:
    by_mail = make_sample(mailing_content(), now=NOW)
    public = make_sample(mailing_content(), now=NOW, public_url="https://nieuwsbrief.example.nl")
    assert "mailto:vragen@example.nl?subject=unsubscribe" in by_mail.text
    assert "https://nieuwsbrief.example.nl/u/" in public.text


def test_a_placeholder_that_cannot_be_read_is_an_error_with_its_place() -> None:
    # No line: of a composed text nobody wrote one.
    with pytest.raises(TemplateError, match=r"^letter\.txt: expected name or number"):
        make_sample(replace(mailing_content(), text="[[ subscriber. ]]"), now=NOW)


@pytest.mark.parametrize(
    ("placeholder", "needs"),
    [
        ("[[ subscriber.city ]]", ("city",)),
        ("[% if subscriber.city %]ja[% endif %]", ("city",)),
        ("[[ subscriber.city | default('–') ]]", ()),
        ("[% if subscriber.city is defined %]ja[% endif %]", ()),
        ("[[ subscriber.get('city') ]]", ()),
        ("[[ subscriber.city | default('–') ]] [[ subscriber.city ]] [[ subscriber.age ]]", ("age", "city")),
    ],
)
def test_what_a_placeholder_has_a_default_for_is_not_needed(placeholder: str, needs: tuple[str, ...]) -> None:
    assert make_sample(replace(mailing_content(), text=placeholder), now=NOW).needs == needs
