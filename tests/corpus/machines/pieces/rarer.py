"""Systems that are met less often: old ones, gateways of telephone companies, further forms of common ones.

They were written after the rules, to see whether those hold for what they were not made for.
"""

# What systems write is as long as it is:
# ruff: noqa: E501
from tests.corpus.machines.pieces.letter import as_text, bounce, other
from tests.corpus.machines.pieces.shells import block, dsn, html, multipart, plain

_P = "piet@example.org"

CASES = [
    bounce("sun/unknown", "en", "Sun Messaging Server", "userunknown", _P,
           dsn("Internet Mail Delivery <postmaster@ims.example.org>", "Delivery Notification: Delivery has failed", "This report relates to a message you sent "
               "with the following header fields:\n\n  Message-id: {id}\n  Date: Thu, 13 Jun 2019 09:00:00 +0200\n  From: Nieuwsbrief <info@nieuwsbrief.example.nl>"
               "\n  To: {to}\n  Subject: {subject}\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: {to}\n  Reason: Remote "
               "SMTP server has rejected address\n  Diagnostic code: smtp;550 5.1.1 <{to}>... User unknown\n",
               "Original-recipient: rfc822;{to}\nFinal-recipient: rfc822;{to}\nAction: failed\nStatus: 5.1.1 (Remote SMTP server has rejected address)\n"
               "Remote-MTA: dns;mx.example.org\nDiagnostic-code: smtp;550 5.1.1 <{to}>... User unknown")),
    bounce("sun/over-quota", "fr", "Oracle Communications Messaging Server", "mailboxfull", _P,
           dsn("Internet Mail Delivery <postmaster@ims.example.org>", "Delivery Notification: Delivery has failed", "Your message cannot be delivered to the "
               "following recipients:\n\n  Recipient address: piet@ims-ms-daemon\n  Original address: {to}\n  Reason: Over quota\n",
               "Original-recipient: rfc822;{to}\nFinal-recipient: rfc822;{to}\nAction: failed\nStatus: 5.2.2 (Over quota)")),
    bounce("sun/delayed", "en", "Sun Messaging Server", "delayed networkerror", _P,
           dsn("Internet Mail Delivery <postmaster@ims.example.org>", "Delivery Notification: Delivery has been delayed", "Your message has been enqueued and "
               "undeliverable for 1 day to the following recipients:\n\n  Recipient address: {to}\n  Reason: unable to deliver this message after 1 day\n  "
               "Delivery attempt history:\n  TCP active open: Failed connect()    Error: Connection timed out\n\nThe mail system will continue to try to deliver "
               "your message for an additional 2 days.\n", block(_P, "4.4.7", "", action="delayed"))),
    bounce("mcafee/unknown", "en", "McAfee gateway", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "----_=_NextPart_000_mc", [
               ("text/plain", "Content of your message could not be delivered to these recipients:\n\n<piet@example.org>   (User unknown)\n"),
               ("text/plain; name=\"notification\"", "--- The following addresses had delivery problems ---\n\n<piet@example.org>   (User unknown)\n\nFinal-Recipient: "
                "<piet@example.org>\nDiagnostic-Code: smtp; 550 5.1.1 <piet@example.org>... User unknown"),
               ("message/rfc822", letter.whole)], "postmaster@gw.example.org", "Delivery Status")),
    bounce("mailfoundry/unknown", "en", "MailFoundry", "userunknown", _P,
           plain("MAILER-DAEMON@mf.example.org", "Message delivery has failed", "This is a message from the mail server at mf.example.org\n\nUnable to deliver message "
                 "to: <{to}>\nDelivery failed for the following reason:\nServer mx.example.org[192.0.2.25] failed with: 550 <{to}> No such user here\n\nThis has been a "
                 "permanent failure.  No further delivery attempts will be made.\n\n---- Original message headers ----\n{header}\n")),
    bounce("verizon/unknown", "en", "Verizon", "userunknown", _P,
           plain("Mail Admin <post_master@vtext.example.com>", "Undeliverable Message", "Message could not be delivered to mobile.\n\nError: No valid recipients for this MM\n"
                 "\nRCPT TO: {to}\n")),
    bounce("surfcontrol/unknown", "en", "SurfControl", "userunknown", _P,
           dsn("MAILER-DAEMON@sc.example.org", "Message could not be delivered", "Your message could not be sent.\nA transcript of the attempts to send the message follows.\n"
               "The number of attempts made: 1\nAddressed To: {to}\n\nThu 13 Jun 2019 09:00:12 +0200\nFailed to send to identified host,\n{to}: [192.0.2.25], 550 5.1.1 unknown "
               "user account\n --- Message non-deliverable.\n", "Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.0.0")),
    bounce("dma/unknown", "en", "DragonFly Mail Agent", "userunknown", _P,
           plain("MAILER-DAEMON <>", "Mail delivery failed", "This is the DragonFly Mail Agent v0.13 at host.example.org.\n\nThere was an error delivering your mail to <{to}>."
                 "\n\nmx.example.org [192.0.2.25] did not like our RCPT TO:\n550 5.1.1 <{to}>: Recipient address rejected: User unknown\n\nMessage headers follow.\n\n{header}\n")),
    bounce("v5sendmail/unknown", "en", "sendmail 5", "userunknown", _P,
           plain("MAILER-DAEMON@old.example.org (Mail Delivery Subsystem)", "Returned mail: User unknown", "   ----- Transcript of session follows -----\nWhile talking to "
                 "mx.example.org:\n>>> RCPT To:<{to}>\n<<< 550 <{to}>... User Unknown\n550 <{to}>... User unknown\n\n   ----- Unsent message follows -----\n{header}\n")),
    bounce("interscan/unable", "en", "InterScan MSS", "userunknown", _P,
           plain("InterScan MSS <mailer-daemon@gw.example.org>", "Mail delivery failed", "Sent <<< RCPT TO:<{to}>\nReceived >>> 550 5.1.1 <{to}>... user unknown\n\nUnable to "
                 "deliver message to <{to}>.\n\n{header}\n", path="<mailer-daemon@gw.example.org>")),
    bounce("notes/old", "en", "Notes R4", "userunknown", _P,
           plain("Postmaster@notes.example.org", "DELIVERY FAILURE", "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n{to}\n\n\n------- "
                 "Returned Message --------\n\n{header}\n")),
    bounce("ezweb/filtered", "en", "a telephone company", "userunknown", _P,
           plain("Postmaster@phone.example.com", "Mail System Error - Returned Mail", "The following recipients did not receive this message:\n\n    <{to}>\n\nEach of the following "
                 "recipients was rejected by a remote mail server.\nThe reasons given by the server are included to help you determine why\neach recipient was rejected.\n\n    "
                 "Recipient: <{to}>\n    Reason:    <{to}>... User unknown\n")),
    bounce("kddi/full", "en", "a telephone company", "mailboxfull", _P,
           plain("no-reply@mobile.example.com", "Mail delivery failed", "Your mail sent on: Thu, 13 Jun 2019 09:00:00 +0200\n\nCould not be delivered to: <{to}>\nAs their mailbox "
                 "is full.\n")),
    bounce("biglobe/full", "en", "an old provider", "mailboxfull", _P,
           plain("postmaster@provider.example.com", "Returned mail:", "   ----- The following addresses had delivery problems -----\n{to}\n\n   ----- Non-delivered information "
                 "-----\nThe number of messages in recipient's mailbox exceeded the local limit.\n\n{header}\n")),
    bounce("james/old", "en", "Apache James 2", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "----=_Part_4_5", [
               ("text/plain", "Hi. This is the James mail server at james.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent "
                "error; I've given up. Sorry it didn't work out.  Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\n"
                "piet@example.org\n\n550 <piet@example.org>: user unknown\n"), ("message/rfc822", letter.whole)], "postmaster@james.example.org", "Re: {subject}")),
    bounce("activehunter/unknown", "en", "a mass mailer", "userunknown", _P,
           plain("MAILER-DAEMON@hunter.example.com", "FAILURE NOTICE :", "  ----- The following addresses had permanent fatal errors -----\n\n>>> {to} <<<\n\n  ----- Transcript of "
                 "session follows -----\n550 sorry, no mailbox here by that name\n\n{header}\n")),
    bounce("facebook/unknown", "en", "Facebook", "userunknown", _P,
           dsn("mailer-daemon@mx.facebook.example.com", "Sorry, your message could not be delivered", "This message was created automatically by the mail system.\n\nYour message could "
               "not be delivered at this time.\n", block(_P, "5.1.1", "smtp; 550 5.1.1 RCP-P2 http://postmaster.facebook.com/response_codes?ip=192.0.2.10#rcp"))),
    bounce("receiving-ses/rejected", "en", "Amazon SES receiving", "userunknown", _P,
           dsn("Mail Delivery System <mailer-daemon@inbound.example.com>", "Delivery Status Notification (Failure)", "An error occurred while trying to deliver the mail to the following "
               "recipients:\n{to}\n", block(_P, "5.1.1", "smtp; 550 5.1.1 Mailbox does not exist"), more="X-SES-Bounce: yes\n")),
    bounce("workmail/unknown", "en", "Amazon WorkMail", "userunknown", _P,
           dsn("Mail Delivery Subsystem <MAILER-DAEMON@workmail.example.com>", "Undeliverable: {subject}", "Delivery has failed to these recipients:\n{to}\n\nReason: 550 5.1.1 Unable to "
               "lookup the recipient: no such user\n", block(_P, "5.1.1", "smtp; 550 5.1.1 no such user"))),
    bounce("exchange/plain-2010", "en", "Exchange 2010 plain text", "userunknown", _P,
           dsn("Microsoft Outlook <postmaster@example.org>", "Undeliverable: {subject}", "Delivery has failed to these recipients or groups:\n\nPiet de Vries<mailto:{to}>\nThe e-mail address "
               "you entered couldn't be found. Please check the recipient's e-mail address and try to resend the message. If the problem continues, please contact your helpdesk.\n\n\n\n"
               "Diagnostic information for administrators:\n\nGenerating server: EX01.example.org\n\n{to}\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\n",
               block(_P, "5.1.1", "smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"))),
    bounce("exchange/text-only-nl", "nl", "Exchange, report stripped", "mailboxfull", _P,
           plain("Microsoft Outlook <postmaster@example.org>", "Onbestelbaar: {subject}", "De bezorging aan deze geadresseerden of groepen is mislukt:\n\nPiet de Vries (piet@example.org)\nHet "
                 "postvak van de geadresseerde is vol en kan op dit moment geen berichten ontvangen. Probeer het later opnieuw of neem rechtstreeks contact op met de geadresseerde.\n\n\n"
                 "Diagnostische gegevens voor beheerders:\n\nServer die de melding genereert: EX01.example.org\n\n{to}\nRemote Server returned '554 5.2.2 mailbox full'\n\nOorspronkelijke "
                 "berichtkoppen:\n\nFrom: Nieuwsbrief <info@nieuwsbrief.example.nl>\nTo: {to}\n", charset="utf-8", way="quoted-printable")),
    bounce("exchange/text-only-de", "de", "Exchange, report stripped", "userunknown", _P,
           html("Microsoft Outlook <postmaster@example.org>", "Unzustellbar: {subject}", "<p>Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:</p><p><a href='mailto:{to}'>"
                "{to}</a><br>Die eingegebene E-Mail-Adresse konnte nicht gefunden werden. Überprüfen Sie die E-Mail-Adresse des Empfängers, und versuchen Sie, die Nachricht erneut zu senden."
                "</p>")),
    bounce("exchange/text-only-fr", "fr", "Exchange, report stripped", "mailboxfull", _P,
           html("Microsoft Outlook <postmaster@example.org>", "Non remis : {subject}", "<p>Échec de la remise à ces destinataires ou groupes :</p><p><a href='mailto:{to}'>{to}</a><br>La boîte aux "
                "lettres du destinataire est pleine et ne peut pas accepter de messages pour l’instant.</p>")),
    bounce("m365/text-nl-relay", "nl", "Microsoft 365 naar een ander", "hostunknown", "piet@nowhere.example.org",
           html("postmaster@example.org", "Onbestelbaar: {subject}", "<html><body><p>Uw bericht kan niet worden bezorgd.</p><p>{to}</p><p>Het domein nowhere.example.org bestaat niet of is "
                "verkeerd gespeld.</p></body></html>")),
    bounce("exim/html-ticket", "de", "Plesk, übersetzt", "userunknown", _P,
           plain("Mail Delivery System <Mailer-Daemon@plesk.example.org>", "Zustellung fehlgeschlagen: Nachricht geht zurück an den Absender", "Diese Nachricht wurde automatisch von der "
                 "Mailserver-Software erstellt.\n\nEine Nachricht, die Sie gesendet haben, konnte nicht an alle Empfänger zugestellt werden. Dies ist ein permanenter Fehler. Die folgenden "
                 "Adressen sind fehlgeschlagen:\n\n  {to}\n    Postfach unbekannt oder gelöscht\n\n------ Dies ist eine Kopie der Nachricht mit allen Kopfzeilen. ------\n\n{header}\n",
                 charset="utf-8", way="base64")),
    bounce("postfix/html-it", "it", "Postfix, tradotto", "mailboxfull", _P,
           plain("MAILER-DAEMON@mx.example.org (Mail Delivery System)", "Messaggio non recapitato, restituito al mittente", "Spiacenti, il messaggio non è stato consegnato ai seguenti "
                 "destinatari:\n\n<{to}>: la casella di posta è piena\n", charset="utf-8")),
    bounce("postfix/html-es", "es", "Postfix, traducido", "userunknown", _P,
           plain("MAILER-DAEMON@mx.example.org (Mail Delivery System)", "Correo no entregado devuelto al remitente", "Lo sentimos, su mensaje no pudo ser entregado a:\n\n<{to}>: el usuario no "
                 "existe\n", charset="utf-8")),
    bounce("gateway/rejected-content", "en", "a content filter", "contenterror", _P,
           dsn("postmaster@gw.example.org", "Message rejected", "Your message to {to} was refused.\n", block(_P, "5.6.0", "smtp; 554 5.6.0 Malformed MIME structure"))),
    bounce("gateway/no-daemon-name", "en", "a ticket system", "userunknown", _P,
           plain("Service Desk <desk@example.org>", "Undeliverable: {subject}", "Your message could not be delivered to the following recipient:\n\n{to}: no such user\n")),
    bounce("postfix/three-fates", "en", "Postfix 3.7", "hostunknown", "piet@example.org,an@nowhere.example.org,kees@example.com",
           plain("MAILER-DAEMON@mx.example.com (Mail Delivery System)", "Undelivered Mail Returned to Sender", "This is the mail system at host mx.example.com.\n\n<piet@example.org>: host "
                 "mx.example.org[192.0.2.25] said: 552 5.2.2 Mailbox\n    full (in reply to RCPT TO command)\n\n<an@nowhere.example.org>: Host or domain name not found. Name service error\n    "
                 "for name=nowhere.example.org type=A: Host not found\n\n<kees@example.com>: host mx.example.com[192.0.2.27] said: 554 5.7.1 Spam\n    rejected (in reply to end of DATA "
                 "command)\n\n--- header ---\n{header}\n")),
    bounce("dsn/odd-case", "en", "a home-made server", "userunknown", _P,
           dsn("mailer-daemon@odd.example.org", "delivery failed", "Sorry.\n", "FINAL-RECIPIENT: RFC822;<PIET@EXAMPLE.ORG>".replace("PIET@EXAMPLE.ORG", _P) + "\nACTION: Failed\nSTATUS: 550 #5.1.1\n"
               "DIAGNOSTIC-CODE: SMTP;550 unknown user", report="report; Report-Type=Delivery-Status")),
    bounce("dsn/no-blank-lines", "en", "a home-made server", "userunknown", "piet@example.org,an@example.com",
           dsn("mailer-daemon@odd.example.org", "delivery failed", "Sorry.\n", "Final-Recipient: rfc822;piet@example.org\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822;an@example.com\n"
               "Action: failed\nStatus: 5.2.2", mta="")),
    bounce("dsn/mixed-type", "en", "a gateway that changed the type", "mailboxfull", _P,
           dsn("mailer-daemon@gw.example.org", "Returned mail", "The mailbox is full.\n", block(_P, "5.2.2", "smtp; 552 mailbox full"), report="mixed")),
    bounce("dsn/status-as-text", "en", "a gateway that changed the type", "userunknown", _P,
           dsn("mailer-daemon@gw.example.org", "Undelivered Mail Returned to Sender", "Undelivered mail is attached.\n", block(_P, "5.1.1", "smtp; 550 5.1.1 User unknown"),
               status="text/plain; name=\"details.txt\"", report="mixed")),
    bounce("dsn/base64-status", "en", "a gateway that encodes", "userunknown", _P,
           lambda letter: multipart(letter, "report; report-type=delivery-status", "b64", [
               ("text/plain", "It failed."), ("message/delivery-status\nContent-Transfer-Encoding: base64", "UmVwb3J0aW5nLU1UQTogZG5zOyBteC5leGFtcGxlLm9yZwoKRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IHBpZXRA\n"
                "ZXhhbXBsZS5vcmcKQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjEuMQo="), ("text/rfc822-headers", letter.header)], "mailer-daemon@gw.example.org", "Undelivered")),
    bounce("dsn/tnef", "en", "Exchange behind Outlook", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "tnef", [
               ("text/plain", "Your message did not reach some or all of the intended recipients.\n\n      Subject:\t" + letter.subject + "\n      Sent:\t13-6-2019 9:00\n\nThe following recipient(s) "
                "cannot be reached:\n\n      piet@example.org on 13-6-2019 9:00\n            The e-mail system was unable to deliver the message, but did not report a specific reason.  Check the "
                "address and try again.\n            <mail.example.org #5.1.1 smtp;550 5.1.1 no such user>\n"), ("application/ms-tnef; name=\"winmail.dat\"", "eJ8+")],
               "System Administrator", "Undeliverable: {subject}")),
    bounce("wrapped/twice", "nl", "twee gateways", "mailboxfull", _P,
           lambda letter: multipart(letter, "mixed", "w1", [
               ("text/plain", "Doorgestuurd door het systeem."), ("message/rfc822", as_text(dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<piet@example.org>: vol\n",
                block(_P, "5.2.2", "smtp; 552 5.2.2 mailbox full"))(letter)))], "Mail Delivery System <postmaster@gw.example.com>", "Fwd: Undelivered Mail Returned to Sender")),
    other("notice/virus-to-sender", "en", "an old virus scanner", "auto_reply", "", "",
          plain("antivirus@gw.example.org", "Virus found in a message you sent", "A virus was found in a message from you. It was cleaned and passed on.\n", "Auto-Submitted: auto-replied")),
]  # fmt: skip
