"""Stage 3, shell: the folder whose files letters link to.

In: a path such as `p/<hash>-1280.jpg` and its content. Out: the file, whole or not there at all, and its address below
the public URL. Pictures are named by their content and never change; a calendar file keeps its name and follows its
event (`e/<series>/<event>.ics`), as people have its address in their letters.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from newsletter.errors import StoreError

_NAME: Final = r"[a-z0-9][a-z0-9-]*"
_PATH: Final = re.compile(rf"(?:{_NAME}/)*{_NAME}(?:\.{_NAME})?")


class Hosting:
    """Files below a public URL; an empty URL means that nobody serves them."""

    def __init__(self, folder: Path, public_url: str = "") -> None:
        self.folder, self.public_url = folder, public_url.rstrip("/")

    def put(self, path: str, content: bytes) -> str:
        """Store a file, in place of one that is there, and tell its absolute address; "" where nobody serves it.

        Raises:
            StoreError: the folder cannot be written.
        """
        target = self._at(path)
        if self.read(path) != content:
            _write(target, content)
        return self.address(path)

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none.

        Raises:
            StoreError: it is there and cannot be read.
        """
        target = self._at(path)
        try:
            return target.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{target} cannot be read: {error.strerror}; mend its permissions") from error

    def has(self, path: str) -> bool:
        return self._at(path).is_file()

    def address(self, path: str) -> str:
        """The absolute address of a file, whether it is there or not; "" where nobody serves it."""
        return f"{self.public_url}/{path}" if self.public_url else ""

    def path_of(self, address: str) -> str | None:
        """What `put` was given for this address; None for every other address."""
        path = address.removeprefix(f"{self.public_url}/")
        return path if self.public_url and path != address and _PATH.fullmatch(path) else None

    def _at(self, path: str) -> Path:
        if not _PATH.fullmatch(path):
            raise ValueError(f"“{path}” is no path of a hosted file")
        return self.folder / path


def _write(target: Path, content: bytes) -> None:
    """Whole or not at all: a web server may read at the same moment, and a machine may stop."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with fresh.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}; mend its folder, or set another") from error
