"""Filters in front of mail systems, and services that send for others."""
# What systems write is as long as it is:
# ruff: noqa: E501

from tests.corpus.machines.pieces.letter import bounce, other
from tests.corpus.machines.pieces.providers import via
from tests.corpus.machines.pieces.shells import block, dsn, html, plain

_P = "piet@example.org"

CASES = [
    via("mimecast/unknown", "en", "Mimecast", "userunknown", "5.0.0", "550 Invalid Recipient - https://community.mimecast.com/docs/"
        "DOC-1369#550 [aBcDeF.uk12]"),
    via("mimecast/spoofing", "nl", "Mimecast", "policyviolation", "5.0.0", "550 Rejected by header based Anti-Spoofing policy: "
        "info@nieuwsbrief.example.nl - https://community.mimecast.com/docs/DOC-1369#550"),
    via("mimecast/envelope-blocked", "en", "Mimecast", "policyviolation", "5.0.0", "550 Administrative prohibition - envelope blocked - "
        "https://community.mimecast.com/docs/DOC-1369#550"),
    via("mimecast/greylist", "en", "Mimecast", "onhold", "4.0.0", "451 Internal resources are temporarily unavailable - greylisting in "
        "effect, please retry", action="delayed"),
    bounce("mimecast/own", "en", "Mimecast", "userunknown", _P,
           plain("postmaster@example.org", "[Postmaster] Email Delivery Failure", "This is a delivery failure notification message "
                 "indicating that\nan email you addressed to email address :\n-- {to}\n\ncould not be delivered. The problem appears to be "
                 ":\n-- Recipient email address is possibly incorrect\n\nAdditional information follows :\n-- Invalid recipient\n\nThis "
                 "condition occurred after 1 attempt(s) to deliver over\na period of 0 hour(s).\n")),
    bounce("mimecast/own-server", "en", "Mimecast", "networkerror", _P,
           plain("postmaster@example.org", "[Postmaster] Email Delivery Failure", "This is a delivery failure notification message "
                 "indicating that\nan email you addressed to email address :\n-- {to}\n\ncould not be delivered. The problem appears to be "
                 ":\n-- Recipient server unavailable or busy\n\nAdditional information follows :\n-- [Errno 110] Connection timed out\n\n"
                 "This condition occurred after 48 attempt(s) to deliver over\na period of 96 hour(s).\n")),
    via("proofpoint/unknown", "en", "Proofpoint", "userunknown", "5.1.1", "550 5.1.1 User Unknown [ppops.net]"),
    via("proofpoint/blocked-ip", "en", "Proofpoint", "blocked", "5.7.0", "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.10"),
    via("proofpoint/pdr", "en", "Proofpoint", "badreputation", "5.7.1", "550 5.7.1 Message rejected: sender has a poor reputation (PDR)"),
    bounce("proofpoint/own", "en", "Proofpoint Protection Server", "userunknown", _P,
           dsn("Mail Delivery Subsystem <MAILER-DAEMON@pps.example.org>", "Returned mail: see transcript for details", "The original "
               "message was received at Thu, 13 Jun 2019 09:00:04 +0200\nfrom m0.pps.example.org [192.0.2.50]\n\n   ----- The following "
               "addresses had permanent fatal errors -----\n{to}\n\n   ----- Transcript of session follows -----\n<<< 550 5.1.1 "
               "<{to}>... Recipient address rejected: unknown or disabled\n", block(_P, "5.1.1", "SMTP; 550 5.1.1 User unknown"))),
    via("barracuda/unknown", "en", "Barracuda", "userunknown", "5.1.1", "550 permanent failure for one or more recipients "
        "(piet@example.org:550 5.1.1 No such user here)"),
    via("barracuda/reputation", "de", "Barracuda", "blocked", "5.7.1", "554 Service unavailable; Client host [mail.nieuwsbrief.example.nl] "
        "blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.10"),
    via("barracuda/blocked", "en", "Barracuda", "spamdetected", "5.0.0", "550 permanent failure for one or more recipients "
        "(piet@example.org:blocked) message content was taken for spam"),
    bounce("barracuda/quarantine-notice", "en", "Barracuda", "spamdetected", _P,
           plain("Barracuda Spam Firewall <postmaster@gw.example.org>", "**Message you sent blocked by our bulk email filter**", "Your message to: {to}\nwas blocked "
                 "by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: {subject}\n")),
    via("sophos/unknown", "en", "Sophos Email", "userunknown", "5.1.1", "550 5.1.1 Recipient rejected: mailbox is not provisioned, no such "
        "recipient"),
    bounce("sophos/utm", "de", "Sophos UTM", "userunknown", _P,
           plain("Mail Delivery System <Mailer-Daemon@utm.example.org>", "Mail delivery failed: returning message to sender", "This message "
                 "was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of "
                 "its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {to}\n    SMTP error from remote mail "
                 "server after RCPT TO:<{to}>:\n    host 192.0.2.26 [192.0.2.26]: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not "
                 "found by SMTP address lookup\n\n------ This is a copy of the message's headers. ------\n\n{header}\n",
                 "X-Failed-Recipients: {to}")),
    via("messagelabs/unknown", "en", "Symantec Email Security.cloud", "userunknown", "5.0.0", "550 Invalid recipient <piet@example.org> "
        "(#5.1.1)"),
    via("messagelabs/rate", "en", "MessageLabs", "ratelimited", "4.0.0", "421 Service temporarily unavailable: too many connections from "
        "your host", action="delayed"),
    bounce("messagelabs/own", "en", "MessageLabs", "userunknown", _P,
           plain("MAILER-DAEMON@messagelabs.example.com", "failure notice", "This is the mail delivery agent at messagelabs.example.com.\nI was "
                 "not able to deliver your message to the following addresses.\n\n<{to}>:\n192.0.2.25 does not like recipient.\nRemote host "
                 "said: 550 No such recipient\n\n--- Below this line is a copy of the message.\n\n{whole}\n")),
    via("trendmicro/ers", "en", "Trend Micro Email Security", "blocked", "5.7.1", "550 5.7.1 Service unavailable; Client host [192.0.2.10] "
        "blocked by Trend Micro Email Reputation Service. Please see http://www.mail-abuse.com/cgi-bin/lookup?192.0.2.10"),
    via("trendmicro/unknown", "fr", "Trend Micro Email Security", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>: Recipient address "
        "rejected: User unknown in relay recipient table"),
    bounce("interscan/attempts", "en", "Trend Micro InterScan", "expired", "",
           plain("postmaster@gw.example.org", "Mail could not be delivered", "****** Message from InterScan Messaging Security Suite ******"
                 "\n\nThe following mail could not be delivered.\nReason:  Exceeded maximum delivery attempts.\n\n*****************  End of "
                 "message  ***************\n")),
    via("fortimail/unknown", "en", "FortiMail", "userunknown", "5.1.1", "550 5.1.1 <piet@example.org>... No such user here"),
    via("fortimail/spam", "nl", "FortiMail", "spamdetected", "5.7.1", "550 5.7.1 This message has been blocked because it contains "
        "FortiGuard - AntiSpam blocked URL(s)."),
    via("ironport/unknown", "en", "Cisco ESA", "userunknown", "5.1.0", "550 #5.1.0 Address rejected piet@example.org"),
    via("ironport/sbrs", "de", "Cisco ESA", "badreputation", "5.0.0", "554 Your access to this mail system has been rejected due to the "
        "sending MTA's poor reputation. If you believe that this failure is in error, please contact the intended recipient via alternate "
        "means."),
    bounce("ironport/own", "en", "Cisco ESA", "networkerror", _P,
           dsn("Mail Delivery System <MAILER-DAEMON@esa.example.org>", "Delivery Status Notification (Failure)", "The following message to "
               "<{to}> was undeliverable.\nThe reason for the problem:\n4.1.2 - Network failure, unreachable host 'mx.example.org'\n",
               block(_P, "4.4.1", "smtp; 4.4.1 - unreachable host (delivery attempts: 28)"), mta="dns; esa.example.org",
               words='text/plain; charset="us-ascii"')),
    bounce("ironport/own-hard", "en", "Cisco ESA", "userunknown", _P,
           dsn("Mail Delivery System <MAILER-DAEMON@esa.example.org>", "Delivery Status Notification (Failure)", "The following message to "
               "<{to}> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 recipient not on file'\n",
               block(_P, "5.0.0", "smtp; 5.1.0 - Unknown address error 550-'5.1.1 recipient not on file' (delivery attempts: 0)"),
               mta="dns; esa.example.org")),
    bounce("ses/bounced", "en", "Amazon SES", "userunknown", _P,
           dsn("MAILER-DAEMON@eu-west-1.amazonses.example.com", "Delivery Status Notification (Failure)", "An error occurred while trying to "
               "deliver the mail to the following recipients:\n{to}\n", block(_P, "5.1.1", "smtp; 550 5.1.1 user unknown",
               "Remote-MTA: dns; mx.example.org"), mta="dns; a4-12.smtp-out.eu-west-1.amazonses.com")),
    bounce("ses/suppressed", "en", "Amazon SES", "filtered", _P,
           dsn("MAILER-DAEMON@amazonses.example.com", "Delivery Status Notification (Failure)", "An error occurred while trying to deliver "
               "the mail to the following recipients:\n{to}\n", block(_P, "5.7.1", "smtp; 550 5.7.1 Amazon SES did not send the message: the "
               "address is on the account suppression list"), mta="dns; amazonses.com")),
    bounce("ses/too-large", "en", "Amazon SES", "mesgtoobig", _P,
           dsn("MAILER-DAEMON@amazonses.example.com", "Delivery Status Notification (Failure)", "An error occurred while trying to deliver "
               "the mail to the following recipients:\n{to}\n", block(_P, "5.3.4", "smtp; 552 5.3.4 Message too long"),
               mta="dns; amazonses.com")),
    bounce("sendgrid/unknown", "en", "SendGrid", "userunknown", _P,
           dsn("MAILER-DAEMON@sendgrid.example.com", "Undelivered Mail Returned to Sender", "Hello, this is the mail server on "
               "o1.sendgrid.example.com.\n\nI am sending you this message to inform you on the delivery status of a\nmessage you previously "
               "sent.  Immediately below you will find a list of\nthe affected recipients; also attached is a Delivery Status "
               "Notification\n(DSN) report in standard format.\n\n  <{to}>\n    delivery failed; will not continue trying\n",
               "Final-Recipient: rfc822; {to}\nStatus: 5.1.1\nAction: failed\nDiagnostic-Code: 550 5.1.1 The email account does not "
               "exist.", mta="dns; mx0000.sendgrid.net")),
    bounce("sendgrid/no-action", "en", "SendGrid", "mailboxfull", _P,
           dsn("MAILER-DAEMON@sendgrid.example.com", "Undelivered Mail Returned to Sender", "Hello, this is the mail server on "
               "o1.sendgrid.example.com.\n\n  <{to}>\n    delivery failed\n", "Final-Recipient: rfc822; {to}\nStatus: 5.2.2\n"
               "Diagnostic-Code: 552 5.2.2 the mailbox is over quota", mta="")),
    bounce("mailgun/dsn", "en", "Mailgun", "userunknown", _P,
           dsn("Mail Delivery System <postmaster@mailgun.example.com>", "Delivery failed", "Your message could not be delivered to {to}: "
               "server response: 550 5.1.1 no mailbox here by that name\n", block(_P, "5.1.1", "smtp; 550 5.1.1 no mailbox here by that "
               "name"), mta="dns; mailgun.example.com")),
    bounce("postmark/notice", "en", "Postmark", "userunknown", _P,
           plain("Postmark Support <support@postmark.example.com>", "Undeliverable: {subject}", "Your message to {to} hard bounced.\n\nThe "
                 "server said: smtp;550 5.1.1 The email account that you tried to reach does not exist.\n", "Auto-Submitted: auto-generated",
                 path="<>")),
    bounce("sparkpost/dsn", "en", "SparkPost (Momentum)", "userunknown", _P,
           dsn("Mail Delivery System <MAILER-DAEMON@sparkpost.example.com>", "Mail Delivery Failure", "This message was created automatically "
               "by the mail system (ecelerity).\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a "
               "permanent error. The following address(es) failed:\n\n>>> {to} (after RCPT TO): 550 5.1.1 unknown or illegal alias: {to}\n",
               block(_P, "5.1.1", "smtp; 550 5.1.1 unknown or illegal alias: piet@example.org"), mta="dns; mta41a.sparkpostmail.com")),
    bounce("mailjet/dsn", "fr", "Mailjet", "hostunknown", "piet@nowhere.example.org",
           dsn("MAILER-DAEMON@mailjet.example.com", "Undelivered Mail Returned to Sender", "Le message n'a pas pu être remis à {to} : "
               "domaine invalide.\n", block("piet@nowhere.example.org", "5.1.2", "smtp; 550 5.1.2 no MX records for nowhere.example.org"),
               words="text/plain; charset=utf-8")),
    bounce("sendinblue/blocked", "fr", "Brevo", "badreputation", _P,
           dsn("MAILER-DAEMON@brevo.example.com", "Undelivered Mail Returned to Sender", "Le message a été refusé.\n\n<{to}>\n",
               block(_P, "5.7.1", "smtp; 550 5.7.1 Message rejected due to the low reputation of the sending domain"))),
    bounce("powermta/remote", "en", "PowerMTA", "userunknown", _P,
           dsn("Mail Delivery <mailer-daemon@pmta.example.com>", "Delivery report", "Hello, this is the mail server on pmta.example.com.\n\n  "
               "<{to}>\n    delivery failed; will not continue trying\n", block(_P, "5.1.1 (bad destination mailbox address)",
               "smtp;550 5.1.1 <piet@example.org> recipient rejected", "X-PowerMTA-BounceCategory: bad-mailbox"),
               mta="dns;pmta.example.com")),
    bounce("powermta/quota", "en", "PowerMTA", "mailboxfull", _P,
           dsn("Mail Delivery <mailer-daemon@pmta.example.com>", "Delivery report", "Hello, this is the mail server on pmta.example.com.\n\n  "
               "<{to}>\n    delivery failed; will not continue trying\n", block(_P, "5.0.0 (undefined status)", "smtp;550 inbox of this "
               "user has reached its quota", "X-PowerMTA-BounceCategory: quota-issues"), mta="dns;pmta.example.com")),
    bounce("antivirus/rejected", "en", "amavisd-new", "virusdetected", _P,
           dsn("Content-filter at mx.example.org <postmaster@mx.example.org>", "VIRUS (Eicar-Test-Signature) in mail FROM you", "A virus was "
               "found in the message that you sent: Eicar-Test-Signature\n\nDelivery to the following recipient was stopped:\n\n<{to}>\n",
               block(_P, "5.7.0", "smtp; 554 5.7.0 Reject, id=1234 - INFECTED: Eicar-Test-Signature"))),
    bounce("antivirus/banned", "de", "amavisd-new", "virusdetected", _P,
           dsn("Content-filter at mx.example.org <postmaster@mx.example.org>", "BANNED contents from you", "Die Nachricht wurde nicht "
               "zugestellt.\n\n<{to}>\n", block(_P, "5.7.0", "smtp; 550 5.7.0 Bounce, id=1234 - BANNED: dangerous attachment (.exe)"))),
    bounce("amavis/spam", "en", "amavisd-new", "spamdetected", _P,
           dsn("Content-filter at mx.example.org <postmaster@mx.example.org>", "Considered UNSOLICITED BULK EMAIL, apparently from you", "A "
               "message from <{bounces}> to:\n-> {to}\n\nwas considered unsolicited bulk e-mail (UBE).\n\nDelivery of the email was stopped!\n",
               block(_P, "5.7.0", "smtp; 554 5.7.0 Bounce, id=1234 - spam", "Last-Attempt-Date: Thu, 13 Jun 2019 09:00:12 +0200"))),
    bounce("mailmarshal/blocked", "en", "MailMarshal", "policyviolation", _P,
           plain("postmaster@mm.example.org", "Undeliverable: {subject}", "MailMarshal (an automated content monitoring gateway) has not "
                 "delivered the following message:\n\nMessage: B5d0.001\nFrom: info@nieuwsbrief.example.nl\nTo: {to}\nSubject: {subject}\n\n"
                 "because it is against the policy of the organisation.\n")),
    other("gateway/quarantined", "nl", "a filter that asks", "auto_reply", "challenge", "",
          plain("postmaster@gw.example.org", "Bevestig uw bericht aan {to}", "Uw bericht wordt vastgehouden tot u bevestigt dat u een mens "
                "bent.\n\nKlik op de link om uw bericht te laten bezorgen: https://gw.example.org/c/12345\n",
                "Auto-Submitted: auto-replied", charset="utf-8")),
    bounce("gateway/html-report", "fr", "a gateway that sends html", "mailboxfull", _P,
           html("MAILER-DAEMON@gw.example.org", "Échec de la remise", "<html><body><table><tr><td>Destinataire</td><td>{to}</td></tr><tr><td>"
                "Raison</td><td>La bo&icirc;te de r&eacute;ception est pleine</td></tr></table></body></html>")),
]  # fmt: skip
