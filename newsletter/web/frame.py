"""The windows: the html of a letter as it stands in its frame.

In: the html of one recipient's letter, and the choice of who looks. Out: the html that the chosen mail program would
show, with pictures from this machine alone.
"""

import base64
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from lxml import html as lxml_html

from newsletter.compose.mailing import Attachment
from newsletter.web import clients, word
from newsletter.web.choice import Choice, Client, Images, Scheme

#: Media type and content of a picture; None where it is not on this machine.
FindPicture = Callable[[str], tuple[str, bytes] | None]
#: Stands for a picture that is elsewhere: a hill and a sun, in the size that the picture has.
_ELSEWHERE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    '<rect width="100%" height="100%" fill="#8a93a0" fill-opacity=".28"/>'
    '<g transform="translate({x} {y}) scale({scale})" fill="#6b7480"><circle cx="10" cy="-7" r="4"/>'
    '<path d="M-20 12 L-7 -8 L3 6 L8 0 L20 12 Z"/></g></svg>'
)


def in_frame(html: str, choice: Choice, find: FindPicture) -> str:
    """The letter through the eyes of the chosen mail program."""
    dark = choice.scheme is Scheme.DARK
    shown = _seen(html, choice.client, dark=dark)
    return clients.without_images(shown) if choice.images is Images.OFF else with_pictures(shown, find)


def _seen(html: str, client: Client, *, dark: bool) -> str:
    match client:
        case Client.GMAIL:
            return clients.in_scheme(clients.gmail(html), dark=False)
        case Client.GMAIL_PLAIN:
            return clients.in_scheme(clients.gmail_no_style(html), dark=False)
        case Client.OUTLOOK:
            return clients.in_scheme(word.outlook_word(html), dark=False)
        case Client.OUTLOOK_COM:
            return clients.outlook_com(html, dark=dark)
        case Client.FORCED_DARK:
            return clients.forced_dark(html)
        case Client.STANDARD:
            return clients.in_scheme(html, dark=dark)


def has_dark(client: Client) -> bool:
    """Whether this program shows a letter otherwise in the dark, by what the letter says."""
    return client in (Client.STANDARD, Client.OUTLOOK_COM)


def with_pictures(html: str, find: FindPicture) -> str:
    """The html with each picture that `find` knows in it, and a quiet stand-in for every other."""
    root = lxml_html.document_fromstring(html)
    for image in root.iter("img"):
        image.attrib.pop("srcset", None)
        found = find(image.get("src", ""))
        if found:
            media_type, content = found
            image.set("src", f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}")
        else:
            image.set("src", stand_in(_size(image.get("width"), 640), _size(image.get("height"), 0)))
    written: str = lxml_html.tostring(root, encoding="unicode", method="html")
    return f"<!doctype html>\n{written}"


def stand_in(width: int, height: int = 0) -> str:
    """The address of a picture that stands for one that is not here; 9 to 16 where its height is not known."""
    height = height or round(width * 9 / 16)
    scale = max(min(width, height) / 100, 0.5)
    svg = _ELSEWHERE.format(width=width, height=height, x=width / 2, y=height / 2, scale=scale)
    return f"data:image/svg+xml,{quote(svg)}"


def among(attachments: Sequence[Attachment], find: FindPicture) -> FindPicture:
    """Pictures that go with the letter (`cid:`, RFC 2392), and those that `find` knows."""
    inline = {f"cid:{quote(file.cid, safe='@')}": file for file in attachments if file.cid}
    inline |= {f"cid:{file.cid}": file for file in attachments if file.cid}

    def found(address: str) -> tuple[str, bytes] | None:
        file = inline.get(address)
        return (file.media_type, file.content) if file else find(address)

    return found


def _size(value: str | None, other: int) -> int:
    digits = (value or "").removesuffix("px")
    return min(int(digits), 4000) if digits.isdigit() and int(digits) else other
