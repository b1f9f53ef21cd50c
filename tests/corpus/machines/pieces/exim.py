"""Exim 4: bounces with and without a delivery report, warnings, frozen messages, other languages."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import Make, bounce
from tests.corpus.machines.pieces.shells import block, dsn, plain

_FROM = "Mail Delivery System <Mailer-Daemon@mx.example.com>"
_FAILED = "Mail delivery failed: returning message to sender"
_TEXT = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

{said}
"""
_DE = """Diese Nachricht wurde automatisch von der Mail-Software erzeugt.

Eine von Ihnen gesendete Nachricht konnte an einen oder mehrere Empfänger
nicht zugestellt werden. Der Fehler ist dauerhaft. Betroffen sind folgende Adressen:

{said}
"""
_NL = """Dit bericht is automatisch aangemaakt door de mailsoftware.

Een bericht dat u verstuurde kon niet worden bezorgd bij een of meer ontvangers.
Dit is een permanente fout. De volgende adressen zijn mislukt:

{said}
"""
_FR = """Ce message a été créé automatiquement par le logiciel de messagerie.

Un message que vous avez envoyé n'a pas pu être remis à un ou plusieurs
destinataires. L'erreur est permanente. Les adresses suivantes ont échoué :

{said}
"""
_COPY = """
------ This is a copy of the message, including all the headers. ------

{whole}
"""
_HEADERS = """
------ This is a copy of the message's headers. ------

{header}
"""


def failed(to: str, said: str, *, text: str = _TEXT, copy: str = _COPY, subject: str = _FAILED) -> Make:
    """A bounce of Exim up to 4.69, or where `bounce_return_dsn` is off: one text."""
    words = text.replace("{said}", f"  {to}\n" + "".join(f"    {line}\n" for line in said.splitlines()))
    fields = ["X-Failed-Recipients: " + to, "Auto-Submitted: auto-replied"]
    if text in (_TEXT, _FR):
        return plain(_FROM, subject, words + copy, *fields, charset="us-ascii" if text is _TEXT else "utf-8")
    return plain(_FROM, subject, words + copy, *fields, charset="iso-8859-1", way="quoted-printable")


def report(to: str, status: str, said: str, *, remote: str = "mx.example.org") -> Make:
    """A bounce of Exim 4.83 and later: a multipart/report without an RFC 3464 parameter too many."""
    fields = block(to, status, f"smtp; {said}", f"Remote-MTA: dns; {remote}")
    words = _TEXT.replace("{said}", f"  {to}\n    host {remote} [192.0.2.25]\n"
                          f"    SMTP error from remote mail server after RCPT TO:<{to}>:\n    {said}")  # fmt: skip
    return dsn(_FROM, _FAILED, words, fields, boundary="1560409212-eximdsn-1804289383",
               fields=(f"X-Failed-Recipients: {to}", "Auto-Submitted: auto-replied"))  # fmt: skip


def late(to: str, said: str, text: str) -> Make:
    return plain(_FROM, "Warning: message 1hbKxY-0003Zc-Ab delayed 24 hours",
                 text.replace("{said}", f"  {to}\n{said}"), "Auto-Submitted: auto-replied")  # fmt: skip


_WARNING = """This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.example.com.

The message identifier is:     1hbKxY-0003Zc-Ab
The subject of the message is: {subject}
The date of the message is:    13 Jun 2019 09:00:00 +0200

The address to which the message has not yet been delivered is:

{said}
No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered. Eventually the mail delivery software will give up,
and when that happens, the message will be returned to you.
"""

CASES = [
    bounce("exim/unknown", "en", "Exim 4.69", "userunknown", "piet@example.org",
           failed("piet@example.org", "SMTP error from remote mail server after RCPT TO:<piet@example.org>:\n"
                  "host mx.example.org [192.0.2.25]: 550 5.1.1 <piet@example.org>: User unknown")),
    bounce("exim/unknown-local", "en", "Exim 4.72 cPanel", "userunknown", "piet@example.org",
           failed("piet@example.org", "No Such User Here", copy=_HEADERS)),
    bounce("exim/unrouteable", "en", "Exim 4.80", "hostunknown", "piet@nowhere.example.org",
           failed("piet@nowhere.example.org", "Unrouteable address")),
    bounce("exim/no-such-domain", "de", "Exim 4.84", "hostunknown", "piet@nowhere.example.org",
           failed("piet@nowhere.example.org", "all relevant MX records point to non-existent hosts", text=_DE)),
    bounce("exim/no-smtp-service", "en", "Exim 4.92", "notaccept", "piet@example.com",
           failed("piet@example.com", "an MX or SRV record indicated no SMTP service", copy=_HEADERS)),
    bounce("exim/retry-timeout", "en", "Exim 4.63", "expired", "piet@example.org",
           failed("piet@example.org", "retry timeout exceeded")),
    bounce("exim/long-failure", "fr", "Exim 4.76", "expired", "piet@example.org",
           failed("piet@example.org", "retry time not reached for any host after a long failure period", text=_FR)),
    bounce("exim/full-retry", "nl", "Exim 4.82", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "mailbox is full: retry timeout exceeded", text=_NL)),
    bounce("exim/quota-mta", "en", "Exim 4.87", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "mailbox is full (MTA-imposed quota exceeded while writing to tmp/1.2.3)")),
    bounce("exim/timed-out", "de", "Exim 4.80", "networkerror", "piet@example.org",
           failed("piet@example.org", "host mx.example.org [192.0.2.25]\nConnection timed out", text=_DE)),
    bounce("exim/callout", "en", "Exim 4.89", "rejected", "piet@example.org",
           failed("piet@example.org", "SMTP error from remote mail server after RCPT TO:<piet@example.org>:\n"
                  "550-Verification failed for <{bounces}>\n550-Called:   192.0.2.10\n550-Sent:     RCPT TO:<{bounces}>\n"
                  "550 Sender verify failed")),
    bounce("exim/report-unknown", "en", "Exim 4.94", "userunknown", "piet@example.org",
           report("piet@example.org", "5.0.0", "550 No such recipient here")),
    bounce("exim/report-spam", "en", "Exim 4.92", "spamdetected", "piet@example.org",
           report("piet@example.org", "5.0.0", "550 This message scored 12.3 spam points.")),
    bounce("exim/report-full", "en", "Exim 4.96", "mailboxfull", "piet@example.org",
           report("piet@example.org", "5.2.2", "552 5.2.2 <piet@example.org> Mailbox is full / Blocks limit exceeded / "
                  "Inode limit exceeded")),
    bounce("exim/report-size", "en", "Exim 4.90", "mesgtoobig", "piet@example.org",
           report("piet@example.org", "5.0.0", "552 Message size exceeds maximum permitted")),
    bounce("exim/report-loop", "en", "Exim 4.91", "networkerror", "piet@example.org",
           report("piet@example.org", "5.0.0", 'Too many "Received" headers - suspected mail loop')),
    bounce("exim/report-relay", "en", "Exim 4.93", "norelaying", "piet@example.org",
           report("piet@example.org", "5.0.0", "550 relay not permitted")),
    bounce("exim/report-rate", "en", "Exim 4.95 cPanel", "ratelimited", "piet@example.org",
           report("piet@example.org", "5.0.0", "Domain example.org has exceeded the max emails per hour (125/100 "
                  "(125%)) allowed. Message discarded.")),
    bounce("exim/report-helo", "en", "Exim 4.92", "requireptr", "piet@example.org",
           report("piet@example.org", "5.0.0", "550 Your host has no reverse DNS entry; set one and try again")),
    bounce("exim/moved", "en", "Exim 4.86 redirect", "hasmoved", "piet@example.org",
           failed("piet@example.org", "551 5.1.6 this person has moved; please try <piet@new.example.com>")),
    bounce("exim/pipe", "en", "Exim 4.80", "mailererror", "piet@example.org",
           failed("piet@example.org", "pipe to |/usr/local/bin/helpdesk\ngenerated by piet@example.org\n"
                  "Child process of address_pipe transport returned 2 from command: /usr/local/bin/helpdesk")),
    bounce("exim/generated", "en", "Exim 4.91 forwarding", "userunknown", "p.devries@example.com,piet@example.org",
           failed("p.devries@example.com", "(generated from piet@example.org)\nhost mx.example.com [192.0.2.27]\n"
                  "SMTP error from remote mail server after RCPT TO:<p.devries@example.com>:\n550 5.1.1 User doesn't "
                  "exist: p.devries@example.com")),
    bounce("exim/several", "en", "Exim 4.77", "userunknown", "piet@example.org,an@example.com",
           plain(_FROM, _FAILED, _TEXT.replace("{said}", "  piet@example.org\n    mailbox is full: retry timeout "
                 "exceeded\n\n  an@example.com\n    SMTP error from remote mail server after RCPT TO:<an@example.com>:\n"
                 "    host mx.example.com [192.0.2.27]: 550 Unknown user\n") + _COPY,
                 "X-Failed-Recipients: piet@example.org,\n  an@example.com", "Auto-Submitted: auto-replied")),
    bounce("exim/delayed", "en", "Exim 4.69", "delayed expired", "piet@example.org",
           late("piet@example.org", "", _WARNING)),
    bounce("exim/delayed-why", "en", "Exim 4.94", "delayed networkerror", "piet@example.org",
           late("piet@example.org", "    host mx.example.org [192.0.2.25]\n    Delay reason: Connection timed out\n",
                _WARNING)),
    bounce("exim/delayed-de", "de", "Exim 4.80 Debian", "delayed expired", "piet@example.org",
           plain(_FROM, "Warnung: Nachricht verzögert", """Diese Nachricht wurde automatisch erzeugt.
Eine von Ihnen gesendete Nachricht wurde nach mehr als 24 Stunden noch nicht zugestellt.

Die Adresse, an die noch nicht zugestellt wurde, ist:

  piet@example.org

Sie müssen nichts tun. Die Zustellversuche werden noch einige Zeit fortgesetzt.
""", charset="utf-8")),
    bounce("exim/frozen", "en", "Exim 4.80 freeze_tell", "systemerror", "piet@example.org",
           plain(_FROM, "Message 1hbKxY-0003Zc-Ab has been frozen", """Message 1hbKxY-0003Zc-Ab has been frozen (delivery error message).
The sender is <{bounces}>.

The following address(es) have yet to be delivered:

  piet@example.org: Permission denied: Failed to create lock file
""", "Auto-Submitted: auto-generated")),
    bounce("exim/no-mark", "nl", "Exim 4.69 behind a filter", "userunknown", "piet@example.org",
           plain("Mail Delivery System <mailer-daemon@example.org>", "Bezorging mislukt: bericht retour afzender",
                 _NL.replace("{said}", "  piet@example.org\n    Onbekende gebruiker") + "\n------ Hieronder een kopie van "
                 "het bericht ------\n\n{header}", charset="utf-8")),
]  # fmt: skip
