"""Stage 3: a process that only signs, started by `outbox.signatures`: `python -m newsletter.compose.signing`.

In, on standard input: one line of JSON, a list of private keys in PEM; then requests of REQUEST bytes, each the number
of a key and a SHA-256 digest. Out: the line READY; then the signatures, in the order of the requests, each as long as
its key makes it. It ends when its input does, and so with whoever started it.
"""

import json
import struct
import sys
from typing import BinaryIO

from newsletter.compose.dkim_keys import key_of

#: The number of a key, and a digest.
REQUEST = struct.Struct("B32s")
READY = b"ready\n"
#: Requests that are read at once, at most.
MOST = 256


def serve(requests: BinaryIO, signatures: BinaryIO) -> None:
    """Sign until the input ends; what has arrived together is answered together."""
    keys = [key_of(pem.encode("ascii")) for pem in json.loads(requests.readline())]
    signatures.write(READY)
    signatures.flush()
    held = b""
    while more := requests.read1(MOST * REQUEST.size):  # type: ignore[attr-defined]
        held += more
        whole = len(held) // REQUEST.size * REQUEST.size
        signatures.write(b"".join([keys[number].sign(digest) for number, digest in REQUEST.iter_unpack(held[:whole])]))
        signatures.flush()
        held = held[whole:]


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
