"""A second round written after the rules: forms and languages mixed as they come."""

# What systems write is as long as it is:
# ruff: noqa: E501
from tests.corpus.machines.pieces.letter import bounce, other
from tests.corpus.machines.pieces.shells import block, dsn, html, multipart, plain

_P = "piet@example.org"
_HOST = "host mx.example.org[192.0.2.25] said: "

CASES = [
    bounce("later/m365-advice", "en", "Microsoft 365, advice that speaks of wrong addresses", "policyviolation", _P,
           dsn("postmaster@example.org", "Undeliverable: {subject}", "<html><body><h1>Your message to {to} couldn't be delivered.</h1><p>A custom mail flow rule blocked it.</p><p>How to fix it: check "
               "that the address is correct. The recipient's mailbox may not exist any more, or the address may be invalid. Contact the recipient by phone.</p></body></html>",
               block(_P, "5.7.1", "smtp;550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy"), words="text/html; charset=utf-8")),
    bounce("later/m365-advice-de", "de", "Microsoft 365", "blocked", _P,
           dsn("postmaster@example.org", "Unzustellbar: {subject}", "<html><body><h1>Ihre Nachricht an {to} konnte nicht zugestellt werden.</h1><p>So beheben Sie das Problem: Prüfen Sie, ob die Adresse "
               "existiert.</p></body></html>", block(_P, "5.7.606", "smtp;550 5.7.606 Access denied, banned sending IP [192.0.2.10]"), words="text/html; charset=utf-8")),
    bounce("later/subject-only", "en", "an old sendmail", "userunknown", _P,
           plain("MAILER-DAEMON@mx.example.org", "Returned mail: User unknown", "   ----- The following addresses had delivery problems -----\n{to}  (unrecoverable error)\n\n   ----- Original message "
                 "follows -----\n{header}\n")),
    bounce("later/nl-provider", "nl", "een provider", "userunknown", _P,
           plain("Postmaster <postmaster@provider.example.nl>", "Uw e-mail kon niet worden afgeleverd", "Geachte afzender,\n\nUw e-mail aan {to} kon niet worden afgeleverd. Het e-mailadres is bij ons niet "
                 "bekend. Controleer het adres en probeer het opnieuw.\n\nMet vriendelijke groet,\nPostmaster\n", "Auto-Submitted: auto-replied", charset="iso-8859-1")),
    bounce("later/nl-quota", "nl", "een provider", "mailboxfull", _P,
           html("Postmaster <postmaster@provider.example.nl>", "Bericht niet bezorgd", "<p>Geachte heer/mevrouw,</p><p>Uw bericht aan <a href=\"mailto:{to}\">{to}</a> is niet bezorgd, omdat de postbus van de "
                "ontvanger vol zit.</p>", returned="message/rfc822")),
    bounce("later/de-provider", "de", "ein Provider", "mailboxfull", _P,
           plain("Mailer-Daemon <mailer-daemon@provider.example.com>", "E-Mail konnte nicht zugestellt werden", "Sehr geehrte Damen und Herren,\n\nleider konnte Ihre E-Mail an folgende Adresse nicht zugestellt "
                 "werden:\n\n    {to}\n\nDer Speicherplatz des Empfängers ist erschöpft.\n\n--- Ursprüngliche Nachricht ---\n{header}\n", charset="iso-8859-15", way="quoted-printable")),
    bounce("later/fr-provider", "fr", "un fournisseur", "userunknown", _P,
           plain("Mail Delivery System <MAILER-DAEMON@fournisseur.example.com>", "Message non délivré", "Bonjour,\n\nVotre message n'a pu être délivré à l'adresse suivante :\n\n<{to}>\n\nMotif : cette boîte n'existe "
                 "plus.\n\n----- En-têtes du message d'origine -----\n{header}\n", charset="utf-8", way="base64")),
    bounce("later/fr-delay", "fr", "Postfix, traduit", "delayed networkerror", _P,
           dsn("MAILER-DAEMON@mx.example.com (Mail Delivery System)", "Message retardé (nouvelles tentatives en cours)", "Votre message n'a pas encore été remis. Il sera représenté pendant 5 jours.\n\n<{to}>: connexion "
               "à mx.example.org expirée\n", block(_P, "4.4.1", "X-Postfix; connect to mx.example.org[192.0.2.25]:25: Connection timed out", action="delayed"), words="text/plain; charset=utf-8")),
    bounce("later/nl-delay", "nl", "een provider", "delayed expired", _P,
           plain("Mail Delivery System <MAILER-DAEMON@mx.example.nl>", "Waarschuwing: bezorging van uw bericht is vertraagd", "Uw bericht aan {to} is nog niet bezorgd. Wij proberen het nog 4 dagen. U hoeft niets te doen.\n",
                 charset="utf-8")),
    bounce("later/de-delay", "de", "ein Provider", "delayed expired", _P,
           plain("Mail Delivery System <MAILER-DAEMON@mx.example.com>", "Zustellung verzögert", "Ihre Nachricht an\n\n  {to}\n\nkonnte noch nicht zugestellt werden. Weitere Versuche folgen.\n", charset="utf-8")),
    bounce("later/status-against-words", "en", "Postfix, two numbers", "mailboxfull", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: " + _HOST + "550 5.1.1 Mailbox quota exceeded for this user\n",
               block(_P, "5.1.1", "smtp; 550 5.1.1 Mailbox quota exceeded for this user"))),
    bounce("later/reputation-5.1.1", "en", "Postfix, two numbers", "badreputation", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: " + _HOST + "550 5.1.1 refused, poor reputation of sending host\n",
               block(_P, "5.1.1", "smtp; 550 5.1.1 refused, poor reputation of sending host"))),
    bounce("later/relay-5.1.1", "en", "Postfix, two numbers", "norelaying", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: " + _HOST + "550 5.1.1 relaying denied\n", block(_P, "5.1.1", "smtp; 550 5.1.1 relaying denied"))),
    bounce("later/unknown-5.7.1", "de", "Postfix, two numbers", "userunknown", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: " + _HOST + "550 5.7.1 Empfänger unbekannt\n",
               block(_P, "5.7.1", "smtp; 550 5.7.1 Empfaenger unbekannt"), words="text/plain; charset=utf-8")),
    bounce("later/several-in-words", "nl", "Exim, vertaald", "userunknown", "piet@example.org,an@example.com,kees@example.nl",
           plain("Mail Delivery System <Mailer-Daemon@mx.example.com>", "Bezorging mislukt", "De volgende adressen zijn mislukt:\n\n  piet@example.org\n    postvak vol\n\n  an@example.com\n    onbekende gebruiker\n\n  "
                 "kees@example.nl\n    verbinding geweigerd\n\n------ Kopie van het bericht ------\n{header}\n", charset="utf-8")),
    bounce("later/several-one-line", "en", "a small server", "userunknown", "piet@example.org,an@example.com",
           plain("postmaster@small.example.org", "Delivery failure", "Delivery failed for:\npiet@example.org: 550 no such user\nan@example.com: 452 mailbox full\n")),
    bounce("later/x400-final", "en", "X.400 to SMTP", "userunknown", _P,
           dsn("postmaster@x400.example.org", "Delivery Report (failure) for piet@example.org", "This report relates to your message.\n", "Original-Recipient: rfc822; piet@example.org\nFinal-Recipient: x400; /S=PIET/O=EXAMPLE/C=NL/\n"
               "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: Reason 1 (Unable-To-Transfer); Diagnostic 0 (Unrecognized-ORName)")),
    bounce("later/dsn-html-fr", "fr", "Exchange 2013", "userunknown", _P,
           dsn("Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.org>", "Non remis : {subject}", "<p>Échec de la remise à ces destinataires ou groupes :</p><p><a href='mailto:{to}'>Piet</a><br>L’adresse de "
               "messagerie que vous avez entrée est introuvable.</p>", block(_P, "5.1.1", ""), words="text/html; charset=utf-8")),
    bounce("later/lmtp", "en", "Cyrus LMTP", "suspend", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: host mx.example.org[/var/run/lmtp] said: 550 5.2.1 Mailbox disabled\n", block(_P, "5.2.1", "smtp; 550-Mailbox disabled for this user 550 5.2.1 "
               "Mailbox disabled"))),
    bounce("later/moved-nl", "nl", "een organisatie", "hasmoved", _P,
           dsn("postmaster@example.org", "Onbestelbaar: {subject}", "{to}: deze medewerker heeft een nieuw e-mailadres: p.devries@example.com\n", block(_P, "5.1.6", "smtp; 551 5.1.6 de gebruiker is verhuisd naar p.devries@example.com"))),
    bounce("later/null-mx-fr", "fr", "Postfix, traduit", "notaccept", "piet@example.com",
           dsn("MAILER-DAEMON@mx.example.org", "Undelivered Mail Returned to Sender", "<{to}>: le domaine n'accepte pas de courrier\n", block("piet@example.com", "5.1.0", "X-Postfix; Domain example.com does not accept mail (nullMX)"),
               words="text/plain; charset=utf-8")),
    bounce("later/starttls", "de", "Postfix", "failedstarttls", _P,
           dsn("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "<{to}>: TLS is required, but was not offered by host mx.example.org[192.0.2.25]\n",
               block(_P, "5.7.4", "X-Postfix; TLS is required, but was not offered by host mx.example.org[192.0.2.25]"))),
    bounce("later/attached-status-file", "en", "a gateway that attaches", "userunknown", _P,
           lambda letter: multipart(letter, "mixed", "att", [
               ("text/plain", "Delivery has failed.\n"), ("message/delivery-status; name=\"report.txt\"\nContent-Disposition: attachment", "Final-Recipient: rfc822; piet@example.org\nAction: failed\nStatus: 5.1.1"),
               ("message/rfc822; name=\"letter.eml\"\nContent-Disposition: attachment", letter.whole)], "postmaster@gw.example.org", "Mail delivery failed")),
    bounce("later/tab-list", "en", "a small server", "hostunknown", "piet@nowhere.example.org",
           plain("Mail Router <mailrouter@small.example.org>", "Mail could not be delivered", "The mail could not be delivered to the following address(es):\n\n\tpiet@nowhere.example.org\t(no such domain)\n")),
    bounce("later/quoted-returned", "nl", "een oud systeem", "userunknown", _P,
           plain("mailer-daemon@old.example.nl", "Retour afzender", "> Uw bericht is niet bezorgd:\n> {to}: geen gebruiker met die naam\n\n-------- Oorspronkelijk bericht --------\n> From: info@nieuwsbrief.example.nl\n> To: {to}\n")),
    other("later/dmarc-failure", "en", "RFC 6591 report of DMARC", "unsure", "auth-failure", "",
          lambda letter: multipart(letter, "report; report-type=feedback-report", "afrf", [
              ("text/plain", "A message that used your domain failed DMARC."), ("message/feedback-report", "Feedback-Type: auth-failure\nUser-Agent: x/1\nVersion: 1\nAuth-Failure: dmarc"),
              ("text/rfc822-headers", "From: info@nieuwsbrief.example.nl\nTo: someone@example.com")], "dmarc-noreply@example.com", "DMARC failure report")),
]  # fmt: skip
