"""What a document says for all the letters of an event: its texts, take-aways, pictures, theme, invitations."""

import pytest

from newsletter.errors import DocumentError
from newsletter.events.document import read, write
from newsletter.events.event import Image, Link, Speaker
from newsletter.events.plan import Audience

ENGLISH = """\
---
event: kennisdag
title: Kennisdag wonen
start: 2025-10-14 12:00
programme:
  - plenary: Welkom
    at: 13:00-13:15
    speakers:
      - name: Kim Voorbeeld
        photo: foto/kim.jpg
images:
  - url: foto/zaal.jpg
    alt: Een volle zaal
    large: foto/zaal-groot.jpg
    inline: yes
links:
  - title: Presentaties
    url: https://www.example.nl/presentaties.pdf
    detail: pdf, 1,2 MB
takeaways:
  - Begin **klein**.
  - "Lees de [handreiking](https://www.example.nl/h), [[ subscriber.name ]]."
series:
  slug: kennisdagen
  name: Kennisdagen
  contact: contact@example.nl
  from: {name: Kennisdagen, address: post@example.nl}
  language: nl
  timezone: Europe/Amsterdam
  lists: [gemeenten]
  theme:
    base: veen
    accent: "#1D5B3C"
    logo: logo.png
    logo_alt: Gemeente Voorbeeld
    logo_width: 160
  plan:
    - mailing: uitnodiging
      template: announcement
      when: 6 weeks before start at 09:00
      invite: yes
    - mailing: praktisch
      template: practical
      when: 2 days before start at 09:00
      to: accepted
---

# Announcement

Kom op dinsdag 14 oktober 2025.

# Practical

Neem de trein.

# Change

De zaal is veranderd.

# Cancellation

De spreker is ziek.

# Notice

De opnames staan klaar.

# Report

Het was een goede dag.
"""
#: The same in Dutch, as far as keys and headings have a Dutch form.
DUTCH = {
    "photo:": "foto:",
    "inline: yes": "in de mail: ja",
    "detail:": "toelichting:",
    "takeaways:": "opbrengsten:",
    "theme:": "thema:",
    "base:": "basis:",
    "invite: yes": "uitnodiging: ja",
    "to: accepted": "aan: aangenomen",
    "# Announcement": "# Aankondiging",
    "# Practical": "# Praktisch",
    "# Change": "# Wijziging",
    "# Cancellation": "# Annulering",
    "# Notice": "# Bericht",
    "# Report": "# Verslag",
}


def changed(old: str, new: str) -> str:
    assert ENGLISH.count(old) == 1, f"{old!r} must stand in the document once"
    return ENGLISH.replace(old, new)


def test_a_document_holds_the_words_of_every_letter() -> None:
    event = read(ENGLISH, "dag.md")
    assert event.announcement == "Kom op dinsdag 14 oktober 2025."
    assert (event.practical, event.change) == ("Neem de trein.", "De zaal is veranderd.")
    assert (event.cancellation, event.notice) == ("De spreker is ziek.", "De opnames staan klaar.")
    assert event.report == "Het was een goede dag."
    assert event.takeaways == (
        "Begin **klein**.",
        "Lees de [handreiking](https://www.example.nl/h), [[ subscriber.name ]].",
    )


def test_a_document_names_pictures_beside_it() -> None:
    event = read(ENGLISH, "dag.md")
    assert event.images == (Image(url="foto/zaal.jpg", alt="Een volle zaal", large="foto/zaal-groot.jpg", inline=True),)
    assert event.programme[0].speakers == (Speaker(name="Kim Voorbeeld", photo="foto/kim.jpg"),)
    assert event.links == (
        Link(title="Presentaties", url="https://www.example.nl/presentaties.pdf", detail="pdf, 1,2 MB"),
    )


def test_a_series_has_a_theme_and_invites() -> None:
    series = read(ENGLISH, "dag.md").series
    assert series.theme == (
        ("base", "veen"),
        ("accent", "#1d5b3c"),
        ("logo", "logo.png"),
        ("logo_alt", "Gemeente Voorbeeld"),
        ("logo_width", "160"),
    )
    assert [planned.invites for planned in series.plan] == [True, False]
    assert [planned.audience for planned in series.plan] == [Audience.EVERYBODY, Audience.ACCEPTED]


def test_an_unknown_audience_is_refused_at_its_line_with_all_that_there_are() -> None:
    with pytest.raises(DocumentError) as caught:
        read(changed("to: accepted", "to: aanwezigen"), "dag.md")
    [problem] = caught.value.problems
    assert problem.line == ENGLISH.split("\n").index("      to: accepted") + 1
    assert problem.what.startswith("to: “aanwezigen” does not say who gets it; choose from “accepted”, “tentative”,")
    assert "“not declined”" in problem.what


def test_a_theme_may_be_a_name_only() -> None:
    start, end = ENGLISH.index("  theme:\n"), ENGLISH.index("  plan:\n")
    document = f"{ENGLISH[:start]}  theme: klei\n{ENGLISH[end:]}"
    event = read(document, "dag.md")
    assert event.series.theme == (("base", "klei"),)
    assert "  theme: klei\n" in write(event)


def test_the_new_keys_and_headings_may_be_dutch_and_the_keys_are_written_in_english() -> None:
    document = ENGLISH
    for english, dutch in DUTCH.items():
        assert document.count(english) == 1, english
        document = document.replace(english, dutch)
    assert read(document, "dag.md") == read(ENGLISH, "dag.md")
    written = write(read(document, "dag.md"))
    for english, dutch in DUTCH.items():
        assert (dutch if english.startswith("#") else english) in written
    assert read(written, "dag.md") == read(ENGLISH, "dag.md")


def test_what_is_not_there_is_not_written() -> None:
    event = read(ENGLISH[: ENGLISH.index("takeaways:")] + ENGLISH[ENGLISH.index("series:") :], "dag.md")
    assert "takeaways" not in write(event)
    assert "inline" not in write(read(changed("    inline: yes\n", "    inline: no\n"), "dag.md"))


@pytest.mark.parametrize(
    ("old", "new", "what", "fix"),
    [
        ("inline: yes", "inline: misschien", "inline: “misschien” is neither yes nor no", "write yes or no"),
        ("invite: yes", "invite: 1", "invite: “1” is neither yes nor no", "write yes or no"),
        ("invite: yes", "uitnodigen: ja", "the key “uitnodigen” is not known in “plan”", "did you mean “uitnodiging”?"),
        ("url: foto/zaal.jpg", "url: ../zaal.jpg", "url: “../zaal.jpg” is neither", "or as foto/zaal.jpg"),
        ("url: foto/zaal.jpg", "url: /etc/zaal.jpg", "url: “/etc/zaal.jpg” is neither", "or as foto/zaal.jpg"),
        ("url: foto/zaal.jpg", r"url: foto\zaal.jpg", r"url: “foto\zaal.jpg” is neither", "or as foto/zaal.jpg"),
        ("url: foto/zaal.jpg", "url: C:/zaal.jpg", "url: “C:/zaal.jpg” is not a full https address", "https://"),
        ("photo: foto/kim.jpg", "photo: http://example.nl/k.jpg", "photo: “http://example.nl/k.jpg”", "https://"),
        ("base: veen", "base: Veen!", "base: “Veen!” cannot be used as a short name", "use small letters"),
        ('"#1D5B3C"', "groen", "accent: “groen” is not a colour", 'write it in quotes, as "#1251b5"'),
        ('"#1D5B3C"', '"#123"', "accent: “#123” is not a colour", 'write it in quotes, as "#1251b5"'),
        ("    accent:", "    acent:", "the key “acent” is not known in “theme”", "did you mean “accent”?"),
        ("    accent:", "    font:", "the key “font” is not known in “theme”", ""),
        ("logo_width: 160", "logo_width: breed", "logo_width: “breed” is not a whole number", "in digits"),
        ("  - Begin **klein**.", "  - [a, b]", "“takeaways” must be a text", "put quotes around"),
        ("  - Begin **klein**.", "  - |\n    Een\n    Twee", "takeaways: there is a line break in it", "on one line"),
        ("  - Begin **klein**.", "  - Dag [[ naam ]]", "“naam” in [[ … ]] is not known per recipient", "write for"),
        ("Neem de trein.", "Dag [[ naam ]]", "“naam” in [[ … ]] is not known per recipient", "write for example"),
        ("De zaal is", "Op vrijdag 14 oktober 2025 is", "“vrijdag 14 oktober 2025” has the wrong weekday", "dinsdag"),
        ("De opnames staan", "{{ x }} staan", "“{{” works in templates only", "[[ … ]]"),
        ("# Notice", "# Notise", "did you mean “# Notice” by “# Notise”?", "otherwise start the line with “##”"),
        ("# Notice", "# Change", "“# Change” stands here a second time", "put the two texts together"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_a_fix(old: str, new: str, what: str, fix: str) -> None:
    document = changed(old, new)
    with pytest.raises(DocumentError) as caught:
        read(document, "dag.md")
    (problem,) = caught.value.problems
    assert problem.what.startswith(what)
    assert fix in problem.fix
    at = document.splitlines()[problem.line - 1]
    assert at.strip() in new or new.splitlines()[0].strip() in at or "[[" in at or what.startswith("“# Change”")
