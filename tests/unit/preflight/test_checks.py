"""Every check: a letter in which it finds something, and one in which it does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.compose.mailing import Attachment, Mailing
from newsletter.events.event import STARTER_MARK
from newsletter.preflight.finding import PARTS, Finding, Level
from newsletter.preflight.run import CHECKS, check
from tests.unit.preflight.letters import EVENT, GOOD, HTML, INTRO, PREHEADER, PROSE, SUBJECT, TEXT, found, said, spoiled

BUTTON = "padding:10px 22px; color:#ffffff; font-size:16px; line-height:24px; text-decoration:none"
PARAGRAPH = "color:#17202e; font-size:16px; line-height:26px"
IMAGE = 'alt="Een zaal vol mensen aan lange tafels" width="544" style="display:block; height:auto; color:#17202e"'
SOURCE = "https://www.gemeente-utrecht.nl/zaal.jpg"
JOIN = "https://www.gemeente-utrecht.nl/aanmelden"
PHOTO = Attachment("zaal.jpg", "image/webp", b"x", cid="zaal@gemeente-utrecht.nl")
LONG = " ".join(["Wie mee wil praten over wonen en zorg in de eigen wijk"] * 3) + " is welkom."


def linked(html: str) -> Mailing:
    """A paragraph with a link in it."""
    return spoiled("html", (PROSE, f"{PROSE} {html}"))


def shown(image: str) -> Mailing:
    return spoiled("html", (IMAGE, image))


#: Check, level, and a mailing in which it finds something of that level.
CASES: tuple[tuple[str, str, Mailing], ...] = (
    ("leftover", "must", spoiled("html", (INTRO, "{{ event.title }}"))),
    ("leftover", "must", spoiled("subject", ("Utrecht", "[[ x"))),
    ("leftover", "must", spoiled("text", ("Meld u aan", "%} Meld u aan"))),
    ("example-text", "should", spoiled("text", ("Beste lezer", STARTER_MARK))),
    ("example-text", "should", spoiled("text", ("Beste lezer", "[naam]"))),
    ("example-text", "should", said("Lorem ipsum dolor sit amet en nog veel meer".replace("L", "l", 1))),
    ("subject-length", "must", replace(GOOD, subject=" ")),
    ("subject-length", "hint", replace(GOOD, subject=f"{SUBJECT}, {'een hele lange titel ' * 3}")),
    ("subject-length", "should", replace(GOOD, subject=f"{SUBJECT}, {'een hele lange titel ' * 5}")),
    ("subject-shouts", "should", replace(GOOD, subject=SUBJECT.upper())),
    ("subject-shouts", "should", replace(GOOD, subject=f"{SUBJECT}!")),
    ("subject-says", "hint", replace(GOOD, subject="Nieuws op 23 april")),
    ("subject-says", "hint", replace(GOOD, subject="Kennisdag Wonen")),
    ("preheader", "should", spoiled("html", (f"{PREHEADER}</div>", "</div>"))),
    ("preheader", "should", spoiled("html", (PREHEADER, "Meld u aan."))),
    ("preheader", "should", spoiled("html", (PREHEADER, PREHEADER * 2))),
    ("preheader", "should", spoiled("html", (PREHEADER, SUBJECT))),
    ("preheader", "should", spoiled("html", ("Kennisdag Wonen</h1>", f"{PREHEADER}</h1>"))),
    ("unsubscribe", "must", spoiled("html", ("[[ links.unsubscribe ]]", JOIN))),
    ("unsubscribe", "must", spoiled("text", ("[[ links.unsubscribe ]]", ""))),
    ("sender", "should", replace(GOOD, contact="no-reply@gemeente-utrecht.nl")),
    ("sender", "should", replace(GOOD, sender=replace(GOOD.sender, name=""))),
    ("sender", "should", spoiled("text", ("vragen@gemeente-utrecht.nl", "ons"))),
    ("sender", "should", spoiled("text", ("Gemeente Utrecht", "ons"))),
    ("tracking", "must", shown('alt="" width="1" height="1" style="display:block; height:auto"')),
    ("tracking", "must", linked('<a href="https://www.gemeente-utrecht.nl/?u=[[ subscriber.address ]]">Uw agenda</a>')),
    ("size-html", "should", spoiled("html", ("</body>", f"<!--{'x' * 90_000}--></body>"))),
    ("size-html", "must", spoiled("html", ("</body>", f"<!--{'x' * 102_000}--></body>"))),
    (
        "size-style",
        "should",
        spoiled("html", ("<style>:root", f"<style>@media x {{ {'.a { color: #000000 } ' * 700} }} :root")),
    ),
    (
        "size-style",
        "must",
        spoiled("html", ("<style>:root", f"<style>@media x {{ {'.a { color: #000000 } ' * 800} }} :root")),
    ),
    (
        "style-nested",
        "should",
        spoiled("html", ("@media (max-width: 480px) { ", "@media screen { @media (max-width: 480px) { } ")),
    ),
    ("size-letter", "should", replace(GOOD, attachments=(Attachment("a.pdf", "application/pdf", b"x" * 1_600_000),))),
    ("size-letter", "must", replace(GOOD, attachments=(Attachment("a.pdf", "application/pdf", b"x" * 8_000_000),))),
    ("link-syntax", "must", linked('<a href="www.gemeente-utrecht.nl">De agenda</a>')),
    ("link-syntax", "must", linked('<a href="">De agenda</a>')),
    ("link-syntax", "must", linked('<a href="https://">De agenda</a>')),
    ("link-syntax", "must", linked('<a href="https://gemeente-utrecht.nl/een pad">De agenda</a>')),
    ("link-scheme", "must", linked('<a href="ftp://gemeente-utrecht.nl/x">De agenda</a>')),
    ("link-scheme", "must", linked('<a href="javascript:alert(1)">De agenda</a>')),
    ("link-host", "must", linked('<a href="http://localhost:8000/">De agenda</a>')),
    ("link-host", "must", linked('<a href="https://10.1.2.3/x">De agenda</a>')),
    ("link-host", "must", linked('<a href="https://intranet/agenda">De agenda</a>')),
    ("link-host", "must", linked('<a href="https://agenda.gemeente.local/">De agenda</a>')),
    ("link-http", "should", linked('<a href="http://www.gemeente-utrecht.nl/">De agenda</a>')),
    ("link-example", "hint", linked('<a href="https://www.example.nl/">De agenda</a>')),
    ("link-same-text", "should", linked('<a href="https://www.gemeente-utrecht.nl/x">Meld u aan</a>')),
    ("link-text", "must", linked(f'<a href="{JOIN}"></a>')),
    ("link-text", "should", linked(f'<a href="{JOIN}">Klik hier</a>')),
    ("link-text", "should", linked(f'<a href="{JOIN}">lees meer »</a>')),
    ("link-bare", "should", linked(f'<a href="{JOIN}">{JOIN}</a>')),
    ("link-mail", "must", linked('<a href="mailto:vragen">Vragen</a>')),
    ("link-mail", "should", linked('<a href="mailto:no-reply@gemeente-utrecht.nl">Vragen</a>')),
    ("link-inside", "should", linked('<a href="#programma">Het programma</a>')),
    ("link-underline", "should", linked(f'<a href="{JOIN}" style="text-decoration:none">De agenda</a>')),
    ("image-alt", "must", shown('width="544" style="display:block; height:auto"')),
    ("image-alt", "should", shown('alt="IMG_2041.jpg" width="544" style="display:block; height:auto"')),
    ("image-width", "should", shown('alt="Een zaal" style="display:block; height:auto"')),
    ("image-width", "should", shown('alt="Een zaal" width="1200" style="display:block; height:auto"')),
    ("image-style", "should", shown('alt="Een zaal" width="544" style="display:block; height:300px"')),
    ("image-style", "hint", shown('alt="Een zaal" width="544" style="height:auto"')),
    ("image-address", "must", spoiled("html", (SOURCE, "foto/zaal.jpg"))),
    ("image-address", "must", spoiled("html", (SOURCE, "https://localhost/zaal.jpg"))),
    ("image-address", "should", spoiled("html", (SOURCE, SOURCE.replace("https", "http")))),
    ("image-type", "should", spoiled("html", (SOURCE, SOURCE.replace("jpg", "webp")))),
    ("image-type", "should", replace(GOOD, attachments=(PHOTO,), html=HTML.replace(SOURCE, f"cid:{PHOTO.cid}"))),
    ("image-weight", "should", replace(GOOD, attachments=(replace(PHOTO, content=b"x" * 900_000),))),
    ("image-only", "should", spoiled("html", (PROSE, ""), (INTRO, ""), ("Deze mail is verstuurd door", ""))),
    (
        "images-off",
        "hint",
        spoiled(
            "html",
            ("height:auto; color:#17202e", "height:auto"),
            (
                'class="ink" style="font-family:Arial, sans-serif; color:#17202e"',
                'style="font-family:Arial, sans-serif"',
            ),
        ),
    ),
    ("html-lang", "must", spoiled("html", ('<html lang="nl" dir', "<html dir"))),
    ("html-lang", "should", spoiled("html", ('<html lang="nl"', '<html lang="en"'))),
    ("part-lang", "should", spoiled("html", ("<h2 ", '<h2 lang="Nederlands" '))),
    ("title", "should", spoiled("html", (f"<title>{SUBJECT}</title>", ""))),
    ("title", "should", spoiled("html", (f"<title>{SUBJECT}", "<title>Nieuwsbrief"))),
    ("heading-h1", "should", spoiled("html", ("<h1", "<p"), ("</h1>", "</p>"))),
    ("heading-h1", "should", spoiled("html", ("<h2", "<h1"), ("</h2>", "</h1>"))),
    ("heading-order", "should", spoiled("html", ("<h2", "<h3"), ("</h2>", "</h3>"))),
    ("heading-order", "should", spoiled("html", ("Wat u kunt verwachten", ""))),
    ("table-role", "should", spoiled("html", ('<table role="presentation"><tr>', "<table><tr>"))),
    ("table-scope", "should", spoiled("html", (INTRO, f"{INTRO}</p><table><tr><th>Groep</th></tr></table><p>"))),
    ("target-size", "should", spoiled("html", ("padding:10px 22px", "padding:4px 22px"))),
    ("target-size", "must", spoiled("html", (BUTTON, BUTTON.replace("10px 22px", "1px 22px").replace("24px", "16px")))),
    ("text-size", "should", spoiled("html", ("font-size:14px", "font-size:10px"))),
    ("text-size", "should", spoiled("html", ("font-size:16px; line-height:26px", "font-size:16px; line-height:18px"))),
    ("zoom", "must", spoiled("html", ("initial-scale=1", "initial-scale=1, user-scalable=no"))),
    ("contrast-light", "must", spoiled("html", ("color:#17202e", "color:#aaaaaa"))),
    ("contrast-light", "must", spoiled("html", ("background-color:#1251b5", "background-color:#ffee00"))),
    (
        "contrast-dark",
        "must",
        spoiled("html", (".ink { color: #e9edf3 !important; }\n.link", ".ink { color: #334455 !important; }\n.link")),
    ),
    (
        "contrast-dark",
        "must",
        spoiled("html", ("[data-ogsc] .ink { color: #e9edf3", "[data-ogsc] .ink { color: #334455")),
    ),
    ("date-weekday", "must", said(PROSE + " Kom ook op maandag 14 oktober 2025 naar ons toe.")),
    ("date-weekday", "should", said(PROSE + " Kom ook op maandag 23 april naar ons toe.")),
    ("date-weekday", "must", replace(GOOD, subject="Kennisdag Wonen: Monday 14 October 2025")),
    ("date-other", "should", replace(GOOD, subject="Kennisdag Wonen: donderdag 30 april, Utrecht")),
    ("date-other", "should", said(PROSE + " U bent welkom op 24 april 2026, of later.")),
    ("date-other", "should", said(PROSE + " Het programma van 23 april 2025 staat op de site.")),
    ("time-other", "should", said(PROSE.replace("13.00", "12.00"))),
    ("time-other", "hint", said(PROSE + " De trein van 12.17 uur is te halen.")),
    ("town-other", "should", replace(GOOD, subject="Kennisdag Wonen: donderdag 23 april, Zwolle")),
    ("town-other", "hint", said(PROSE + " U bent op 23 april 2026 welkom in Zwolle.")),
    ("speaker-name", "should", said(PROSE.replace("Willemsen", "Willemse"))),
    ("speaker-name", "should", said(PROSE.replace("Sanne", "Sane"))),
    ("speaker-name", "should", said(PROSE + " Daarna legt Jeroen van der Huijbe de wet uit.")),
    ("speaker-name", "should", said(PROSE + " In de tweede zaal legt Huybens de nieuwe wet uit.")),
    ("calendar", "must", replace(GOOD, calendar="BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Amsterdam:20260430T130000\r\n")),
    ("text-links", "should", spoiled("text", (JOIN, ""))),
    ("text-words", "should", said(PROSE + " Daar hoort u ook alles over heel andere onderwerpen.", in_text=False)),
    ("text-marks", "should", spoiled("text", ("Beste lezer", "<strong>Beste</strong> lezer"))),
    ("text-marks", "should", spoiled("text", ("Beste lezer", "Beste&nbsp;lezer"))),
    ("text-lines", "hint", spoiled("text", ("wijk.", "wijk " + "en verder " * 9))),
    ("plain-long", "hint", said(LONG)),
    ("plain-passive", "hint", said(PROSE + " Op de dag zelf worden de vragen door ons verzameld.")),
    ("plain-words", "hint", said(PROSE + " Middels een formulier kunt u zich tevens aanmelden.")),
)


def test_the_good_letter_has_no_findings_at_all() -> None:
    assert [str(finding) for finding in check(GOOD, event=EVENT)] == []


@pytest.mark.parametrize(("name", "level", "mailing"), CASES, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(CASES)])
def test_a_check_finds_what_is_wrong_and_says_where_and_what_to_do(name: str, level: str, mailing: Mailing) -> None:
    findings = [finding for finding in check(mailing, event=EVENT) if finding.check == name]
    assert level in [finding.level.value for finding in findings]
    for finding in findings:
        assert finding.what
        assert finding.fix
        assert not finding.what.endswith(".")
        assert len(finding.excerpt) <= 80
        assert finding.part in PARTS
        assert "\ue000" not in str(finding)


def test_every_check_has_a_letter_in_which_it_finds_something() -> None:
    from tests.unit.preflight.test_client_rules import CASES as CLIENT_CASES

    told = {name for name, *_ in CASES} | {name for name, *_ in CLIENT_CASES} | {"theme"}
    assert told == {name for name, _ in CHECKS}


@pytest.mark.parametrize("look", [look for _, look in CHECKS], ids=[name for name, _ in CHECKS])
def test_the_id_in_the_table_is_the_id_of_the_findings(look: Callable[[object], object]) -> None:
    names = dict.fromkeys(name for name, other in CHECKS if other is look)
    assert len(names) == 1


def test_findings_stand_by_level_then_place_and_always_the_same() -> None:
    mailing = spoiled("html", ("color:#17202e", "color:#aaaaaa"), (PREHEADER, "Kort"), ("<html lang", "<html x"))
    findings = check(mailing, event=EVENT)
    levels = [list(Level).index(finding.level) for finding in findings]
    assert levels == sorted(levels)
    assert findings == check(mailing, event=EVENT)
    assert len({finding.level for finding in findings}) > 1


def line_of(html: str, part: str) -> int:
    return html.count("\n", 0, html.index(part)) + 1


@pytest.mark.parametrize(
    ("name", "mailing", "part"),
    [
        ("link-text", linked(f'<a href="{JOIN}">Klik hier</a>'), "Klik hier"),
        ("image-alt", shown('width="544" style="display:block; height:auto"'), "<img"),
        ("heading-order", spoiled("html", ("<h2", "<h3"), ("</h2>", "</h3>")), "<h3"),
        ("contrast-light", spoiled("html", (PARAGRAPH, PARAGRAPH.replace("#17202e", "#bbbbbb"))), "#bbbbbb"),
        ("plain-words", said(PROSE + " Middels een formulier meldt u zich aan."), "Middels"),
    ],
)
def test_a_finding_names_the_line_of_the_html_as_composed(name: str, mailing: Mailing, part: str) -> None:
    finding = next(finding for finding in check(mailing, event=EVENT) if finding.check == name)
    assert finding.line == line_of(mailing.html, part)


def test_a_placeholder_of_several_lines_does_not_shift_the_lines_below_it() -> None:
    mailing = spoiled("html", ("[[ subscriber.name ]]", "[[\nsubscriber.name\n]]"), ("<h2", "<h3"), ("</h2>", "</h3>"))
    [finding] = [finding for finding in check(mailing, event=EVENT) if finding.check == "heading-order"]
    assert finding.line == line_of(mailing.html, "<h3")


def test_quotation_marks_in_a_placeholder_do_not_break_the_reading_of_an_attribute() -> None:
    mailing = shown(
        'alt="Een zaal voor [[ subscriber.name | default("u", true) ]]" width="544" style="display:block; '
        'height:auto; color:#17202e"'
    )
    assert not [name for _, name in found(mailing) if name.startswith("image")]


def test_a_mailing_without_its_event_is_checked_as_far_as_it_goes() -> None:
    assert found(GOOD, event=None) == []
    assert ("must", "date-weekday") in found(said(PROSE + " Kom op maandag 14 oktober 2025."), event=None)


def test_a_weekday_that_is_wrong_is_told_with_the_right_one() -> None:
    mailing = said(PROSE + " Kom ook op maandag 14 oktober 2025 naar ons toe.")
    [finding] = [finding for finding in check(mailing, event=EVENT) if finding.check == "date-weekday"]
    assert "dinsdag 14 oktober 2025" in finding.fix


@pytest.mark.parametrize(
    "prose",
    [
        PROSE.replace("Sanne Willemsen", "Sanne Willemsens verhaal"),
        PROSE + " Luister naar Willemsen’s verhaal en naar dat van Huijben.",
        PROSE + " Ook Piet Willemse van de gemeente is er de hele dag bij.",
        PROSE + " Een wandeling langs de grachten hoort er ook bij.",
    ],
)
def test_an_inflected_name_and_another_person_are_no_slips(prose: str) -> None:
    assert ("should", "speaker-name") not in found(said(prose))


@pytest.mark.parametrize(
    "prose",
    [
        PROSE + " U kunt zich aanmelden tot en met donderdag 16 april.",
        PROSE + " Op 2 april was de aftrap van de reeks in Utrecht.",
        PROSE + " Om 15.00 uur is er thee voor iedereen die er is.",
        PROSE + " Versie 1.20.3 van het rapport kost 12.500 euro.",
    ],
)
def test_other_days_and_times_that_contradict_nothing_are_left_alone(prose: str) -> None:
    assert not [name for _, name in found(said(prose)) if name.endswith("-other")]


@pytest.mark.parametrize("template", ["next", "digest"])
def test_a_letter_about_other_events_names_their_days_and_towns(template: str) -> None:
    mailing = replace(GOOD, template=template, subject="Kennisdag Zorg: donderdag 30 april, Zwolle")
    assert not [name for _, name in found(mailing) if name.endswith("-other")]


def test_doors_may_open_before_the_programme_begins() -> None:
    assert ("should", "time-other") not in found(said(PROSE + " De deuren openen om 12.30 uur voor wie er al is."))


def test_hints_about_language_are_for_dutch_only_and_never_more_than_hints() -> None:
    assert not [name for _, name in found(replace(said(LONG), language="en")) if name.startswith("plain")]
    worst = said(f"{LONG} Derhalve worden middels deze brief de vragen verzameld. " * 30)
    plain = [finding for finding in check(worst, event=EVENT) if finding.check.startswith("plain")]
    assert {finding.level for finding in plain} == {Level.HINT}
    assert len(plain) <= 30


def test_a_theme_that_cannot_be_read_is_told() -> None:
    theme = {"paper": "#ffffff", "ground": "#ffffff", "tint": "#ffffff", "ink": "#cccccc", "muted": "#000000"}
    findings: list[Finding] = check(GOOD, event=EVENT, theme=theme)
    assert ("should", "theme") in [(finding.level.value, finding.check) for finding in findings]


def test_the_plain_part_is_held_against_all_links_and_words() -> None:
    assert [name for _, name in found(replace(GOOD, text=TEXT))] == []
