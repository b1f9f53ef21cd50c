"""OpenDKIM: DKIM as others wrote it in C. Nothing of /etc is changed, and nothing is asked of a network.

In: signed letters and the TXT records of their keys, by name. Out: what it says of the signatures.
Two of its programs are asked: the filter in its test mode, which reads keys from a file, and opendkim-testmsg, which
knows no other source than the DNS: it gets a network and a resolv.conf of its own, and in there a DNS server of ours.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import dns.flags
import dns.message
import dns.rrset

from tests.needs import impossible, missing

PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
OWN_NETWORK = ("unshare", "--map-root-user", "--mount", "--net")
SECONDS = 60.0


def program(name: str) -> str:
    """The path of one of the programs, or the sentence that says what to install."""
    found = shutil.which(name, path=PATH)
    if found is None:
        missing(name, "run apt-get install opendkim opendkim-tools")
        raise AssertionError
    return found


def filter_says(folder: Path, letters: Sequence[bytes], records: Mapping[str, str]) -> list[dict[str, str]]:
    """What the filter writes into Authentication-Results (RFC 8601), for each letter: a result for each selector."""
    (folder / "keys").write_text("".join(f"{name} {value}\n" for name, value in records.items()))
    (folder / "opendkim.conf").write_text(f"Mode v\nBackground no\nTestPublicKeys {folder}/keys\n")
    files = _written(folder, letters)
    command = [program("opendkim"), "-x", f"{folder}/opendkim.conf", "-vv", "-t", ",".join(map(str, files))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    results = done.stdout.split("### INSHEADER: idx=0 hname='Authentication-Results'")[1:]
    assert len(results) == len(letters), done.stdout + done.stderr
    return [
        {selector: verdict for verdict, selector in re.findall(r"dkim=(\w+)[^;]*? header\.s=([\w.-]+)", result)}
        for result in results
    ]


def tool_says(folder: Path, letters: Sequence[bytes], records: Mapping[str, str]) -> list[str]:
    """What opendkim-testmsg complains of, for each letter; it says nothing of one that is as it was signed."""
    tool = program("opendkim-testmsg")
    if subprocess.run([*OWN_NETWORK, "true"], capture_output=True, check=False).returncode:
        impossible("opendkim-testmsg needs a network of its own, and this machine does not let us make one")
    (folder / "records.json").write_text(json.dumps(dict(records)))
    files = map(str, _written(folder, letters))
    done = subprocess.run(
        [*OWN_NETWORK, sys.executable, "-m", "tests.opendkim", str(folder), tool, *files],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def _written(folder: Path, letters: Sequence[bytes]) -> list[Path]:
    files = [folder / f"{number}.eml" for number in range(len(letters))]
    for file, letter in zip(files, letters, strict=True):
        file.write_bytes(letter)
    return files


def main(folder: Path, tool: str, files: Sequence[str]) -> None:
    """Within the network of its own: nothing outside hears or sees any of this."""
    with socket.socket() as any_socket:
        up = struct.pack("16sH22x", b"lo", 1)
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS, IFF_UP: loopback is down in a new network
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    records = json.loads((folder / "records.json").read_text())
    threading.Thread(target=answer, args=(server, records), daemon=True).start()
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", folder / "resolv.conf", "/etc/resolv.conf"], check=True)
    said = [
        subprocess.run([tool], input=Path(file).read_bytes(), capture_output=True, timeout=SECONDS, check=False)
        for file in files
    ]
    assert all(bool(one.returncode) == bool(one.stderr) for one in said)
    print(json.dumps([one.stderr.decode().strip() for one in said]))  # noqa: T201 - for who started this process


def answer(server: socket.socket, records: Mapping[str, str]) -> None:
    """A DNS server that knows these TXT records, and of nothing else that it exists."""
    while True:
        asked, peer = server.recvfrom(4096)
        query = dns.message.from_wire(asked)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = query.question[0].name
        if value := records.get(name.to_text(omit_final_dot=True)):
            strings = " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", strings))
        server.sendto(reply.to_wire(), peer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
