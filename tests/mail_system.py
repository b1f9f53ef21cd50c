"""A real mail system on loopback: Postfix that takes what it is given, Dovecot that keeps it; nothing of /etc is used.

In: SMTP, for any recipient. Out: mailboxes, one for each address that was written to, read back by IMAP.
No letter leaves this machine: Postfix has one way out for all domains, the LMTP socket of this Dovecot.

And smtp-sink, the server that Postfix is tested with: it misbehaves as it is told on its command line.
"""

import imaplib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import needs

PASSWORD = "only-on-loopback"
#: Dovecot keeps letters for anybody at these domains and refuses all others, which Postfix, having taken them, returns.
DOMAINS = ("example.nl", "example.org", "example.com")
#: Owner of the mailboxes; needs no name on this machine.
OWNER = 5000
#: What the strict port takes, in bytes.
LARGEST = 100_000
SECONDS = 30.0
ENVIRONMENT = os.environ | {"PATH": needs.PROGRAMS}

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = mail.example.nl
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
local_transport = lmtp:unix:{folder}/run/lmtp
default_transport = $local_transport
relay_transport = $local_transport
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_forbid_bare_newline = no
smtpd_forbid_unauth_pipelining = no
notify_classes =
in_flow_delay = 0
"""
#: Only the services that are needed; none of them can speak SMTP to the outside.
MASTER_CF = """
127.0.0.1:{tolerant} inet n - n - - smtpd
127.0.0.1:{strict} inet n - n - - smtpd
  -o smtpd_forbid_bare_newline=reject
  -o smtpd_forbid_bare_newline_exclusions=
  -o smtpd_forbid_unauth_pipelining=yes
  -o message_size_limit={largest}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT_CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
recipient_delimiter = +
mail_location = maildir:~/Maildir
mail_save_crlf = yes
passdb {{
  driver = passwd-file
  args = username_format=%Ld {folder}/domains
}}
userdb {{
  # Asks the passdb whether there is such a user.
  driver = static
  args = uid={owner} gid={owner} home={folder}/mail/%Lu
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True)
class MailSystem:
    folder: Path
    tolerant: int  #: port of Postfix as it was for years: takes a bare LF for a line end, also around the final dot
    strict: int  #: port of Postfix that hangs up at a bare LF, at commands that come too soon, at what is too large
    imap: int

    def mailboxes(self) -> dict[str, list[bytes]]:
        """Every letter that arrived, by address, as Dovecot keeps it (CRLF), once Postfix has no more to do."""
        wait_until(self._is_delivered, "Postfix still has letters in its queue")
        homes = sorted(home.name for home in (self.folder / "mail").iterdir())
        return {address: self._fetch(address) for address in homes}

    def empty(self) -> None:
        """Throw all mailboxes away."""
        wait_until(self._is_delivered, "Postfix still has letters in its queue")
        for home in (self.folder / "mail").iterdir():
            shutil.rmtree(home)

    def _is_delivered(self) -> bool:
        # Letters go from incoming to active, and a bounce is there before its letter is gone: two looks miss neither.
        return not any(
            file.is_file()
            for _ in range(2)
            for stage in ("incoming", "active", "deferred")
            for file in (self.folder / "queue" / stage).rglob("*")
        )

    def _fetch(self, address: str) -> list[bytes]:
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=SECONDS) as session:
            session.login(address, PASSWORD)
            session.select(readonly=True)
            _, found = session.fetch("1:*", "(BODY.PEEK[])")
            return [one[1] for one in found if isinstance(one, tuple)]


@contextmanager
def mail_system() -> Iterator[MailSystem]:
    """Postfix and Dovecot while the block runs."""
    needs.mail_system()
    # Not below pytest's folder: other users than root must get in, and the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="mail-system-"))
    folder.chmod(0o755)
    system = MailSystem(folder, *free_ports(3))
    values = vars(system) | {"owner": OWNER, "largest": LARGEST}
    for name in ("postfix", "queue", "data", "run", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "mail", OWNER, OWNER)
    (folder / "postfix/main.cf").write_text(MAIN_CF.format(**values))
    (folder / "postfix/master.cf").write_text(MASTER_CF.format(**values))
    (folder / "dovecot.conf").write_text(DOVECOT_CONF.format(**values))
    (folder / "domains").write_text("".join(f"{domain}:{{PLAIN}}{PASSWORD}\n" for domain in DOMAINS))
    try:
        dovecot = ("dovecot", "-F", "-c", str(folder / "dovecot.conf"))
        with _running(*dovecot, port=system.imap, log=folder / "dovecot.log"), _postfix(folder):
            yield system
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postfix(folder: Path) -> Iterator[None]:
    """Postfix goes to the background by itself once its ports are open, and is ended by its own command."""
    command = ["postfix", "-c", str(folder / "postfix")]
    started = subprocess.run([*command, "start"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr + _text(folder / "postfix.log")
    try:
        yield
    finally:
        subprocess.run([*command, "stop"], env=ENVIRONMENT, capture_output=True, check=True)


@contextmanager
def smtp_sink(port: int, folder: Path, *options: str) -> Iterator[None]:
    """Postfix's smtp-sink while the block runs; what was said up to a final dot becomes a file of `folder`."""
    rights = ("-u", "root") if os.geteuid() == 0 else ()
    command = (needs.smtp_sink(), *rights, "-d", f"{folder}/letter.", *options, f"inet:127.0.0.1:{port}", "10")
    with _running(*command, port=port, log=folder / "log"):
        yield


@contextmanager
def _running(*command: str, port: int, log: Path) -> Iterator[None]:
    """A server in the foreground, from the moment that it answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), f"{command[0]} does not start")
        assert process.poll() is None, _text(log)
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def wait_until(done: Callable[[], bool], trouble: str) -> None:
    """For what another program does without telling anybody: look until it is so."""
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end, trouble
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports below those that the system gives to anybody who asks for one, so that nobody takes them in between."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _text(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
