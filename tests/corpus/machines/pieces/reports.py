"""Reports about mail that are no bounces: complaints, receipts, DMARC and TLS."""
# What systems write is as long as it is:
# ruff: noqa: E501

import base64
import gzip

from tests.corpus.machines.pieces.letter import Letter, Make, other
from tests.corpus.machines.pieces.shells import filled, multipart, plain

_P = "piet@example.org"


def arf(kind: str, *fields: str, sender: str = "Feedback Loop <fbl@example.com>", subject: str = "Complaint from fbl.example.com: {subject}",
        text: str = "This is an email abuse report for an email message received from IP 192.0.2.10.", returned: str = "message/rfc822",
        redact: bool = False) -> Make:  # fmt: skip
    """RFC 5965."""

    def make(letter: Letter) -> str:
        told = "\n".join([f"Feedback-Type: {kind}", "User-Agent: Example-FBL/1.0", "Version: 1", *fields])
        whole = letter.whole if returned == "message/rfc822" else letter.header
        if redact:
            whole = whole.replace(letter.to, "redacted@example.com")
        parts = [("text/plain", text), ("message/feedback-report", filled(told, letter))]
        parts += [(returned, whole)] if returned else []
        return multipart(letter, "report; report-type=feedback-report", "fbl_1560409212", parts, sender, subject,
                         path="<fbl@example.com>")  # fmt: skip

    return make


def mdn(
    subject: str,
    text: str,
    disposition: str,
    sender: str = "Piet de Vries <piet@example.org>",
    agent: str = "mail.example.org; Microsoft Outlook",
) -> Make:
    def make(letter: Letter) -> str:
        told = (f"Reporting-UA: {agent}\nFinal-Recipient: rfc822;{_P}\nOriginal-Message-ID: {letter.id}\nDisposition: "
                f"{disposition}\n")  # fmt: skip
        return multipart(letter, "report; report-type=disposition-notification", "mdn_1", [
            ("text/plain; charset=utf-8", text), ("message/disposition-notification", told)], sender, subject,
            path="<>")  # fmt: skip

    return make


def attached(subject: str, text: str, media_type: str, name: str, data: bytes, *fields: str, report: str = "") -> Make:
    def make(letter: Letter) -> str:
        body = base64.encodebytes(data).decode()
        kind = f'{media_type}; name="{name}"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="{name}"'
        return multipart(letter, report or "mixed", "rep_1", [("text/plain", text), (kind, body)], "noreply-dmarc@example.com", subject, *fields,
                         path="<noreply-dmarc@example.com>", to="dmarc@nieuwsbrief.example.nl")  # fmt: skip

    return make


_XML = b"<?xml version='1.0'?><feedback><report_metadata><org_name>example.com</org_name></report_metadata></feedback>"
_JSON = b'{"organization-name":"example.com","report-id":"1","policies":[]}'


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


CASES = [
    other("arf/yahoo", "en", "Yahoo CFL", "complaint", "abuse", _P,
          arf("abuse", "Original-Mail-From: <{bounces}>", "Original-Rcpt-To: piet@example.org", "Received-Date: Thu, 13 Jun 2019 07:00:12 PDT",
              "Reported-Domain: nieuwsbrief.example.nl", "Authentication-Results: dkim=pass; spf=pass",
              sender="Yahoo! Mail AntiSpam Feedback <feedback@arf.example.com>", subject="FW: {subject}")),
    other("arf/yahoo-redacted", "en", "Yahoo CFL", "complaint", "abuse", "",
          arf("abuse", "Original-Mail-From: <{bounces}>", "Reported-Domain: nieuwsbrief.example.nl", redact=False,
              sender="Yahoo! Mail AntiSpam Feedback <feedback@arf.example.com>", returned="")),
    other("arf/comcast", "en", "Validate FBL (Comcast and others)", "complaint", "abuse", _P,
          arf("abuse", "Original-Rcpt-To: piet@example.org", "Source-IP: 192.0.2.10", "Incidents: 1", subject="Complaint report")),
    other("arf/headers-only", "en", "a feedback loop that returns headers", "complaint", "abuse", _P,
          arf("abuse", "Original-Rcpt-To: <piet@example.org>", returned="text/rfc822-headers")),
    other("arf/redacted", "de", "a feedback loop that hides the address", "complaint", "abuse", "redacted@example.com",
          arf("abuse", "Source-IP: 192.0.2.10", redact=True)),
    other("arf/fraud", "en", "a feedback loop", "complaint", "fraud", _P, arf("fraud", "Original-Rcpt-To: piet@example.org")),
    other("arf/opt-out", "en", "a feedback loop, opt-out", "complaint", "opt-out", _P,
          arf("opt-out", "Removal-Recipient: piet@example.org", "Original-Mail-From: <{bounces}>")),
    other("arf/not-spam", "en", "a feedback loop, RFC 6430", "unsure", "not-spam", "", arf("not-spam", "Original-Rcpt-To: piet@example.org")),
    other("arf/auth-failure", "en", "RFC 6591", "unsure", "auth-failure", "",
          arf("auth-failure", "Auth-Failure: dmarc", "Identity-Alignment: none", "Source-IP: 198.51.100.7", subject="FW: {subject}")),
    other("arf/ses", "en", "Amazon SES", "complaint", "abuse", _P,
          arf("abuse", "Original-Rcpt-To: piet@example.org", "Original-Mail-From: {bounces}", sender="complaints@email-abuse.amazonses.example.com",
              subject="[Amazon SES] complaint")),
    other("arf/fastmail", "en", "a small provider", "complaint", "abuse", _P,
          arf("abuse", "Original-Rcpt-To: piet@example.org", "Reported-URI: mailto:abuse@nieuwsbrief.example.nl", subject="Abuse report",
              text="A user of ours has reported this message as spam.")),
    other("arf/upper-case", "fr", "SignalSpam", "complaint", "abuse", _P, arf("ABUSE", "original-rcpt-to: <PIET@example.org>".replace("PIET", "piet"))),
    other("jmrp/letter-only", "en", "Microsoft JMRP", "complaint", "abuse", _P,
          lambda letter: multipart(letter, "mixed", "jmrp_1", [
              ("message/rfc822", "X-HmXmrOriginalRecipient: piet@example.org\nReturn-Path: <" + letter.bounces + ">\n" + letter.header + "\n")],
              "staff@hotmail.com", "complaint about message from 192.0.2.10", path="<staff@hotmail.com>")),
    other("jmrp/2026-no-body", "en", "Microsoft JMRP of 2026", "complaint", "abuse", "",
          lambda letter: arf("abuse", "Source-IP: 192.0.2.10", "Arrival-Date: Thu, 13 Jun 2019 07:00:12 +0000", returned="",
                             sender="staff@hotmail.com", subject="complaint about message from 192.0.2.10")(letter)),
    other("jmrp/aol-old", "en", "AOL scomp", "complaint", "abuse", "",
          arf("abuse", "Source-IP: 192.0.2.10", "Redacted-Address: redacted", sender="AOL Email Feedback Loop <scomp@aol.example.com>",
              subject="Email Feedback Report for IP 192.0.2.10", returned="")),
    other("mdn/read-nl", "nl", "Outlook", "auto_reply", "receipt", "",
          mdn("Gelezen: {subject}", "Uw bericht\n\nis gelezen op donderdag 13 juni 2019 9:30.", "manual-action/MDN-sent-manually; displayed")),
    other("mdn/read-en", "en", "Thunderbird", "auto_reply", "receipt", "",
          mdn("Return Receipt (displayed) - {subject}", "This is a Return Receipt for the mail that you sent.", "manual-action/MDN-sent-manually; "
              "displayed", agent="mail.example.org; Mozilla Thunderbird")),
    other("mdn/deleted-unread-en", "en", "Outlook", "auto_reply", "receipt", "",
          mdn("Not read: {subject}", "Your message\n\nTo: Piet\n\nwas deleted without being read on Thursday, 13 June 2019.", "automatic-action/"
              "MDN-sent-automatically; deleted")),
    other("mdn/deleted-unread-nl", "nl", "Outlook", "auto_reply", "receipt", "",
          mdn("Niet gelezen: {subject}", "Uw bericht is verwijderd zonder te zijn gelezen.", "automatic-action/MDN-sent-automatically; deleted")),
    other("mdn/deleted-unread-de", "de", "Outlook", "auto_reply", "receipt", "",
          mdn("Nicht gelesen: {subject}", "Ihre Nachricht wurde ungelesen gelöscht.", "automatic-action/MDN-sent-automatically; deleted")),
    other("mdn/read-fr", "fr", "Outlook", "auto_reply", "receipt", "",
          mdn("Lu : {subject}", "Votre message a été lu le 13/06/2019.", "manual-action/MDN-sent-manually; displayed")),
    other("dmarc/aggregate", "en", "RFC 7489 aggregate report", "auto_reply", "report", "",
          attached("Report Domain: nieuwsbrief.example.nl Submitter: example.com Report-ID: 1560409212", "This is an aggregate report.",
                   "application/gzip", "example.com!nieuwsbrief.example.nl!1560290400!1560376799.xml.gz", packed(_XML))),
    other("dmarc/aggregate-zip", "nl", "RFC 9990 aggregate report", "auto_reply", "report", "",
          attached("Report Domain: nieuwsbrief.example.nl Submitter: example.org Report-ID: <2>", "", "application/zip",
                   "example.org!nieuwsbrief.example.nl!1!2.zip", b"PK\x05\x06" + bytes(18), "Auto-Submitted: auto-generated")),
    other("tlsrpt/report", "en", "RFC 8460", "auto_reply", "report", "",
          attached("Report Domain: nieuwsbrief.example.nl Submitter: example.com Report-ID: <1@example.com>", "This is an aggregate TLS report.",
                   "application/tlsrpt+gzip", "example.com!nieuwsbrief.example.nl!1!2.json.gz", packed(_JSON), "TLS-Report-Domain: "
                   "nieuwsbrief.example.nl", "TLS-Report-Submitter: example.com", report="report; report-type=tlsrpt")),
    other("notice/quarantine-digest", "en", "a quarantine digest to us", "unsure", "", "",
          plain("postmaster@gw.example.com", "Spam digest for info@nieuwsbrief.example.nl", "You have 3 messages in your quarantine.\n",
                "Auto-Submitted: no", path="<digest@gw.example.com>")),
]  # fmt: skip
