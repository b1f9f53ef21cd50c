"""What somebody wrote themselves: without what mail programs quote, without greeting, signature and notices."""

import pytest

from newsletter.inbound.telling.message import Part, parse
from newsletter.inbound.telling.quoting import bare_subject, is_answer, own_words, written
from tests.corpus.read import Case, cases

QUOTING = [case for case in cases("people") if b"nieuws.example.org/u/" in case.raw]
BOX = "Kennisdag <contact@example.org>"


@pytest.mark.parametrize("case", QUOTING, ids=lambda case: str(case.name))
def test_nothing_of_our_letter_is_left_in_what_was_written(case: Case) -> None:
    own = written(parse(case.raw)).own
    assert "nieuws.example.org/u/" not in own
    assert "Team Kennisdag" not in own


@pytest.mark.parametrize(
    "begins",
    [
        f"Op ma 23 nov 2026 om 09:12 schreef {BOX}:",
        f"Op 23 nov 2026, om 09:12 heeft {BOX} het volgende geschreven:",
        "Op 23-11-2026 om 09:12 schreef Kennisdag:",
        f"On Mon, 23 Nov 2026 at 09:12, {BOX} wrote:",
        "On Mon, 23 Nov 2026 at 09:12, Kennisdag <\ncontact@example.org> wrote:",
        f"On Monday, November 23rd, 2026 at 9:12 AM,\n{BOX}\nwrote:",
        f"Am 23.11.2026 um 09:12 schrieb {BOX}:",
        f"Le lun. 23 nov. 2026 à 09:12, {BOX} a\nécrit :",
        f"El lun, 23 nov 2026 a las 9:12, {BOX} escribió:",
        f"{BOX} writes:",
        f"Citeren {BOX}:",
        "Kennisdag schreef op 23-11-2026 09:12:",
        f"-----Oorspronkelijk bericht-----\nVan: {BOX}\nVerzonden: maandag 23 november 2026 09:12",
        f"Van: {BOX}\nVerzonden: maandag 23 november 2026 09:12\nAan: Jan",
        f"*Von:* {BOX}\n*Gesendet:* Montag, 23. November 2026 09:12",
        f"De : {BOX}\nEnvoyé : lundi 23 novembre 2026 09:12",
        f"Gesendet: Montag, 23. November 2026\nVon: {BOX}\nAn: jan@example.nl",
        f"________________________________\nFrom: {BOX}\nSent: Monday, 23 November 2026",
        f">>> {BOX} 23-11-2026 09:12 >>>",
        "---------- Forwarded message ---------",
        "-------- Originele bericht --------",
        "Begin doorgestuurd bericht:",
    ],
)
@pytest.mark.parametrize("mark", ["", "> "], ids=["bare", "marked"])
def test_the_quoted_letter_is_not_what_somebody_wrote(begins: str, mark: str) -> None:
    assert own_words(f"Ik kom graag.\n\n{begins}\n\n{mark}Beste Jan,\n{mark}komt u ook?\n") == "Ik kom graag."


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Op 1-1-2026 om 9:00 schreef Jan:\n> Komt u?\nJa\n> En wie nog?\nPiet", "Ja\nPiet"),
        ("> Komt u?\n\nJa, graag.", "Ja, graag."),
        ("Zie onder.\n\nOp 1-1-2026 om 9:00 schreef Jan:\n> Komt u?\nJa\n", "Zie onder.\n\nJa"),
        ("Beste Jan,\n\nIk kom.\n\nMet vriendelijke groet,\nPiet\n030 1234567", "Ik kom."),
        ("Hallo,\nIk kom.\nGr. Piet", "Ik kom."),
        ("Bonjour, inscrivez-moi s'il vous plaît.", "Bonjour, inscrivez-moi s'il vous plaît."),
        ("Hi please unsubscribe me", "Hi please unsubscribe me"),
        (
            "Schöne Grüße aus München, wir kommen mit fünf Leuten.",
            "Schöne Grüße aus München, wir kommen mit fünf Leuten.",
        ),
        ("Ik kom.\n\nVerstuurd vanaf mijn iPhone", "Ik kom."),
        ("Ik kom.\n-- \nPiet", "Ik kom."),
        ("Graag afmelden.\n\nGroet, Jan\n\nPS: Piet komt wel.", "Graag afmelden.\n\nPS: Piet komt wel."),
        ("Zoals Jan zei en schreef:\nhet is mooi.", "Zoals Jan zei en schreef:\nhet is mooi."),
        ("Datum: 10 december\nAantal: 3", "Datum: 10 december\nAantal: 3"),
        ("Ja\nDisclaimer: dit bericht is vertrouwelijk.", "Ja"),
        ("", ""),
    ],
)
def test_what_somebody_wrote_stays(text: str, own: str) -> None:
    assert own_words(text) == own


def html(text: str) -> Part:
    return parse(f"Content-Type: text/html; charset=utf-8\r\n\r\n{text}".encode())


@pytest.mark.parametrize(
    "text",
    [
        "<p>Ja</p><blockquote>Komt u?</blockquote>",
        "<blockquote><blockquote>a</blockquote>b</blockquote><p>Ja</p>",
        "<p>Ja</p><blockquote>never closed",
        "<div>Ja</div><div id=x><b>Van:</b> Kennisdag</div><div><b>Verzonden:</b> maandag</div><div>Komt u?</div>",
    ],
)
def test_html_alone_is_read_without_what_it_quotes(text: str) -> None:
    assert written(html(text)) == ("Ja", True)


@pytest.mark.parametrize(
    ("subject", "bare"),
    [("Re: AW: Antw: Uitnodiging", "Uitnodiging"), ("TR : Invitation", "Invitation"), ("RE[2]: x", "x"),
     ("[lijst] Re: x", "x"), ("Betr: x", "x"), ("Uitnodiging: x", "Uitnodiging: x"), ("Re:", "")],
)  # fmt: skip
def test_a_subject_without_what_programs_put_before_it(subject: str, bare: str) -> None:
    message = Part(fields=[("subject", subject)])
    assert bare_subject(message) == bare
    assert is_answer(message) is (subject != bare)
