"""Postfix 2.x and 3.x: bounces, delays and notices of success (bounce(5), RFC 3464)."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import Make, bounce, other
from tests.corpus.machines.pieces.shells import block, dsn, plain

_FROM = "MAILER-DAEMON@mx.example.com (Mail Delivery System)"
_FAILED = "Undelivered Mail Returned to Sender"
_TEXT = """This is the mail system at host mx.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system

{said}"""
_SLOW = """This is the mail system at host mx.example.com.

####################################################################
# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #
####################################################################

Your message could not be delivered for more than 4 hour(s).
It will be retried until it is 5 day(s) old.

For further assistance, please send mail to postmaster.

                   The mail system

{said}"""
_MORE = (
    "X-Postfix-Queue-ID: 4VxyzB1\nX-Postfix-Sender: rfc822; {bounces}\nArrival-Date: Thu, 13 Jun 2019 09:00:04 +0200\n"
)
_NL = """Dit is het mailsysteem van mx.example.com.

Helaas kon uw bericht niet worden bezorgd bij een of meer ontvangers.
Het is hieronder bijgevoegd.

{said}"""
_DE = """Dies ist das Mailsystem auf mx.example.com.

Leider konnte Ihre Nachricht an einen oder mehrere Empfänger nicht
zugestellt werden. Sie ist unten angefügt.

{said}"""
_FR = """Ceci est le système de messagerie de mx.example.com.

Votre message n'a pas pu être remis à un ou plusieurs destinataires.
Il est joint ci-dessous.

{said}"""


def failed(to: str, status: str, said: str, *, kind: str = "smtp", host: str = "", text: str = _TEXT) -> Make:
    """A bounce of Postfix 3: the reason stands in the words and in the field."""
    at = f"host {host} said: " if host else ""
    remote = [f"Remote-MTA: dns; {host.partition('[')[0]}"] if host else []
    fields = block(to, status, f"{kind}; {said}", *remote, original=to)
    words = text.replace("{said}", f"<{to}>: {at}{said}" + (" (in reply to RCPT TO command)" if host else ""))
    return dsn(_FROM, _FAILED, words, fields, more=_MORE, fields=("Auto-Submitted: auto-replied",),
               words="text/plain; charset=utf-8")  # fmt: skip


def delayed(to: str, status: str, said: str) -> Make:
    fields = block(to, status, f"X-Postfix; {said}", "Will-Retry-Until: Tue, 18 Jun 2019 09:00:04 +0200",
                   action="delayed", original=to)  # fmt: skip
    return dsn(_FROM, "Delayed Mail (still being retried)", _SLOW.replace("{said}", f"<{to}>: {said}"), fields,
               more=_MORE, returned="text/rfc822-headers", fields=("Auto-Submitted: auto-replied",))  # fmt: skip


_OLD = "MIME-Version: 1.0\nContent-Type: multipart/mixed"


CASES = [
    bounce("postfix/unknown-local", "en", "Postfix 3.7", "userunknown", "piet@example.org",
           failed("piet@example.org", "5.1.1", 'unknown user: "piet"', kind="x-unix")),
    bounce("postfix/unknown-remote", "en", "Postfix 3.5", "userunknown", "piet@example.org",
           failed("piet@example.org", "5.1.1", "550 5.1.1 <piet@example.org>: Recipient address rejected: User unknown "
                  "in virtual mailbox table", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/no-domain", "en", "Postfix 3.4", "hostunknown", "piet@nowhere.example.org",
           failed("piet@nowhere.example.org", "5.4.4", "Host or domain name not found. Name service error for "
                  "name=nowhere.example.org type=AAAA: Host not found", kind="X-Postfix")),
    bounce("postfix/null-mx", "en", "Postfix 3.3", "notaccept", "piet@example.com",
           failed("piet@example.com", "5.1.0", "Domain example.com does not accept mail (nullMX)", kind="X-Postfix")),
    bounce("postfix/moved", "en", "Postfix 2.11 relocated(5)", "hasmoved", "piet@example.org",
           failed("piet@example.org", "5.1.6", "User has moved to piet.nieuw@example.com", kind="X-Postfix")),
    bounce("postfix/full", "en", "Postfix 3.7 and Dovecot LMTP", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "5.2.2", "552 5.2.2 <piet@example.org> Quota exceeded (mailbox for user is full)",
                  host="mail.example.org[private/dovecot-lmtp]")),
    bounce("postfix/full-with-5.1.1", "nl", "Postfix 2.10", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "5.1.1", "550 5.1.1 <piet@example.org> mailbox is over quota", text=_NL,
                  host="mx.example.org[192.0.2.25]")),
    bounce("postfix/too-large", "de", "Postfix 3.6", "mesgtoobig", "piet@example.org",
           failed("piet@example.org", "5.3.4", "message size 31457280 exceeds size limit 20480000 of server "
                  "mx.example.org[192.0.2.25]", kind="X-Postfix", text=_DE)),
    bounce("postfix/relay-denied", "fr", "Postfix 3.2", "norelaying", "piet@example.org",
           failed("piet@example.org", "5.7.1", "554 5.7.1 <piet@example.org>: Relay access denied",
                  host="mx.example.org[192.0.2.25]", text=_FR)),
    bounce("postfix/spamhaus", "en", "Postfix 3.7", "blocked", "piet@example.org",
           failed("piet@example.org", "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
                  "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/milter-spam", "nl", "Postfix 3.7 and rspamd", "spamdetected", "piet@example.org",
           failed("piet@example.org", "5.7.1", "554 5.7.1 Spam message rejected", host="mx.example.org[192.0.2.25]",
                  text=_NL)),
    bounce("postfix/timed-out", "en", "Postfix 3.5", "networkerror", "piet@example.org",
           failed("piet@example.org", "4.4.1", "connect to mx.example.org[192.0.2.25]:25: Connection timed out",
                  kind="X-Postfix")),
    bounce("postfix/loop", "de", "Postfix 3.1", "networkerror", "piet@example.org",
           failed("piet@example.org", "5.4.6", "mail for example.org loops back to myself", kind="X-Postfix",
                  text=_DE)),
    bounce("postfix/too-many-hops", "en", "Postfix 2.9", "networkerror", "piet@example.org",
           failed("piet@example.org", "5.4.0", "554 5.4.0 Error: too many hops", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/procmail", "en", "Postfix 2.5 and procmail", "mailererror", "piet@example.org",
           failed("piet@example.org", "5.3.0", 'Command died with status 75: "/usr/bin/procmail". Command output: '
                  "procmail: Program failure (-6) of /home/piet/filter", kind="x-unix")),
    bounce("postfix/maildir-quota", "fr", "Postfix 2.6 virtual", "mailboxfull", "piet@example.org",
           failed("piet@example.org", "5.2.2", "maildir delivery failed: Sorry, the user's maildir has overdrawn his "
                  "diskspace quota, please try again later", kind="X-Postfix", text=_FR)),
    bounce("postfix/unverified", "en", "Postfix 3.4 address verification", "userunknown", "piet@example.org",
           failed("piet@example.org", "5.1.1", "550 5.1.1 <piet@example.org>: Recipient address rejected: undeliverable "
                  "address: host back.example.org[192.0.2.26] said: 550 5.1.1 <piet@example.org>: Recipient address "
                  "rejected: User unknown in local recipient table", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/sender-rejected", "nl", "Postfix 3.7", "rejected", "piet@example.org",
           failed("piet@example.org", "5.1.8", "550 5.1.8 <{bounces}>: Sender address rejected: Domain not found",
                  host="mx.example.org[192.0.2.25]", text=_NL)),
    bounce("postfix/no-ptr", "en", "Postfix 3.7", "requireptr", "piet@example.org",
           failed("piet@example.org", "5.7.25", "550 5.7.25 Client host rejected: cannot find your reverse hostname, "
                  "[192.0.2.10]", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/spf", "de", "Postfix 3.4 policyd-spf", "authfailure", "piet@example.org",
           failed("piet@example.org", "5.7.23", "550 5.7.23 <piet@example.org>: Recipient address rejected: Message "
                  "rejected due to: SPF fail - not authorized", host="mx.example.org[192.0.2.25]", text=_DE)),
    bounce("postfix/tls-needed", "en", "Postfix 3.8 DANE", "failedstarttls", "piet@example.org",
           failed("piet@example.org", "4.7.5", "Server certificate not trusted", kind="X-Postfix")),
    bounce("postfix/access-map", "fr", "Postfix 2.8", "policyviolation", "piet@example.org",
           failed("piet@example.org", "5.7.1", "554 5.7.1 <mail.nieuwsbrief.example.nl[192.0.2.10]>: Client host "
                  "rejected: Access denied", host="mx.example.org[192.0.2.25]", text=_FR)),
    bounce("postfix/greylisted-out", "en", "Postfix 3.7 and postgrey", "onhold", "piet@example.org",
           failed("piet@example.org", "4.2.0", "450 4.2.0 <piet@example.org>: Recipient address rejected: Greylisted, "
                  "see http://postgrey.example.org/help/example.org.html", host="mx.example.org[192.0.2.25]")),
    bounce("postfix/delayed-greylist", "en", "Postfix 3.7", "delayed onhold", "piet@example.org",
           delayed("piet@example.org", "4.2.0", "host mx.example.org[192.0.2.25] said: 450 4.2.0 <piet@example.org>: "
                   "Recipient address rejected: Greylisted (in reply to RCPT TO command)")),
    bounce("postfix/delayed-dns", "en", "Postfix 3.5", "delayed networkerror", "piet@example.org",
           delayed("piet@example.org", "4.4.3", "Host or domain name not found. Name service error for "
                   "name=example.org type=MX: Host not found, try again")),
    bounce("postfix/delayed-refused", "en", "Postfix 2.11", "delayed networkerror", "piet@example.org",
           delayed("piet@example.org", "4.4.1", "connect to mx.example.org[192.0.2.25]:25: Connection refused")),
    other("postfix/relayed", "en", "Postfix 3.7 NOTIFY=SUCCESS", "auto_reply", "delivered", "",
          dsn(_FROM, "Successful Mail Delivery Report", _TEXT.replace("{said}", "<piet@example.org>: delivery via "
              "mx.example.org[192.0.2.25]:25: 250 2.0.0 Ok: queued as 77"),
              block("piet@example.org", "2.0.0", "smtp; 250 2.0.0 Ok: queued as 77", action="relayed"), more=_MORE,
              returned="text/rfc822-headers")),
    other("postfix/delivered", "en", "Postfix 3.7 NOTIFY=SUCCESS", "auto_reply", "delivered", "",
          dsn(_FROM, "Successful Mail Delivery Report", _TEXT.replace("{said}", "<piet@example.org>: delivery via "
              "local: delivered to maildir"),
              block("piet@example.org", "2.0.0", "X-Postfix; delivered to maildir", action="delivered"), more=_MORE,
              returned="text/rfc822-headers")),
    bounce("postfix/two-fates", "en", "Postfix 3.7", "userunknown", "piet@example.org,an@example.com",
           dsn(_FROM, _FAILED, _TEXT.replace("{said}", "<piet@example.org>: host mx.example.org[192.0.2.25] said: 550 "
               "5.1.1 User unknown (in reply to RCPT TO command)\n\n<an@example.com>: host mx.example.com[192.0.2.27] "
               "said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)"),
               block("piet@example.org", "5.1.1", "smtp; 550 5.1.1 User unknown", original="piet@example.org"),
               block("an@example.com", "5.2.2", "smtp; 552 5.2.2 Mailbox full", original="an@example.com"), more=_MORE)),
    bounce("postfix/one-failed-one-delivered", "en", "Postfix 3.7", "userunknown", "piet@example.org",
           dsn(_FROM, _FAILED, _TEXT.replace("{said}", "<piet@example.org>: unknown user: \"piet\""),
               block("piet@example.org", "5.1.1", "x-unix; unknown user: \"piet\""),
               block("an@example.com", "2.0.0", "smtp; 250 2.0.0 Ok", action="relayed"), more=_MORE)),
    bounce("postfix/alias-expanded", "nl", "Postfix 2.11", "userunknown", "piet@example.org,p.devries@example.com",
           dsn(_FROM, _FAILED, _NL.replace("{said}", "<p.devries@example.com> (expanded from <piet@example.org>): host "
               "mx.example.com[192.0.2.27] said: 550 5.1.1 No such user here (in reply to RCPT TO command)"),
               block("p.devries@example.com", "5.1.1", "smtp; 550 5.1.1 No such user here", original="piet@example.org"),
               more=_MORE)),
    bounce("postfix/old-without-report", "en", "Postfix 1.1", "userunknown", "piet@example.org",
           plain(_FROM, _FAILED, """This is a MIME-encapsulated message.

--4Vxyz/mx.example.com
Content-Description: Notification
Content-Type: text/plain

This is the Postfix program at host mx.example.com.

I'm sorry to have to inform you that the message returned
below could not be delivered to one or more destinations.

For further assistance, please send mail to <postmaster>

                        The Postfix program

<piet@example.org>: unknown user: "piet"

--4Vxyz/mx.example.com
Content-Description: Undelivered Message
Content-Type: message/rfc822

{whole}

--4Vxyz/mx.example.com--
""", "MIME-Version: 1.0", 'Content-Type: multipart/mixed;\n boundary="4Vxyz/mx.example.com"')),
    bounce("postfix/utf-8-address", "en", "Postfix 3.4 SMTPUTF8", "userunknown", "jörg@example.org",
           dsn(_FROM, _FAILED, _TEXT.replace("{said}", "<jörg@example.org>: host mx.example.org[192.0.2.25] said: 550 "
               "5.1.1 User unknown"),
               "Original-Recipient: utf-8;j\\x{F6}rg@example.org\nFinal-Recipient: utf-8; jörg@example.org\n"
               "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown",
               more=_MORE, status="message/global-delivery-status\nContent-Transfer-Encoding: 8bit",
               returned="message/global\nContent-Transfer-Encoding: 8bit",
               words="text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit")),
    bounce("postfix/no-smtputf8", "de", "Postfix 3.4 SMTPUTF8", "contenterror", "jörg@example.org",
           dsn(_FROM, _FAILED, _DE.replace("{said}", "<jörg@example.org>: SMTPUTF8 is required, but was not offered by "
               "host mx.example.org[192.0.2.25]"),
               "Final-Recipient: utf-8; jörg@example.org\nAction: failed\nStatus: 5.6.7\nDiagnostic-Code: X-Postfix; "
               "SMTPUTF8 is required, but was not offered by host mx.example.org[192.0.2.25]",
               more=_MORE, status="message/global-delivery-status\nContent-Transfer-Encoding: 8bit",
               words="text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit")),
    bounce("postfix/letter-missing", "en", "Postfix 3.7 bounce_size_limit", "userunknown", "piet@example.org",
           dsn(_FROM, _FAILED, _TEXT.replace("{said}", "<piet@example.org>: host mx.example.org[192.0.2.25] said: 550 "
               "5.1.1 unknown recipient"),
               block("piet@example.org", "5.1.1", "smtp; 550 5.1.1 unknown recipient"), more=_MORE, returned="")),
]  # fmt: skip
