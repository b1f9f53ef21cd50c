"""The made-up people bring out every side of a letter, and nobody on a list is among them."""

from dataclasses import replace

import pytest

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.web.people import LONGEST, NAME, Person, Readings, asked, made_up, needed
from tests.world import NOW, mailing_content


def people_for(text: str) -> list[Person]:
    return made_up(replace(mailing_content(), text=text), now=NOW)


def letters(mailing: Mailing) -> list[str]:
    letter = Letter(mailing)
    return [letter.plain(person.recipient)[2] for person in made_up(mailing, now=NOW)]


def test_the_first_is_somebody_ordinary_and_then_come_the_longest_name_and_none() -> None:
    found = people_for("Beste [[ subscriber.name ]]")
    assert [person.key for person in found] == ["sample", "longest", "nameless"]
    assert [person.recipient.name for person in found] == [NAME, LONGEST, ""]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("[% if subscriber.lid %]wel[% else %]niet[% endif %]", {"wel", "niet"}),
        ("[% if subscriber.name %]naam[% else %]geen[% endif %]", {"naam", "geen"}),
        ("[% if subscriber.soort == 'gemeente' %]stad[% else %]rest[% endif %]", {"stad", "rest"}),
        ("[% if subscriber['soort'] != \"regio\" %]stad[% else %]rest[% endif %]", {"stad", "rest"}),
        ("[% if subscriber.a %]a[% elif subscriber.b %]b[% else %]c[% endif %]", {"a", "b", "c"}),
        ("[% if subscriber.rol is defined %]rol[% else %]zonder[% endif %]", {"rol", "zonder"}),
        ("[[ subscriber.rol | default('lid') ]]", {"‹rol›", "lid"}),
    ],
)
def test_both_sides_of_every_condition_are_among_the_letters(text: str, sides: set[str]) -> None:
    mailing = replace(mailing_content(), text=text)
    assert sides <= {letter.strip() for letter in letters(mailing)}


def test_people_whose_letters_are_alike_stand_once() -> None:
    mailing = replace(mailing_content(), html="<!doctype html><p>Dag [[ links.unsubscribe ]]</p>", text="Dag")
    assert [person.key for person in made_up(mailing, now=NOW)] == ["sample"]


def test_somebody_who_cannot_be_written_to_is_among_them() -> None:
    found = people_for("[[ subscriber.stad.naam ]]")
    assert found[0].key == "sample"


def test_what_is_asked_and_what_is_needed_are_found_in_every_part() -> None:
    mailing = replace(
        mailing_content(),
        subject="[[ subscriber.a ]]",
        text="[[ subscriber.b | default('') ]]",
        calendar="[[ subscriber.c ]]",
    )
    assert asked(mailing) == ["a", "b", "c"]
    assert needed(mailing) == ("a", "c")


def test_people_read_what_the_letter_itself_says() -> None:
    mailing = replace(mailing_content(), text="[[ subscriber.name ]] [[ subscriber.address ]] [[ subscriber.rol ]]")
    for person in made_up(mailing, now=NOW):
        subject, html, text = Letter(mailing).plain(person.recipient)
        assert Readings(mailing).all(person.recipient) == (subject, text, html)
