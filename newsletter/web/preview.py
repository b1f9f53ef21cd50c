"""The windows: the preview for staff, on loopback.

In: a shelf of what can be previewed, and perhaps a way to send. Out: an application with pages, letters, and a stream
that says when to look again. Every route is a GET and changes nothing, but for one: what is looked at can be sent to
one's own address.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qs, quote

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from newsletter.compose.mailing import Mailing
from newsletter.errors import NewsletterError, NotFoundError
from newsletter.web import bench, render
from newsletter.web.choice import ALL, WIDTHS, Choice, Client, Images, Scheme, View
from newsletter.web.guard import HOSTS, SafeHeaders, letter_policy
from newsletter.web.items import Item, Kind, Trouble
from newsletter.web.render import Frame, Words
from newsletter.web.samples import Sample
from newsletter.web.shelf import Shelf
from newsletter.web.watch import EVERY, changes
from newsletter.web.words import words_for

ASSETS = {"preview.css": "text/css", "preview.js": "text/javascript"}
Form = Literal["html", "txt", "eml"]
#: Bytes of a form; an address and a token need far less.
_LONGEST_FORM = 4096
#: So many answers to what was sent are kept for the page that follows.
_ANSWERS = 20


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A way to send what is looked at to one address."""

    relay: str  #: where it goes: "mail.example.nl:587", or a folder
    is_folder: bool
    post: Callable[[Item, Mailing, str], Awaitable[str]]  #: raises NewsletterError where it was not taken


@dataclass(frozen=True, kw_only=True)
class _Server:
    """What the routes share."""

    shelf: Shelf
    posting: Posting | None
    token: str
    answers: dict[str, tuple[bool, str]]  #: by a key in the address: whether it was sent, and the sentence

    async def frame(self, words: Words, *, watch: str, seen: str, told: str = "") -> Frame:
        sent, sentence = self.answers.get(told, (True, ""))
        return Frame(
            words=words,
            around=await bench.around(self.shelf, words["language"]),
            watch=watch,
            seen=seen,
            relay=self.posting.relay if self.posting else "",
            is_folder=self.posting is not None and self.posting.is_folder,
            token=self.token,
            told=sentence if sent else "",
            failed="" if sent else sentence,
        )


def _words(accept_language: Annotated[str, Header()] = "") -> Words:
    return words_for(accept_language)


def _choice(
    view: View = View.LETTER,
    width: Annotated[int, Query()] = ALL,
    client: Client = Client.STANDARD,
    scheme: Scheme = Scheme.LIGHT,
    images: Images = Images.ON,
    person: str = "",
    event: str = "",
    theme: str = "",
    language: str = "",
    lists: bool = False,
    mark: int = -1,
) -> Choice:
    if width not in (ALL, *WIDTHS):
        raise HTTPException(404)
    return Choice(
        view=view,
        width=width,
        client=client,
        scheme=scheme,
        images=images,
        person=person,
        event=event,
        theme=theme,
        language=language,
        lists=lists,
        mark=mark,
    )


Spoken = Annotated[Words, Depends(_words)]
Chosen = Annotated[Choice, Depends(_choice)]


def create_app(
    shelf: Shelf,
    *,
    stopping: Callable[[], bool] = lambda: False,
    every: float = EVERY,
    posting: Posting | None = None,
) -> FastAPI:
    """The preview as an ASGI application.

    `stopping` ends the streams, which else would outlive the server; `every` is the seconds between two looks; without
    `posting` nothing can be sent.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await shelf.close()

    app = FastAPI(
        # No schema and no pages about it: these come from a CDN.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Whatever the environment says, what staff look at is told to nobody.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)
    app.add_middleware(SafeHeaders)
    server = _Server(shelf=shelf, posting=posting, token=secrets.token_urlsafe(32), answers={})
    _add_start(app, server)
    _add_stream(app, shelf, stopping, every)
    if posting is not None:
        _add_posting(app, server, posting)
    _add_items(app, server)
    _add_errors(app, shelf)
    return app


def _add_start(app: FastAPI, server: _Server) -> None:
    shelf = server.shelf

    @app.get("/")
    async def start(words: Spoken) -> HTMLResponse:
        seen = await shelf.fingerprint(None)
        frame = await server.frame(words, watch=_watch(None, "", ""), seen=seen)
        glances = {item.name: await shelf.glance(item) for item in frame.around.templates}
        return _page(render.start_page(frame, glances, folder=shelf.sources.folders[0].absolute()))

    @app.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        return Response(render.asset(name), media_type=ASSETS[name])


def _add_items(app: FastAPI, server: _Server) -> None:
    shelf, frame_script = server.shelf, render.asset("frame.js")
    framed = {"Content-Security-Policy": letter_policy(frame_script)}

    @app.get("/{kind}/{name:path}/letter.{form}")
    async def letter(kind: Kind, name: str, form: Form, choice: Chosen) -> Response:
        item = await shelf.find(kind, name)
        if form == "html":
            html = await bench.framed(shelf, item, choice)
            if isinstance(html, Trouble):
                return PlainTextResponse(html.sentence, status_code=422)
            return HTMLResponse(f"{html}<script>{frame_script}</script>", headers=framed)
        shown = await _addressed(shelf, item, choice)
        if isinstance(shown, Trouble):
            return PlainTextResponse(shown.sentence, status_code=422)
        if form == "txt":
            return PlainTextResponse(shown.text)
        saved_as = f"attachment; filename*=UTF-8''{quote(name.replace('/', '.'))}.eml"
        return Response(shown.letter, media_type="message/rfc822", headers={"Content-Disposition": saved_as})

    @app.get("/{kind}/{name:path}")
    async def item(kind: Kind, name: str, words: Spoken, choice: Chosen, told: str = "") -> HTMLResponse:
        seen = await shelf.fingerprint(kind, name, choice.event)
        found = await shelf.find(kind, name, words["language"])
        shown = await bench.bench(shelf, found, choice)
        frame = await server.frame(words, watch=_watch(kind, name, choice.event), seen=seen, told=told)
        return _page(render.item_page(frame, found, shown, choice))


async def _addressed(shelf: Shelf, item: Item, choice: Choice) -> Sample | Trouble:
    content = await shelf.content(item, choice.setting)
    if isinstance(content, Trouble):
        return content
    people = await bench.people_of(shelf, item, content, choice)
    return shelf.address(content.mailing, bench.chosen(people, choice))


def _add_posting(app: FastAPI, server: _Server, posting: Posting) -> None:
    shelf = server.shelf

    @app.post("/{kind}/{name:path}/send")
    async def send(request: Request, kind: Kind, name: str, words: Spoken, choice: Chosen) -> Response:
        """Send what is looked at to one address, and lead back to the page that says what came of it."""
        content = await request.body() if int(request.headers.get("content-length", "0")) <= _LONGEST_FORM else b""
        form = parse_qs(content.decode("utf-8", "replace"))
        item = await shelf.find(kind, name)
        if not _is_ours(request, form.get("token", [""])[0], server.token):
            answer = (False, words["stale"])
        else:
            answer = await _sent(shelf, posting, item, choice, form.get("address", [""])[0].strip(), words)
        key = secrets.token_hex(8)
        server.answers[key] = answer
        while len(server.answers) > _ANSWERS:
            server.answers.pop(next(iter(server.answers)))
        query = choice.query()
        place = f"/{kind}/{quote(name)}{query}{'&' if query else '?'}told={key}#send"
        return RedirectResponse(place, status_code=303)


async def _sent(
    shelf: Shelf, posting: Posting, item: Item, choice: Choice, address: str, words: Words
) -> tuple[bool, str]:
    shown = await shelf.content(item, choice.setting)
    if isinstance(shown, Trouble):
        return False, shown.sentence
    try:
        said = await posting.post(item, shown.mailing, address)
    except NewsletterError as error:
        return False, str(error)
    return True, f"{words['sent_to'].replace('{address}', address)} {said}".strip()


def _is_ours(request: Request, token: str, expected: str) -> bool:
    """Whether a form was filled in on a page of this very server."""
    origin = request.headers.get("origin", "")
    # A page under `Referrer-Policy: no-referrer` posts with the origin "null".
    own = origin in ("", "null", f"{request.url.scheme}://{request.url.netloc}")
    return own and secrets.compare_digest(token.encode(), expected.encode())


def _add_stream(app: FastAPI, shelf: Shelf, stopping: Callable[[], bool], every: float) -> None:
    @app.get("/changes")
    async def stream(
        seen: str,
        last_event_id: Annotated[str, Header()] = "",
        kind: Kind | None = None,
        name: str = "",
        event: str = "",
    ) -> StreamingResponse:
        """Server-sent events: one each time that the page should be fetched again."""

        async def look() -> str:
            return await shelf.fingerprint(kind, name, event)

        async def events() -> AsyncIterator[str]:
            yield "retry: 1000\n: watching\n\n"
            # A browser that comes back after the server was away says which event it had last.
            async for found in changes(look, last_event_id or seen, stopping=stopping, every=every):
                yield f"event: changed\nid: {found}\ndata: {found}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")


def _add_errors(app: FastAPI, shelf: Shelf) -> None:
    @app.exception_handler(NewsletterError)
    async def trouble(request: Request, error: Exception) -> HTMLResponse:
        """What cannot be found or read now may be there after the next save."""
        words = words_for(request.headers.get("accept-language", ""))
        kind, name = Kind(request.path_params["kind"]), request.path_params["name"]
        seen = await shelf.fingerprint(kind, name)
        page = render.lost_page(str(error), words=words, watch=_watch(kind, name, ""), seen=seen)
        return _page(page, status=404 if isinstance(error, NotFoundError) else 200)

    @app.exception_handler(404)
    @app.exception_handler(RequestValidationError)
    async def nothing(request: Request, _error: Exception) -> HTMLResponse:
        words = words_for(request.headers.get("accept-language", ""))
        return _page(render.lost_page(words["no_page"], words=words), status=404)


def _page(content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(content, status_code=status, headers={"Vary": "Accept-Language"})


def _watch(kind: Kind | None, name: str, event: str) -> str:
    """The address of the stream for a page, without what the page has seen."""
    return f"/changes?kind={kind}&name={quote(name)}&event={quote(event)}&seen=" if kind else "/changes?seen="
