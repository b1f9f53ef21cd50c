"""The windows: their words, in Dutch and in English.

In: what the browser says that its user reads. Out: a table of words; Dutch where nothing else is asked for.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from newsletter.compose.wording import clock, date_long

DUTCH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "language": "nl",
        "product": "Voorbeeldweergave",
        "skip": "Naar de inhoud",
        "all": "Alle voorbeelden",
        "start_title": "Voorbeelden",
        "start_lead": "Zo komen uw brieven aan. Er wordt niets verstuurd; wie in de aanhef staat, is verzonnen.",
        "start_live": "Bewaar een bestand in de map {folder}, en u ziet het hier meteen.",
        "templates": "Sjablonen",
        "templates_lead": "Met het voorbeeld {event}.",
        "no_templates": "Er zijn nog geen sjablonen. Zo’n map bevat subject.txt, letter.html en letter.txt.",
        "template": "Sjabloon",
        "mailings": "Mailings",
        "no_mailings": "In deze map staan nog geen mailings. Ze komen mee met een evenement: newsletter event import.",
        "mailing": "Mailing",
        "due": "gepland op {moment}",
        "no_due": "nog geen datum",
        "frozen": "Dit is de inhoud die is verstuurd; die verandert niet meer.",
        "fresh": "Dit is de brief zoals hij nu zou zijn.",
        "state_draft": "Nog niet bevestigd",
        "state_scheduled": "Ingepland",
        "state_held": "Vastgehouden",
        "state_sending": "Wordt verstuurd",
        "state_sent": "Verstuurd",
        "state_missed": "Niet op tijd",
        "state_cancelled": "Geannuleerd",
        "from": "Van",
        "to": "Aan",
        "reply": "Antwoord naar",
        "size": "Grootte",
        "sizes": "html {html} kB, tekst {plain} kB, hele bericht {letter} kB",
        "views": "Weergave",
        "view_letter": "Brief",
        "view_text": "Platte tekst",
        "view_source": "HTML-bron",
        "view_message": "Hele bericht",
        "width": "Breedte",
        "frame": "De brief, {width} pixels breed",
        "images": "Afbeeldingen van internet worden hier niet geladen; u ziet hun omschrijving.",
        "headers": "Kopregels",
        "raw": "Zoals het de deur uit gaat",
        "download": "Bewaar als .eml",
        "alone": "Open de brief apart",
        "lacking": "Niemand op de lijsten van deze mailing heeft: {names}. Voeg die kolom toe aan een lijst, of haal "
        "haar uit de brief.",
        "trouble": "Deze brief kan nog niet worden gemaakt",
        "store_trouble": "De mailings kunnen niet worden gelezen",
        "trouble_next": "Verbeter het bestand en bewaar het; deze pagina ververst vanzelf.",
        "not_found": "Dit voorbeeld is er niet",
        "no_page": "Op dit adres staat niets.",
        "live": "Kijkt mee",
        "refreshed": "Ververst om {time}",
        "lost": "Geen verbinding; start newsletter preview opnieuw",
        "link": "Deze link gaat naar {address}",
    }
)

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "language": "en",
        "product": "Preview",
        "skip": "Skip to the content",
        "all": "All previews",
        "start_title": "Previews",
        "start_lead": "This is how your letters arrive. Nothing is sent; whom they greet is made up.",
        "start_live": "Save a file in the folder {folder}, and you see it here at once.",
        "templates": "Templates",
        "templates_lead": "With the sample event {event}.",
        "no_templates": "There are no templates yet. One is a folder with subject.txt, letter.html and letter.txt.",
        "template": "Template",
        "mailings": "Mailings",
        "no_mailings": "This folder has no mailings yet. They come with an event: newsletter event import.",
        "mailing": "Mailing",
        "due": "due on {moment}",
        "no_due": "no date yet",
        "frozen": "This is the content that was sent; it no longer changes.",
        "fresh": "This is the letter as it would be now.",
        "state_draft": "Not confirmed yet",
        "state_scheduled": "Scheduled",
        "state_held": "On hold",
        "state_sending": "Being sent",
        "state_sent": "Sent",
        "state_missed": "Missed",
        "state_cancelled": "Cancelled",
        "from": "From",
        "to": "To",
        "reply": "Reply to",
        "size": "Size",
        "sizes": "html {html} kB, text {plain} kB, whole message {letter} kB",
        "views": "View",
        "view_letter": "Letter",
        "view_text": "Plain text",
        "view_source": "HTML source",
        "view_message": "Whole message",
        "width": "Width",
        "frame": "The letter, {width} pixels wide",
        "images": "Images from the internet are not loaded here; you see their descriptions.",
        "headers": "Headers",
        "raw": "As it leaves",
        "download": "Save as .eml",
        "alone": "Open the letter by itself",
        "lacking": "Nobody on the lists of this mailing has: {names}. Add that column to a list, or take it out of the "
        "letter.",
        "trouble": "This letter cannot be made yet",
        "store_trouble": "The mailings cannot be read",
        "trouble_next": "Mend the file and save it; this page refreshes by itself.",
        "not_found": "There is no such preview",
        "no_page": "There is nothing at this address.",
        "live": "Watching",
        "refreshed": "Refreshed at {time}",
        "lost": "No connection; start newsletter preview again",
        "link": "This link goes to {address}",
    }
)


def words_for(accept_language: str) -> Mapping[str, str]:
    """The words in the language that an Accept-Language header prefers (RFC 9110 §12.5.4)."""
    wanted = [item.partition(";") for item in accept_language.lower().split(",")]
    # `sorted` keeps the order of equals, so of two languages that are liked as much the first one counts.
    for tag, _, parameter in sorted(wanted, key=lambda item: -_quality(item[2])):
        if _quality(parameter) > 0:
            match tag.strip().partition("-")[0]:
                case "nl":
                    return DUTCH
                case "en":
                    return ENGLISH
    return DUTCH


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def moment(at: datetime, language: str) -> str:
    """A wall-clock time for people: "donderdag 13 juni 2019, 12.00 uur"."""
    return f"{date_long(at, language)}, {clock(at, language)}" + (" uur" if language == "nl" else "")
