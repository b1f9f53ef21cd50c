"""Exchange 5.5 to 2019 and Microsoft 365, in four languages; Outlook.com (Hotmail)."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import Make, as_text, bounce
from tests.corpus.machines.pieces.shells import block, dsn, html, multipart, plain

_POST = "Postmaster <postmaster@example.org>"
_EX = "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>"
_GUID = "_000_8f2c1d7e6b5a4c3d9e0f112233445566exampleorg_"


def ndr2003(
    to: str, status: str, text: str, *, subject: str = "Delivery Status Notification (Failure)", display: str = ""
) -> Make:
    """Exchange 2000 and 2003: hardly any words; the reason is the status and `X-Display-Name`."""
    fields = block(to, status, "", *([f"X-Display-Name: {display}"] if display else []))
    return dsn(_POST, subject, text, fields, mta="dns;mail.example.org", boundary="9B095B5ADSN=_01D4F0A7F8A2C5",
               more="Received-From-MTA: dns;mail.nieuwsbrief.example.nl\nArrival-Date: Thu, 13 Jun 2019 09:00:04 +0200\n",
               words="text/plain; charset=unicode-1-1-utf-7")  # fmt: skip


def ndr2007(to: str, status: str, said: str, *, subject: str, top: str, name: str = "Piet de Vries", why: str, footer: str,
            charset: str = "utf-8") -> Make:  # fmt: skip
    """Exchange 2007 to 2019: an html text inside a multipart/alternative, then the report."""
    page = (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}"></head><body>\n'
        f'<p><b><font color="#000066" size="3" face="Arial">{top}</font></b></p>\n'
        f'<font color="#000000" size="2" face="Tahoma"><p><a href="mailto:{to}">{name}</a><br>\n{why}<br></p></font>\n'
        f'<br><hr><font color="#808080" size="2" face="Tahoma"><p><b>{footer}</b></p>\n<p>Generating server: '
        f"EX01.example.org</p>\n<p>{to}<br>\nRemote Server returned '{said}'<br></p>\n<p>Original message headers:</p>\n"
        "<pre>Received: from mail.nieuwsbrief.example.nl (192.0.2.10) by EX01.example.org\nFrom: Nieuwsbrief Stad "
        "&lt;info@nieuwsbrief.example.nl&gt;\nTo: Piet de Vries &lt;" + to + "&gt;\n</pre></font></body></html>\n"
    )
    fields = block(to, status, f"smtp;{said}", "Remote-MTA: dns;EX01.example.org", f"X-Display-Name: {name}")
    return dsn(_EX, subject, page, fields, mta="dns;EX01.example.org", boundary=_GUID,
               words=f"text/html; charset={charset}\nContent-Transfer-Encoding: quoted-printable",
               fields=("Content-Language: nl-NL", "X-MS-Exchange-Organization-SCL: -1", "Auto-Submitted: auto-replied",
                       "X-MS-Exchange-Message-Is-Ndr:"))  # fmt: skip


def cloud(to: str, status: str, said: str, *, subject: str, said_to_person: str, action: str = "failed") -> Make:
    """Microsoft 365 since 2015: a drawing of the way, advice, then the details for administrators."""

    def page(recipient: str) -> str:
        return (
            '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
            "<style>td.x {width: 230px; color: #777}</style></head><body>"
            '<table style="width:548px"><tr><td colspan="6">\n<h1 style="color:#A80000">'
            f"{said_to_person}</h1></td></tr><tr><td>info</td><td><b>Office 365</b></td><td>{recipient.split('@')[0]}"
            '</td></tr></table><br>\n<div><a href="https://aka.ms/olkndr">More info for email admins</a><p>Status '
            f"code: 550 {status}</p><p>Reported error: <i>{said}</i></p></div>\n<p>Original message details</p>"
            f"<table><tr><td>Sender Address:</td><td>{{bounces}}</td></tr><tr><td>Recipient Address:</td><td>{recipient}"
            "</td></tr><tr><td>Subject:</td><td>{subject}</td></tr></table></body></html>\n"
        )

    fields = block(to, status, f"smtp;{said}", f"X-Display-Name: {to}", action=action)
    return dsn(_EX, subject, page(to), fields, mta="dns;DB8EUR05FT012.mail.protection.outlook.com", boundary=_GUID,
               more="Received-From-MTA: dns;mail.nieuwsbrief.example.nl\nArrival-Date: Thu, 13 Jun 2019 07:00:04 +0000\n",
               words="text/html; charset=utf-8\nContent-Transfer-Encoding: base64",
               fields=("X-MS-Exchange-Message-Is-Ndr:", "Content-Language: en-US"))  # fmt: skip


_2003 = """Your message

  To:      {to}
  Subject: {subject}
  Sent:    Thu, 13 Jun 2019 09:00:00 +0200

did not reach the following recipient(s):

{said}
"""
_AUTO = "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n\n       {to}\n\n\n"
_EN = {
    "top": "Delivery has failed to these recipients or groups:",
    "footer": "Diagnostic information for administrators:",
}
_NL = {
    "top": "De bezorging aan deze geadresseerden of groepen is mislukt:",
    "footer": "Diagnostische gegevens voor beheerders:",
}
_DE = {
    "top": "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:",
    "footer": "Diagnoseinformationen für Administratoren:",
}
_FR = {
    "top": "Échec de la remise à ces destinataires ou groupes :",
    "footer": "Informations de diagnostic pour les administrateurs :",
}
_P = "piet@example.org"

CASES = [
    bounce("exchange/55-unknown", "en", "Exchange 5.5", "userunknown", _P,
           plain("System Administrator <postmaster@example.org>", "Undeliverable: {subject}", _2003.replace("{said}",
                 "{to} on Thu, 13 Jun 2019 09:00:05 +0200\n    The recipient name is not recognized\n\tThe MTS-ID of the "
                 "original message is: c=nl;a= ;p=Example;l=MAIL-190613070005Z-12\n    MSEXCH:IMS:Example:HQ:MAIL 0 "
                 "(000C05A6) Unknown Recipient"))),
    bounce("exchange/55-tnef", "en", "Exchange 5.5", "mailboxfull", _P,
           plain("System Administrator <postmaster@example.org>", "Undeliverable: {subject}", _2003.replace("{said}",
                 "{to} on Thu, 13 Jun 2019 09:00:05 +0200\n    The recipient's mailbox is over its storage limit\n    "
                 "MSEXCH:MSExchangeIS:Example:MAIL"))),
    bounce("exchange/2003-unknown", "en", "Exchange 2003", "userunknown", _P,
           ndr2003(_P, "5.1.1", _AUTO)),
    bounce("exchange/2003-words", "en", "Exchange 2003", "userunknown", _P,
           ndr2003(_P, "5.1.1", _2003.replace("{said}", "{to} on 13-6-2019 9:00\n    The e-mail account does not exist at "
                   "the organization this message was sent to.  Check the e-mail address, or contact the recipient "
                   "directly to find out the correct address.\n    <mail.example.org #5.1.1>"), subject="Undeliverable: {subject}")),
    bounce("exchange/2003-nl", "nl", "Exchange 2003", "mailboxfull", _P,
           ndr2003(_P, "5.2.2", "Uw bericht\n\n  Aan:       {to}\n  Onderwerp: {subject}\n  Verzonden: 13-6-2019 9:00\n\n"
                   "heeft de volgende geadresseerde(n) niet bereikt:\n\n{to} op 13-6-2019 9:00\n    Het postvak van de "
                   "geadresseerde zit vol.\n    <mail.example.org #5.2.2>", subject="Niet bestelbaar: {subject}")),
    bounce("exchange/2003-de", "de", "Exchange 2003", "userunknown", _P,
           ndr2003(_P, "5.1.1", "Ihre Nachricht\n\n  An:      {to}\n  Betreff: {subject}\n\nhat folgende(n) Empfänger "
                   "nicht erreicht:\n\n{to} am 13.06.2019 09:00\n    Dieses E-Mail-Konto gibt es in der Organisation des "
                   "Empfängers nicht.\n    <mail.example.org #5.1.1>", subject="Unzustellbar: {subject}")),
    bounce("exchange/2003-fr", "fr", "Exchange 2003", "hostunknown", "piet@nowhere.example.org",
           ndr2003("piet@nowhere.example.org", "5.4.0", "Votre message\n\n  À :     {to}\n  Objet : {subject}\n\nn'a pas "
                   "atteint le ou les destinataires suivants :\n\n{to} le 13/06/2019 09:00\n    Nom de domaine du "
                   "destinataire inconnu.\n    <mail.example.org #5.4.0>", subject="Non remis : {subject}")),
    bounce("exchange/2003-delay", "en", "Exchange 2003", "delayed expired", _P,
           dsn(_POST, "Delivery Status Notification (Delay)", "This is an automatically generated Delivery Status "
               "Notification.\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the "
               "following recipients has been delayed.\n\n       {to}\n", block(_P, "4.4.7", "", "Will-Retry-Until: Sat, "
               "15 Jun 2019 09:00:04 +0200", action="delayed"), mta="dns;mail.example.org", boundary="9B095B5ADSN=_01D4F0A7F8",
               words="text/plain; charset=unicode-1-1-utf-7")),
    bounce("exchange/2003-expired", "nl", "Exchange 2003", "expired", _P,
           ndr2003(_P, "4.4.7", "Uw bericht\n\n  Aan: {to}\n\nheeft de volgende geadresseerde(n) niet bereikt:\n\n{to} op "
                   "15-6-2019 9:00\n    Het bericht kon niet binnen de toegestane tijd worden bezorgd.\n    "
                   "<mail.example.org #4.4.7>", subject="Niet bestelbaar: {subject}")),
    bounce("exchange/2007-unknown", "en", "Exchange 2007", "userunknown", _P,
           ndr2007(_P, "5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", subject="Undeliverable: {subject}",
                   why="The e-mail address you entered couldn't be found. Please check the recipient's e-mail address and "
                   "try to resend the message.", **_EN)),
    bounce("exchange/2010-nl", "nl", "Exchange 2010", "userunknown", _P,
           ndr2007(_P, "5.1.1", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", subject="Onbestelbaar: {subject}",
                   why="Het opgegeven e-mailadres is niet gevonden. Controleer het adres en verzend het bericht opnieuw.", **_NL)),
    bounce("exchange/2010-full-de", "de", "Exchange 2010", "mailboxfull", _P,
           ndr2007(_P, "5.2.2", "554 5.2.2 mailbox full; 554 5.2.2 STOREDRV.Deliver; mailbox full. The following "
                   "information should help identify the cause of this problem: MapiExceptionShutoffQuotaExceeded",
                   subject="Unzustellbar: {subject}", why="Das Postfach des Empfängers ist voll und kann keine "
                   "Nachrichten mehr annehmen.", **_DE)),
    bounce("exchange/2010-size-fr", "fr", "Exchange 2010", "mesgtoobig", _P,
           ndr2007(_P, "5.2.3", "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
                   subject="Non remis : {subject}", why="Ce message est trop volumineux pour ce destinataire.", **_FR)),
    bounce("exchange/2013-quota", "en", "Exchange 2013", "mailboxfull", _P,
           ndr2007(_P, "5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException."
                   "MapiExceptionShutoffQuotaExceeded; Failed to process message due to a permanent exception",
                   subject="Undeliverable: {subject}", why="The recipient's mailbox is full and can't accept messages "
                   "now. Please try resending your message later.", **_EN)),
    bounce("exchange/2013-auth", "nl", "Exchange 2013", "securityerror", _P,
           ndr2007(_P, "5.7.1", "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", name="Team Ruimte",
                   subject="Onbestelbaar: {subject}", why="Uw bericht is niet bezorgd: deze groep neemt alleen berichten "
                   "aan van mensen binnen de organisatie.", **_NL)),
    bounce("exchange/2013-not-authorized", "de", "Exchange 2013", "securityerror", _P,
           ndr2007(_P, "5.7.1", "550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", subject="Unzustellbar: {subject}",
                   why="Sie sind nicht berechtigt, an diesen Empfänger zu senden.", **_DE)),
    bounce("exchange/2016-unknown-external", "en", "Exchange 2016", "userunknown", _P,
           ndr2007(_P, "5.1.1", "550 5.1.1 &lt;piet@example.org&gt;: Recipient address rejected: User unknown",
                   subject="Undeliverable: {subject}", why="Your message wasn't delivered because the address doesn't exist "
                   "there.", **_EN)),
    bounce("exchange/2016-queue-expired", "fr", "Exchange 2016", "expired", _P,
           ndr2007(_P, "4.4.7", "550 4.4.7 QUEUE.Expired; message expired", subject="Non remis : {subject}",
                   why="Le serveur a essayé de remettre ce message, sans succès, et a arrêté d'essayer.", **_FR)),
    bounce("exchange/2019-rule", "en", "Exchange 2019", "policyviolation", _P,
           ndr2007(_P, "5.7.1", "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy",
                   subject="Undeliverable: {subject}", why="Your message wasn't delivered due to a permission or security "
                   "issue. It may have been rejected by a moderator, the address may only accept e-mail from certain "
                   "senders, or another restriction may be preventing delivery.", **_EN)),
    bounce("exchange/2019-hops", "nl", "Exchange 2019", "networkerror", _P,
           ndr2007(_P, "5.4.6", "554 5.4.6 Hop count exceeded - possible mail loop", subject="Onbestelbaar: {subject}",
                   why="Het bericht is te vaak doorgestuurd; waarschijnlijk gaat het in een kring rond.", **_NL)),
    bounce("exchange/2010-moderated", "en", "Exchange 2010 moderated group", "filtered", _P,
           plain(_EX, "Rejected: {subject}", "Your message to Team Ruimte was not delivered: a moderator declined it.\n\n"
                 "To: {to}\n", "X-MS-Exchange-Generated-Message-Source: Approval Processing Agent", "Auto-Submitted: "
                 "auto-generated")),
    bounce("m365/not-found", "en", "Microsoft 365", "userunknown", _P,
           cloud(_P, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient piet@example.org not found by SMTP "
                 "address lookup", subject="Undeliverable: {subject}", said_to_person="Your message to piet@example.org "
                 "couldn't be delivered. piet wasn't found at example.org.")),
    bounce("m365/not-found-nl", "nl", "Microsoft 365", "userunknown", _P,
           cloud(_P, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient piet@example.org not found by SMTP "
                 "address lookup", subject="Niet te bezorgen: {subject}", said_to_person="Uw bericht aan piet@example.org "
                 "kan niet worden bezorgd. piet is niet gevonden bij example.org.")),
    bounce("m365/not-found-de", "de", "Microsoft 365", "userunknown", _P,
           cloud(_P, "5.1.1", "550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found", subject="Unzustellbar: {subject}",
                 said_to_person="Ihre Nachricht an piet@example.org konnte nicht zugestellt werden. piet wurde bei "
                 "example.org nicht gefunden.")),
    bounce("m365/not-found-fr", "fr", "Microsoft 365", "userunknown", _P,
           cloud(_P, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
                 subject="Non remis : {subject}", said_to_person="Nous n'avons pas pu remettre votre message à "
                 "piet@example.org. piet est introuvable chez example.org.")),
    bounce("m365/access-denied", "en", "Microsoft 365 directory edge blocking", "userunknown", _P,
           cloud(_P, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) "
                 "[DB8EUR05FT012.eop-eur05.prod.protection.outlook.com]", subject="Undeliverable: {subject}",
                 said_to_person="Your message to piet@example.org couldn't be delivered.")),
    bounce("m365/quota-nl", "nl", "Microsoft 365", "mailboxfull", _P,
           cloud(_P, "5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException",
                 subject="Onbestelbaar: {subject}", said_to_person="Uw bericht aan piet@example.org kan niet worden "
                 "bezorgd. Het postvak is vol.")),
    bounce("m365/no-domain", "en", "Microsoft 365", "hostunknown", "piet@nowhere.example.org",
           cloud("piet@nowhere.example.org", "5.4.310", "550 5.4.310 DNS domain nowhere.example.org does not exist "
                 "[Message=InfoDomainNonexistent] [LastAttemptedServerName=nowhere.example.org]",
                 subject="Undeliverable: {subject}", said_to_person="Your message couldn't be delivered. "
                 "nowhere.example.org couldn't be confirmed as an email domain.")),
    bounce("m365/hops", "de", "Microsoft 365", "networkerror", _P,
           cloud(_P, "5.4.14", "554 5.4.14 Hop count exceeded - possible mail loop ATTR34 [AM5EUR03FT021]",
                 subject="Unzustellbar: {subject}", said_to_person="Die Nachricht an piet@example.org wurde zu oft "
                 "weitergeleitet.")),
    bounce("m365/expired", "en", "Microsoft 365", "expired", _P,
           cloud(_P, "5.4.300", "550 5.4.300 Message expired -> 451 4.4.0 remote server temporary error",
                 subject="Undeliverable: {subject}", said_to_person="Your message couldn't be delivered in time.")),
    bounce("m365/unreachable", "fr", "Microsoft 365", "networkerror", _P,
           cloud(_P, "5.4.316", "550 5.4.316 Message expired, connection refused (Socket error code 10061)",
                 subject="Non remis : {subject}", said_to_person="Le serveur de messagerie de example.org n'a pas répondu.")),
    bounce("m365/dmarc", "en", "Microsoft 365", "authfailure", _P,
           cloud(_P, "5.7.509", "550 5.7.509: Access denied, sending domain nieuwsbrief.example.nl does not pass DMARC "
                 "verification and has a DMARC policy of reject.", subject="Undeliverable: {subject}",
                 said_to_person="Your message to piet@example.org was blocked.")),
    bounce("m365/restricted-group", "en", "Microsoft 365", "securityerror", _P,
           cloud(_P, "5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; "
                 "Delivery restriction check failed because the sender was not authenticated when sending to this group",
                 subject="Undeliverable: {subject}", said_to_person="Your message couldn't be delivered to the group: it "
                 "only accepts mail from people in its own organization.")),
    bounce("m365/allowed-senders", "nl", "Microsoft 365", "filtered", _P,
           cloud(_P, "5.7.124", "550 5.7.124 RESOLVER.RST.SenderNotInAllowedList; Sender not in allowed-senders list",
                 subject="Onbestelbaar: {subject}", said_to_person="U mag niet naar deze groep sturen.")),
    bounce("m365/bad-sender", "de", "Microsoft 365", "blocked", _P,
           cloud(_P, "5.7.511", "550 5.7.511 Access denied, banned sender[192.0.2.10]. To request removal from this list "
                 "please forward this message to delist", subject="Unzustellbar: {subject}",
                 said_to_person="Ihr Server ist gesperrt.")),
    bounce("m365/tenant-attribution", "en", "Microsoft 365", "norelaying", _P,
           cloud(_P, "5.7.64", "550 5.7.64 TenantAttribution; Relay Access Denied [AM5EUR03FT021]",
                 subject="Undeliverable: {subject}", said_to_person="Your message couldn't be delivered.")),
    bounce("m365/delayed-nl", "nl", "Microsoft 365", "delayed networkerror", _P,
           cloud(_P, "4.4.316", "451 4.4.0 the message is delayed", subject="Bezorging vertraagd: {subject}",
                 said_to_person="Het bezorgen van dit bericht duurt langer dan verwacht. Wij blijven het proberen; u hoeft "
                 "niets te doen.", action="delayed")),
    bounce("m365/mailbox-disabled", "en", "Microsoft 365", "suspend", _P,
           cloud(_P, "5.7.13", "550 5.7.13 STOREDRV.Deliver.Exception:AccountDisabledException."
                 "MapiExceptionADUserDisabledAndHidden; Failed to process message", subject="Undeliverable: {subject}",
                 said_to_person="Your message couldn't be delivered.")),
    bounce("m365/thread-limit", "en", "Microsoft 365", "ratelimited", _P,
           cloud(_P, "5.2.121", "550 5.2.121 RESOLVER.RST.RecipientRateLimit; the recipient has exceeded the number of "
                 "messages per hour it may receive from one sender", subject="Undeliverable: {subject}",
                 said_to_person="Your message couldn't be delivered.")),
    bounce("m365/spam", "fr", "Microsoft 365", "spamdetected", _P,
           cloud(_P, "5.7.350", "550 5.7.350 Remote server returned message detected as spam -> 550 High probability of "
                 "spam", subject="Non remis : {subject}", said_to_person="Le message a été pris pour du courrier "
                 "indésirable.")),
    bounce("m365/wrapped", "en", "Microsoft 365 behind a gateway that wraps", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "gw_1", [("text/plain", "This message was scanned by the gateway. "
               "The message as it came is attached."), ("message/rfc822", as_text(cloud(_P, "5.1.10", "550 5.1.10 "
               "RESOLVER.ADR.RecipientNotFound; not found", subject="Undeliverable: {subject}", said_to_person="piet wasn't "
               "found.")(letter)))], "postmaster@gateway.example.com", "Undeliverable: {subject}")),
    bounce("m365/html-only", "nl", "Microsoft 365, report stripped", "userunknown", _P,
           html(_EX, "Onbestelbaar: {subject}", "<html><body><p>De bezorging aan deze geadresseerden of groepen is "
                "mislukt:</p><p><a href=\"mailto:{to}\">Piet de Vries</a> ({to})</p><p>Het e-mailadres dat u hebt ingevoerd, kan "
                "niet worden gevonden.</p></body></html>")),
    bounce("outlook.com/unavailable", "en", "Outlook.com", "userunknown", _P,
           dsn("postmaster@outlook.example.com", "Undeliverable: {subject}", "Delivery has failed to these recipients or "
               "distribution lists:\n\n{to}\n", block(_P, "5.5.0", "smtp;550 5.5.0 Requested action not taken: mailbox "
               "unavailable (S2017062302). [AM5EUR03FT021]"), mta="dns;BAY004-OMC1S1.hotmail.com")),
    bounce("outlook.com/block-list", "en", "Outlook.com", "blocked", _P,
           dsn("postmaster@hotmail.example.com", "Delivery Status Notification (Failure)", _AUTO, block(_P, "5.7.1",
               "smtp;550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Please contact your Internet service "
               "provider since part of their network is on our block list (S3150)."), mta="dns;BAY004-OMC1S1.hotmail.com")),
    bounce("outlook.com/full", "fr", "Outlook.com", "mailboxfull", _P,
           dsn("postmaster@outlook.example.com", "Non remis : {subject}", "Échec de la remise :\n\n{to}\n", block(_P, "5.2.2",
               "smtp;552 5.2.2 This message is larger than the current system limit or the recipient's mailbox is full."),
               mta="dns;BAY004-OMC1S1.hotmail.com", words="text/plain; charset=utf-8")),
    bounce("outlook.com/rate", "en", "Outlook.com", "delayed ratelimited", _P,
           dsn("postmaster@mx.example.com", "Delayed: {subject}", "Delivery to the following recipient is delayed:\n\n"
               "{to}\n", block(_P, "4.7.650", "smtp;451 4.7.650 The mail server [192.0.2.10] has been temporarily rate "
               "limited due to IP reputation. [AM5EUR03FT021]", action="delayed"))),
]  # fmt: skip
