"""Stage 6: access tokens of OAuth 2, for mailboxes that take no passwords.

In: where they are had, and who we are there (RFC 6749 §4.4 and §6). Out: a token that still holds for a while. No
secret, no token and nothing that a server said in free text gets into a sentence.
"""

import asyncio
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import IO, Any, Final

from newsletter.errors import InboundError
from newsletter.settings import Imap

#: A token is asked for anew so many seconds before it ends.
MARGIN: Final = 60
#: Seconds that a token holds where the server does not say (RFC 6749 §5.1 only recommends that it does).
USUAL: Final = 600
LONGEST: Final = 100_000
#: RFC 6749 §5.2 and its relatives: one word.
_WORD = re.compile(r"[a-z_]{3,40}")


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    ends_at: float  #: on the clock that counts seconds


class Tokens:
    """Fetches tokens of one account; `clock` counts seconds and never goes back."""

    def __init__(self, settings: Imap, *, group: str, clock: Callable[[], float]) -> None:
        self._settings, self._group, self._clock = settings, group, clock
        self._refresh = settings.refresh_token.get_secret_value()
        self._token: Token | None = None

    async def get(self) -> str:
        """A token that holds for at least a minute.

        Raises:
            InboundError: the server gives none.
        """
        if self._token is None or self._token.ends_at - MARGIN <= self._clock():
            asked_at = self._clock()
            said = await asyncio.to_thread(self._ask)
            self._token = Token(str(said["access_token"]), asked_at + _seconds(said.get("expires_in")))
            # It may be another now, and the one before may hold no longer (RFC 6749 §6).
            self._refresh = str(said.get("refresh_token") or self._refresh)
        return self._token.text

    def forget(self) -> None:
        """The mail server did not take it."""
        self._token = None

    def _ask(self) -> dict[str, Any]:
        settings = self._settings
        if not settings.token_url.startswith("https://"):
            raise InboundError(f"secrets would travel in clear; NEWSLETTER_{self._group}__TOKEN_URL must be https://")
        where = urllib.parse.urlsplit(settings.token_url).hostname or "the token server"
        try:
            body = urllib.parse.urlencode(self._form()).encode("ascii")
            request = urllib.request.Request(settings.token_url, body, {"Accept": "application/json"})  # noqa: S310
            with self._opener().open(request, timeout=settings.timeout) as answer:
                said = json.loads(answer.read(LONGEST))
        except urllib.error.HTTPError as error:
            with error:
                raise InboundError(self._refused(where, error.code, _word(error))) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            kind = "it gave no certificate that we trust" if isinstance(reason, ssl.SSLError) else type(reason).__name__
            raise InboundError(f"no access token can be had at {where}: {kind}") from None
        if not isinstance(said, dict) or not _is_token(said.get("access_token")):
            raise InboundError(f"no access token can be had at {where}: its answer holds none")
        return said

    def _form(self) -> dict[str, str]:
        settings = self._settings
        form = {"client_id": settings.client_id, "scope": settings.scope}
        form["grant_type"] = "refresh_token" if self._refresh else "client_credentials"
        if self._refresh:
            form["refresh_token"] = self._refresh
        if secret := settings.client_secret.get_secret_value():
            form["client_secret"] = secret
        return {name: value for name, value in form.items() if value}

    def _opener(self) -> urllib.request.OpenerDirector:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._settings.ca_file is not None:
            context.load_verify_locations(self._settings.ca_file)
        return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirects())

    def _refused(self, where: str, code: int, word: str) -> str:
        said = f"{code} {word}".strip()
        if word == "invalid_grant":
            return (
                f"{where} takes our OAuth 2 token no longer ({said}); sign in again and set "
                f"NEWSLETTER_{self._group}__REFRESH_TOKEN"
            )
        return f"{where} gives no access token ({said}); check the OAuth 2 settings NEWSLETTER_{self._group}__…"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Secrets go where the setting says, and nowhere else."""

    def redirect_request(
        self, _req: urllib.request.Request, _fp: IO[bytes], _code: int, _msg: str, _headers: Message, _newurl: str
    ) -> None:
        return None


def _word(error: urllib.error.HTTPError) -> str:
    """The error code of RFC 6749 §5.2, if it is one word."""
    try:
        said = json.loads(error.read(LONGEST))
    except (OSError, ValueError):
        return ""
    word = said.get("error") if isinstance(said, dict) else ""
    return word if isinstance(word, str) and _WORD.fullmatch(word) else ""


def _is_token(text: object) -> bool:
    # It becomes part of a line (RFC 6750 §2.1).
    return isinstance(text, str) and 0 < len(text) < LONGEST and text.isascii() and text.isprintable()


def _seconds(value: object) -> float:
    try:
        return max(float(str(value)), 0.0)
    except ValueError:
        return USUAL
