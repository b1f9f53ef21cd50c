"""What a benchmark needs beside ourselves: somebody who takes letters, and Postfix's smtp-source.

In: what is installed. Out: servers, each while a block runs, on ports of loopback; figures of other programs.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]

from tests.bench.crowd import LETTER_BYTES
from tests.mail_system import free_ports, wait_until
from tests.needs import PROGRAMS


@dataclass(frozen=True)
class Taker:
    """Whoever takes letters."""

    name: str
    port: int


@contextmanager
def taker() -> Iterator[Taker]:
    """Postfix's smtp-sink; ours where it is not installed."""
    program = shutil.which("smtp-sink", path=PROGRAMS)
    if program is None:
        with own_sink() as port:
            yield Taker("our own sink, because smtp-sink (of Postfix) is not installed", port)
        return
    [port] = free_ports(1)
    rights = ("-u", "root") if os.geteuid() == 0 else ()
    with _running(program, *rights, f"127.0.0.1:{port}", "1000", port=port):
        yield Taker("smtp-sink", port)


@contextmanager
def own_sink(delay: float = 0) -> Iterator[int]:
    """Our sink in a process of its own; every packet is `delay` seconds under way. Its port."""
    [port] = free_ports(1)
    with _running(sys.executable, "-m", "tests.sink", "--port", str(port), "--delay", str(delay), port=port):
        yield port


@contextmanager
def _running(*command: str, port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or _listens(process.pid, port), f"{command[0]} does not start")
        assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(pid: int, port: int) -> bool:
    found = psutil.Process(pid).net_connections("tcp")
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)


def source(port: int, letters: int, *, connections: int = 10) -> float | None:
    """Letters a second of smtp-source, which makes none: it sends the same bytes again and again."""
    program = shutil.which("smtp-source", path=PROGRAMS)
    if program is None:
        return None
    numbers = ["-s", str(connections), "-l", str(LETTER_BYTES), "-m", str(letters)]
    began = time.perf_counter()
    subprocess.run([program, "-d", *numbers, f"127.0.0.1:{port}"], check=True, stdout=subprocess.DEVNULL)
    return letters / (time.perf_counter() - began)


def measured(module: str, *arguments: object) -> dict[str, Any]:
    """The figures of another benchmark, run in a process of its own."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments), "--json"]
    figures: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return figures
