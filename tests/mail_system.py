"""A real mail system on loopback: Postfix that takes what it is given, Dovecot that keeps it; nothing of /etc is used.

In: SMTP, for any recipient. Out: mailboxes, one for each address that was written to, read back by IMAP; and what mail
systems send back: Postfix returns what it cannot deliver, and the Sieve of one mailbox answers that its owner is away.
No letter leaves this machine: Postfix has no way out but the LMTP socket of this Dovecot, and a port of this machine at
which `newsletter` may listen.

And smtp-sink, the server that Postfix is tested with: it misbehaves as it is told on its command line.
"""

import imaplib
import os
import random
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import needs

PASSWORD = "only-on-loopback"
#: Dovecot keeps letters for anybody at these domains and refuses all others, which Postfix, having taken them, returns.
DOMAINS = ("example.nl", "example.org", "example.com")
#: Owner of the mailboxes; needs no name on this machine.
OWNER = 5000
#: Nobody at one of these domains, so that Dovecot refuses what is for it, and Postfix returns that.
UNKNOWN = "vertrokken@example.org"
#: Its mailbox is full.
FULL = "vol@example.nl"
#: Its owner is away, as Sieve says to who writes (RFC 5230).
AWAY = "afwezig@example.nl"
#: Plus-addresses, which Postfix hands to `newsletter` itself, by LMTP; it waits while nobody listens there.
HANDED = "retour@example.nl"
#: Domains: one that does not exist, one that cannot be reached now, one that takes us for a sender of spam. Without a
#: network, Postfix is told what it would have met.
ABSENT, UNREACHABLE, SUSPICIOUS = ("weg.example.org", "traag.example.org", "streng.example.com")
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
# A relay finds out later whether a letter can be delivered.
smtpd_reject_unlisted_recipient = no
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_forbid_bare_newline = no
smtpd_forbid_unauth_pipelining = no
notify_classes =
in_flow_delay = 0
lmtp_connection_cache_on_demand = no
recipient_delimiter = +
transport_maps = texthash:{folder}/postfix/transport
# What waits is tried again at once, not after the minutes that suit a network.
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
"""
TRANSPORT = """
{away} not-bulk:unix:{folder}/run/lmtp
{handed} lmtp:inet:127.0.0.1:{newsletter}
{absent} error:5.4.4 Host or domain name not found. Name service error for name={absent} type=AAAA: Host not found
{unreachable} retry:4.4.1 connect to mx.{unreachable}[192.0.2.25]:25: Connection timed out
{suspicious} error:5.7.1 host mx.{suspicious}[192.0.2.25] said: 550 5.7.1 Message rejected as spam by Content Filtering
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
not-bulk unix - - n - - lmtp
  -o lmtp_header_checks=regexp:{folder}/postfix/bulk
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT_CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
postmaster_address = postmaster@mail.example.nl
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
recipient_delimiter = +
mail_location = maildir:~/Maildir
mail_save_crlf = yes
passdb {{
  # A name that is in here is nobody's.
  driver = passwd-file
  args = username_format=%Lu {folder}/denied
  deny = yes
}}
passdb {{
  driver = passwd-file
  args = username_format=%Ld {folder}/domains
}}
userdb {{
  # Those whose mailbox is unlike the others.
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
userdb {{
  # Asks the passdb whether there is such a user.
  driver = static
  args = uid={owner} gid={owner} home={folder}/mail/%Lu
}}
plugin {{
  quota = count:mailbox
  quota_vsizes = yes
  quota_grace = 0
  sieve = file:{folder}/sieve/%Lu.sieve
  sieve_vacation_dont_check_recipient = yes
}}
submission_host = 127.0.0.1:{tolerant}
protocol lmtp {{
  mail_plugins = quota sieve
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
#: RFC 5230 §4.6 has Sieve answer no bulk mail, and it does not. Many systems do, so what tells bulk mail is taken away
#: on the way to this mailbox.
BULK = "/^(Auto-Submitted|Precedence|X-Auto-Response-Suppress|List-[A-Za-z-]+):/ IGNORE\n"
VACATION = """
require "vacation";
vacation :days 1 :subject "Afwezig tot en met 14 augustus" text:
Dank voor uw bericht. Ik ben afwezig tot en met 14 augustus en lees mijn mail niet.
Met vragen kunt u terecht bij mijn collega Zoë Ünal, telefoon 0900 1234.

Hartelijke groet,
Joost van der Åa
.
;
"""


@dataclass(frozen=True)
class MailSystem:
    folder: Path
    tolerant: int  #: port of Postfix as it was for years: takes a bare LF for a line end, also around the final dot
    strict: int  #: port of Postfix that hangs up at a bare LF, at commands that come too soon, at what is too large
    imap: int
    newsletter: int  #: port that letters for HANDED are handed to, by LMTP

    def send(self, sender: str, recipients: Sequence[str], letter: bytes) -> None:
        """Hand over a letter as a person's mail program does; `sender` is its envelope sender, "" for none."""
        with smtplib.SMTP("127.0.0.1", self.tolerant, timeout=SECONDS) as session:
            session.sendmail(sender, recipients, letter)

    def mailboxes(self) -> dict[str, list[bytes]]:
        """Every letter that is kept, by address, with the line ends of SMTP, once Postfix has no more to do."""
        wait_until(self._is_delivered, "Postfix still has letters in its queue")
        homes = sorted(home.name for home in (self.folder / "mail").iterdir())
        return {address: letters for address in homes if (letters := self._fetch(address))}

    def mailbox(self, address: str, count: int) -> list[bytes]:
        """Its letters in the order in which they came, once there are `count`, whatever Postfix still has."""
        folder = self.folder / "mail" / address / "Maildir/new"
        wait_until(lambda: folder.is_dir() and len(self.marks(address)) >= count, f"{address} has no {count} letters")
        return self._fetch(address)

    def marks(self, address: str) -> list[list[str]]:
        """The flags of each letter of a mailbox (RFC 9051 §2.3.2), but for \\Recent, which every look changes."""
        with self._session(address) as session:
            found = session.uid("FETCH", "1:*", "(FLAGS)")[1]
        flags = [imaplib.ParseFlags(one) for one in found if isinstance(one, bytes)]
        return [sorted(flag.decode() for flag in some if flag != b"\\Recent") for some in flags]

    def mark_read(self, address: str, number: int) -> None:
        """What a person's mail program does with a letter that they open."""
        with self._session(address, readonly=False) as session:
            session.store(str(number), "+FLAGS", "\\Seen")

    def expire(self) -> None:
        """Have Postfix return what waits for a better moment, as it does after five days."""
        command = ["postsuper", "-c", str(self.folder / "postfix"), "-e", "ALL"]
        subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True)

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
        with self._session(address) as session:
            return [one[1] for one in session.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if isinstance(one, tuple)]

    @contextmanager
    def _session(self, address: str, *, readonly: bool = True) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=SECONDS) as session:
            session.login(address, PASSWORD)
            session.select(readonly=readonly)
            yield session


@contextmanager
def mail_system() -> Iterator[MailSystem]:
    """Postfix and Dovecot while the block runs."""
    needs.mail_system()
    # Not below pytest's folder: other users than root must get in, and the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="mail-system-"))
    folder.chmod(0o755)
    system = MailSystem(folder, *free_ports(4))
    for name in ("postfix", "queue", "data", "run", "mail", "sieve"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    # Sieve keeps its scripts compiled, beside them.
    for name in ("mail", "sieve"):
        os.chown(folder / name, OWNER, OWNER)
    _write_settings(system)
    try:
        dovecot = ("dovecot", "-F", "-c", str(folder / "dovecot.conf"))
        with _running(*dovecot, port=system.imap, log=folder / "dovecot.log"), _postfix(folder):
            yield system
    finally:
        shutil.rmtree(folder)


def _write_settings(system: MailSystem) -> None:
    values = vars(system) | {
        "owner": OWNER,
        "largest": LARGEST,
        "away": AWAY,
        "handed": HANDED,
        "absent": ABSENT,
        "unreachable": UNREACHABLE,
        "suspicious": SUSPICIOUS,
    }
    full = f"{FULL}::{OWNER}:{OWNER}::{system.folder}/mail/{FULL}::userdb_quota_rule=*:bytes=1\n"
    for name, text in {
        "postfix/main.cf": MAIN_CF.format(**values),
        "postfix/master.cf": MASTER_CF.format(**values),
        "postfix/bulk": BULK,
        "postfix/transport": TRANSPORT.format(**values),
        "dovecot.conf": DOVECOT_CONF.format(**values),
        "domains": "".join(f"{domain}:{{PLAIN}}{PASSWORD}\n" for domain in DOMAINS),
        "denied": f"{UNKNOWN}\n",
        "users": full,
        f"sieve/{AWAY}.sieve": VACATION,
    }.items():
        (system.folder / name).write_text(text, encoding="utf-8")


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
