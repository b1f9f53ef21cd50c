"""Letters of all kinds, for properties: names in any script, nothing at all, conditions and loops, files and images."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.compose.calendar import calendar_file
from newsletter.compose.mailing import Attachment, Mailing, Recipient
from tests.world import NOW, event, mailing_content

CALENDAR = calendar_file(event(), stamp=NOW, domain="nieuwsbrief.example.nl")
INVITATION = calendar_file(event(), stamp=NOW, domain="nieuwsbrief.example.nl", method="REQUEST")
CANCELLATION = calendar_file(event(), stamp=NOW, domain="nieuwsbrief.example.nl", method="CANCEL", invites=True)
SCRIPTS = [
    *("Jan de Vries", "Zoë D’Angelo-’t Hooft, jr.", 'Henk "Hans" \\ (HRM)', "J. O'Brien & Zn. <x>", "a" * 90),
    *("محمد عبد الله", "דוד לוי", "Нина Иванова", "山田 太郎", "กานต์ ไพลิน", "அருண்", "Ἀλέξανδρος Παπαδόπουλος"),
    *("e\u0301a\u0308o\u0302" * 9, "👩\u200d👩\u200d👧\u200d👦 Jansen", "\u202bדוד\u202c (Jan)", "🇳🇱" * 20, "Ł" * 60),
    *(".punt", "..", "From hier", "=?utf-8?q?x?=", "[[ 7*7 ]]", "=3D", "100 %", "", " x", "x ", "x  y"),
]
NAMES = st.sampled_from(SCRIPTS) | st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=60)
#: What a list may hold beside a name goes into the body only, so it may have line ends and control characters.
ATTRIBUTES = st.sampled_from(
    [*SCRIPTS, "a\r", "\n.\n", "\r\n.\r\nMAIL FROM:<>", "\x00\x1b", "x" * 200 + "."]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=90)
PERSONAL = [
    "Beste [[ subscriber.name ]],",
    "[[ subscriber.functie | default('‹leeg› & “meer”', true) ]]",
    "[% if subscriber.functie is defined and subscriber.functie %]ja: [[ subscriber.functie ]][% else %].[% endif %]",
    "[% if subscriber.name %][% if not subscriber.plaats %].[% endif %][[ subscriber['plaats'] ]][% endif %]",
    "[[ subscriber.name or subscriber.plaats ]]",
    "[% for sign in subscriber.name %]([[ sign ]])\n[% endfor %]",
    "[% for word in subscriber.plaats.split() %][[ loop.index ]] [[ word | upper ]] [% endfor %]",
    "[% set greeting = 'Dag ' ~ subscriber.name %][[ greeting ]]",
    '<a title="[[ subscriber.name ]]" href="[[ links.unsubscribe ]]">Afmelden</a>',
]
FIXED = [
    *("\n", "\r\n", ".\n..\n.x\n", "From hier\n", "é" * 90, "x" * 200, "spatie \n", "\t", "= 100 % =3D\n", "[#krimp]"),
    "<p style='color:#123456'>‘coöperatie’</p>",
]
TEXTS = st.lists(st.sampled_from(FIXED + PERSONAL * 2), max_size=12).map("".join)
SUBJECTS = st.lists(
    st.sampled_from(
        ["Dag [[ subscriber.name ]]", "één – ", "[[ subscriber.plaats | d('.') ]]", "donderdag 13 juni, ", "x"]
    ),
    min_size=1,
    max_size=4,
).map("".join)
FILES = st.builds(
    Attachment,
    name=NAMES.map(lambda name: name.replace("/", "-")).filter(str.strip),
    media_type=st.sampled_from(["application/pdf", "text/csv", "image/png", "application/x-" + "y" * 60]),
    content=st.binary(max_size=300) | st.text(max_size=90).map(str.encode),
)


def second_stage(*, html: bool) -> ImmutableSandboxedEnvironment:
    """Jinja2 for `[[ … ]]` and `[% … %]`, set up without the product."""
    return ImmutableSandboxedEnvironment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="\x00[",
        comment_end_string="]\x00",
        undefined=StrictUndefined,
        autoescape=html,
        keep_trailing_newline=True,
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """A letter to one recipient."""

    mailing: Mailing
    recipient: Recipient

    def calendar(self) -> list[str]:
        """The lines of the recipient's calendar, unfolded."""
        name, address = " ".join(self.recipient.name.split()), self.recipient.address
        named = f';CN="{name.replace("^", "^^").replace(chr(34), chr(94) + chr(39))}"' if name else ""
        place = ';CN="[[ subscriber.name ]]":mailto:[[ subscriber.address ]]'
        lines = self.mailing.calendar.replace("\r\n ", "").split("\r\n")
        return [
            line.replace(place, f"{named}:mailto:{address}") if line.startswith("ATTENDEE;") else line for line in lines
        ]

    def plain(self) -> tuple[str, str, str]:
        """Subject, text and html as Jinja2 renders them, its line ends as \\n."""
        # The line ends of a value are its own: a CR at its end is not half of the template's next CRLF.
        known = {key: line_ends(value) for key, value in self.recipient.attributes.items()}
        person = {**known, "name": self.recipient.name, "address": self.recipient.address}
        values = {"subscriber": person, "links": {"unsubscribe": self.recipient.unsubscribe[0]}}
        subject, text, html = (
            second_stage(html=html).from_string(source).render(values)
            for source, html in ((self.mailing.subject, False), (self.mailing.text, False), (self.mailing.html, True))
        )
        return subject, line_ends(text), line_ends(html)


def line_ends(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    images = draw(st.lists(FILES, max_size=2))
    images = [replace(image, cid=f"beeld-{number}@example.nl") for number, image in enumerate(images)]
    shown = "".join(f'<img alt="" src="cid:{image.cid}">' for image in images)
    subject = draw(SUBJECTS)
    name = draw(NAMES)
    town = st.fixed_dictionaries({}, optional={"functie": ATTRIBUTES, "plaats": NAMES})
    return Case(
        mailing=replace(
            mailing_content(),
            subject=subject,
            text=draw(TEXTS),
            html=f"<!doctype html>\n{shown}{draw(TEXTS)}",
            calendar=draw(st.sampled_from(["", CALENDAR, INVITATION, CANCELLATION])),
            attachments=(*draw(st.lists(FILES, max_size=2)), *images),
        ),
        recipient=Recipient(
            id="#12",
            address=draw(
                st.sampled_from(["Zoe+nieuws@example.nl", "jan@xn--mnchen-3ya.example", "o'neill@example.nl"])
            ),
            name=name,
            attributes=draw(town),
            message_id="abc@nieuwsbrief.example.nl",
            unsubscribe=("https://nieuwsbrief.example.nl/u/token?a=1&b=2", "mailto:vragen@example.nl"),
            date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        ),
    )
