"""Mistakes in an event document: each with its line, what is wrong, and the fix."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import DocumentError, Problem
from newsletter.events.document import read, write
from newsletter.events.event import Event

GOOD = """\
---
event: kennisdag
title: Kennisdag wonen
start: 2025-10-14 12:00
end: 17:00
registration: https://www.example.nl/aanmelden
register until: dinsdag 7 oktober 2025
venue:
  name: De Werkbank
programme:
  - lunch: Netwerklunch
    at: 12:00-13:00
  - plenary: Welkom
    at: 13:00-13:15
    abstract: |
      Kort welkom.

      Daarna de rondes.
  - round: Ronde 1
    at: 13:15-14:30
    workshops:
      - title: Aan de deur
        at: 13:20-14:30
        speakers:
          - name: Kim Voorbeeld
            role: adviseur
images:
  - url: https://www.example.nl/zaal.jpg
    alt: Een volle zaal
attendance:
  gemeenten: 12
next:
  - title: Kennisdag 2
    date: voorjaar 2026
links:
  - title: Presentaties
    url: https://www.example.nl/presentaties
series:
  slug: kennisdagen
  name: Kennisdagen
  contact: contact@example.nl
  from: {name: Kennisdagen, address: post@example.nl}
  language: nl
  timezone: Europe/Amsterdam
  lists: [gemeenten, corporaties]
  about: Wij leren van elkaar.
  plan:
    - mailing: aankondiging
      template: announcement
      when: 6 weeks before start at 09:00
    - mailing: herinnering
      template: reminder
      when: 2 werkdagen voor begin om 09:00
      lists: [gemeenten]
      window: 6 hours
---

# Aankondiging

Kom op dinsdag 14 oktober 2025.

# Verslag

Het was een goede dag.
"""


def problems_of(document: str) -> tuple[Problem, ...]:
    with pytest.raises(DocumentError) as caught:
        read(document, "dag.md")
    return caught.value.problems


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must stand in the document once"
    return GOOD.replace(old, new)


def line_of(place: str, document: str) -> int:
    return 1 + document[: document.index(place)].count("\n")


def test_the_document_that_the_mistakes_are_made_in_has_none() -> None:
    event = read(GOOD, "dag.md")
    assert read(write(event), "dag.md") == event


# what stands there, what is written in its place, where the problem is, what it says, what the fix says
MISTAKES = [
    # keys
    (
        "registration: h",
        "registraton: h",
        "registraton",
        "the key “registraton” is not known",
        "did you mean “registration”?",
    ),
    ("            role: adviseur", "            rol: adviseur", "rol:", "“rol” is not known in “speakers”", "“role”"),
    ("venue:\n", "xyzzy: 1\nvenue:\n", "xyzzy", "the key “xyzzy” is not known", "choose from event, title"),
    ("event: kennisdag\n", "", "title", "the key “event” is missing", "write “event: bewoners-in-beweging”"),
    ("title: Kennisdag wonen\n", "", "event", "the key “title” is missing", "title: "),
    ("title: Kennisdag wonen", "title:", "title", "“title” is empty", "title: "),
    ("title: Kennisdag wonen", 'title: "  "', "title", "“title” is empty", "title: "),
    ("end: 17:00\n", "end: 17:00\nend: 18:00\n", "end: 18", "“end” stands here a second time", "keep one"),
    ("end: 17:00\n", "end: 17:00\nEnd: 18:00\n", "End: 18", "“End” stands here a second time", "keep one"),
    ("start: 2025-10-14 12:00\nend: 17:00\n", "", "event", "says nowhere when it is", "date: najaar 2027"),
    # YAML
    ("Kennisdag wonen", "Kennisdag: wonen", "Kennisdag: w", "a colon with a space", "quotes around the whole value"),
    ("Kennisdag wonen", "'Kennisdag' wonen", "'Kennisdag'", "does not fit", "quotes around a whole value"),
    ("Kennisdag wonen", '"Kennisdag', '"Kennisdag', "quotation mark", "close it"),
    ("Kennisdag wonen", '"Kennis\\dag"', '"Kennis', "backslash", "single quotation marks"),
    ("Kennisdag wonen", "@wonen", "@wonen", "character that has a meaning", "quotes"),
    ("Kennisdag wonen", "& wonen", "& wonen", "character that has a meaning", "quotes"),
    ("Kennisdag wonen", "%wonen", "%wonen", "character that has a meaning", "quotes"),
    ("Kennisdag wonen", "> a b", "> a b", "cannot be read from here", "quotes"),
    ("Kennisdag wonen", "*wonen", "*wonen", "anchors and aliases", "quotes"),
    ("Kennisdag wonen", "&w wonen", "&w wonen", "anchors and aliases", "quotes"),
    ("Kennisdag wonen", "!wonen", "!wonen", "tags", "quotes"),
    ("Kennisdag wonen", "[[ naam ]]", "[[ naam", "“title” must be a text", "quotes"),
    ("Kennisdag wonen", "Kennisdag #3", "Kennisdag #3", "“#3” is not read", "quotes"),
    ("Kennisdag wonen", "[" * 30 + "]" * 30, "[[[", "lists in lists", "brackets"),
    ("Kennisdag wonen", "{[a]: b}", "{[a]", "a list cannot be a key", "quotes"),
    ("title: Kennisdag wonen", "title Kennisdag wonen", "title K", "no colon", "key: value"),
    ("  name: De Werkbank", "\tname: De Werkbank", "\tname", "a tab", "spaces"),
    ("[gemeenten, corporaties]", "[gemeenten, corporaties", "  lists: [gemeenten, c", "is not closed", "bracket"),
    ("end: 17:00\n", "end: 17:00\n...\nx: y\n", "x: y", "the keys end above", "..."),
    ("end: 17:00\n", "end: 17:00\n--- # x\nx: y\n", "--- #", "the keys end above", "---"),
    ("Kennisdag wonen", "[Kennisdag, wonen]", "title", "“title” must be a text", "quotes"),
    (
        "    abstract: |\n      Kort welkom.\n\n      Daarna de rondes.\n",
        "    abstract: [a]\n",
        "    abs",
        "must be a text",
        "quotes",
    ),
    ("date: voorjaar 2026", "date: [voorjaar]", "    date: [", "“date” must be a text", "quotes"),
    ("end: 17:00", "end: [17:00]", "end", "“end” must be a text", "quotes"),
    # dates and times
    ("2025-10-14 12:00", "2025-10-14", "start", "start: “2025-10-14” is not a date with a time", "2027-01-28 12:00"),
    ("2025-10-14 12:00", "2025-10-14T12:00Z", "start", "a time zone of its own", "leave Z out; the series says"),
    ("2025-10-14 12:00", "2025-10-14 12:00+02:00", "start", "a time zone of its own", "leave +02:00 out; the series"),
    ("2025-10-14 12:00", "maandag 14 oktober 2025 12:00", "start", "wrong weekday", "“dinsdag 14 oktober 2025”"),
    ("dinsdag 7 oktober 2025", "woensdag 7 oktober 2025", "register", "wrong weekday", "“dinsdag 7 oktober 2025”"),
    ("dinsdag 7 oktober 2025", "zo snel mogelijk", "register", "is not a date", "2027-01-28"),
    ("end: 17:00", "end: 12:00", "end", "the event does not end after it starts", "correct"),
    ("start: 2025-10-14 12:00\n", "date: najaar 2025\n", "end: ", "an “end”, but no “start”", "start: "),
    ("start: 2025-10-14 12:00\n", "date: najaar 2025\n", "  - lunch", "a programme, but no date", "add “start”"),
    ("end: 17:00\n", "end: 17:00\ndate: najaar\n", "date: n", "both a “start” and a “date”", "take “date” out"),
    (
        "start: 2025-10-14 12:00\nend: 17:00\n",
        "date: 2025-10-14\n",
        "date: 2",
        "whose day is not known",
        "start: 2025-10-14",
    ),
    ("date: voorjaar 2026", "date: maandag 14 april 2026", "date: m", "wrong weekday", "“dinsdag 14 april 2026”"),
    ("    date: voorjaar 2026\n", "", "  - title: Kennisdag 2", "“date” of “next” is missing", "najaar"),
    # programme
    (
        "  - lunch: Netwerklunch",
        "  - dinner: Netwerklunch",
        "- dinner",
        "“dinner” is not a kind of part",
        "choose from plenary",
    ),
    (
        "  - lunch: Netwerklunch",
        "  - lunhc: Netwerklunch",
        "- lunhc",
        "“lunhc” is not a kind of part",
        "did you mean “lunch”?",
    ),
    ("  - lunch: Netwerklunch\n    at: 12:00-13:00", "  - at: 12:00-13:00", "  - at", "has no title", "plenary"),
    ("  - lunch: Netwerklunch", "  - lunch: x\n    break: y", "  - lunch", "cannot be break and lunch", "“- ”"),
    ("  - lunch: Netwerklunch", "  - lunch:", "  - lunch", "“lunch” is empty", "lunch: "),
    ("    at: 12:00-13:00\n", "", "  - lunch", "the key “at” of “programme” is missing", "at: 13:15-14:30"),
    ("12:00-13:00", "12:00", "    at: 12", "is not from a time till a time", "12:00-13:00"),
    ("12:00-13:00", "13:00-12:00", "    at: 13:00-12", "does not end after it starts", "earlier time first"),
    ("12:00-13:00", "11:00-13:00", "  - lunch", "“Netwerklunch” (11:00-13:00) is outside the event", "correct"),
    ("13:15-14:30", "13:15-17:30", "  - round", "“Ronde 1” (13:15-17:30) is outside the event", "correct"),
    (
        "12:00-13:00",
        "12:00-13:05",
        "  - plenary",
        "“Welkom” (13:00-13:15) starts before “Netwerklunch” ends (13:05)",
        "round",
    ),
    (
        "13:20-14:30",
        "13:10-14:30",
        "- title: Aan",
        "workshop (13:10-14:30) is outside its round (13:15-14:30)",
        "correct",
    ),
    ("13:20-14:30", "14:00-14:40", "- title: Aan", "outside its round", "correct"),
    (
        "- name: Kim Voorbeeld\n            role",
        "- role",
        "- role",
        "the key “name” of “speakers” is missing",
        "name: ",
    ),
    ("name: Kim Voorbeeld", "name:", "name:\n", "“name” is empty", "name: "),
    ("- title: Aan de deur\n        at", "- at", "- at: 13:20", "“title” of “workshops” is missing", "title: "),
    ("  - round: Ronde 1", "  - plenary: Ronde 1", "      - title: Aan", "workshops are part of a round", "“round”"),
    (
        "12:00-13:00\n",
        "12:00-13:00\n  - round: Leeg\n    at: 15:00-16:00\n",
        "  - round: Leeg",
        "no workshops",
        "workshops",
    ),
    (
        "  - lunch: Netwerklunch\n",
        "  - lunch\n  - lunch: Netwerklunch\n",
        "  - lunch\n",
        "keys of its own",
        "key: value",
    ),
    # the rest of the event
    ("event: kennisdag", "event: Kennis dag", "event", "cannot be used as a short name", "mean “kennis-dag”?"),
    ("event: kennisdag", "event: Café, deel 2!", "event", "cannot be used as a short name", "mean “cafe-deel-2”?"),
    ("event: kennisdag", "event: …", "event", "cannot be used as a short name", "as in “bewoners-in-beweging”"),
    (
        "template: reminder",
        "template: save the date",
        "      template: save the",
        "short name",
        "did you mean “save-the-date”?",
    ),
    ("event: kennisdag\n", "event: kennisdag\nstatus: canceled\n", "status", "is not a status", "“cancelled”"),
    ("https://www.example.nl/aanmelden", "www.example.nl", "registration", "not a full https address", "https://"),
    ("https://www.example.nl/aanmelden", "https://[x", "registration", "not a full https address", "https://"),
    (
        "https://www.example.nl/zaal.jpg",
        "http://www.example.nl/zaal.jpg",
        "  - url: http:",
        "not a full https",
        "https://",
    ),
    ("    alt: Een volle zaal\n", "", "  - url", "the key “alt” of “images” is missing", "alt: "),
    ("    alt: Een volle zaal\n", "    alt: a\n    width: breed\n", "    width", "not a whole number", "digits"),
    ("venue:\n  name: De Werkbank", "venue: {}", "venue", "the venue is empty", "city"),
    ("venue:\n  name: De Werkbank", "venue: Utrecht", "venue", "“venue” must have keys", "key: value"),
    ("gemeenten: 12", "gemeenten: -1", "  gemeenten", "gemeenten: “-1” is not a whole number", "digits"),
    ("gemeenten: 12", "gemeenten: twaalf", "  gemeenten", "is not a whole number", "digits"),
    ("gemeenten: 12", "gemeenten: 12\n  gemeenten: 3", "  gemeenten: 3", "a second time", "keep one"),
    ("gemeenten: 12", '"": 12', '  "": 12', "without a kind", "gemeenten: 12"),
    ("gemeenten: 12", '"a\\nb": 12', '  "a', "a line break", "one line"),
    ("attendance:\n  gemeenten: 12", "attendance: 12", "attendance", "must have keys of its own", "gemeenten: 12"),
    (
        "links:\n  - title: Presentaties\n    url",
        "links:\n    url",
        "    url: https://www.example.nl/pres",
        "must be a list",
        "“- ”",
    ),
    ("  - title: Presentaties\n", "  - title:\n", "  - title:\n", "“title” is empty", "title: "),
    # series and plan
    ("  timezone: Europe/Amsterdam\n", "", "  slug", "the key “timezone” of “series” is missing", "Europe/Amsterdam"),
    ("Europe/Amsterdam", "Europe/Utrecht", "  timezone", "“Europe/Utrecht” is not known", "Europe/Amsterdam"),
    ("Europe/Amsterdam", "america/new_york", "  timezone", "is not known", "America/New_York"),
    ("Europe/Amsterdam", '"+02:00"', "  timezone", "is not known", "Europe/Amsterdam"),
    ("language: nl", "language: fr", "  language", "the language “fr” is not known", "nl or en"),
    ("contact@example.nl", "contact", "  contact", "“contact” is not a mail address", "name@example.nl"),
    (
        "contact@example.nl",
        "no-reply@example.nl",
        "  contact",
        "nobody reads “no-reply@example.nl”",
        "answers are read",
    ),
    ("post@example.nl", "post", "  from", "is not a mail address", "name@example.nl"),
    (
        "  from: {name: Kennisdagen, address: post@example.nl}\n",
        "",
        "  slug",
        "“from” of “series” is missing",
        "address",
    ),
    ("[gemeenten, corporaties]", "gemeenten", "  lists: g", "“lists” must be a list", "“- ”"),
    ("[gemeenten, corporaties]", "[]", "  lists: []", "“lists” is empty", "[gemeenten]"),
    ("[gemeenten, corporaties]", "[gemeenten, gemeenten]", "  lists: [gemeenten, g", "is named twice", "once"),
    ("lists: [gemeenten]", "lists: [gemeente]", "lists: [gemeente]", "no list “gemeente”", "did you mean “gemeenten”?"),
    (
        "mailing: herinnering",
        "mailing: aankondiging",
        "    - mailing: aankondiging\n      template: reminder",
        "two mailings",
        "another",
    ),
    ("mailing: herinnering", "mailing: De Herinnering", "    - mailing: De", "short name", "hyphens"),
    ("6 weeks before start at 09:00", "ooit", "      when: ooit", "when: “ooit” does not say when", "6 weeks before"),
    ("window: 6 hours", "window: lang", "      window", "window: “lang” is not a length of time", "2 days"),
    ("post@example.nl", "zoë@example.nl", "  from", "a letter before the “@” that not every", "only a-z"),
    ("contact@example.nl", "zoë@example.nl", "  contact", "a letter before the “@” that not every", "only a-z"),
    ("contact@example.nl", "zoë@-.nl", "  contact", "is not a mail address", "name@example.nl"),
    # placeholders
    (
        "Kennisdag wonen",
        "Voor [[ subscriber.name ]]",
        "title",
        "“[[” works in the announcement",
        "the words themselves",
    ),
    ("De Werkbank", "Zaal [% if x %]", "  name: Zaal", "“[%” works in the announcement", "the words themselves"),
    ("Een volle zaal", "Zaal [# 3", "    alt", "“[#” works in the announcement", "the words themselves"),
    ("gemeenten: 12", '"[[ x ]]": 12', '  "[[ x', "“[[” works in the announcement", "the words themselves"),
    ("nl/aanmelden", "nl/[[x]]", "registration", "is not a full https address", "https://"),
    ("Kom op", "Beste [[ subscriber.name, kom op", "Beste", "“[[” is not closed with “]]”", "[[ subscriber.name ]]"),
    ("Kom op", "Beste [[ subscriber.name ], kom\n\nop [[ subscriber.x ]]", "Beste", "“[[” is not closed", "[["),
    ("Kom op", "Op [% if subscriber.x ja", "Op [%", "“[%” is not closed with “%]”", "[["),
    ("Kom op", "Beste [ subscriber.name ]], kom op", "Beste", "“]]” has no “[[” before it", "[[ subscriber.name ]]"),
    ("Het was", "Beste [[ subscriber naam ]], het was", "Beste", "“[[ subscriber naam ]]” cannot be read", "[["),
    ("Het was", "Ja\n[% if subscriber.x %]het was", "[% if", "the [% … %] cannot be read", "[% endif %]"),
    ("Het was", "Ja\n[% macro x() %]a[% endmacro %]", "[% mac", "[% … %] cannot hold “macro” here", "use if and for"),
    ("Het was", "Ja\n[[ subscriber.name | groot ]]", "[[ sub", "there is no filter “groot”", "default"),
    ("Kom op", "Beste [[ naam ]], kom op", "Beste", "“naam” in [[ … ]] is not known per recipient", "[["),
    ("Daarna de", "[[ event.title ]] de", "      [[", "“event” in [[ … ]] is not known per recipient", "[["),
    ("Wij leren", "Wij [[ links.archive ]]", "  about", "there is no “links.archive”", "[[ links.unsubscribe ]]"),
    ("Wij leren", "Wij [[ links['x'] ]]", "  about", "there is no “links.x”", "[[ links.unsubscribe ]]"),
    ("Kom op", "[[ subscriber ]] kom op", "[[ sub", "“subscriber” in [[ … ]] does not say which", "[["),
    # words
    ("Kennisdag wonen", "{{ title }}", "title: ", "“{{” works in templates only", "[[ … ]]"),
    ("Kom op", "{% if naam %}Kom op", "{% if", "“{%” works in templates only", "[[ … ]]"),
    ("Kennisdag wonen", '"\\x7b{ title"', "title: ", "“{{” works in templates only", "[[ … ]]"),
    (
        "Kennisdag wonen",
        '"Kennis\\adag"',
        "title",
        "title: there is a character that nobody can see (U+0007)",
        "take it out",
    ),
    ("Kennisdag wonen", '"Kennis\\ndag"', "title", "title: there is a line break in it", "on one line"),
    ("Kennisdag wonen", "|\n  Kennisdag", "title", "title: there is a line break in it", "on one line"),
    ("Kennisdag wonen", "Kennis\x07dag", "title", "nobody can see (U+0007)", "take it out"),
    ("Kennisdag wonen", "Kennis\u2028dag", "title", "nobody can see (U+2028)", "take it out"),
    ("goede dag", "goede\x1b dag", "Het was", "nobody can see (U+001B)", "take it out"),
    ("dinsdag 14 oktober 2025", "maandag 14 oktober 2025", "Kom op", "wrong weekday", "“dinsdag 14 oktober 2025”"),
    ("Het was", "Op maandag 14 oktober was het", "Op maandag", "wrong weekday", "“dinsdag 14 oktober”"),
    (
        "Daarna de rondes.",
        "Op maandag 14 oktober 2025.",
        "      Op maandag",
        "wrong weekday",
        "“dinsdag 14 oktober 2025”",
    ),
    ("Wij leren", "Op Monday 14 October 2025 leren wij", "  about", "wrong weekday", "“Tuesday 14 October 2025”"),
    (
        "title: Kennisdag 2",
        "title: Kennisdag maandag 14 oktober 2025",
        "  - title: Kennisdag m",
        "wrong weekday",
        "dinsdag",
    ),
]


@pytest.mark.parametrize(("old", "new", "place", "what", "fix"), MISTAKES)
def test_a_mistake_is_a_problem_with_its_line_and_its_fix(old: str, new: str, place: str, what: str, fix: str) -> None:
    document = changed(old, new)
    matching = [problem for problem in problems_of(document) if what in problem.what]
    assert [(problem.file, problem.line) for problem in matching] == [("dag.md", line_of(place, document))]
    assert fix in matching[0].fix or fix in matching[0].what


def test_a_time_that_the_clock_skips_is_a_problem_and_one_that_it_shows_twice_is_not() -> None:
    parts = GOOD[GOOD.index("programme:") : GOOD.index("images:")]
    night = GOOD.replace(parts, "").replace("end: 17:00\n", "").replace("register until: dinsdag 7 oktober 2025\n", "")
    night = night.replace("Kom op dinsdag 14 oktober 2025.", "Kom ook.")
    assert read(night.replace("2025-10-14 12:00", "2026-10-25 02:30"), "dag.md").start is not None
    for zone in ("timezone: Europe/Amsterdam", "timezone: Europe/Amsterdam\n  nonsense: 1"):
        gap = night.replace("2025-10-14 12:00", "2026-03-29 02:30").replace("timezone: Europe/Amsterdam", zone)
        problem = problems_of(gap)[0]
        assert problem.line == 4
        assert "2026-03-29 02:30 does not exist in Europe/Amsterdam" in problem.what
        assert "03:30" in problem.fix


def test_an_event_of_several_days_needs_the_day_of_each_part() -> None:
    problems = problems_of(changed("end: 17:00", "end: 2025-10-15 17:00"))
    assert [problem.line for problem in problems] == [
        line_of(place, GOOD) for place in ("at: 12:00", "at: 13:00", "at: 13:15", "at: 13:20")
    ]
    assert all("does not say on which day" in problem.what for problem in problems)


def test_ten_mistakes_are_reported_in_one_go_in_the_order_of_their_lines() -> None:
    document = GOOD
    for old, new in [
        ("event: kennisdag", "event: Kennisdag"),
        ("end: 17:00", "end: 11:00"),
        ("registration:", "registratie:"),
        ("name: Kim Voorbeeld", "name:"),
        ("    alt: Een volle zaal\n", ""),
        ("gemeenten: 12", "gemeenten: veel"),
        ("contact@example.nl", "noreply@example.nl"),
        ("when: 6 weeks before start at 09:00", "when: gauw"),
        ("window: 6 hours", "window: lang"),
        ("dinsdag 14 oktober 2025", "vrijdag 14 oktober 2025"),
    ]:
        document = document.replace(old, new)
    problems = problems_of(document)
    assert len(problems) == 10
    assert [problem.line for problem in problems] == sorted(
        line_of(place, document)
        for place in (
            "event:",
            "end:",
            "registratie:",
            "- name:",
            "- url",
            "  gemeenten:",
            "  contact:",
            "      when: gauw",
            "      window:",
            "Kom op",
        )
    )
    assert all(problem.fix or "write for example" in problem.what for problem in problems)


def test_a_problem_is_one_line_that_names_the_file_and_the_line() -> None:
    (problem,) = problems_of(changed("end: 17:00", "end: 12:00"))
    assert str(problem) == "dag.md:5: the event does not end after it starts; correct “start” or “end”"


def test_broken_yaml_does_not_hide_the_mistakes_in_the_texts() -> None:
    document = changed("Kennisdag wonen", "Kennisdag: wonen").replace("Kom op", "{{ naam }}, kom op")
    assert [problem.line for problem in problems_of(document)] == [3, line_of("{{ naam", document)]


@pytest.mark.parametrize("front", ["wel tekst", "- a\n- b"])
def test_front_matter_without_keys_is_a_problem(front: str) -> None:
    (problem,) = problems_of(f"---\n{front}\n---\n")
    assert (problem.line, problem.what) == (2, "the front matter has no keys")


def test_empty_front_matter_misses_every_required_key() -> None:
    problems = problems_of("---\n---\n")
    assert [problem.line for problem in problems] == [2, 2, 2, 2]


def test_a_series_that_is_known_needs_only_its_slug() -> None:
    event = read(GOOD, "dag.md")
    short = GOOD[: GOOD.index("series:")] + "series: kennisdagen\n---\n" + GOOD[GOOD.index("\n# Aankondiging") :]
    assert read(short, "dag.md", {"kennisdagen": event.series}) == event


def test_a_series_that_is_not_known_is_a_problem() -> None:
    series = read(GOOD, "dag.md").series
    short = GOOD[: GOOD.index("series:")] + "series: kennisdag\n---\n"
    with pytest.raises(DocumentError, match=r"there is no series “kennisdag”; did you mean “kennisdagen”\?"):
        read(short, "dag.md", {"kennisdagen": series})
    with pytest.raises(DocumentError, match="there is no series “kennisdag”; write the whole series here"):
        read(short, "dag.md")


def test_keys_that_are_left_empty_are_as_good_as_left_out() -> None:
    document = changed("venue:\n  name: De Werkbank\n", "venue:\nsubtitle:\naudience:\nstatus:\n")
    event = read(document, "dag.md")
    assert event == dataclasses.replace(read(GOOD, "dag.md"), venue=None)


@pytest.mark.parametrize(
    "words",
    [
        "[[ subscriber.name | default('lezer') ]]",
        "[[ subscriber['de naam'] ]] en [[links.unsubscribe]]",
        "[% if subscriber.city is defined %]\n[[ subscriber.city ]]\n[% else %]\nelders\n[% endif %]",
        "[% for each in [1, 2] %][[ each ]][% endfor %]",
        "[# 1] is een zaal, a[b[0]] ook, en [zie [1]](https://www.example.nl/)",
    ],
)
def test_what_is_known_per_recipient_may_stand_in_a_text(words: str) -> None:
    assert words in read(changed("Kom op", f"{words} kom op"), "dag.md").announcement


def test_the_ascii_form_of_a_domain_is_stored() -> None:
    document = changed("contact@example.nl", "contact@exämple.nl").replace("post@example.nl", "Post@exämple.nl")
    series = read(document, "dag.md").series
    assert (series.contact, series.sender.address) == ("contact@xn--exmple-cua.nl", "Post@xn--exmple-cua.nl")
    assert read(write(read(document, "dag.md")), "dag.md").series == series


@pytest.mark.parametrize(
    ("word", "status"),
    [("gepland", "planned"), ("Afgelast", "cancelled"), ("geannuleerd", "cancelled"), ("cancelled", "cancelled")],
)
def test_a_status_may_be_dutch_and_is_written_in_english(word: str, status: str) -> None:
    event = read(changed("end: 17:00\n", f"end: 17:00\nstatus: {word}\n"), "dag.md")
    assert event.status == status
    assert ("status: cancelled" in write(event)) is (status == "cancelled")


def test_an_event_stays_in_its_series() -> None:
    other = {"kennisdag": "lezingen"}
    with pytest.raises(DocumentError, match="is in series “lezingen” already, not in “kennisdagen”; choose") as caught:
        read(GOOD, "dag.md", {}, other)
    assert [problem.line for problem in caught.value.problems] == [line_of("  slug: kennisdagen", GOOD)]
    short = GOOD[: GOOD.index("series:")] + "series: kennisdagen\n---\n"
    with pytest.raises(DocumentError, match="or keep series “lezingen”") as caught:
        read(short, "dag.md", {"kennisdagen": read(GOOD, "dag.md").series}, other)
    assert [problem.line for problem in caught.value.problems] == [line_of("series:", short)]
    assert read(GOOD, "dag.md", {}, {"kennisdag": "kennisdagen"}) == read(GOOD, "dag.md")


def test_remarks_after_a_value_are_no_mistake() -> None:
    assert read(changed("end: 17:00", "end: 17:00   # of iets later"), "dag.md") == read(GOOD, "dag.md")


@pytest.mark.parametrize(
    "local",
    ["noreply", "no-reply", "no_reply", "No.Reply", "donotreply", "do-not-reply", "niet-beantwoorden", "noreply+x"],
)
def test_every_spelling_of_no_reply_is_refused_as_contact(local: str) -> None:
    (problem,) = problems_of(changed("contact@example.nl", f"{local}@example.nl"))
    assert "nobody reads" in problem.what


@pytest.mark.parametrize("local", ["reply", "antwoord", "notary", "noor", "no"])
def test_a_mailbox_with_a_name_like_it_is_fine(local: str) -> None:
    assert read(changed("contact@example.nl", f"{local}@example.nl"), "dag.md").series.contact == f"{local}@example.nl"


def tried(document: str) -> tuple[tuple[Problem, ...], Event | None]:
    try:
        return (), read(document, "dag.md")
    except DocumentError as error:
        return error.problems, None


@settings(max_examples=200, deadline=None)
@given(
    at=st.integers(0, len(GOOD)),
    removed=st.integers(0, 40),
    inserted=st.sampled_from(
        ["", "\t", "\n", '"', "'", "- ", ": ", "{", "[", "]", "&a ", "*a", "!!int ", "---\n", "|", "#", "\x00", "? "]
    )
    | st.text(max_size=5),
)
def test_whatever_is_mistyped_is_answered_with_problems_or_read(at: int, removed: int, inserted: str) -> None:
    document = GOOD[:at] + inserted + GOOD[at + removed :]
    problems, event = tried(document)
    assert (event is None) == bool(problems)
    assert all(1 <= problem.line <= document.count("\n") + 1 for problem in problems)
    assert event is None or read(write(event), "dag.md") == event
