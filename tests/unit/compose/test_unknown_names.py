"""What a template asks for and is not there, in words for who wrote the template."""

from pathlib import Path

import pytest

from newsletter.compose.context import build_context
from newsletter.compose.templates import FILES, Templates
from newsletter.errors import TemplateError
from tests.unit.compose.sample import BARE, MASTERCLASS, TEMPLATES


def complaint(folder: Path, text: str, *, bare: bool = False) -> str:
    (folder / "proef").mkdir()
    for file in FILES:
        (folder / "proef" / file).write_text(text if file == "letter.txt" else "x", encoding="utf-8")
    templates = Templates([folder, TEMPLATES])
    event = BARE if bare else MASTERCLASS
    context = build_context(event, label="", words=templates.words("nl"), theme=templates.theme())
    with pytest.raises(TemplateError) as caught:
        templates.render("proef", context)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n{{ event.titel }}", ":2: event has no “titel”; perhaps “title” is meant; it has: actions, announcement, "),
        ("{{ event['titel'] }}", ":1: event has no “titel”; perhaps “title” is meant; it has: "),
        ("{% if event.titel %}x{% endif %}", ":1: event has no “titel”; "),
        ("{{ series.mail }}", ":1: series has no “mail”; "),
        (
            "{{ event.preview.x }}",
            ":1: event.preview has no “x”; it has: announcement, cancelled, changed, digest, next, notice, practical",
        ),
        (
            "{% for fact in event.facts %}{{ fact.lable }}{% endfor %}",
            ":1: event.facts[0] has no “lable”; perhaps “label”",
        ),
        ("{% set own = {'a': 1} %}{{ own.b }}", ":1: this has no “b”; it has: a"),
        (
            "{{ evnt.title }}",
            ":1: there is no “evnt”; perhaps “event” is meant; there are: agenda, dates, event, label, language, ",
        ),
        (
            "{{ zzz }}",
            ":1: there is no “zzz”; there are: agenda, dates, event, label, language, series, subject, t, theme",
        ),
        ("{{ t.qqqqqq }}", ":1: t has no “qqqqqq”; it has: about, "),
        ("{{ event.title.foo }}", ":1: 'str object' has no attribute 'foo'"),
        ("{{ event.title.__class__ }}", "unsafe"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_what_is(tmp_path: Path, text: str, expected: str) -> None:
    sentence = complaint(tmp_path, text)
    assert sentence.startswith("templates/proef/letter.txt:")
    assert expected in sentence
    assert "dict object" not in sentence


def test_of_many_names_only_the_nearest_is_told(tmp_path: Path) -> None:
    assert complaint(tmp_path, "{{ t.programma }}").endswith("t has no “programma”; perhaps “programme” is meant")


def test_what_an_event_does_not_have_is_empty(tmp_path: Path) -> None:
    assert complaint(tmp_path, "{{ event.venue.name }}", bare=True) == (
        "templates/proef/letter.txt:1: what stands before “.name” is empty here; "
        "put it between {% if … %} and {% endif %}"
    )
