"""sendmail 8.x, and qmail with what came after it (netqmail, s/qmail, vpopmail, Plesk)."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import Make, bounce, other
from tests.corpus.machines.pieces.shells import block, dsn, plain

_FROM = "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>"
_TOP = """The original message was received at Thu, 13 Jun 2019 09:00:04 +0200
from mail.nieuwsbrief.example.nl [192.0.2.10]

"""
_FATAL = "   ----- The following addresses had permanent fatal errors -----\n"
_SESSION = "\n   ----- Transcript of session follows -----\n"


def failed(to: str, status: str, why: str, session: str, said: str, *, subject: str, report: bool = True) -> Make:
    text = f"{_TOP}{_FATAL}<{to}>\n    (reason: {why})\n{_SESSION}{session}\n"
    if not report:
        return plain(
            _FROM,
            subject,
            text.replace(f"    (reason: {why})\n", "") + "\n   ----- Original message follows -----\n\n{whole}\n",
        )
    return dsn(_FROM, subject, text, block(to, status, said, "Remote-MTA: DNS; mx.example.org",
               "Last-Attempt-Date: Thu, 13 Jun 2019 09:00:12 +0200"), mta="dns; mx.example.com",
               more="Received-From-MTA: DNS; mail.nieuwsbrief.example.nl\nArrival-Date: Thu, 13 Jun 2019 09:00:04 +0200\n",
               boundary="x5D70Cxx012345.1560409212/mx.example.com", words="text/plain", preamble="This is a "
               "MIME-encapsulated message\n\n", returned="message/rfc822",
               fields=("Auto-Submitted: auto-generated (failure)",))  # fmt: skip


_QFROM = "MAILER-DAEMON@mx.example.com"
_QTOP = """Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

"""
_QEND = "\n--- Below this line is a copy of the message.\n\n{whole}\n"


def qmail(
    said: str, *, top: str = _QTOP, end: str = _QEND, subject: str = "failure notice", charset: str = "us-ascii"
) -> Make:
    return plain(_QFROM, subject, top + said + "\n" + end, charset=charset)


_REMOTE = (
    "<piet@example.org>:\n192.0.2.25 does not like recipient.\nRemote host said: {said}\nGiving up on 192.0.2.25.\n"
)
_NOTE = "Returned mail: see transcript for details"

CASES = [
    bounce("sendmail/unknown", "en", "sendmail 8.14", "userunknown", "piet@example.org",
           failed("piet@example.org", "5.1.1", "550 5.1.1 <piet@example.org>... User unknown",
                  "... while talking to mx.example.org.:\n>>> DATA\n<<< 550 5.1.1 <piet@example.org>... User unknown\n"
                  "550 5.1.1 <piet@example.org>... User unknown\n<<< 503 5.0.0 Need RCPT (recipient)",
                  "SMTP; 550 5.1.1 <piet@example.org>... User unknown", subject=_NOTE)),
    bounce("sendmail/host-unknown", "en", "sendmail 8.13", "hostunknown", "piet@nowhere.example.org",
           failed("piet@nowhere.example.org", "5.1.2", "550 Host unknown",
                  "550 5.1.2 <piet@nowhere.example.org>... Host unknown (Name server: nowhere.example.org: host not found)",
                  "", subject="Returned mail: Host unknown (Name server: nowhere.example.org: host not found)")),
    bounce("sendmail/old-unknown", "en", "sendmail 8.8", "userunknown", "piet@example.org",
           failed("piet@example.org", "", "", "... while talking to mx.example.org.:\n>>> RCPT To:<piet@example.org>\n<<< 550 "
                  "<piet@example.org>... User unknown\n550 <piet@example.org>... User unknown", "",
                  subject="Returned mail: User unknown", report=False)),
    bounce("sendmail/quota", "de", "sendmail 8.15 and cyrus", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "5.2.2", "552 5.2.2 Over quota", "<<< 552 5.2.2 Over quota\n554 5.0.0 Service "
                  "unavailable", "SMTP; 552 5.2.2 Over quota", subject=_NOTE)),
    bounce("sendmail/relaying", "en", "sendmail 8.12", "norelaying", "piet@example.org",
           failed("piet@example.org", "5.7.1", "550 5.7.1 <piet@example.org>... Relaying denied",
                  "<<< 550 5.7.1 <piet@example.org>... Relaying denied. Proper authentication required.\n550 5.1.1 "
                  "<piet@example.org>... User unknown",
                  "SMTP; 550 5.7.1 <piet@example.org>... Relaying denied. Proper authentication required.", subject=_NOTE)),
    bounce("sendmail/expired", "en", "sendmail 8.14", "expired", "piet@example.org",
           failed("piet@example.org", "4.4.7", "Deferred: delivery time expired", "451 4.4.1 reply: read error from "
                  "mx.example.org.\nMessage could not be delivered for 5 days\nMessage will be deleted from queue", "",
                  subject="Returned mail: Cannot send message for 5 days")),
    bounce("sendmail/hops", "en", "sendmail 8.11", "networkerror", "piet@example.org",
           failed("piet@example.org", "5.4.6", "", "554 5.4.6 Too many hops 26 (25 max): from <{bounces}> via localhost, "
                  "to <piet@example.org>", "", subject="Returned mail: Too many hops")),
    bounce("sendmail/mailer", "fr", "sendmail 8.12", "mailererror", "piet@example.org",
           failed('piet@example.org', "5.3.0", "255", '/usr/bin/maildrop: unable to open filter\n554 5.3.0 unknown '
                  "mailer error 255", "X-Unix; 255", subject=_NOTE)),
    bounce("sendmail/delayed", "en", "sendmail 8.14", "delayed networkerror", "piet@example.org",
           dsn(_FROM, "Warning: could not send message for past 4 hours",
               "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n"
               "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n"
               + _TOP + "   ----- Transcript of session follows -----\n<piet@example.org>... Deferred: Connection timed "
               "out with mx.example.org.\nWarning: message still undelivered after 4 hours\nWill keep trying until "
               "message is 5 days old\n",
               block("piet@example.org", "4.4.1", "", "Remote-MTA: DNS; mx.example.org",
                     "Will-Retry-Until: Tue, 18 Jun 2019 09:00:04 +0200", action="delayed"),
               returned="text/rfc822-headers", fields=("Auto-Submitted: auto-generated (warning-timeout)",))),
    other("sendmail/receipt", "en", "sendmail 8.14 NOTIFY=SUCCESS", "auto_reply", "delivered", "",
          dsn(_FROM, "Return receipt", _TOP + "   ----- The following addresses had successful delivery notifications "
              "-----\n<piet@example.org>  (relayed to non-DSN-aware mailer)\n",
              block("piet@example.org", "2.1.5", "", action="relayed (to non-DSN-aware mailer)"),
              returned="text/rfc822-headers", fields=("Auto-Submitted: auto-generated (return-receipt)",))),
    bounce("sendmail/alias", "en", "sendmail 8.14", "userunknown", "pdv@mail.example.org,piet@example.org",
           dsn(_FROM, _NOTE, _TOP + _FATAL + "pdv@mail.example.org\n    (reason: 550 5.1.1 No such person at this "
               "address)\n    (expanded from: piet@example.org)\n" + _SESSION + "550 5.1.1 pdv@mail.example.org... User "
               "unknown\n",
               "Final-Recipient: RFC822; piet@example.org\nX-Actual-Recipient: RFC822; pdv@mail.example.org\nAction: "
               "failed\nStatus: 5.1.1\nDiagnostic-Code: SMTP; 550 5.1.1 No such person at this address")),
    bounce("sendmail/spam-milter", "nl", "sendmail 8.15 spamass-milter", "spamdetected", "piet@example.org",
           failed("piet@example.org", "5.7.1", "550 5.7.1 Blocked by SpamAssassin", "<<< 550 5.7.1 Blocked by "
                  "SpamAssassin\n554 5.0.0 Service unavailable", "SMTP; 550 5.7.1 Blocked by SpamAssassin", subject=_NOTE)),
    bounce("sendmail/only-session", "en", "sendmail 8.9", "userunknown", "piet@example.org",
           plain(_FROM, "Returned mail: see transcript for details", _TOP + "   ----- The following addresses have "
                 "delivery notifications -----\npiet@example.org (unrecoverable error)\n" + _SESSION + "550 "
                 "piet@example.org... no such person here\n\n   ----- Message header follows -----\n\n{header}\n")),
    bounce("qmail/no-mailbox", "en", "qmail 1.03", "userunknown", "piet@example.org",
           qmail("<piet@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n")),
    bounce("qmail/vpopmail", "en", "qmail and vpopmail", "userunknown", "piet@example.org",
           qmail("<piet@example.org>:\nThis address no longer accepts mail, there is no such mailbox. vpopmail (#5.1.1)\n")),
    bounce("qmail/no-host", "en", "netqmail 1.06", "hostunknown", "piet@nowhere.example.org",
           qmail("<piet@nowhere.example.org>:\nSorry, I couldn't find any host named nowhere.example.org. (#5.1.2)\n")),
    bounce("qmail/remote-unknown", "en", "netqmail 1.06", "userunknown", "piet@example.org",
           qmail(_REMOTE.replace("{said}", "550 5.1.1 <piet@example.org>: Recipient address rejected: User unknown"))),
    bounce("qmail/remote-full", "fr", "s/qmail 4", "mailboxfull", "piet@example.org",
           qmail(_REMOTE.replace("{said}", "552 5.2.2 Boîte du destinataire pleine"), charset="iso-8859-1")),
    bounce("qmail/too-long", "en", "qmail 1.03", "expired", "piet@example.org",
           qmail("<piet@example.org>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to "
                 "try again; this message has been in the queue too long.\n")),
    bounce("qmail/rcpthosts", "en", "qmail 1.03", "norelaying", "piet@example.org",
           qmail(_REMOTE.replace("{said}", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"))),
    bounce("qmail/looping", "en", "qmail 1.03", "networkerror", "piet@example.org",
           qmail("<piet@example.org>:\nThis message is looping: it already has my Delivered-To line. (#5.4.6)\n")),
    bounce("qmail/plesk-full", "de", "Plesk qmail", "mailboxfull", "piet@example.org",
           qmail("<piet@example.org>:\nThe user's mailbox is over its quota, the letter can't be stored. (#5.2.2)\n")),
    bounce("qmail/several", "en", "netqmail 1.06", "userunknown", "piet@example.org,an@example.com",
           qmail("<piet@example.org>:\nUser is over quota. Try again later\nI'm not going to try again; this message has "
                 "been in the queue too long.\n\n<an@example.com>:\n192.0.2.27 failed after I sent the message.\nRemote "
                 "host said: 550 unknown user\n")),
    bounce("qmail/dutch", "nl", "netqmail, vertaald", "userunknown", "piet@example.org",
           qmail("<piet@example.org>:\nHelaas, hier is geen postvak met die naam. (#5.1.1)\n", subject="foutmelding",
                 top="Dit is het programma qmail-send op mx.example.com.\nUw bericht kon niet worden bezorgd op de "
                 "volgende adressen.\nDit is een blijvende fout; er volgt geen nieuwe poging.\n\n",
                 end="\n--- Onder deze regel staat een kopie van het bericht.\n\n{whole}\n", charset="utf-8")),
    bounce("qmail/bounced-said", "en", "qmail and simscan", "spamdetected", "piet@example.org",
           qmail("<piet@example.org>:\n192.0.2.25 failed after I sent the message.\nRemote host said: 554 Your email is "
                 "considered spam (14.20 hits)\n")),
    bounce("qmail/no-reason", "en", "qmail 1.03", "undefined", "piet@example.org", qmail("<piet@example.org>:\n")),
    bounce("qmail/ezmlm-wrapper", "en", "qmail 1.03 ezmlm-return", "userunknown", "piet@example.org",
           qmail("<piet@example.org>:\nvdelivermail: account does not exist: piet@example.org\n")),
    bounce("qmail/no-valid-hosts", "en", "qmail-spp, chkuser", "userunknown", "piet@example.org",
           qmail(_REMOTE.replace("{said}", "511 sorry, no mailbox here by that name (#5.1.1 - chkuser)"))),
    bounce("qmail/disabled", "en", "qmail-ldap", "suspend", "piet@example.org",
           qmail("<piet@example.org>:\nMailaddress is administratively disabled. (#5.2.1)\n")),
]  # fmt: skip
