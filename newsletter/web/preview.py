"""The windows: the preview for staff, on loopback.

In: a shelf of what can be previewed. Out: an application with pages, letters, and a stream that says when to look
again. Every route is a GET, and none changes anything.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from newsletter.errors import NewsletterError, NotFoundError
from newsletter.web import render
from newsletter.web.guard import HOSTS, SafeHeaders, letter_policy
from newsletter.web.render import View, Words
from newsletter.web.samples import Sample
from newsletter.web.shelf import Kind, Shelf
from newsletter.web.watch import EVERY, changes
from newsletter.web.words import words_for

ASSETS = {"preview.css": "text/css", "preview.js": "text/javascript"}
Form = Literal["html", "txt", "eml"]


def _words(accept_language: Annotated[str, Header()] = "") -> Words:
    return words_for(accept_language)


Spoken = Annotated[Words, Depends(_words)]


def create_app(shelf: Shelf, *, stopping: Callable[[], bool] = lambda: False, every: float = EVERY) -> FastAPI:
    """The preview as an ASGI application.

    `stopping` ends the streams, which else would outlive the server; `every` is the seconds between two looks.
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
    _add_start(app, shelf)
    _add_stream(app, shelf, stopping, every)
    _add_items(app, shelf)
    _add_errors(app, shelf)
    return app


def _add_start(app: FastAPI, shelf: Shelf) -> None:
    @app.get("/")
    async def start(words: Spoken) -> HTMLResponse:
        seen = await shelf.fingerprint(None)
        templates = [(item, await shelf.show(item)) for item in shelf.templates()]
        return _page(
            render.start_page(
                templates,
                await shelf.stored(),
                words=words,
                watch=_watch(None, ""),
                seen=seen,
                folder=shelf.folders[0].absolute(),
                event=shelf.sample_title(),
            )
        )

    @app.get("/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise HTTPException(404)
        return Response(render.asset(name), media_type=ASSETS[name])


def _add_items(app: FastAPI, shelf: Shelf) -> None:
    frame_script = render.asset("frame.js")
    framed = {"Content-Security-Policy": letter_policy(frame_script)}

    @app.get("/{kind}/{name:path}/letter.{form}")
    async def letter(kind: Kind, name: str, form: Form) -> Response:
        shown = await shelf.show(await shelf.find(kind, name))
        if not isinstance(shown, Sample):
            return PlainTextResponse(shown.sentence, status_code=422)
        if form == "html":
            return HTMLResponse(f"{shown.html}<script>{frame_script}</script>", headers=framed)
        if form == "txt":
            return PlainTextResponse(shown.text)
        saved_as = f"attachment; filename*=UTF-8''{quote(name.replace('/', '.'))}.eml"
        return Response(shown.letter, media_type="message/rfc822", headers={"Content-Disposition": saved_as})

    @app.get("/{kind}/{name:path}")
    async def item(
        kind: Kind,
        name: str,
        words: Spoken,
        view: View = View.LETTER,
        width: Annotated[int, Query(ge=min(render.WIDTHS), le=max(render.WIDTHS))] = max(render.WIDTHS),
    ) -> HTMLResponse:
        seen = await shelf.fingerprint(kind, name)
        found = await shelf.find(kind, name)
        shown = await shelf.show(found)
        lacking = await shelf.lacking(found, shown) if isinstance(shown, Sample) else ()
        watch = _watch(kind, name)
        return _page(
            render.item_page(found, shown, view=view, width=width, words=words, watch=watch, seen=seen, lacking=lacking)
        )


def _add_stream(app: FastAPI, shelf: Shelf, stopping: Callable[[], bool], every: float) -> None:
    @app.get("/changes")
    async def stream(
        seen: str, last_event_id: Annotated[str, Header()] = "", kind: Kind | None = None, name: str = ""
    ) -> StreamingResponse:
        """Server-sent events: one each time that the page should be fetched again."""

        async def look() -> str:
            return await shelf.fingerprint(kind, name)

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
        page = render.lost_page(str(error), words=words, watch=_watch(kind, name), seen=seen)
        return _page(page, status=404 if isinstance(error, NotFoundError) else 200)

    @app.exception_handler(404)
    @app.exception_handler(RequestValidationError)
    async def nothing(request: Request, _error: Exception) -> HTMLResponse:
        words = words_for(request.headers.get("accept-language", ""))
        return _page(render.lost_page(words["no_page"], words=words), status=404)


def _page(content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(content, status_code=status, headers={"Vary": "Accept-Language"})


def _watch(kind: Kind | None, name: str) -> str:
    """The address of the stream for a page, without what the page has seen."""
    return f"/changes?kind={kind}&name={quote(name)}&seen=" if kind else "/changes?seen="
