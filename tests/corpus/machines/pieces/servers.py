"""Other mail servers: of offices, of providers, of small houses; filters of users; lists."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import as_text, bounce, other
from tests.corpus.machines.pieces.shells import block, dsn, multipart, plain

_P = "piet@example.org"

CASES = [
    bounce("domino/not-listed", "en", "Domino 8", "userunknown", _P,
           dsn("Postmaster@notes.example.org", "DELIVERY FAILURE: User Piet (piet@example.org) not listed in Domino Directory", "Your "
               "message\n\n  Subject: {subject}\n\nwas not delivered to:\n\n  {to}\n\nbecause:\n\n  User Piet ({to}) not listed in Domino "
               "Directory\n", block(_P, "5.1.1", "X-Notes; User Piet (piet@example.org) not listed in Domino Directory"),
               mta="dns;notes.example.org", boundary="==IFJRGLKFGIR1560409212UHRUHIHD", words="text/plain; charset=us-ascii")),
    bounce("domino/r5-address-book", "en", "Domino R5", "userunknown", _P,
           dsn("Postmaster@notes.example.org", "DELIVERY FAILURE: User piet@example.org not listed in public Name & Address Book",
               "Your message\n\n  Subject: {subject}\n\nwas not delivered to:\n\n  {to}\n\nbecause:\n\n  User {to} not listed in public Name & "
               "Address Book\n", block(_P, "5.1.1", "X-Notes; User piet@example.org not listed in public Name & Address Book"))),
    bounce("domino/loop", "de", "Domino 9", "networkerror", _P,
           dsn("Postmaster@notes.example.org", "ZUSTELLFEHLER: Maximum hop count exceeded", "Ihre Nachricht\n\n  Betreff: {subject}\n\nkonnte "
               "nicht zugestellt werden an:\n\n  {to}\n\nweil:\n\n  Maximum hop count exceeded. Message probably in a routing loop.\n",
               block(_P, "5.4.6", "X-Notes; Maximum hop count exceeded. Message probably in a routing loop."))),
    bounce("domino/quota", "nl", "Domino 10", "mailboxfull", _P,
           dsn("Postmaster@notes.example.org", "BEZORGING MISLUKT: postvak vol", "Uw bericht\n\n  Onderwerp: {subject}\n\nis niet bezorgd "
               "bij:\n\n  {to}\n\nomdat:\n\n  Het postvak van de gebruiker is vol\n", block(_P, "5.2.2", "X-Notes; Cannot deliver: the mail "
               "file of this user has exceeded its quota"))),
    bounce("domino/no-route", "en", "Domino 7", "hostunknown", "piet@nowhere.example.org",
           dsn("Postmaster@notes.example.org", "DELIVERY FAILURE: Error transferring to nowhere.example.org; the server is unknown", "Your "
               "message\n\n  Subject: {subject}\n\nwas not delivered to:\n\n  {to}\n\nbecause:\n\n  No route found to domain "
               "nowhere.example.org from server HUB/Example. Check the domain name.\n", block("piet@nowhere.example.org", "5.1.2", "X-Notes; "
               "Unknown host: no route found to domain nowhere.example.org"))),
    bounce("domino/refused-by-rule", "fr", "Domino 9", "policyviolation", _P,
           dsn("Postmaster@notes.example.org", "ÉCHEC DE LA REMISE : règle du serveur", "Votre message\n\n  {subject}\n\nn'a pas été remis à "
               ":\n\n  {to}\n\nparce que :\n\n  Message rejected by policy rule\n", block(_P, "5.7.1", "X-Notes; Message rejected by policy "
               "rule"), words="text/plain; charset=utf-8")),
    bounce("groupwise/unknown", "en", "GroupWise 7", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "=_4A2F.1B3D", [
               ("text/plain; charset=US-ASCII", "The message that you sent was undeliverable to the following:\n\n\tpiet@example.org (user "
                "not found)\n\nPossibly truncated original message follows:\n"), ("message/rfc822", letter.whole)],
               "Mailer-Daemon@gwia.example.org", "Message status - undeliverable")),
    bounce("groupwise/full", "nl", "GroupWise 8", "mailboxfull", _P,
           lambda letter: multipart(letter, "mixed", "=_4A2F.1B3E", [
               ("text/plain; charset=utf-8", "Het bericht dat u verzond kon niet worden bezorgd bij:\n\n\tpiet@example.org (schijfquotum "
                "overschreden: mailbox vol)\n"), ("message/rfc822", letter.whole)],
               "Mailer-Daemon@gwia.example.org", "Berichtstatus - niet bezorgd")),
    bounce("groupwise/dsn", "en", "GroupWise 2014", "hostunknown", "piet@nowhere.example.org",
           dsn("<postmaster@gwia.example.org>", "Message status - undeliverable", "The attached file had the following undeliverable "
               "recipient(s):\n\t{to}\n\nTranscript of session follows:\nCommand: nowhere.example.org\nResponse: 550 Host unknown\n",
               block("piet@nowhere.example.org", "5.1.2", "smtp; 550 Host unknown"))),
    bounce("mdaemon/unknown", "en", "MDaemon 20", "userunknown", _P,
           plain("MDaemon at mail.example.org <MDaemon@mail.example.org>", "Warning: {to} - User unknown!", "The following data may contain "
                 "sections which represent BASE64 encoded files.\n\n: Message contains [1] file attachments\n\nThe attached message could not "
                 "be delivered to:\n\n  {to} - no such user here.\n\n: Message header follows\n\n{header}\n", "X-MDaemon-Deliver-To: {bounces}",
                 "X-Actual-From: MDaemon@mail.example.org")),
    bounce("mdaemon/delayed", "en", "MDaemon 12", "delayed expired", _P,
           plain("MDaemon at mail.example.org <MDaemon@mail.example.org>", "Warning: message delayed", "This is a delivery status "
                 "notification. Your message to\n\n  {to}\n\nhas not yet been delivered. It will be tried for 2 more days. You do not need to "
                 "resend it.\n")),
    bounce("mailenable/unknown", "en", "MailEnable", "userunknown", _P,
           plain("Postmaster <postmaster@mail.example.org>", "Message Delivery Failure", "MailEnable: Message Delivery Failure.\n\nThe following "
                 "recipient(s) could not be reached:\n\n\tRecipient: [SMTP:{to}]\n\tReason: The message could not be delivered because the "
                 "recipient's address is not valid\n\nMessage headers follow:\n\n{header}\n")),
    bounce("mailenable/remote", "en", "MailEnable", "mailboxfull", _P,
           plain("Postmaster <postmaster@mail.example.org>", "Message Delivery Failure", "The following recipient(s) could not be reached:\n\n\t"
                 "Recipient: [SMTP:{to}]\n\tReason: Remote SMTP Server Returned: 552 Mailbox has exceeded the limit\n\nMessage headers "
                 "follow:\n\n{header}\n")),
    bounce("imail/unknown", "en", "IMail 8", "userunknown", _P,
           plain("Postmaster <postmaster@mail.example.org>", "Undeliverable Mail", "Unknown user: {to}\n\n\nOriginal message follows.\n\n"
                 "{whole}\n", "X-Mailer: <SMTP32 v8.22>")),
    bounce("imail/retries", "en", "IMail 8", "expired", _P,
           plain("Postmaster <postmaster@mail.example.org>", "Undeliverable Mail", "Delivery failed 20 attempts: {to}\n\n\nOriginal message "
                 "follows.\n\n{whole}\n", "X-Mailer: <SMTP32 v8.22>")),
    bounce("hmailserver/unknown", "en", "hMailServer 5", "userunknown", _P,
           plain("mailer-daemon@mail.example.org", "Message undeliverable: {subject}", "Your message did not reach some or all of the intended "
                 "recipients.\n\n   Sent: Thu, 13 Jun 2019 09:00:00 +0200\n   Subject: {subject}\n\nThe following recipient(s) could not be "
                 "reached:\n\n{to}\n   Error Type: SMTP\n   Remote server (192.0.2.25) issued an error.\n   hMailServer sent: RCPT TO:<{to}>\n   "
                 "Remote server replied: 550 Unknown user\n\nhMailServer\n")),
    bounce("hmailserver/dns", "nl", "hMailServer 5", "hostunknown", "piet@nowhere.example.org",
           plain("mailer-daemon@mail.example.org", "Bericht niet te bezorgen: {subject}", "Uw bericht heeft niet alle ontvangers bereikt.\n\nDe "
                 "volgende ontvangers konden niet worden bereikt:\n\n{to}\n   Foutsoort: SMTP\n   Geen mailserver gevonden voor dit domein: "
                 "domein bestaat niet.\n", charset="utf-8")),
    bounce("kerio/unknown", "en", "Kerio Connect 9", "userunknown", _P,
           dsn("Mail Delivery Subsystem <MAILER-DAEMON@mail.example.org>", "Delivery Status Notification (Failure)", "The following message "
               "could not be delivered to its recipient(s):\n\n  {to}\n\nReason: User does not exist\n", block(_P, "5.1.1", "smtp; 550 5.1.1 "
               "Requested action not taken: user does not exist"))),
    bounce("zimbra/unknown", "en", "Zimbra 8", "userunknown", _P,
           dsn("MAILER-DAEMON@mail.example.org (Mail Delivery System)", "Undelivered Mail Returned to Sender", "This is the mail system at host "
               "mail.example.org.\n\n<{to}>: {to}\n", block(_P, "5.1.1", "x-zimbra; piet@example.org: no such account"))),
    bounce("zimbra/quota", "fr", "Zimbra 8 LMTP", "mailboxfull", _P,
           dsn("MAILER-DAEMON@mail.example.org (Mail Delivery System)", "Undelivered Mail Returned to Sender", "This is the mail system at host "
               "mail.example.org.\n\n<{to}>: host mail.example.org[192.0.2.60] said: 452 4.2.2 Over quota\n", block(_P, "4.2.2", "smtp; 452 "
               "4.2.2 Over quota"))),
    bounce("communigate/unknown", "en", "CommuniGate Pro 6", "userunknown", _P,
           dsn("MAILER-DAEMON@mail.example.org", "Undeliverable mail: {subject}", "Failed to deliver to '<{to}>'\nLOCAL module(account piet) "
               "reports:\n account is unknown here\n", "Original-Recipient: rfc822;<piet@example.org>\nFinal-Recipient: system;<piet>\nAction: "
               "failed\nStatus: 5.1.1", mta="dns; mail.example.org", boundary="_===3456789====mail.example.org===_")),
    bounce("communigate/smtp", "en", "CommuniGate Pro 5", "networkerror", _P,
           plain("MAILER-DAEMON@mail.example.org", "Undeliverable mail: {subject}", "Failed to deliver to '{to}'\nSMTP module(domain "
                 "example.org) reports:\n mx.example.org: no response from the host\n\n------ Message header: ------\n\n{header}\n",
                 "X-Autogenerated: Reply")),
    bounce("courier/unknown", "en", "Courier 0.7", "userunknown", _P,
           dsn('"Courier mail server at mail.example.org" <@>', "NOTICE: mail delivery status.", "This is a delivery status notification from "
               "mail.example.org,\nrunning the Courier mail server, version 0.75.\n\nThe original message was received on Thu, 13 Jun 2019 "
               "09:00:04 +0200\n\n---------------------------------------------------------------------------\n\n                           "
               "UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<{to}>:\n    mx.example.org "
               "[192.0.2.25]:\n>>> RCPT TO:<{to}>\n<<< 550 User unknown.\n", block(_P, "5.0.0", "smtp; 550 User unknown."))),
    bounce("opensmtpd/unknown", "en", "OpenSMTPD 6", "userunknown", _P,
           dsn("Mailer Daemon <MAILER-DAEMON@mail.example.org>", "Delivery status notification: error", "    Hi!\n\n    This is the MAILER-DAEMON, "
               "please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list "
               "of recipients:\n\n{to}: 550 Invalid recipient: {to}\n\n    Below is a copy of the original message:\n",
               "Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.0.0", mta="dns; mail.example.org")),
    bounce("opensmtpd/warning", "en", "OpenSMTPD 6", "delayed networkerror", _P,
           plain("Mailer Daemon <MAILER-DAEMON@mail.example.org>", "Delivery status notification: warning", "    Hi!\n\n    This is the "
                 "MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    A message is delayed for more than 4 hours for the following\n    list "
                 "of recipients:\n\n{to}: Network error on destination MXs\n\n    Below is a copy of the original message:\n\n{header}\n")),
    bounce("haraka/unknown", "en", "Haraka", "userunknown", _P,
           dsn("MAILER-DAEMON@mail.example.org (Mail Delivery System)", "failure notice", "This is the Haraka mailer program at "
               "mail.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've "
               "given up. Sorry it didn't work out.\n\nIntended Recipients: <{to}>\nFailure Reason: 550 5.1.1 no such mailbox\n",
               block(_P, "5.1.1", "smtp; 550 5.1.1 no such mailbox"))),
    bounce("stalwart/unknown", "en", "Stalwart", "userunknown", _P,
           dsn("MAILER-DAEMON <MAILER-DAEMON@mail.example.org>", "Failed to deliver message", "Your message could not be delivered to the following "
               "recipients:\n\n<{to}> (host 'mx.example.org' rejected command 'RCPT TO:<{to}>' with code 550 (5.1.1) 'Mailbox does not "
               "exist.')\n", block(_P, "5.1.1", "smtp; 550 5.1.1 Mailbox does not exist."))),
    bounce("stalwart/delayed", "en", "Stalwart", "delayed networkerror", _P,
           dsn("MAILER-DAEMON <MAILER-DAEMON@mail.example.org>", "Warning: Delay in message delivery", "There was a temporary problem delivering "
               "your message to the following recipients:\n\n<{to}> (connection to 'mx.example.org' failed: Connection timed out)\n",
               block(_P, "4.4.1", "", "Will-Retry-Until: Tue, 18 Jun 2019 09:00:04 +0200", action="delayed"))),
    bounce("james/unknown", "en", "Apache James 3", "userunknown", _P,
           dsn("postmaster@mail.example.org", "Re: {subject}", "Hi. This is the James mail server at mail.example.org.\nI'm afraid I wasn't able to "
               "deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.  Below\nI "
               "include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\n{to}\n\nError "
               "message:\n550 5.1.1 unknown user\n", block(_P, "5.1.1", "smtp; 550 5.1.1 unknown user"))),
    bounce("dovecot/quota", "en", "Dovecot LMTP", "mailboxfull", _P,
           dsn("Mail Delivery Subsystem <postmaster@mail.example.org>", "Rejected: {subject}", "Your message to <{to}> was automatically rejected:\n"
               "Quota exceeded (mailbox for user is full)\n", block(_P, "5.2.2", "", action="failed", original=_P),
               mta="dns; mail.example.org", fields=("Auto-Submitted: auto-replied (rejected)",))),
    bounce("dovecot/old-mdn", "en", "Dovecot LDA 1.x", "mailboxfull", _P,
           dsn("Mail Delivery Subsystem <postmaster@mail.example.org>", "Automatically rejected mail", "Your message to <{to}> was automatically "
               "rejected:\nQuota exceeded\n", "Final-Recipient: rfc822; {to}\nOriginal-Message-ID: {id}\nDisposition: "
               "automatic-action/MDN-sent-automatically; deleted", mta="", more="Reporting-UA: mail.example.org; Dovecot Mail Delivery Agent",
               status="message/disposition-notification", report="report; report-type=disposition-notification",
               fields=("Auto-Submitted: auto-replied (rejected)", "Precedence: bulk"))),
    bounce("sieve/reject", "en", "Dovecot Pigeonhole reject", "filtered", _P,
           dsn("Mail Delivery Subsystem <postmaster@mail.example.org>", "Automatically rejected mail", "Your message was automatically rejected by "
               "Dovecot Mail Delivery Agent.\n\nThe following reason was given:\nI do not accept newsletters at this address.\n",
               "Final-Recipient: rfc822; {to}\nOriginal-Message-ID: {id}\nDisposition: automatic-action/MDN-sent-automatically; deleted", mta="",
               more="Reporting-UA: mail.example.org; Dovecot Mail Delivery Agent", status="message/disposition-notification",
               report="report; report-type=disposition-notification", fields=("Auto-Submitted: auto-replied (rejected)",))),
    bounce("cyrus/sieve-reject", "nl", "Cyrus Sieve reject", "filtered", _P,
           dsn("Mail Sieve Subsystem <postmaster@mail.example.org>", "Automatically rejected mail", "Your message was automatically rejected by "
               "Sieve, a mail\nfiltering language.\n\nThe following reason was given:\nIk ontvang op dit adres geen nieuwsbrieven.\n",
               "Final-Recipient: rfc822; {to}\nOriginal-Message-ID: {id}\nDisposition: automatic-action/MDN-sent-automatically; deleted", mta="",
               more="Reporting-UA: mail.example.org; Cyrus v2.4", status="message/disposition-notification",
               report="report; report-type=disposition-notification", fields=("Auto-Submitted: auto-replied (rejected)",))),
    bounce("maildrop/quota", "en", "maildrop", "mailboxfull", _P,
           plain("Mail Delivery System <MAILER-DAEMON@mail.example.org>", "Undelivered Mail Returned to Sender", "The message could not be delivered "
                 "to:\n\n<{to}>: Command output: maildrop: maildir over quota.\n\n-- header of the message --\n{header}\n")),
    bounce("procmail/refuses", "en", "procmail recipe", "userunknown", _P,
           plain("Mail Delivery Subsystem <MAILER-DAEMON@mail.example.org>", "Returned mail: User unknown", "{to}: this account has been closed, the "
                 "user is unknown here.\n\n   ----- Unsent message follows -----\n{header}\n", "X-Loop: MAILER-DAEMON@mail.example.org")),
    bounce("smartermail/full", "en", "SmarterMail 16", "mailboxfull", _P,
           plain("System Administrator <postmaster@mail.example.org>", "Delivery Failure", "Could not deliver message to the following recipient(s):\n\n"
                 "Failed Recipient: {to}\nReason: The recipient has exceeded their disk space limit.\n\n   -- The header and top 20 lines of the "
                 "message follows --\n\n{whole}\n")),
    bounce("lotus-cc/unknown", "en", "cc:Mail Link", "userunknown", _P,
           plain("Postmaster <postmaster@cc.example.org>", "Message not deliverable", "cc:Mail Link to SMTP Undeliverable Message\n\nUser not found: {to}\n\n"
                 "Original text follows\n----------------------------------------\n{header}\n")),
    bounce("novell-nims/unknown", "en", "NetMail (NIMS)", "userunknown", _P,
           plain("Mail Delivery System <postmaster@nims.example.org>", "Undelivered mail", "The following recipients could not be reached:\n\n   {to}: unknown "
                 "recipient\n")),
    bounce("surgemail/unknown", "en", "SurgeMail", "userunknown", _P,
           plain("Mail Delivery <Mail-Daemon@mail.example.org>", "Failed mail: {subject}", "Your email message to the following addresses was not "
                 "delivered:\n\n<{to}> (550 no such user)\n\nHeaders of your message:\n{header}\n")),
    bounce("axigen/full", "fr", "Axigen", "mailboxfull", _P,
           plain("Mail Delivery System <mailer-daemon@mail.example.org>", "Échec de remise", "Le message n'a pas pu être remis au destinataire suivant :\n\n"
                 "<{to}>\nLe quota du destinataire est dépassé.\n", charset="utf-8")),
    bounce("list/not-allowed", "en", "Mailman 2.1", "authfailure", "team@lists.example.org",
           plain("team-owner@lists.example.org", "Your message to team was rejected", "You are not allowed to post to this mailing list From: a domain "
                 "which publishes a DMARC policy of reject, and your message has been automatically rejected. The list is team@lists.example.org.\n",
                 "Precedence: bulk", "X-Mailman-Version: 2.1.29", "Auto-Submitted: auto-replied", path="<team-bounces@lists.example.org>")),
    other("list/held", "en", "Mailman 2.1", "unsure", "", "",
           plain("team-bounces@lists.example.org", "Your message to team awaits moderator approval", "Your mail to 'team' with the subject\n\n    {subject}\n\nIs "
                 "being held until the list moderator can review it for approval.\n\nThe reason it is being held:\n\n    Post by non-member to a "
                 "members-only list\n", "Precedence: bulk", "X-Mailman-Version: 2.1.29", "List-Id: <team.lists.example.org>",
                 path="<team-bounces@lists.example.org>")),
    bounce("list/sympa", "fr", "Sympa 6", "filtered", "equipe@lists.example.org",
           dsn("SYMPA <sympa@lists.example.org>", "Message distribution: Rejected", "Votre message pour la liste equipe a été rejeté : seuls les abonnés peuvent "
               "écrire à cette liste.\n", block("equipe@lists.example.org", "5.7.2", "smtp; 550 members only"), words="text/plain; charset=utf-8")),
    bounce("batv/prvs", "en", "Postfix, BATV address", "userunknown", _P,
           dsn("MAILER-DAEMON@mx.example.com (Mail Delivery System)", "Undelivered Mail Returned to Sender", "<{to}>: unknown user\n",
               block(_P, "5.1.1", "smtp; 550 5.1.1 unknown user"), to="prvs=0345678abc={bounces}")),
    bounce("srs/forwarded", "nl", "Postfix, SRS address", "mailboxfull", _P,
           plain("Mail Delivery System <MAILER-DAEMON@fwd.example.com>", "Undelivered Mail Returned to Sender", "Het bericht is doorgestuurd maar niet "
                 "bezorgd.\n\n<{to}>: 552 5.2.2 mailbox is vol\n", to="SRS0=HHH=TT=nieuwsbrief.example.nl=bounces@fwd.example.com")),
    bounce("huge/diagnostic", "en", "Postfix, a server that talks", "spamdetected", _P,
           dsn("MAILER-DAEMON@mx.example.com (Mail Delivery System)", "Undelivered Mail Returned to Sender", "<{to}>: see below\n",
               block(_P, "5.7.1", "smtp; 550 5.7.1 Message rejected as spam. " + "Our filter saw many signs. " * 2000))),
    bounce("huge/recipients", "en", "a list exploder", "userunknown", ",".join(f"lid{n}@example.org" for n in range(1, 61)),
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "60 addresses failed.\n",
               *(block(f"lid{n}@example.org", "5.1.1", "smtp; 550 5.1.1 User unknown") for n in range(1, 61)))),
    bounce("forwarded/by-gateway", "de", "a report inside a report", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "fw_9", [
               ("text/plain; charset=utf-8", "Automatische Weiterleitung durch das Gateway."),
               ("message/rfc822", as_text(dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<piet@example.org>: unknown\n",
                                      block(_P, "5.1.1", "smtp; 550 5.1.1 User unknown"))(letter)))],
               "Postmaster <postmaster@gw.example.com>", "Undelivered Mail Returned to Sender")),
    bounce("stripped/no-content-type", "en", "a gateway that lost the header", "userunknown", _P,
           plain("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "--abc_123_def\nContent-Type: text/plain\n\n<{to}>: unknown user\n\n"
                 "--abc_123_def\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; {to}\nAction: "
                 "failed\nStatus: 5.1.1\n\n--abc_123_def--\n")),
    bounce("uucp/unknown", "en", "UUCP, mmdf", "userunknown", _P,
           plain("MMDF Mail System <mmdf@old.example.org>", "Failed mail (msg.aa01234)", "Your message could not be delivered to\n'{to}' for the following\n"
                 "reason:  ' Unknown user name in address'\n\n    Your message begins as follows:\n\n{header}\n")),
    bounce("x400/unknown", "fr", "X.400 gateway", "userunknown", _P,
           plain("X.400 Postmaster <postmaster@x400.example.org>", "Rapport de non-remise", "Le message n'a pas été remis.\n\nDestinataire : "
                 "C=FR;A=ATLAS;P=EXAMPLE;S=Dupont;DDA:RFC-822=piet(a)example.org <{to}>\nRaison : destinataire inconnu (1), Unrecognised OR "
                 "name (0)\n", charset="utf-8")),
    other("challenge/boxbe", "en", "a challenge service", "auto_reply", "challenge", "",
          plain("Piet de Vries <piet@example.org>", "Re: {subject} (Action required)", "Hello,\n\nYour message is on my waiting list. Please follow this "
                "link to verify that you are a real person, so that your message is delivered: https://challenge.example.com/c/1\n",
                "Auto-Submitted: auto-replied", path="<piet@example.org>")),
    other("challenge/tmda", "en", "TMDA", "auto_reply", "challenge", "",
          plain("Piet <piet-confirm-1560409212@example.org>", "Please confirm your message", "This message was created automatically by mail delivery "
                "software (TMDA).\n\nYour message is being held until you confirm that you are a human sender. To release it, reply to this "
                "message.\n", "Auto-Submitted: auto-replied", "Precedence: bulk")),
    other("challenge/german", "de", "ein Anti-Spam-Dienst", "auto_reply", "challenge", "",
          plain("Peter <peter@example.org>", "Bitte bestätigen Sie Ihre E-Mail", "Guten Tag,\n\nbitte bestätigen Sie einmalig Ihre E-Mail-Adresse als "
                "Absender, damit Ihre Nachricht zugestellt wird: https://challenge.example.com/d/1\n", "Auto-Submitted: auto-replied",
                charset="utf-8")),
]  # fmt: skip
