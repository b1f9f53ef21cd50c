"""An event of one list with three mailings: a personal invitation, a reminder, and one to those who accepted."""

from collections.abc import Mapping
from datetime import date, timedelta

from tests.e2e.conftest import Folder

EVENT = "groene-wijken"
INVITATION, REMINDER, PRACTICAL = f"{EVENT}/uitnodiging", f"{EVENT}/herinnering", f"{EVENT}/praktisch"
CONTACT = "kennisdagen@example.nl"
PUBLIC_URL = "https://nieuwsbrief.example.nl"
DOCUMENT = """---
event: groene-wijken
title: Groene wijken
audience: beleidsmedewerkers van gemeenten
start: {day} 13:00
end: 16:30
registration: https://www.example.nl/aanmelden
venue:
  name: Muziekgebouw
  address: Vredenburg 40
  city: Utrecht
programme:
  - plenary: Welkom
    at: 13:00-16:30
series:
  slug: kennisdagen
  name: Kennisdagen
  contact: kennisdagen@example.nl
  from:
    name: Kennisdagen
    address: kennisdagen@nieuwsbrief.example.nl
  language: nl
  timezone: Europe/Amsterdam
  lists: [gemeenten]
  organisation: Gemeente Voorbeeld
  plan:
    - mailing: uitnodiging
      template: announcement
      when: 6 weeks before start at 09:00
      invite: yes
    - mailing: herinnering
      template: reminder
      when: 2 weeks before start at 09:00
    - mailing: praktisch
      template: practical
      when: 3 working days before start at 09:00
      to: accepted
---

# Aankondiging

Hoe maakt u een wijk groen, ook als er weinig ruimte is? Collega’s van vijf gemeenten vertellen wat bij hen werkte.

# Praktisch

Het Muziekgebouw ligt op vijf minuten lopen van het station. Meld u bij de balie; de koffie staat klaar vanaf half een.
"""


def prepare(folder: Folder, people: Mapping[str, str]) -> None:
    """Bring in the people, by address, and the event."""
    rows = "".join(f"{address};{name};Gemeente Voorbeeld\n" for address, name in people.items())
    (folder.path / "gemeenten.csv").write_text("e-mail;naam;organisatie\n" + rows, encoding="utf-8")
    day = date.today() + timedelta(weeks=8)
    (folder.path / "groene-wijken.md").write_text(DOCUMENT.format(day=day), encoding="utf-8")
    folder.run("recipients", "import", "gemeenten.csv")
    folder.run("event", "import", "groene-wijken.md")
