"""The windows on the street: the public pages, for who gets mail from us.

In: the store, the key that signs links, and the folder of files that letters link to. Out: an application that knows
nobody: no login, no cookies, no script, no log. Whoever holds the link of a letter may end the mails of its list, or
all, and take that back. Looking changes nothing, however often (scanners of mail open every link); a POST acts at once
and without asking back, as mail programs do it for their users (RFC 8058 §3.2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Scope

from newsletter.app import clock as real_clock
from newsletter.errors import NotFoundError, StoreError, TemplateError
from newsletter.events.event import Series
from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.outbox.sending import Clock
from newsletter.store import events
from newsletter.store.database import Database
from newsletter.subscribers import objection
from newsletter.subscribers.links import read_token
from newsletter.subscribers.objection import OBJECTION, ListStanding
from newsletter.web.public_files import hosted
from newsletter.web.public_guard import Guard, read_form, visitor
from newsletter.web.public_limit import Limit
from newsletter.web.public_pages import LANGUAGES, Sheet, State, Theme, render, shipped_theme
from newsletter.web.words import words_for

#: Wrong links that one visitor may try in an hour. Nobody guesses 112 bits, so this only keeps a flood from filling
#: the machine; it is far above what a scanner that garbles links does. Right links are never counted: mail providers
#: unsubscribe all their users from a few addresses.
WRONG_AN_HOUR: Final = 15_000
#: Times that one person may come back in an hour; leaving is never limited, and doing it twice writes nothing.
BACK_AN_HOUR: Final = 20
_HOUR: Final = 3600.0
#: The ids of a test letter's link (see outbox.trial).
NOBODY: Final = (0, 0)
_LARGEST_ID: Final = 2**63 - 1
_LONGEST_TOKEN: Final = 200
_PAGES: Final = ("GET", "HEAD", "POST")
_FILES: Final = ("GET", "HEAD")

ThemeOf = Callable[[Sequence[tuple[str, str]]], Theme]


def ignore(_sentence: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class _Street:
    """What the routes share."""

    database: Database
    secret: bytes
    language: str
    contact: str
    theme_of: ThemeOf
    clock: Clock
    wrong: Limit  #: by visitor
    back: Limit  #: by subscriber
    kept: dict[tuple[State, str], tuple[str, str]] = field(default_factory=dict)  #: pages that are about nobody's mails

    def plain(self, scope: Scope, state: State, status: int) -> HTMLResponse:
        """A page that is about nobody's mails."""
        request = Request(scope)
        accepted = request.headers.get("accept-language", "")
        language = self.asked(request, words_for(accepted)["language"] if accepted else self.language)
        if (state, language) not in self.kept:
            sheet = Sheet(state=state, language=language, theme=self.theme(None), contact=self.contact)
            self.kept[state, language] = render(sheet)
        return _answer(*self.kept[state, language], language=language, status=status)

    def asked(self, request: Request, other: str) -> str:
        """The language of a page: the one that is asked for, or the other."""
        asked = request.query_params.get("taal", "")
        return next((one for one in (asked, other, self.language) if one in LANGUAGES), LANGUAGES[0])

    def theme(self, of: Series | None) -> Theme:
        """The look of a series; a theme that cannot be read keeps nobody from leaving."""
        try:
            return self.theme_of(of.theme if of else ())
        except TemplateError:
            return shipped_theme()


def create_public(
    database: Database,
    *,
    secret: bytes,
    public: Path,
    language: str = "nl",
    contact: str = "",
    theme_of: ThemeOf | None = None,
    wrong_an_hour: int = WRONG_AN_HOUR,
    clock: Clock = real_clock,
    say: Callable[[str], None] = ignore,
) -> FastAPI:
    """The public pages as an ASGI application.

    Args:
        database: an open store.
        secret: the key of the store, which signs links.
        public: the folder of files that letters link to.
        language: of a page that is about no series.
        contact: mailbox for who has come to such a page; pages about a series name its own.
        theme_of: the tokens of a theme for what a series says of its own (`Templates.theme`); as it is shipped without.
        wrong_an_hour: links that one visitor may get wrong.
        say: is told when a page failed, without anything of the request.
    """
    street = _Street(
        database=database,
        secret=secret,
        language=language,
        contact=contact,
        theme_of=theme_of or shipped_theme,
        clock=clock,
        wrong=Limit(wrong_an_hour, _HOUR),
        back=Limit(BACK_AN_HOUR, _HOUR),
    )
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,
    )
    app.add_middleware(Guard, failed=_failed(street), say=say)
    _add_leaving(app, street)
    _add_files(app, public)
    _add_health(app, street)
    _add_errors(app, street)
    return app


def _add_leaving(app: FastAPI, street: _Street) -> None:
    @app.api_route("/u/{token}", methods=list(_PAGES))
    async def leaving(request: Request, token: str) -> Response:
        """GET shows, POST acts."""
        form = await read_form(request) if request.method == "POST" else None
        ids = _read(street.secret, token)
        if ids is None:
            return _wrong(street, request)
        if ids == NOBODY:
            return street.plain(request.scope, State.TEST, 200)
        return await _person(street, request, ids, form)


def _read(secret: bytes, token: str) -> tuple[int, int] | None:
    """The ids of a link that we made to be unsubscribed by."""
    ids = read_token(secret, UNSUBSCRIBE, token) if len(token) <= _LONGEST_TOKEN else None
    if ids is None or len(ids) != 2 or max(ids) > _LARGEST_ID:
        return None
    return ids[0], ids[1]


def _wrong(street: _Street, request: Request) -> Response:
    """To every wrong link the same answer, whatever is wrong with it."""
    if not street.wrong.allows(visitor(request.scope), street.clock().timestamp()):
        return _later(street.plain(request.scope, State.OFTEN, 429))
    return street.plain(request.scope, State.LOST, 404)


async def _person(street: _Street, request: Request, ids: tuple[int, int], form: Mapping[str, str] | None) -> Response:
    returned = False
    if form is not None:
        match form.get("doen", ""):
            case "" | "lijst" | "alles" as what:
                await _leave(street, ids, everywhere=what == "alles", one_click="List-Unsubscribe" in form)
            case "terug":
                if not street.back.allows(str(ids[0]), street.clock().timestamp()):
                    return _later(street.plain(request.scope, State.OFTEN, 429))
                await _come_back(street, ids)
                returned = True
            case _:
                return street.plain(request.scope, State.UNCLEAR, 400)
    standing = await objection.standing_by_ids(street.database, *ids)
    if standing is None:
        return _wrong(street, request)
    sheet = await _sheet(street, request, standing, returned=returned)
    return _answer(*render(sheet), language=sheet.language)


async def _leave(street: _Street, ids: tuple[int, int], *, everywhere: bool, one_click: bool) -> None:
    how = "by one click in a mail program" if one_click else "on the unsubscribe page"
    try:
        await objection.leave(street.database, *ids, everywhere=everywhere, how=how, now=street.clock())
    except NotFoundError as error:
        raise HTTPException(404) from error


async def _come_back(street: _Street, ids: tuple[int, int]) -> None:
    """Who left a list, and then all, took two steps; they mean to be on this list again."""
    if await objection.rejoin(street.database, *ids, now=street.clock()):
        standing = await objection.standing_by_ids(street.database, *ids)
        if standing is not None and standing.can_rejoin:
            await objection.rejoin(street.database, *ids, now=street.clock())


async def _sheet(street: _Street, request: Request, standing: ListStanding, *, returned: bool) -> Sheet:
    async with street.database.read() as tx:
        every = await events.all_series(tx)
    about = [one for one in every if standing.list in lists_of(one)]
    first = about[0] if about else None
    elsewhere = {slug for one in about for slug in lists_of(one)} - {standing.list}
    return Sheet(
        state=state_of(standing, returned=returned),
        language=street.asked(request, first.language if first else street.language),
        theme=street.theme(first),
        names=[one.name for one in about] or [standing.list],
        organisation=first.organisation if first else "",
        contact=first.contact if first else street.contact,
        everywhere=(standing.suppressed or "").startswith(OBJECTION),
        also=bool(elsewhere.intersection(standing.on)),
        can_rejoin=standing.can_rejoin,
    )


def lists_of(one: Series) -> frozenset[str]:
    """Every list that a series, or a mailing of its plan, goes to."""
    return frozenset(one.lists).union(*(planned.lists for planned in one.plan))


def state_of(standing: ListStanding, *, returned: bool) -> State:
    """Which page somebody sees; `returned` where they have just asked for the mails again."""
    if standing.is_on:
        return State.BACK if returned else State.ASK
    if standing.suppressed is not None and not standing.suppressed.startswith(OBJECTION):
        return State.BLOCKED
    return State.LEFT


def _add_files(app: FastAPI, public: Path) -> None:
    async def file(request: Request) -> Response:
        # As it was asked for: the pattern of a route overlooks a line break at its end.
        found = await to_thread.run_sync(hosted, public, request.scope["path"].removeprefix("/"), request.headers)
        if found is None:
            raise HTTPException(404)
        return found

    for folder in ("p", "e"):
        app.api_route(f"/{folder}/{{path:path}}", methods=list(_FILES))(file)


def _add_health(app: FastAPI, street: _Street) -> None:
    @app.api_route("/healthz", methods=list(_FILES))
    async def health() -> Response:
        """For the web server in front, and for who watches: the store answers."""
        try:
            await objection.standing_by_ids(street.database, *NOBODY)
        except StoreError:
            return PlainTextResponse("the store cannot be used now\n", status_code=503)
        return PlainTextResponse("ok\n")


def _add_errors(app: FastAPI, street: _Street) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        match status:
            case 404:
                return street.plain(request.scope, State.LOST, 404)
            case 405:
                is_page = request.url.path.startswith("/u/")
                allowed = ", ".join(_PAGES if is_page else _FILES)
                return PlainTextResponse("not here\n", status_code=405, headers={"Allow": allowed})
            case _:
                return PlainTextResponse("this was not read\n", status_code=status)

    @app.exception_handler(StoreError)
    async def late(request: Request, _error: Exception) -> Response:
        return _later(street.plain(request.scope, State.LATE, 503))


def _failed(street: _Street) -> Callable[[Scope], ASGIApp]:
    """A page of which nothing can fail again."""
    language = street.language if street.language in LANGUAGES else LANGUAGES[0]
    page = render(Sheet(state=State.LATE, language=language, theme=shipped_theme()))
    return lambda _scope: _answer(*page, language=language, status=500)


def _answer(html: str, policy: str, *, language: str, status: int = 200) -> HTMLResponse:
    headers = {"Content-Security-Policy": policy, "Content-Language": language}
    return HTMLResponse(html, status_code=status, headers=headers)


def _later(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["Retry-After"] = "120"
    return answer
