"""Commands in processes of their own, without loading the program for each.

In: arguments, a folder, an environment. Out: what the command said, and its exit code. Loading the program takes longer
than most commands, and these tests run hundreds of them: a server that has it loaded forks a process for each. What
keeps running (`newsletter run`, `web`, `worker`) is started as users start it; see `Folder.start`.
"""

import atexit
import gc
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

SECONDS = 120
#: Some tests run several commands at once; each waits for its turn.
_TURN = threading.Lock()


@cache
def _server() -> "subprocess.Popen[str]":
    # It has the width that commands have here: the program asks for it when it is loaded.
    environment = os.environ | {"COLUMNS": "200", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", "from tests.e2e.forking import serve; serve()"]
    root = Path(__file__).parents[2]
    server = subprocess.Popen(
        command, cwd=root, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    atexit.register(_end, server)
    return server


def _end(server: "subprocess.Popen[str]") -> None:
    assert server.stdin is not None
    server.stdin.close()
    server.wait()


def run_forked(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str
) -> "subprocess.CompletedProcess[str]":
    """The command, run to its end as `subprocess.run` would run it."""
    with tempfile.TemporaryDirectory() as folder, _TURN:
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        files = [str(Path(folder) / name) for name in ("stdin", "stdout", "stderr")]
        Path(files[0]).write_text(stdin, encoding="utf-8")
        order = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env), "files": files}
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        ready, _, _ = select.select([server.stdout], [], [], SECONDS)
        if not ready:
            server.kill()
            raise TimeoutError(f"newsletter {' '.join(arguments)} has not ended after {SECONDS} seconds")
        code = int(server.stdout.readline())
        said = [Path(file).read_text(encoding="utf-8") for file in files[1:]]
    return subprocess.CompletedProcess(["newsletter", *arguments], code, *said)


def serve() -> None:
    """Fork one command after another, as they come in on stdin, until it is closed."""
    import newsletter.cli.main
    import newsletter.compose.inline
    import newsletter.store.migrate  # noqa: F401

    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be(order)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be(order: Mapping[str, Any]) -> None:
    """Become the command; this process ends here."""
    code: object = 1
    try:
        flags = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)
        for number, (file, how) in enumerate(zip(order["files"], flags, strict=True)):
            os.dup2(os.open(file, how, 0o600), number)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        sys.argv = ["newsletter", *order["arguments"]]
        # As a new process has them: nothing that the server has read or written stands in their buffers.
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        from newsletter.cli.main import run

        run()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
