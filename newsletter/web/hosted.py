"""The windows, shell: pictures of letters that are on this machine.

In: the folder of files that letters link to, and the address below which they will be served. Out: a picture by its
address, without asking anybody else.
"""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_TYPES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
_MOST: Final = 5_000_000  #: bytes


def picture(address: str, *, public_url: str, folder: Path | None) -> tuple[str, bytes] | None:
    """Media type and content of the picture at an address below `public_url`; None where it is not here."""
    if folder is None or not public_url or not address.startswith(f"{public_url}/"):
        return None
    path = unquote(urlsplit(address.removeprefix(public_url)).path).lstrip("/")
    file = folder / path
    media_type = _TYPES.get(file.suffix.lower())
    if media_type is None or not file.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        return (media_type, file.read_bytes()) if file.stat().st_size <= _MOST else None
    except OSError:
        return None
