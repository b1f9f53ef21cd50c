"""Mailbox providers: what their systems send themselves, and what their servers say through another's report."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import Case, Make, bounce
from tests.corpus.machines.pieces.shells import block, dsn, html, multipart, plain

_GMAIL = "Mail Delivery Subsystem <mailer-daemon@googlemail.example.com>"
_P = "piet@example.org"
_GTOP = {
    "en": (
        "Address not found",
        "Your message wasn't delivered to {to} because",
        "The response from the remote server was:",
    ),
    "nl": ("Adres niet gevonden", "Uw bericht is niet bezorgd bij {to} omdat", "De reactie van de externe server was:"),
    "de": ("Adresse nicht gefunden", "Ihre Nachricht wurde nicht an {to} zugestellt, weil", "Antwort des Servers:"),
    "fr": ("Adresse introuvable", "Votre message n'a pas été remis à {to} car", "Réponse du serveur distant :"),
}


def gmail(to: str, status: str, said: str, language: str, *, title: str = "", why: str, action: str = "failed") -> Make:
    """Gmail since 2016: text and html in an alternative, a picture beside it, then the report."""
    head, begin, answer = _GTOP[language]
    text = f"** {title or head} **\n\n{begin.replace('{to}', to)} {why}\n\n{answer}\n{said}\n"
    related = (
        "--000000000000alt\nContent-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit\n\n" + text
        + "\n--000000000000alt\nContent-Type: text/html; charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit\n\n<html><body>"
        f"<h2>{title or head}</h2><p>{begin.replace('{to}', '<b>' + to + '</b>')} {why}</p><p style=\"font-family:monospace\">"
        f"{said}</p></body></html>\n--000000000000alt--\n"
    )  # fmt: skip
    subject = (
        "Delivery Status Notification (Delay)" if action == "delayed" else "Delivery Status Notification (Failure)"
    )
    return dsn(_GMAIL, subject, related, block(to, status, f"smtp; {said}", "Remote-MTA: dns; mx.example.org. (192.0.2.25, "
               "the server for the domain example.org.)", "Last-Attempt-Date: Thu, 13 Jun 2019 00:00:12 -0700 (PDT)",
               action=action), mta="dns; googlemail.example.com", boundary="000000000000f0e1d2",
               more="Received-From-MTA: dns; info@nieuwsbrief.example.nl\nArrival-Date: Thu, 13 Jun 2019 00:00:04 -0700 (PDT)\n"
               "X-Original-Message-ID: {id}\n", words='multipart/alternative; boundary="000000000000alt"',
               fields=("Auto-Submitted: auto-replied", f"X-Failed-Recipients: {to}"))  # fmt: skip


def old_gmail(said: str, *, top: str = "Delivery to the following recipient failed permanently:") -> Make:
    return plain(_GMAIL, "Delivery Status Notification (Failure)", f"{top}\n\n     {{to}}\n\nTechnical details of permanent "
                 f"failure: \n{said}\n\n   ----- Original message -----\n\n{{header}}\n\nBeste lezer,\n",
                 "X-Failed-Recipients: {to}", charset="ISO-8859-1")  # fmt: skip


def via(name: str, language: str, source: str, reason: str, status: str, said: str, *, to: str = _P, action: str = "failed",
        system: str = "Mail Delivery System <MAILER-DAEMON@relay.example.net>".replace(".net", ".com")) -> Case:  # fmt: skip
    """What a server of a provider answered our relay, in a plain report of that relay."""
    words = {
        "nl": "Uw bericht kon niet worden bezorgd.\n\n<{to}>: ", "de": "Ihre Nachricht konnte nicht zugestellt werden.\n\n<{to}>: ",
        "fr": "Votre message n'a pas pu être remis.\n\n<{to}>: ", "it": "Il messaggio non è stato recapitato.\n\n<{to}>: ",
        "es": "Su mensaje no se pudo entregar.\n\n<{to}>: ", "en": "Your message could not be delivered.\n\n<{to}>: ",
    }[language]  # fmt: skip
    subject = "Delayed Mail (still being retried)" if action == "delayed" else "Undelivered Mail Returned to Sender"
    make = dsn(system, subject, words.replace("{to}", to) + f"host mx.provider.example.com[192.0.2.40] said: {said}\n",
               block(to, status, f"smtp; {said}", "Remote-MTA: dns; mx.provider.example.com", action=action),
               words="text/plain; charset=utf-8", fields=("Auto-Submitted: auto-replied",))  # fmt: skip
    return bounce(name, language, source, ("delayed " if action == "delayed" else "") + reason, to, make)


_YAHOO = "I'm afraid I wasn't able to deliver the following message.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"

CASES = [
    bounce("gmail/not-found", "en", "Gmail", "userunknown", _P,
           gmail(_P, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 "
                 "double-checking the recipient's email address for typos or 550 5.1.1 unnecessary spaces. - gsmtp", "en",
                 why="the address couldn't be found, or is unable to receive mail.")),
    bounce("gmail/not-found-nl", "nl", "Gmail", "userunknown", _P,
           gmail(_P, "5.1.1", "550 5.1.1 <piet@example.org>: Recipient address rejected: User unknown", "nl",
                 why="het adres niet kan worden gevonden of geen e-mail kan ontvangen.")),
    bounce("gmail/not-found-de", "de", "Gmail", "userunknown", _P,
           gmail(_P, "5.1.1", "550 5.1.1 User unknown", "de", why="die Adresse nicht gefunden wurde oder keine E-Mails "
                 "empfangen kann.")),
    bounce("gmail/not-found-fr", "fr", "Gmail", "userunknown", _P,
           gmail(_P, "5.1.1", "550 5.1.1 Adresse inconnue", "fr", why="l'adresse est introuvable ou ne peut pas recevoir "
                 "de messages.")),
    bounce("gmail/null-mx", "en", "Gmail", "notaccept", "piet@example.com",
           gmail("piet@example.com", "5.1.10", "The recipient's domain example.com has a null MX record", "en", title="Address not found",
                 why="the domain example.com doesn't accept email.")),
    bounce("gmail/nxdomain", "en", "Gmail", "hostunknown", "piet@nowhere.example.org",
           gmail("piet@nowhere.example.org", "4.0.0", "DNS Error: DNS type 'mx' lookup of nowhere.example.org responded with "
                 "code NXDOMAIN Domain name not found: nowhere.example.org", "en", why="the domain nowhere.example.org couldn't "
                 "be found.")),
    bounce("gmail/nxdomain-nl", "nl", "Gmail", "hostunknown", "piet@nowhere.example.org",
           gmail("piet@nowhere.example.org", "4.0.0", "DNS Error: DNS type 'mx' lookup of nowhere.example.org responded with "
                 "code NXDOMAIN", "nl", why="het domein nowhere.example.org niet kan worden gevonden.")),
    bounce("gmail/over-quota", "en", "Gmail", "mailboxfull", _P,
           gmail(_P, "5.2.2", "552 5.2.2 The recipient's inbox is out of storage space. Please direct the recipient to "
                 "https://support.google.com/mail/?p=OverQuotaPerm - gsmtp", "en", title="Recipient inbox full",
                 why="their inbox is full, or it's getting too much mail right now.")),
    bounce("gmail/inactive-full", "en", "Gmail", "mailboxfull", _P,
           gmail(_P, "5.2.2", "552-5.2.2 The email account that you tried to reach is over quota and inactive.", "en",
                 title="Recipient inbox full", why="their inbox is full.")),
    bounce("gmail/disabled", "en", "Gmail", "suspend", _P,
           gmail(_P, "5.2.1", "550 5.2.1 The email account that you tried to reach is inactive. Learn more at "
                 "https://support.google.com/mail/?p=DisabledUser - gsmtp", "en", title="Message not delivered",
                 why="there was a problem.")),
    bounce("gmail/unauthenticated", "en", "Gmail", "authfailure", _P,
           gmail(_P, "5.7.26", "550-5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires "
                 "all senders to authenticate with either SPF or DKIM.", "en", title="Message blocked",
                 why="it was blocked.")),
    bounce("gmail/rate", "de", "Gmail", "delayed ratelimited", _P,
           gmail(_P, "4.7.28", "421-4.7.28 Gmail has detected an unusual rate of mail originating from your DKIM domain.", "de",
                 title="Zustellung verzögert", why="es ein vorübergehendes Problem gibt. Gmail versucht es weitere 46 "
                 "Stunden.", action="delayed")),
    bounce("gmail/unreachable", "en", "Gmail", "networkerror", _P,
           gmail(_P, "4.4.1", "The recipient server did not accept our requests to connect. Learn more at "
                 "https://support.google.com/mail/answer/7720 [mx.example.org. 192.0.2.25: timed out]", "en",
                 title="Message not delivered", why="there was a problem reaching the server for example.org.")),
    bounce("gmail/policy-loop", "fr", "Gmail", "networkerror", _P,
           gmail(_P, "5.4.6", "550 5.4.6 Unable to deliver message: mail loop detected", "fr", title="Message non remis",
                 why="il tourne en boucle.")),
    bounce("gmail/spam", "nl", "Gmail", "spamdetected", _P,
           gmail(_P, "5.7.1", "550-5.7.1 Gmail has detected that this message is likely unsolicited mail. To reduce the amount "
                 "of spam sent to Gmail, this message has been blocked.", "nl", title="Bericht geblokkeerd",
                 why="het is geblokkeerd.")),
    bounce("gmail/delayed-nl", "nl", "Gmail", "delayed networkerror", _P,
           gmail(_P, "4.4.2", "The recipient server did not accept our requests to connect. [mx.example.org 192.0.2.25: timed "
                 "out]", "nl", title="Bezorging vertraagd", why="er een tijdelijk probleem is. Gmail probeert het nog 46 uur.",
                 action="delayed")),
    bounce("gmail/2010-unknown", "en", "Gmail before 2016", "userunknown", _P,
           old_gmail("Google tried to deliver your message, but it was rejected by the recipient domain. The error that the "
                     "other server returned was: 550 550 #5.1.0 Address rejected piet@example.org (state 14).")),
    bounce("gmail/2010-dns", "en", "Gmail before 2016", "hostunknown", "piet@nowhere.example.org",
           old_gmail("DNS Error: Domain name not found")),
    bounce("gmail/2010-full", "en", "Gmail before 2016", "mailboxfull", _P,
           old_gmail("Google tried to deliver your message, but it was rejected by the server for the recipient domain. The "
                     "error that the other server returned was: 552 5.2.2 Mailbox quota exceeded (state 13).")),
    bounce("gmail/group-closed", "en", "Google Groups", "filtered", "team@example.org",
           dsn(_GMAIL, "Delivery Status Notification (Failure)", "Hello info@nieuwsbrief.example.nl,\n\nWe're writing to let you "
               "know that the group you tried to contact (team) may not exist, or you may not have permission to post messages "
               "to the group.\n", block("team@example.org", "5.7.1", "smtp; 550 5.7.1 You do not have permission to post to this "
               "group"), mta="dns; googlemail.example.com")),
    bounce("yahoo/no-account", "en", "Yahoo", "userunknown", _P,
           plain("MAILER-DAEMON@yahoo.example.com", "Failure Notice", "Sorry, we were unable to deliver your message to the "
                 "following address.\n\n<{to}>:\n554: delivery error: dd This user doesn't have a example.org account ({to}) [0] "
                 "- mta1234.mail.example.org\n\n--- Below this line is a copy of the message.\n\n{whole}\n")),
    bounce("yahoo/over-quota", "en", "Yahoo", "mailboxfull", _P,
           html("MAILER-DAEMON@yahoo.example.com", "Failure Notice", "<html><body>Sorry, we were unable to deliver your message to "
                "the following address.<br><br>&lt;{to}&gt;:<br>552: delivery error: dd Sorry, your message to {to} cannot be "
                "delivered. This mailbox is over quota.<br></body></html>", returned="message/rfc822")),
    bounce("yahoo/disabled", "en", "Yahoo", "suspend", _P,
           plain("MAILER-DAEMON@yahoo.example.com", "Failure Notice", _YAHOO + "<{to}>:\n554: delivery error: dd Sorry your "
                 "message to {to} cannot be delivered. This account has been disabled or discontinued [#102].\n\n--- Below this "
                 "line is a copy of the message.\n\n{header}\n")),
    bounce("yahoo/several", "en", "Yahoo", "userunknown", "piet@example.org,an@example.org",
           plain("MAILER-DAEMON@yahoo.example.com", "Failure Notice", "Sorry, we were unable to deliver your message to the "
                 "following addresses.\n\n<piet@example.org>:\n550: 5.1.1 unknown user\n\n<an@example.org>:\n552: 1 Requested mail "
                 "action aborted, mailbox not found\n\n--- Original message follows.\n\n{whole}\n")),
    via("yahoo/ts04", "en", "Yahoo through Postfix", "badreputation", "4.7.0", "421 4.7.0 [TSS04] Messages from 192.0.2.10 "
        "temporarily deferred due to unexpected volume or user complaints - 4.16.55.1", action="delayed"),
    via("yahoo/dmarc", "en", "Yahoo through Postfix", "authfailure", "5.7.9", "554 5.7.9 Message not accepted for policy reasons. "
        "See https://postmaster.yahooinc.example.com/error-codes DMARC"),
    bounce("aol/refused", "en", "AOL before 2010", "filtered", "piet@aol.example.com",
           plain("Mail Delivery Subsystem <MAILER-DAEMON@aol.example.com>", "Mail Delivery Problem", "Your mail to the following "
                 "recipients could not be delivered because they are not accepting mail from info@nieuwsbrief.example.nl:\n\n"
                 "\tpiet\n")),
    bounce("aol/unknown", "en", "AOL", "userunknown", "piet@aol.example.com",
           dsn("Mail Delivery Subsystem <MAILER-DAEMON@aol.example.com>", "Returned mail: User unknown", "Your mail to the "
               "following recipients could not be delivered:\n\n{to}\n", block("piet@aol.example.com", "5.1.1", "SMTP; 550 "
               "MAILBOX NOT FOUND"), mta="dns; rly-mf01.mx.aol.com")),
    via("icloud/unknown", "en", "iCloud", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>: user does not exist"),
    via("icloud/full", "nl", "iCloud", "mailboxfull", "5.2.2", "552 5.2.2 <piet@example.org>: user is overquota"),
    via("icloud/policy", "en", "iCloud", "spamdetected", "5.7.1", "554 5.7.1 [CS01] Message rejected due to local policy. Looks "
        "like spam."),
    via("zoho/unknown", "en", "Zoho", "userunknown", "5.1.1", "550 5.1.1 User does not exist - <piet@example.org>"),
    via("zoho/blocked", "en", "Zoho", "blocked", "5.7.1", "541 5.4.1 Mail rejected by destination domain: your IP is in our "
        "blocklist"),
    via("yandex/unknown", "en", "Yandex", "userunknown", "5.7.1", "550 5.7.1 No such user!"),
    via("yandex/full", "en", "Yandex", "mailboxfull", "5.2.2", "552 5.2.2 Mailbox size limit exceeded"),
    via("mail.ru/unknown", "en", "mail.ru", "userunknown", "5.0.0", "550 Message was not accepted -- invalid mailbox.  Local mailbox "
        "piet@example.org is unavailable: user not found"),
    via("mail.ru/inactive", "en", "mail.ru", "suspend", "5.0.0", "550 Message was not accepted -- invalid mailbox.  Local mailbox "
        "piet@example.org is unavailable: account is disabled"),
    bounce("mail.ru/own", "en", "mail.ru", "mailboxfull", _P,
           plain("mailer-daemon@corp.mail.example.com", "Mail failure.", "This message was created automatically by mail delivery "
                 "software.\n\nA message that you sent could not be delivered to one or more of its recipients.\n\n  {to}\n    mailbox "
                 "is over quota\n\n------ This is a copy of the message, including all the headers. ------\n\n{header}\n",
                 "X-Failed-Recipients: {to}")),
    via("kpn/unknown", "nl", "KPN", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org> recipient does not exist here"),
    via("kpn/full", "nl", "KPN", "mailboxfull", "5.2.2", "552 5.2.2 <piet@example.org> mailbox vol / mailbox full"),
    via("kpn/rate", "nl", "KPN", "ratelimited", "4.7.0", "421 4.7.0 Too many connections from your host", action="delayed"),
    via("ziggo/unknown", "nl", "Ziggo", "userunknown", "5.1.1", "550 5.1.1 Adres bestaat niet / address unknown [AUP#IBUK]"),
    via("ziggo/spam", "nl", "Ziggo", "spamdetected", "5.7.1", "552 5.2.0 message rejected: content looks like spam [AUP#CXSNDR]"),
    bounce("xs4all/full", "nl", "XS4ALL", "mailboxfull", _P,
           plain("Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>", "Returned mail: see transcript for details", "Het bericht "
                 "kon niet worden bezorgd bij:\n\n<{to}>\n    (reden: De mailbox van deze gebruiker is vol)\n\n   ----- Transcript of "
                 "session follows -----\n... while talking to local:\n<<< 552 5.2.2 mailbox is vol\n\n{header}\n", charset="utf-8")),
    via("telenet/unknown", "nl", "Telenet", "userunknown", "5.1.1", "550 5.1.1 unknown recipient, onbekende ontvanger, destinataire "
        "inconnu <piet@example.org>"),
    via("telenet/greylist", "nl", "Telenet", "onhold", "4.7.1", "450 4.7.1 Greylisting in effect, please come back later",
        action="delayed"),
    via("proximus/unknown", "fr", "Proximus (Skynet)", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>... Utilisateur inconnu / "
        "onbekende gebruiker"),
    via("proximus/reputation", "fr", "Proximus (Skynet)", "badreputation", "5.7.1", "554 Your access to this mail system has been "
        "rejected due to the sending MTA's poor reputation."),
    via("gmx/unknown", "de", "GMX", "userunknown", "5.0.0", "550 Requested action not taken: mailbox unavailable For explanation visit "
        "https://postmaster.gmx.net/de/error-messages?ip=192.0.2.10&c=hi"),
    via("gmx/full", "de", "WEB.DE", "mailboxfull", "5.0.0", "552 Requested mail action aborted: exceeded storage allocation Quota "
        "exceeded. The recipient mailbox is full. For explanation visit https://postmaster.web.de/de/error-messages"),
    via("gmx/rdns", "de", "1&1 IONOS", "requireptr", "5.0.0", "554 Transaction failed. Reject due to policy restrictions: Bad DNS PTR "
        "resource record. IP=192.0.2.10"),
    bounce("gmx/own", "de", "GMX", "userunknown", _P,
           plain("GMX Mailer Daemon <mailer-daemon@gmx.example.com>", "Mail delivery failed: returning message to sender", "This "
                 "message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one "
                 "or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n{to}:\nSMTP error from remote "
                 "server for RCPT TO command, host: mx.example.org (192.0.2.25) reason: 550 5.1.1 User unknown\n\n\n--- The header of the "
                 "original message is following. ---\n\n{header}\n", "Auto-Submitted: auto-replied")),
    bounce("1und1/own-full", "de", "1&1", "mailboxfull", _P,
           plain("Mail Delivery System <mailer-daemon@kundenserver.example.com>", "Mail System Error - Returned Mail", "Diese E-Mail "
                 "wurde automatisch vom Mailserver erstellt.\n\nIhre E-Mail konnte an folgende Adresse nicht ausgeliefert werden:\n\n{to}:\n"
                 "Quota überschritten: das Postfach des Empfängers ist voll.\n\n--- Die Kopfzeilen der E-Mail folgen ---\n\n{header}\n",
                 charset="iso-8859-1")),
    via("t-online/unknown", "de", "T-Online", "userunknown", "5.1.1", "550-5.1.1 unknown recipient: this mailbox is not known here; "
        "die Adresse ist hier nicht bekannt"),
    via("t-online/tosa", "de", "T-Online", "blocked", "5.0.0", "554 IP=192.0.2.10 - A problem occurred. Your IP address is not allowed "
        "to connect; ask your postmaster for help or to contact tosa@rx.example.com for clearance. (BL)"),
    bounce("t-online/own", "de", "T-Online", "userunknown", _P,
           plain("Mail Delivery System <mailer-daemon@t-online.example.com>", "Undelivered Mail Returned to Sender", "Ihre E-Mail konnte "
                 "leider nicht zugestellt werden.\n\nEmpfänger: {to}\nGrund: Der Empfänger ist nicht bekannt.\n\n-----Ursprüngliche "
                 "Nachricht-----\n\n{header}\n", charset="iso-8859-1", way="quoted-printable")),
    via("strato/unknown", "de", "Strato", "userunknown", "5.1.1", "550 5.1.1 no such user (B-URIP)"),
    via("strato/full", "de", "Strato", "mailboxfull", "5.2.2", "552 5.2.2 mailbox for piet@example.org is full, Postfach ist voll"),
    via("freenet/unknown", "de", "freenet", "userunknown", "5.0.0", "550 Empfaenger unbekannt / no such user: piet@example.org"),
    via("freenet/inactive", "de", "freenet", "suspend", "5.0.0", "550 account of piet@example.org is inactive; Konto ist gesperrt"),
    via("ovh/unknown", "fr", "OVH", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>: Recipient address rejected: User unknown. "
        "Compte inexistant."),
    via("ovh/spam", "fr", "OVH", "spamdetected", "5.7.1", "550 5.7.1 Spam detected - votre message a été considéré comme du spam"),
    via("orange/416", "fr", "Orange", "userunknown", "5.1.1", "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. "
        "OFR_416 [416]"),
    via("orange/417", "fr", "Orange", "mailboxfull", "5.2.0", "552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 "
        "[417]"),
    via("orange/506", "fr", "Orange", "spamdetected", "5.7.1", "550 5.7.1 Mail rejete. Mail rejected. OFR_506 [506]"),
    via("orange/103", "fr", "Orange", "blocked", "5.7.1", "550 5.7.1 Service refuse. Veuillez essayer plus tard. service refused, please "
        "try later. OFR_103 [103]"),
    via("orange/104", "fr", "Orange", "ratelimited", "4.7.0", "421 Trop de connexions, veuillez verifier votre configuration. Too many "
        "connections, slow down. OFR_104 [104]", action="delayed"),
    via("orange/109", "fr", "Orange", "rejected", "5.1.8", "550 5.1.8 Adresse de l'expediteur invalide, domaine inexistant. Sender "
        "domain not found. OFR_109 [109]"),
    via("free/unknown", "fr", "Free", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>: utilisateur inconnu"),
    via("free/full", "fr", "Free", "mailboxfull", "5.2.2", "552 5.2.2 la boite aux lettres de ce destinataire est pleine"),
    via("free/spam", "fr", "Free", "spamdetected", "5.7.1", "550 spam detected, message refusé"),
    via("laposte/unknown", "fr", "La Poste", "userunknown", "5.1.1", "550 5.1.1 Adresse d'au moins un destinataire invalide - Invalid "
        "recipient LPN007_405"),
    via("laposte/rate", "fr", "La Poste", "ratelimited", "4.7.0", "421 4.7.0 Trop de connexions simultanées LPN007_104", action="delayed"),
    via("sfr/unknown", "fr", "SFR", "userunknown", "5.1.1", "550 5.1.1 Le destinataire n'existe pas sur ce serveur. No such recipient."),
    via("libero/unknown", "it", "Libero", "userunknown", "5.1.1", "550 5.1.1 Utente sconosciuto: piet@example.org"),
    via("libero/full", "it", "Libero", "mailboxfull", "5.2.2", "552 5.2.2 La casella del destinatario è piena"),
    via("telefonica/unknown", "es", "Telefónica", "userunknown", "5.1.1", "550 5.1.1 El usuario no existe: piet@example.org"),
    via("qq/unknown", "en", "QQ Mail", "userunknown", "5.0.0", "550 Mailbox unavailable or access denied; the recipient may contain a "
        "non-existent account, please check the recipient address."),
    bounce("web.de/own-html", "de", "WEB.DE", "userunknown", _P,
           html("WEB.DE Mailer-Daemon <mailer-daemon@web.example.com>", "Ihre Nachricht konnte nicht zugestellt werden", "<html><body>"
                "<p>Ihre E-Mail an <b>{to}</b> konnte nicht zugestellt werden.</p><p>Die E-Mail-Adresse existiert nicht.</p></body>"
                "</html>", returned="text/rfc822-headers")),
    bounce("comcast/unknown", "en", "Comcast", "userunknown", _P,
           lambda letter: multipart(letter, "report; report-type=delivery-status", "cc_1", [
               ("text/plain", "This message was returned: the recipient could not be found.\n"),
               ("message/delivery-status", "Reporting-MTA: dns; resqmta.example.com\n\nFinal-Recipient: rfc822; piet@example.org\n"
                "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 Not our Customer"),
               ("text/rfc822-headers", letter.header)], "Mail Delivery System <MAILER-DAEMON@comcast.example.com>",
               "Undelivered Mail Returned to Sender")),
]  # fmt: skip
