"""Chromium for the tests, driven through its DevTools pipe: one browser, one page, and no network.

In: the html of a letter. Out: what a script finds in the page as it is laid out, or a picture of it.
Whatever the page asks for is answered here: the letter itself, pictures drawn on the spot, and nothing else.
"""

import base64
import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.look.pictures import drawn

#: Where the letter stands; a secure origin, as the web mail programs have.
ADDRESS = "https://letter.example/"
#: Seconds; a page of ours takes some tens of milliseconds.
PATIENCE = 60
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)


class BrowserError(Exception):
    """The browser did not do what it was asked, or not in time."""


class Browser:
    """A running Chromium with one page. Use it as a context manager: it ends with the block."""

    def __init__(self, program: str, profile: Path) -> None:
        """Start it; `profile` is an empty folder for what it wants to keep."""
        here_in, there_out = os.pipe()
        there_in, here_out = os.pipe()
        # Chromium reads on descriptor 3 and writes on 4; away from both, so that the shell can put them there.
        handed = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (there_in, there_out)]
        starter = ["bash", "-c", f'exec "$0" "$@" 3<&{handed[0]} 4>&{handed[1]}', program]
        self._process = subprocess.Popen(
            [*starter, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=handed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (there_in, there_out, *handed):
            os.close(end)
        self._in, self._out = here_in, here_out
        self._buffer = bytearray()
        self._number = 0
        self._session = ""
        self._html, self._pictures = "", True
        self._given = self._loaded = False
        self.asked: list[str] = []  #: addresses that the letter on show asked for, its own left out
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser; all its processes end with it."""
        os.close(self._out)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def show(self, html: str, *, pictures: bool = True) -> None:
        """Open a letter; without `pictures` every image fails, as where a mail program blocks them."""
        self._html, self._pictures = html, pictures
        self._given = self._loaded = False
        self.asked.clear()
        self.send("Page.navigate", url=ADDRESS)
        while not self._loaded:
            self._next()

    def look(self, *, width: int, dark: bool = False, height: int = 800, sharp: int = 1) -> None:
        """How large the window is, in CSS pixels of `sharp` dots each, and which colours the reader prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": sharp}
        self.send("Emulation.setDeviceMetricsOverride", mobile=False, **size)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def run(self, script: str, *arguments: object) -> Any:
        """What a JavaScript function returns for these arguments; a promise is awaited."""
        called = f"({script})({', '.join(json.dumps(one) for one in arguments)})"
        answer = self.send("Runtime.evaluate", expression=called, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:1000])
        return answer["result"].get("value")

    def load_script(self, source: str) -> None:
        """Run a script in the page, for what it defines."""
        answer = self.send("Runtime.evaluate", expression=f"{source}\n;0")
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:1000])

    def picture(self, **form: object) -> bytes:
        """What the window shows, a PNG unless `format` says otherwise."""
        answer = self.send("Page.captureScreenshot", **form)
        return base64.b64decode(answer["data"])

    def send(self, method: str, **params: object) -> Any:
        """A command of the DevTools protocol, and its answer.

        Raises:
            BrowserError: it was refused, or there is no answer.
        """
        number = self._write(method, params)
        while True:
            message = self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]

    def _begin(self) -> None:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.send("Page.enable")
        self.send("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def _write(self, method: str, params: Mapping[str, object]) -> int:
        self._number += 1
        command: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self._session:
            command["sessionId"] = self._session
        content = json.dumps(command).encode() + b"\0"
        while content:
            content = content[os.write(self._out, content) :]
        return self._number

    def _next(self) -> dict[str, Any]:
        """The next message; the page's requests are answered on the way."""
        deadline = time.monotonic() + PATIENCE
        while (end := self._buffer.find(b"\0")) < 0:
            if not select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]:
                raise BrowserError(f"the browser said nothing for {PATIENCE} seconds")
            if not (piece := os.read(self._in, 1 << 20)):
                raise BrowserError("the browser has ended by itself")
            self._buffer += piece
        message: dict[str, Any] = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = self._given  # not the empty page of before
            case "Fetch.requestPaused":
                self._answer(message["params"]["requestId"], message["params"]["request"]["url"])
        return message

    def _answer(self, request: str, url: str) -> None:
        if url == ADDRESS:
            self._given = True
            self._fulfil(request, "text/html; charset=utf-8", self._html.encode())
            return
        if url != f"{ADDRESS}favicon.ico":
            self.asked.append(url)
        if self._pictures and (picture := drawn(url)):
            self._fulfil(request, "image/svg+xml", picture.encode())
        else:
            self._write("Fetch.failRequest", {"requestId": request, "errorReason": "BlockedByClient"})

    def _fulfil(self, request: str, media_type: str, content: bytes) -> None:
        headers = [{"name": "Content-Type", "value": media_type}, {"name": "Cache-Control", "value": "no-store"}]
        body = base64.b64encode(content).decode()
        self._write(
            "Fetch.fulfillRequest",
            {"requestId": request, "responseCode": 200, "responseHeaders": headers, "body": body},
        )
