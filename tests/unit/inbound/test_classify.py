"""What a message is: by its standard marks, by the words of mail systems, and as a person would see it."""

import random

import pytest

from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.verdict import Kind

US = "nieuws+01a2b3@example.org"


def mail(subject: str, body: str = "", *fields: str, sender: str = "Jan de Vries <jan@example.nl>") -> bytes:
    head = [f"From: {sender}", f"To: <{US}>", f"Subject: {subject}", *fields]
    return ("\n".join(head) + "\n\n" + body).encode()


def report(*recipients: str, text: str = "Your message could not be delivered.", of: str = "delivery-status") -> bytes:
    """A multipart/report; `recipients` are the field blocks of its second part."""
    blocks = "\n\n".join(("Reporting-MTA: dns; mx.example.nl", *recipients))
    return mail(
        "Undelivered Mail Returned to Sender",
        f"--b\nContent-Type: text/plain\n\n{text}\n\n--b\nContent-Type: message/{of}\n\n{blocks}\n\n"
        "--b\nContent-Type: text/rfc822-headers\n\nFrom: nieuws@example.org\nTo: piet@example.nl\n\n--b--\n",
        "Return-Path: <>",
        f'Content-Type: multipart/report; report-type={of}; boundary="b"',
        sender="MAILER-DAEMON@example.nl",
    )


def failed(address: str, status: str, said: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {said}"


@pytest.mark.parametrize(
    ("block", "hard", "reason"),
    [
        (failed("piet@example.nl", "5.1.1", "550 5.1.1 User unknown"), True, "userunknown"),
        (failed("piet@example.nl", "5.1.1", "552 5.1.1 mailbox full"), False, "mailboxfull"),
        (failed("piet@example.nl", "5.7.1", "550 5.7.1 no such user"), True, "userunknown"),
        (failed("piet@example.nl", "5.0.0", "554 blocked using zen.spamhaus.org"), False, "blocked"),
        (failed("piet@example.nl", "4.4.1", "connect to mx: timed out", "delayed"), False, "networkerror"),
        (failed("piet@example.nl", "4.1.1", "450 4.1.1 user unknown", "delayed"), False, "userunknown"),
        (failed("piet@example.nl", "5.4.7", "delivery time expired"), False, "expired"),
        (failed("piet@example.nl", "5.1.1", ""), True, "userunknown"),
    ],
)
def test_a_delivery_report_says_who_and_why(block: str, hard: bool, reason: str) -> None:
    verdict = classify(report(block))
    assert (verdict.kind, verdict.hard, verdict.reason) == (Kind.BOUNCE, hard, reason)
    assert verdict.recipients == ("piet@example.nl",)


def test_a_report_about_several_names_all_and_is_hard_if_one_is() -> None:
    verdict = classify(
        report(failed("a@example.nl", "5.2.2", "552 over quota"), failed("b@example.nl", "5.1.1", "550 user unknown"))
    )
    assert verdict.recipients == ("a@example.nl", "b@example.nl")
    assert [failure.hard for failure in verdict.failures] == [False, True]
    assert verdict.hard is True


def test_a_report_in_utf_8_names_the_address_as_it_is_written() -> None:
    block = "Final-Recipient: utf-8; j\\x{F6}rg@example.nl\nAction: failed\nStatus: 5.1.1"
    assert classify(report(block, of="delivery-status")).recipients == ("jörg@example.nl",)


def test_a_report_of_success_is_no_bounce() -> None:
    assert classify(report(failed("a@example.nl", "2.0.0", "250 ok", "delivered"))).kind is Kind.AUTO_REPLY


QMAIL = """Hi. This is the qmail-send program at example.nl.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<piet@example.nl>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <nieuws@example.org>
To: piet@example.nl
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  piet@example.nl
    mailbox is full: retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

Return-path: <nieuws@example.org>
"""
DUTCH = """Uw bericht kan niet worden bezorgd aan de volgende geadresseerden:

piet@example.nl
Het e-mailadres bestaat niet.
"""
GERMAN = """Ihre Nachricht an die folgenden Empfänger konnte nicht zugestellt werden:

piet@example.nl
Das Postfach des Empfängers ist voll.
"""
FRENCH = """Votre message n'a pas pu être remis aux destinataires suivants :

piet@example.nl
L'adresse n'existe pas.
"""
DELAY = """This is a warning message only. You do not need to resend your message.

The following address had a temporary problem:

<piet@example.nl>: connect to mx.example.nl: Connection timed out
"""


@pytest.mark.parametrize(
    ("subject", "body", "hard", "reason"),
    [
        ("failure notice", QMAIL, True, "userunknown"),
        ("Mail delivery failed: returning message to sender", EXIM, False, "mailboxfull"),
        ("Onbestelbaar: Uitnodiging", DUTCH, True, "userunknown"),
        ("Unzustellbar: Uitnodiging", GERMAN, False, "mailboxfull"),
        ("Non remis : Uitnodiging", FRENCH, True, "userunknown"),
        ("Warning: message delayed", DELAY, False, "networkerror"),
    ],
)
def test_words_of_a_mail_system_are_read(subject: str, body: str, hard: bool, reason: str) -> None:
    verdict = classify(mail(subject, body, "Return-Path: <>", sender="Mail Delivery System <MAILER-DAEMON@example.nl>"))
    assert (verdict.kind, verdict.hard, verdict.reason) == (Kind.BOUNCE, hard, reason)
    assert verdict.recipients == ("piet@example.nl",)


def arf(kind: str) -> bytes:
    return mail(
        "Abuse report",
        "--b\nContent-Type: text/plain\n\nThis is a report.\n--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <piet@example.nl>\n\n--b--\n",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
        sender="staff@example.com",
    )


@pytest.mark.parametrize(("kind", "expected"), [("abuse", Kind.COMPLAINT), ("not-spam", Kind.UNSURE)])
def test_a_feedback_report_is_a_complaint_where_it_complains(kind: str, expected: Kind) -> None:
    assert classify(arf(kind)).kind is expected


def test_a_complaint_names_its_recipient() -> None:
    assert classify(arf("abuse")).recipients == ("piet@example.nl",)


def test_an_answer_to_an_invitation_is_a_calendar_answer() -> None:
    body = (
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1@example.org\n"
        "ATTENDEE;PARTSTAT=DECLINED;CN=\"Vries, Jan\":mailto:jan@exam\n ple.nl\nEND:VEVENT\nEND:VCALENDAR\n"
    )  # fmt: skip
    verdict = classify(mail("Afgewezen: Masterclass", body, "Content-Type: text/calendar; method=REPLY"))
    assert (verdict.kind, verdict.reason, verdict.recipients) == (Kind.CALENDAR, "declined", ("jan@example.nl",))


AWAY = "Beste lezer,\n\nIk ben tot en met 12 juni afwezig. Uw bericht wordt niet doorgestuurd.\n\nGroet,\nJan"


@pytest.mark.parametrize(
    "message",
    [
        mail("Automatisch antwoord: Uitnodiging", AWAY, "Auto-Submitted: auto-replied"),
        mail("Automatisch antwoord: Uitnodiging", AWAY),
        mail("Automatic reply: Invitation", "I am out of the office until Monday.", "X-Auto-Response-Suppress: All"),
        mail("Abwesenheitsnotiz: Einladung", "Ich bin bis zum 12. Juni nicht im Büro."),
        mail("Réponse automatique : invitation", "Je suis absent jusqu'au 12 juin."),
        mail("Afwezig", AWAY, "X-Autoreply: yes"),
        mail("Re: Uitnodiging", AWAY, "Auto-Submitted: auto-generated"),
        mail("Afwezig tot 12 juni", AWAY),
        mail("Gelezen: Uitnodiging", "--b\nContent-Type: message/disposition-notification\n\nDisposition: x\n--b--",
             'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"'),
        mail("Please confirm", "Click the link below to deliver your message.", "Auto-Submitted: auto-replied"),
        mail("Ontvangstbevestiging", "Wij hebben uw bericht ontvangen.", "Precedence: auto_reply"),
    ],
)  # fmt: skip
def test_what_a_machine_answers_is_an_automatic_reply(message: bytes) -> None:
    assert classify(message).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "message",
    [
        mail("Afmelden", ""),
        mail(
            "Re: Uitnodiging masterclass",
            "Graag afmelden.\n\nMet vriendelijke groet,\nJan\n\n> Beste Jan,\n> komt u?",
        ),
        mail("Re: Uitnodiging", "Unsubscribe"),
        mail("unsubscribe 3f" + "a1" * 20, "This message was automatically generated by Gmail."),
        mail("Re: Nieuwsbrief", "Kunt u mij van de verzendlijst halen.\nBedankt."),
        mail("AW: Einladung", "Bitte nehmen Sie mich aus dem Verteiler.\n\nMit freundlichen Grüßen\nJan"),
        mail("RE: invitation", "Merci de me désabonner.\nCordialement"),
    ],
)
def test_who_only_wants_to_leave_is_taken_off(message: bytes) -> None:
    assert classify(message).kind is Kind.UNSUBSCRIBE


QUOTED = (
    "\n\nOp do 13 jun 2019 om 12:00 schreef Nieuwsbrief <nieuws@example.org>:\n> Meld u af voor deze mails\n> Afmelden"
)


@pytest.mark.parametrize(
    "message",
    [
        mail("Re: Uitnodiging", "Ik kom graag! Is er parkeergelegenheid?" + QUOTED),
        mail("Re: Uitnodiging", "Ik moet mij helaas afmelden voor de masterclass van donderdag." + QUOTED),
        mail("Re: Uitnodiging", "Afmelden lukt niet via de link, kunt u dat doen?"),
        mail("Re: Uitnodiging", "Ik ben die dag afwezig, maar mijn collega komt graag in mijn plaats." + QUOTED),
        mail("Afwezig op 13 juni", "Beste organisatie, kan ik de presentaties later ontvangen?"),
        mail(
            "Re: Undelivered Mail Returned to Sender",
            "Ik kreeg dit terug, wat gaat er mis?\n\n> <piet@example.nl>: user unknown",
        ),
        mail("Fwd: Undelivered Mail", "Zie hieronder, piet@example.nl werkt niet meer."),
        mail("Vraag", "Mijn nieuwe adres is jan2@example.nl. Wilt u dat aanpassen?"),
        mail("Re: Uitnodiging", "Dank voor de uitnodiging.", "X-Auto-Response-Suppress: DR, OOF, AutoReply"),
        mail("Accepted", "Ik ben erbij"),
        mail("Re: Uitnodiging", "<p>Ik kom met <b>twee</b> mensen.</p>", "Content-Type: text/html"),
    ],
)
def test_a_person_is_always_a_reply(message: bytes) -> None:
    assert classify(message).kind is Kind.REPLY


@pytest.mark.parametrize(
    "message", [mail("Ander nieuws", "Lees verder", "List-Id: <x.example.com>"), b"", b"\x00\xff" * 50]
)
def test_what_is_no_person_and_not_known_is_looked_at_by_one(message: bytes) -> None:
    assert classify(message).kind is Kind.UNSURE


def test_no_mutation_of_a_message_makes_it_fail() -> None:
    chance = random.Random(13)
    corpus = [
        report(failed("piet@example.nl", "5.1.1", "550 user unknown")),
        mail("failure notice", QMAIL),
        arf("abuse"),
    ]
    for _ in range(400):  # many more, and worse ones: test_mutated.py
        raw = bytearray(chance.choice(corpus))
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(raw))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randrange(40)]
                case 2:
                    raw[at:at] = raw[chance.randrange(len(raw)) :][:60]
                case _:
                    raw[at:at] = bytes([chance.randrange(256)]) * chance.randrange(200)
            raw = raw or bytearray(b"x")
        classify(bytes(raw))


def test_what_is_nested_a_thousand_times_is_read_as_far_as_it_makes_sense() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000))
    assert classify(raw).kind is Kind.UNSURE
