"""The same said in many ways: what people and machines write, told apart by what it says and not by its exact words."""

import pytest

from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.unsubscribe import wish_in
from newsletter.inbound.telling.verdict import Kind

GENERATED = "Auto-Submitted: auto-generated"
REPLIED = "Auto-Submitted: auto-replied"
EXCHANGE = (
    f"{GENERATED}\r\nX-Auto-Response-Suppress: All\r\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"
)
HEAD = ("From: Jan de Vries <jan@example.nl>", "To: contact@example.org", "Date: Mon, 23 Nov 2026 10:04:17 +0100")
SIGNED = "\n\nMet vriendelijke groet,\nJan"
QUOTING = "\n\nJan de Vries\n\nOp ma 23 nov 2026 om 09:12 schreef Kennisdag <c@example.org>:\n\n> Komt u?\n> Afmelden\n"

#: Somebody wants to be taken off, and says nothing else.
LEAVES = (
    "Graag afmelden",
    "afmelden",
    "AFMELDEN!!",
    "Afmelden a.u.b.",
    "Uitschrijven graag.",
    "Gaarne uitschrijven uit uw bestand.",
    "Wilt u mij s.v.p. uitschrijven?",
    "Kunt u mij uitschrijven voor de nieuwsbrief? Alvast bedankt.",
    "Kun je mij van de lijst afhalen?",
    "Verwijder mij uit uw mailinglijst.",
    "Graag mijn e-mailadres verwijderen uit jullie bestand.",
    "Ik wil me graag afmelden voor deze nieuwsbrief.",
    "Ik wens geen mails meer te ontvangen.",
    "Ik wil geen mail meer van jullie ontvangen, dank u.",
    "Gelieve mij niet meer te mailen.",
    "Stuur mij alstublieft geen nieuwsbrieven meer.",
    "Haal mij van deze lijst af aub",
    "Ik heb geen interesse, graag uitschrijven.",
    "Deze mails zijn voor mij niet relevant. Graag verwijderen van de lijst.",
    "Stop met mailen",
    "stop",
    "Opzeggen nieuwsbrief",
    "Hierbij wil ik mij afmelden voor uw mailing.",
    "Zou u mij willen verwijderen van de verzendlijst?",
    "Please unsubscribe",
    "Unsubscribe me",
    "unsubscribe.",
    "Please unsubscribe me from this list. Thanks!",
    "Kindly remove my email address from your database.",
    "Remove me from your mailing list please",
    "Take me off your list.",
    "I no longer wish to receive these emails.",
    "I don't want to receive your newsletter anymore.",
    "Could you remove me from the distribution list? Many thanks",
    "Would you please stop sending me these emails?",
    "Please stop emailing me.",
    "Please opt me out of all future mailings.",
    "Not interested, please unsubscribe.",
    "Can you take my name off the list please?",
    "Please delete my email from your mailing list",
    "REMOVE",
    "Opt out",
    "Bitte abmelden.",
    "Abmelden bitte!",
    "Bitte melden Sie mich vom Newsletter ab. Vielen Dank!",
    "Bitte streichen Sie mich aus Ihrem Verteiler.",
    "Bitte nehmen Sie mich von Ihrer Liste.",
    "Ich möchte keine weiteren E-Mails erhalten.",
    "Ich möchte den Newsletter abbestellen.",
    "Ich möchte mich vom Newsletter abmelden.",
    "Bitte keine Mails mehr.",
    "Könnten Sie mich bitte aus dem Verteiler löschen? Danke",
    "Hiermit bestelle ich Ihren Newsletter ab.",
    "Newsletter abbestellen",
    "Merci de me désinscrire",
    "Désabonner",
    "Veuillez me désabonner de votre newsletter.",
    "Merci de me retirer de votre liste de diffusion.",
    "Pourriez-vous me retirer de la liste ? Merci d'avance.",
    "Je ne souhaite plus recevoir vos e-mails.",
    "Je ne veux plus recevoir vos courriels.",
    "Supprimez mon adresse de votre liste svp",
    "Merci de ne plus m'envoyer de messages.",
    "Désinscription",
    "Je désire me désabonner.",
    "Graag uitschrijven\n"
    "\n"
    "Jan de Vries\n"
    "Beleidsmedewerker Openbare Ruimte\n"
    "Gemeente Voorbeeld\n"
    "Postbus 1\n"
    "1234 AB Voorbeeld\n"
    "06-12345678\n"
    "www.example.nl",
    "Graag mij van de lijst \nhalen.\n\nJan",
    "Hallo,\n\nIk zou graag afgemeld willen worden van deze mailinglijst.\n\nDank u wel.",
    "Hi\n\nPlease take me off the mailing list for jan@example.nl.\n\nTX",
    "Guten Tag,\nich möchte keine Newsletter mehr von Ihnen bekommen.\nDanke",
    "Bonjour,\nmerci de bien vouloir me retirer de vos listes de diffusion.\nCordialement\nJean",
    "Uitschrijven aub!!!!",
    "Ik wil me uitschrijven.",
    "Graag geen mail meer naar dit adres.",
    "Verwijderen graag",
    "Please cancel my subscription.",
    "Cancel subscription",
    "I'd like to be removed from this mailing list.",
    "Kindly unsubscribe this email address.",
    "Ik wens deze nieuwsbrief niet langer te ontvangen",
    "Meld mij af",
    "Schrijf me uit",
    "gelieve ons uit te schrijven uit jullie mailing.",
    "Bitte austragen",
    "Newsletter bitte abbestellen!",
    "Kein Interesse, bitte austragen.",
    "Je me désabonne.",
    "STOP SVP",
    "Me désinscrire svp",
)

#: Somebody says more than that, or something else in nearly the same words.
SAYS_MORE = (
    "Ik moet me helaas afmelden, ik ben ziek.",
    "Ik meld me af voor de bijeenkomst.",
    "Hierbij meld ik mij af.",
    "Ik kan donderdag niet, dus graag afmelden.",
    "Kan ik me nog afmelden?",
    "Hoe meld ik me af voor één van de lijsten?",
    "Kunt u mij afmelden voor de masterclass van 10 december?",
    "Graag mij afmelden en mijn collega Piet aanmelden.",
    "Schrijf mij maar uit, ik ga met pensioen. Jan Bos volgt mij op: j.bos@example.nl",
    "Ik wil niet uitgeschreven worden!",
    "Wilt u mij NIET uitschrijven?",
    "Ik ben per ongeluk uitgeschreven, kunt u mij weer toevoegen?",
    "Ik had me al drie keer afgemeld en krijg nog steeds mail.",
    "De afmeldlink doet het niet.",
    "Ik wil me afmelden voor de nieuwsbrief, wel graag de uitnodigingen blijven ontvangen.",
    "Geen mail ontvangen, kunt u hem nog eens sturen?",
    "Ik heb de nieuwsbrief niet meer ontvangen sinds mei.",
    "Waarom ontvang ik deze mails?",
    "Stop! Er staat een fout in de datum.",
    "Verwijder mijn dieetwensen graag.",
    "Mijn broer wil zich uitschrijven, hoe moet dat?",
    "Please remove the attachment next time, it is too large.",
    "I can't unsubscribe, the link is broken.",
    "Don't unsubscribe me please, I just changed jobs.",
    "Please remove Tom Baker (tom@example.com), he has left us.",
    "I want to unsubscribe from the event on Thursday, I have a cold.",
    "Please take me off the list and add priya@example.com",
    "Do not email me at this address, use tom.private@example.com",
    "Where did you get my address? Unsubscribe me.",
    "We don't receive your newsletter any more, what happened?",
    "I did not receive any mail with the link.",
    "How do I opt out of the photo session?",
    "Can you stop the reminders but keep the invitations?",
    "Bitte melden Sie mich ab, ich bin am Donnerstag krank.",
    "Ich melde mich ab.",
    "Ich muss mich leider abmelden.",
    "Der Abmeldelink funktioniert nicht.",
    "Bitte nehmen Sie Frau Weiß aus dem Verteiler, sie ist in Rente.",
    "Ich habe keine E-Mail erhalten, können Sie sie noch einmal senden?",
    "Ich möchte mich nicht abmelden.",
    "Bitte löschen Sie meine Daten nach DSGVO und bestätigen Sie das.",
    "Je dois annuler ma participation, merci de me désinscrire de la formation.",
    "Je ne reçois plus vos messages.",
    "Je n'ai pas reçu de courriel de confirmation.",
    "Comment me désabonner ?",
    "Merci de retirer mon collègue de la liste.",
    "Ne me retirez pas de la liste s'il vous plaît !",
    "Graag uitschrijven. PS: Piet wil wel blijven.",
    "unsubscribe? No way, I love it",
    "Ik zou graag van deze gelegenheid gebruik maken om te vragen of de lijst met deelnemers gedeeld wordt.",
    "Kunt u de verzendlijst met mij delen?",
    "Zet mij op de lijst",
    "Graag mijn naam op de lijst zetten",
    "Graag uitschrijven\n\nWe gaan verhuizen naar een ander pand.",
    "Ik wil me uitschrijven, maar de site vraagt een wachtwoord",
    "Stop de persen: we komen!",
    "Remove the typo in the title please",
    "Kan de bijlage verwijderd worden uit de mailing?",
    "De nieuwsbrief is niet te lezen op mijn telefoon",
    "I unsubscribed last week by accident. Please add me again.",
    "Waar kan ik mij afmelden voor de lunch",
    "Verwijder de foto van mij op jullie site",
    "Bitte den Link entfernen, er ist falsch.",
    "Supprimez la photo s'il vous plaît",
    "Ik ben mijn uitnodiging kwijt. Graag opnieuw sturen.",
    "Geen idee of ik kan komen, laat ik nog weten",
    "Ik ontvang geen mails meer!",
    "Wij ontvangen de mails dubbel, één mag eraf",
    "Ik kan me niet uitschrijven",
    "Please stop by our stand",
    "Please do not send a paper copy",
    "Kunnen jullie mijn gegevens aanpassen in het bestand?",
)

#: Subject and words of programs that answer, without any mark in the header.
AUTOMATIC = (
    ("Afwezigheidsbericht", "Ik ben tot 4 januari met verlof."),
    ("Afwezig", "Ik ben op vakantie en kom 3 december terug. Bij spoed kunt u bellen met 030-1234567."),
    ("Out of office", "I am out of the office with no access to email. I will respond when I return."),
    (
        "I am on annual leave",
        "Thanks for your email. I'm on annual leave until 4 December and will reply on my return. If "
        "your query is urgent, please contact reception@example.com",
    ),
    ("Out of Office AutoReply: Invitation", "I'm away."),
    ("Abwesenheitsassistent", "Ich bin im Urlaub."),
    (
        "Abwesend",
        "Ich bin bis 4. Dezember nicht im Büro. In dringenden Fällen wenden Sie sich bitte an meine Vertretung.",
    ),
    ("Absence", "Je suis en congés jusqu'au 4 décembre. Je répondrai à votre message dès mon retour."),
    ("Automatisch bericht", "Dit is een automatisch bericht. Wij hebben uw bericht ontvangen."),
    (
        "Bevestiging van ontvangst",
        "Wij hebben uw e-mail ontvangen. Dit is een automatisch gegenereerd bericht. U hoeft hier niet op te reageren.",
    ),
    (
        "We received your request",
        "Thank you for your message. We have received your request and will respond within 2 working "
        "days. Please do not reply to this email.",
    ),
    (
        "Uw bericht aan gemeente Voorbeeld",
        "Dank voor uw bericht. Wij hebben uw e-mail ontvangen en streven ernaar deze binnen vijf "
        "werkdagen te beantwoorden. Dit is een automatisch verzonden bericht.",
    ),
    (
        "Eingangsbestätigung",
        "Ihre Anfrage ist bei uns eingegangen. Dies ist eine automatisch generierte Nachricht, bitte "
        "antworten Sie nicht darauf.",
    ),
    ("Accusé de réception", "Nous avons bien reçu votre message. Ceci est un message automatique."),
    (
        "Jan is no longer with us",
        "Jan de Vries has left the company. Please contact info@example.com. This is an automated message.",
    ),
)

#: Subject and words of people who write about the same.
HUMAN = (
    ("Afwezig", "Ik ben er 10 december niet bij, ik zit dan in het buitenland."),
    ("Afwezig 10/12", "Beste, ik kan er niet bij zijn wegens vakantie."),
    ("Vakantie", "We zijn met vakantie, dus kunnen niet komen. Volgend jaar graag!"),
    ("Out of office", "Hi, I will be out of office on the 10th so can't attend. Could I get the materials?"),
    ("Ontvangen?", "Hebben jullie mijn aanmelding ontvangen?"),
    ("Bevestiging aanmelding", "Ik heb nog geen bevestiging ontvangen van mijn aanmelding. Klopt dat?"),
    ("Ticket", "Ik heb mijn ticket niet ontvangen, kunt u die opnieuw sturen?"),
    (
        "Request",
        "Thank you for your message. I have received the programme and would like to request a vegetarian lunch.",
    ),
    ("Re: Uitnodiging", "Ik ben momenteel met vakantie en lees mijn mail af en toe. Ik kom graag."),
    (
        "Re: Invitation",
        "I am on leave until 12 December, so I won't be able to make it. Please contact Dan for a replacement.",
    ),
    ("AW: Einladung", "Ich bin bis 12. Dezember im Urlaub und kann nicht kommen. Frau Weiß vertritt mich."),
    ("RE: Invitation", "Je suis en congés jusqu'au 12 décembre, je ne pourrai pas venir."),
    ("Abwesenheit", "Am 10. Dezember bin ich nicht im Büro, kann ich online teilnehmen?"),
    ("Holiday dates", "We are closed from 20 December. Can you send the invoice before that?"),
    ("Auto", "Ik kom met de auto, kan ik parkeren?"),
    ("Auto: parkeren", "Ik kom met de auto, waar kan ik parkeren"),
    ("Case study for the masterclass", "I have received the template, thank you. My case number in the list is 4."),
    ("Melding: link werkt niet", "De link naar de inschrijving werkt niet."),
    ("Delivery failure of the banners", "The banners were not delivered to the venue. Who can I call?"),
    ("Undelivered mail", "Your mail to my colleague piet@example.nl was not delivered, he says. Can you resend?"),
    ("Onbestelbaar", "Ik krijg mijn mail aan u onbestelbaar retour."),
    (
        "Mail delivery problem",
        "Since Monday our server rejects your mails with 550 5.7.1. Please check your SPF record.",
    ),
    ("Returned to sender", "The paper invitation came back, returned to sender. Wrong address?"),
    ("Failure notice", "I got a failure notice when I wrote to contact@example.org. Did you get my message?"),
    ("Zustellung", "Die Zustellung der Unterlagen hat nicht funktioniert, bitte an meine neue Adresse schicken."),
    ("Spam?", "Your newsletter ended up in my spam folder. Is it really from you?"),
    ("Abuse report form", "Where do I find the abuse report form mentioned in the workshop?"),
    ("Uitnodiging ontvangen", "Bedankt voor de uitnodiging! Ik ben van de partij."),
    ("RE: Automatisch antwoord: vraag", "Oké, dan hoor ik het na uw vakantie."),
    ("FW: Automatic reply: Invitation", "See below, apparently she left. Who should we invite instead?"),
    ("Geaccepteerd", "Ik heb de uitnodiging geaccepteerd in mijn agenda, is dat genoeg?"),
    ("Read: your newsletter", "I read your newsletter with pleasure."),
    ("verlof", "In verband met verlof ben ik de 10e niet in de gelegenheid te komen."),
    ("Pensioen", "Ik ga met pensioen per 1 januari en draag mijn taken over aan Karin. Nodigt u haar voortaan uit?"),
    ("Nieuw e-mailadres", "Mijn nieuwe e-mailadres is jan@example.com"),
    ("New job", "I have left Example Council, my new address is tom@example.com. Please update your list."),
    (
        "Ik ben niet meer werkzaam bij de gemeente",
        "Vanaf 1 januari werk ik niet meer bij de gemeente. Ik zou de nieuwsbrief graag op mijn "
        "privéadres ontvangen: jan@example.com",
    ),
    (
        "Re: Uitnodiging",
        "Ik ben erbij",
    ),
    (
        "FW: Uitnodiging",
        "Ter info, iets voor jou?",
    ),
    (
        "Fwd: Automatisch antwoord",
        "Zie onder",
    ),
    (
        "Nieuwsbrief",
        "Wat een mooie nieuwsbrief weer, complimenten!",
    ),
    (
        "Afmelding workshop",
        "Ik kan niet komen, sorry.",
    ),
    (
        "Afmelden",
        "Ik kan helaas niet",
    ),
    (
        "Unsubscribe",
        "I can't find the unsubscribe button on the site. Where is it?",
    ),
    (
        "Absent",
        "I'll be absent on Thursday. Please tell the speaker.",
    ),
    (
        "Absence",
        "Je serai absent le 10, désolé.",
    ),
    (
        "Out of office message on your side",
        "Your colleague's out of office message says she is back on 3 December, can someone else help me?",
    ),
    (
        "Re: Out of office",
        "Thanks, enjoy your holiday!",
    ),
    (
        "Antw: Uitnodiging",
        "Ik ga eerst met vakantie tot 1 december, daarna laat ik het weten.",
    ),
    (
        "Vraag",
        "Ik ben t/m 3 december afwezig. Kan de deadline worden verschoven?",
    ),
    (
        "Re: Uitnodiging",
        "Ik werk niet meer bij de gemeente, maar kom graag als zelfstandige.",
    ),
    (
        "Re: Uitnodiging",
        "Mijn collega Jan werkt hier niet meer. Kunt u zijn naam van de lijst halen?",
    ),
    (
        "Re: Invitation",
        "Tom has left the company, please send future invitations to me.",
    ),
    (
        "Re: Einladung",
        "Herr Müller ist in Rente, bitte schreiben Sie künftig an mich.",
    ),
    (
        "Delivery",
        "Please deliver the parcels at the back door",
    ),
    (
        "Bounce house for kids?",
        "Will there be a bounce house?",
    ),
    (
        "Re: Mail delivery failed",
        "Got it now, thanks",
    ),
    (
        "Undeliverable: your invite",
        "I'm forwarding this because your invite to Piet bounced: user unknown. His new address is piet2@example.nl",
    ),
    (
        "Mailer daemon",
        "What is a mailer daemon? I got mail from one.",
    ),
    (
        "Failure",
        "The registration form shows a failure: message could not be sent.",
    ),
    (
        "Retour",
        "Ik stuur het formulier retour. Kon niet eerder.",
    ),
    (
        "Kan niet",
        "kan niet komen",
    ),
    (
        "Vertraagd",
        "Mijn trein is vertraagd, ik ben later.",
    ),
    (
        "Impossible de venir",
        "Impossible de venir jeudi.",
    ),
    (
        "Fehler im Programm",
        "Im Programm ist ein Fehler: 14 Uhr statt 15 Uhr.",
    ),
    (
        "Bezorging",
        "De bezorging van de folders is mislukt, wie kan ik bellen?",
    ),
    (
        "ja",
        "",
    ),
    (
        "Re: Uitnodiging",
        "",
    ),
    (
        "Re: Uitnodiging",
        ">  Komt u?\r\n\r\nJa",
    ),
)


#: Subject and words of automatic replies, their mark, and what they tell: about what, until when, whom to write to.
TOLD = (
    (
        "Automatisch antwoord: Uitnodiging",
        "Bedankt voor je mail! Ik geniet van een paar vrije dagen en ben woensdag 2 december terug.",
        EXCHANGE,
        ("away", "2026-12-01", ()),
    ),
    (
        "Automatisch antwoord: Uitnodiging",
        "Ik ben op vakantie. Op maandag 30 november ben ik weer op kantoor.",
        EXCHANGE,
        ("away", "2026-11-29", ()),
    ),
    (
        "Automatisch antwoord: Uitnodiging",
        "Per 1 oktober werk ik bij een andere organisatie. Neem voor vragen contact op met Karin "
        "Smit, k.smit@example.nl",
        EXCHANGE,
        ("left", "", ("k.smit@example.nl",)),
    ),
    (
        "Automatisch antwoord: Uitnodiging",
        "Deze mailbox wordt niet meer gebruikt. Stuur uw bericht naar post@example.nl",
        EXCHANGE,
        ("left", "", ("post@example.nl",)),
    ),
    (
        "Automatisch antwoord: Uitnodiging",
        "Ik ben met ziekteverlof. Mijn collega's nemen waar.",
        EXCHANGE,
        ("away", "", ()),
    ),
    (
        "Automatisch antwoord: Uitnodiging",
        "Ik heb per 1 september een nieuwe functie en ben niet langer bereikbaar op dit adres.",
        EXCHANGE,
        ("left", "", ()),
    ),
    (
        "Automatic reply: Invitation",
        "Thank you for your message. I am currently on parental leave and will be back in the office "
        "on 11 January 2027. Please reach out to Dan (dan@example.com).",
        EXCHANGE,
        ("away", "2027-01-10", ("dan@example.com",)),
    ),
    (
        "Automatic reply: Invitation",
        "I no longer work for the Council. Please contact Priya Raman at priya@example.com.",
        EXCHANGE,
        ("left", "", ("priya@example.com",)),
    ),
    (
        "Automatic reply: Invitation",
        "I have moved to a new role and am no longer monitoring this mailbox.",
        EXCHANGE,
        ("left", "", ()),
    ),
    (
        "Automatic reply: Invitation",
        "We're closed for the holidays from December 21 through January 3.",
        EXCHANGE,
        ("away", "2027-01-03", ()),
    ),
    (
        "Automatische Antwort: Einladung",
        "Ich bin im Urlaub und ab Montag, den 7. Dezember, wieder für Sie da.",
        EXCHANGE,
        ("away", "2026-12-06", ()),
    ),
    (
        "Automatische Antwort: Einladung",
        "Vielen Dank für Ihre Nachricht. Ich bin zurzeit nicht im Hause und kehre am 01.12.2026 zurück.",
        EXCHANGE,
        ("away", "2026-11-30", ()),
    ),
    (
        "Automatische Antwort: Einladung",
        "Ich bin nicht mehr im Unternehmen beschäftigt. Nachfolgerin ist Frau Weiß, anna.weiss@example.com.",
        EXCHANGE,
        ("left", "", ("anna.weiss@example.com",)),
    ),
    (
        "Automatische Antwort: Einladung",
        "Zum 30. September bin ich in den Ruhestand gegangen.",
        EXCHANGE,
        ("left", "", ()),
    ),
    (
        "Réponse automatique : Invitation",
        "Bonjour, je suis en congés du 20 novembre au 5 décembre. Bien cordialement",
        EXCHANGE,
        ("away", "2026-12-05", ()),
    ),
    (
        "Réponse automatique : Invitation",
        "Je ne travaille plus au sein de la mairie. Merci de contacter Mme Martin : c.martin@example.com",
        EXCHANGE,
        ("left", "", ("c.martin@example.com",)),
    ),
    (
        "Réponse automatique : Invitation",
        "J'ai quitté mes fonctions le 31 octobre.",
        EXCHANGE,
        ("left", "", ()),
    ),
    (
        "Réponse automatique : Invitation",
        "Je suis actuellement en arrêt maladie.",
        EXCHANGE,
        ("away", "", ()),
    ),
    (
        "Uw bericht is ontvangen",
        "Beste afzender, wij danken u voor uw e-mail. Deze is in goede orde ontvangen en wordt binnen "
        "3 werkdagen beantwoord.",
        GENERATED,
        ("received", "", ()),
    ),
    (
        "[INC0012345] Uw melding is aangemaakt",
        "Er is een melding aangemaakt met nummer INC0012345.",
        GENERATED,
        ("received", "", ()),
    ),
    (
        "Thank you for contacting us",
        "We aim to respond within 24 hours. This mailbox is monitored Monday to Friday.",
        GENERATED,
        ("received", "", ()),
    ),
    (
        "Votre demande n° 4711",
        "Votre demande a bien été enregistrée sous le numéro 4711.",
        GENERATED,
        ("received", "", ()),
    ),
    (
        "Ihre Anfrage [#4711]",
        "wir haben Ihre Anfrage erhalten und melden uns schnellstmöglich.",
        GENERATED,
        ("received", "", ()),
    ),
    (
        "Message from Tom",
        "Please confirm you are human by clicking this link, then your message will be delivered.",
        REPLIED,
        ("challenge", "", ()),
    ),
    (
        "Afwezigheidsassistent",
        "Momenteel ben ik niet aanwezig",
        "",
        ("away", "", ()),
    ),
    (
        "Out of Office Re: Invitation",
        "I'm out until Dec 4.",
        "",
        ("away", "2026-12-04", ()),
    ),
    (
        "Jan de Vries is momenteel afwezig",
        "Ik ben afwezig tot en met vrijdag 27 november. Uw e-mail wordt niet automatisch doorgestuurd.",
        "",
        ("away", "2026-11-27", ()),
    ),
    (
        "Afwezig t/m 3 december",
        "Beste mailer, ik ben t/m 3 december niet bereikbaar. Met vragen kun je terecht bij Piet (piet@example.nl).",
        "",
        ("away", "2026-12-03", ("piet@example.nl",)),
    ),
    (
        "Office closed",
        "Thank you for your email. Our office is closed until 4 January. We will respond to your "
        "message on our return.",
        "",
        ("away", "2027-01-04", ()),
    ),
)
#: Titles of ours that mail systems use too, as automatic replies to them repeat them.
TITLES = (
    "Automatisch antwoord: Bezorging van de nieuwsbrief vertraagd",
    "Automatic reply: Delivery failed? A masterclass",
    "Automatische Antwort: Fehlerkultur: Einladung",
    "Réponse automatique : Mission impossible : invitation",
    "Auto: Retour de l'atelier",
    "Afwezig Re: Onbestelbaar? Zo komt uw post aan",
    "Out of office Re: Message rejected: how to say no",
)
#: What automatic replies say that bounces say too.
ABSENT = (
    "Ik ben afwezig t/m 3 december. Mail p.bakker@example.nl.",
    "I have left the company. Your message has not been delivered to my successor, contact dan@example.com.",
    "Ihre Nachricht wird nicht weitergeleitet. Bitte wenden Sie sich an: b.gross@example.com",
    "Your mail will not be read. Please send to the following address:\r\n\r\ninfo@example.com\r\n",
    "Dit adres bestaat niet meer. Gebruik jan@example.com",
    "Mijn mailbox is vol, ik ben met vakantie.",
)


def mail(subject: str, text: str, *fields: str) -> bytes:
    head = [*HEAD, f"Subject: {subject}", *filter(None, fields)]
    return "\r\n".join((*head, "Content-Type: text/plain; charset=utf-8", "", text)).encode()


@pytest.mark.parametrize("frame", ["", QUOTING], ids=["alone", "quoting"])
@pytest.mark.parametrize("text", LEAVES)
def test_who_only_wants_to_leave_is_taken_off(text: str, frame: str) -> None:
    verdict = classify(mail("Re: Uitnodiging", text + frame))
    assert (verdict.kind, bool(verdict.evidence)) == (Kind.UNSUBSCRIBE, True), verdict.rule


@pytest.mark.parametrize("frame", ["", SIGNED], ids=["alone", "signed"])
@pytest.mark.parametrize("text", SAYS_MORE)
def test_who_says_more_has_written_a_reply(text: str, frame: str) -> None:
    assert classify(mail("Re: Uitnodiging", text + frame)).kind is Kind.REPLY


@pytest.mark.parametrize(("subject", "text"), AUTOMATIC)
def test_what_a_machine_says_is_an_automatic_reply(subject: str, text: str) -> None:
    assert classify(mail(subject, text)).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(("subject", "text", "mark", "told"), TOLD)
def test_an_automatic_reply_tells_what_it_is_about_until_when_and_whom_to_write_to(
    subject: str, text: str, mark: str, told: tuple[str, str, tuple[str, ...]]
) -> None:
    verdict = classify(mail(subject, text, mark))
    assert (verdict.kind, (verdict.reason, verdict.until, verdict.instead)) == (Kind.AUTO_REPLY, told)


@pytest.mark.parametrize("subject", TITLES)
@pytest.mark.parametrize("text", ABSENT)
@pytest.mark.parametrize(
    "mark", [f"Return-Path: <>\r\n{EXCHANGE}", REPLIED, f"Return-Path: <>\r\n{REPLIED}", "X-Autoreply: yes"]
)
def test_no_title_of_ours_makes_a_bounce_of_an_automatic_reply(subject: str, text: str, mark: str) -> None:
    assert classify(mail(subject, text, mark)).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("frame", ["", SIGNED], ids=["alone", "signed"])
@pytest.mark.parametrize(("subject", "text"), HUMAN)
def test_what_a_person_says_is_a_reply(subject: str, text: str, frame: str) -> None:
    assert classify(mail(subject, text + frame)).kind is Kind.REPLY


@pytest.mark.parametrize(("subject", "text"), HUMAN)
@pytest.mark.parametrize(
    "mark",
    ["X-Auto-Response-Suppress: DR, OOF, AutoReply", "Auto-Submitted: no", "Precedence: bulk",
     "List-Id: <x.example.org>", "Resent-From: info@example.org\r\nAuto-Submitted: auto-generated",
     "Auto-Submitted: auto-forwarded"],
)  # fmt: skip
def test_no_field_that_people_have_too_drops_what_they_say(subject: str, text: str, mark: str) -> None:
    assert classify(mail(subject, text, mark)).kind in (Kind.REPLY, Kind.UNSURE)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Graag uitschrijven. Mijn collega Piet wil wel mail.", "Graag uitschrijven."),
        ("Please take me off the list and tell Marie.", "Please take me off the list and tell Marie."),
        ("Ik meld me af voor donderdag.", ""),
        ("Ik kom graag.", ""),
    ],
)
def test_the_sentence_that_asks_to_be_taken_off_is_found_beside_others(text: str, wish: str) -> None:
    assert wish_in(parse(mail("Re: Uitnodiging", text))) == wish
