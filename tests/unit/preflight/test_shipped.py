"""The templates that come with the product, with the sample event and its poor relations: nothing to mend."""

from datetime import UTC, datetime
from functools import cache

import pytest

from newsletter.app import PACKAGE
from newsletter.compose.composer import Order, compose
from newsletter.compose.mailing import Mailing
from newsletter.compose.templates import Templates
from newsletter.events import document
from newsletter.events.event import Event
from newsletter.preflight.finding import Level
from newsletter.preflight.run import check, check_letters
from newsletter.preflight.size import sample_recipient
from tests.unit.compose.sample import TEMPLATES, VARIANTS

NAMES = Templates([TEMPLATES]).names()
SAMPLE = PACKAGE / "demo" / "files" / "masterclass-bewoners-in-beweging.md"


@cache
def sample() -> Event:
    return document.read(SAMPLE.read_text(encoding="utf-8"), SAMPLE.name)


def composed(event: Event, template: str) -> Mailing:
    order = Order(slug=f"{event.slug}/{template}", template=template, label="")
    return compose(event, order, Templates([TEMPLATES]), now=datetime(2019, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize("template", NAMES)
def test_a_shipped_template_with_the_sample_event_has_nothing_to_mend(template: str) -> None:
    mailing, event = composed(sample(), template), sample()
    theme = Templates([TEMPLATES]).theme(event.series.theme)
    found = check(mailing, event=event, theme=theme)
    found += check_letters(mailing, [sample_recipient(mailing), sample_recipient(mailing, "")]).findings
    assert [str(finding) for finding in found if finding.level is not Level.HINT] == []


@pytest.mark.parametrize("variant", ["cancelled", "season", "online", "english", "bare", "two days"])
@pytest.mark.parametrize("template", ["announcement", "reminder", "report"])
def test_no_event_makes_a_shipped_template_one_that_must_be_mended(template: str, variant: str) -> None:
    event = VARIANTS[variant]
    found = check(composed(event, template), event=event)
    assert [str(finding) for finding in found if finding.level is Level.MUST] == []
