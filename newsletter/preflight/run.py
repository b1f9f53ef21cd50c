"""Preflight: every check, in one ordered table.

In: a composed mailing, and its event where that is known. Out: findings, by level and then by place. Pure: the same
mailing gives the same findings. What needs the network or another program is in `preflight.shell`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from newsletter.compose import themes
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.events.event import Event
from newsletter.preflight import (
    clients,
    contrast,
    dates,
    images,
    links,
    names,
    plain_language,
    recipients,
    size,
    structure,
    support,
    text,
    tracking,
)
from newsletter.preflight.finding import Finding, Level, ordered
from newsletter.preflight.reading import Reading
from newsletter.preflight.recipients import LettersReport, WorstCase

Check: TypeAlias = Callable[[Reading], Iterable[Finding]]


def theme_colours(reading: Reading) -> Iterable[Finding]:
    """Colours of the theme that cannot be told apart, whether or not this letter has both."""
    for sentence in themes.problems(reading.theme) if reading.theme else ():
        yield Finding(
            level=Level.SHOULD,
            check="theme",
            part="event",
            what=sentence,
            fix="mend the theme of the series",
            source="WCAG 1.4.3",
        )


#: The id of each check and what it does, in the order in which people read about them.
CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("leftover", text.leftover),
    ("example-text", text.example_text),
    ("subject-length", text.subject_length),
    ("subject-shouts", text.subject_shouts),
    ("subject-says", text.subject_says),
    ("preheader", text.preheader),
    ("unsubscribe", links.unsubscribe),
    ("sender", text.sender),
    ("tracking", tracking.watched),
    ("size-html", size.html_size),
    ("size-style", size.style_size),
    ("style-nested", size.nested_at_rules),
    ("size-letter", size.letter_size),
    ("link-syntax", links.syntax),
    ("link-scheme", links.scheme),
    ("link-host", links.host),
    ("link-http", links.not_secure),
    ("link-example", links.placeholder_host),
    ("link-same-text", links.same_text),
    ("link-text", links.text),
    ("link-bare", links.bare_address),
    ("link-mail", links.mail),
    ("link-inside", links.inside),
    ("link-underline", links.underline),
    ("image-alt", images.alt),
    ("image-width", images.width),
    ("image-style", images.height),
    ("image-address", images.address),
    ("image-type", images.media_type),
    ("image-weight", images.weight),
    ("image-only", images.image_only),
    ("images-off", clients.images_off),
    ("html-lang", structure.language),
    ("part-lang", structure.part_language),
    ("title", structure.title),
    ("heading-h1", structure.one_h1),
    ("heading-order", structure.heading_order),
    ("table-role", structure.table_role),
    ("table-scope", structure.table_scope),
    ("target-size", structure.target_size),
    ("text-size", structure.text_size),
    ("zoom", structure.zoom),
    ("contrast-light", contrast.light),
    ("contrast-dark", contrast.dark),
    ("theme", theme_colours),
    ("mso-comments", clients.conditional_comments),
    ("mso-ghost-table", clients.ghost_tables),
    ("mso-width", clients.table_width),
    ("mso-resolution", clients.resolution),
    ("mso-line-height", clients.line_height),
    ("button", clients.button_padding),
    ("style-only", clients.without_style),
    ("style-hidden", clients.hidden_by_style),
    ("style-comment", clients.style_comments),
    ("style-blocks", clients.style_blocks),
    ("dark-mode", clients.dark_mode),
    ("forbidden", clients.forbidden),
    ("web-font", clients.web_fonts),
    ("css-support", support.lacking),
    ("date-weekday", dates.weekdays),
    ("date-other", dates.other_date),
    ("time-other", dates.other_time),
    ("town-other", dates.other_town),
    ("speaker-name", names.misspelled),
    ("calendar", text.calendar),
    ("text-links", text.text_links),
    ("text-words", text.text_words),
    ("text-marks", text.text_marks),
    ("text-lines", text.text_lines),
    ("plain-long", plain_language.long_sentences),
    ("plain-passive", plain_language.passive),
    ("plain-words", plain_language.office_words),
)


def check(mailing: Mailing, *, event: Event | None, theme: Mapping[str, str] | None = None) -> list[Finding]:
    """All that can be said of a composed mailing, by level and place."""
    reading = Reading(mailing, event=event, theme=theme)
    return ordered([finding for _, look in CHECKS for finding in look(reading)])


def check_letters(mailing: Mailing, people: Iterable[Recipient]) -> LettersReport:
    """What differs per recipient, checked for each of them; see `preflight.recipients`."""
    return recipients.check_letters(mailing, people)


def worst_cases(mailing: Mailing, people: Iterable[Recipient]) -> list[WorstCase]:
    """The recipients whose letters are worth looking at, each once with every reason."""
    return recipients.worst_cases(mailing, people)


__all__ = ["CHECKS", "LettersReport", "WorstCase", "check", "check_letters", "worst_cases"]
