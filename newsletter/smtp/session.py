"""Stage 5: letters over one connection, pipelined where the server can (RFC 2920).

In: parcels, one after another. Out: an `Outcome` for each, that knows whether the final dot had been sent: before it
nothing was delivered and a retry is safe; after it, without a reply, the letter is in doubt (RFC 1047, RFC 5321 §6.1).

The end of one letter and the envelope of the next (MAIL, RCPT, DATA) travel together, so a letter costs one round trip
instead of four. Its text follows as soon as the server says go on; its end, without which nothing of it is delivered
(RFC 5321 §4.1.1.4), only when `send` is called for it, so its caller has stored the outcome of the one before.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from newsletter.outbox.outcome import LONGEST, Outcome, OutcomeKind, Parcel
from newsletter.settings import Smtp
from newsletter.smtp.replies import BrokenError, Replies, Reply
from newsletter.smtp.response import shown, to_outcome

#: A command is one line, and an address ends at ">": neither may come in with an address (RFC 5321 §4.1.1).
UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff<>]")
#: A letter has no line end but CRLF (RFC 5321 §2.3.8): anything else could end it early at the next server.
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
#: Up to so many bytes are handed to the network in one go; the end of a longer letter waits until the rest has gone.
ONE_GO = 65_536
#: Before the words of a reply (RFC 2034 §4).
STATUS = re.compile(r"(2\.[.0-9]*)(?: |$)")
#: What RFC 3461 §4 calls xtext: printable ASCII but + and =, which are written in hexadecimal.
PLAIN_XTEXT = re.compile(r"[!-*,-<>-~]*")


@dataclass(frozen=True)
class Opened:
    """A connection after EHLO, TLS and login."""

    replies: Replies
    is_pipelined: bool  #: RFC 2920
    has_size: bool  #: RFC 1870
    size_limit: int  #: bytes of a letter; 0: none was told
    has_dsn: bool  #: RFC 3461
    has_8bit: bool  #: 8BITMIME, RFC 6152
    has_utf8: bool  #: SMTPUTF8, RFC 6531
    quit: Callable[[], Awaitable[None]]
    abort: Callable[[], None]


class SmtpSession:
    """One connection, opened with the first letter, kept open, and renewed when it broke or has done its share."""

    def __init__(self, settings: Smtp, connect: Callable[[str], Awaitable[Opened]]) -> None:
        self._settings, self._connect = settings, connect
        self._opened: Opened | None = None
        self._letters = 0
        self._ahead: Parcel | None = None  #: its envelope has been sent already
        self._begun: Parcel | None = None  #: the same, when its text has been sent too, but for its end
        self._reset = False  #: the server still holds a transaction that was refused
        self._phase = "mail"

    async def send(self, parcel: Parcel, following: Parcel | None = None) -> Outcome:
        if why := _unsendable(parcel):
            self.abandon()
            return Outcome(kind=OutcomeKind.PERMANENT, phase="address", text=why)
        outcome = await self._once(parcel, following)
        if outcome.phase == "mail" and self._letters > 1 and outcome.code in (0, 421):
            # The server had enough of this connection, not of this recipient: a new one, and the same letter.
            await self.close()
            outcome = await self._once(parcel, following)
        return outcome

    def abandon(self) -> None:
        if self._ahead is not None:
            # The server may be waiting for the letter itself; nothing but hanging up ends that without delivering one.
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection at once, whatever is on its way; what the server has not been given to the end, it drops.

        No QUIT: in the middle of a letter it would be a line of that letter, and nobody is there to wait for an answer.
        """
        opened, self._opened, self._ahead, self._begun = self._opened, None, None, None
        if opened is not None:
            opened.abort()

    async def close(self) -> None:
        """QUIT, as RFC 5321 §4.1.1.10 asks; a connection that is gone already is closed all the same."""
        self.abandon()
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.quit()

    async def _once(self, parcel: Parcel, following: Parcel | None) -> Outcome:
        if self._ahead is not parcel:
            self.abandon()
        if self._opened is None or self._opened.replies.broken:
            # EHLO says a name that is ours, never that of this machine (RFC 5321 §4.1.1.1).
            self._opened = await self._connect(self._settings.hostname or parcel.sender.rpartition("@")[2])
            self._letters, self._ahead, self._begun, self._reset = 0, None, None, False
        self._letters += 1
        last = self._letters >= self._settings.letters_per_connection
        outcome = await self._transact(self._opened, parcel, None if last else following)
        if self._opened.replies.broken or outcome.code == 421:
            self.hang_up()  # RFC 5321 §3.8: after 421 the server closes; after a broken conversation we do
        elif last:
            await self.close()
        return outcome

    async def _transact(self, opened: Opened, parcel: Parcel, following: Parcel | None) -> Outcome:
        self._phase = "mail"
        try:
            if self._begun is parcel:
                self._phase, self._ahead = "data", None
                return await self._hand_over(opened, parcel, following)
            if refusal := _beyond(opened, parcel):
                self.abandon()
                return refusal
            refused = await self._offer(opened, parcel)
            return refused or await self._hand_over(opened, parcel, following)
        except BrokenError as error:
            kind = OutcomeKind.IN_DOUBT if self._phase == "letter" else OutcomeKind.TEMPORARY
            return Outcome(kind=kind, phase=self._phase, text=shown(str(error)))

    async def _offer(self, opened: Opened, parcel: Parcel) -> Outcome | None:
        """The envelope, up to the server's "go on"; an outcome where it says something else."""
        replies, settings = opened.replies, self._settings
        ahead, self._ahead = self._ahead is parcel, None
        pipelined = opened.is_pipelined
        if self._reset:
            replies.write(b"RSET\r\n" + (envelope(parcel, opened) if pipelined else b""), 4 if pipelined else 1)
            self._reset, ahead = False, pipelined
            if (await replies.reply(settings.command_timeout)).code != 250:
                replies.fail("the server could not be made to forget the letter before")
                raise BrokenError(replies.broken)
        if pipelined:
            if not ahead:
                replies.write(envelope(parcel, opened), 3)
            return await self._read_envelope(replies)
        for self._phase, command in zip(
            ("mail", "rcpt", "data"), envelope(parcel, opened).splitlines(keepends=True), strict=True
        ):
            replies.write(command, 1)
            if refused := self._refused(await replies.reply(self._patience())):
                return refused
        return None

    async def _read_envelope(self, replies: Replies) -> Outcome | None:
        """The three replies to an envelope that was sent in one go; all are read, whatever the first says."""
        if replies.take_go_ahead():
            self._phase = "data"
            return None
        refused = None
        for self._phase in ("mail", "rcpt", "data"):
            try:
                reply = await replies.reply(self._patience())
            except BrokenError:
                if refused is None:
                    raise
                return refused
            refused = refused or self._refused(reply)
        if refused is not None and reply.code == 354:
            if 400 <= refused.code < 600:
                # RFC 2920 §3.1: DATA may be let through though nobody was; a lone dot ends it, and delivers to nobody.
                replies.write(b".\r\n", 1)
                with suppress(BrokenError):
                    await replies.reply(self._settings.data_timeout)
            else:
                replies.fail("the server may have taken the recipient; an empty letter would be delivered")
        return refused

    def _patience(self) -> float:
        return self._settings.start_timeout if self._phase == "data" else self._settings.command_timeout

    def _refused(self, reply: Reply) -> Outcome | None:
        if reply.code == 354 if self._phase == "data" else reply.code in (250, 251):
            return None
        self._reset = True
        return to_outcome(self._phase, reply.code, reply.text)

    async def _hand_over(self, opened: Opened, parcel: Parcel, following: Parcel | None) -> Outcome:
        """What is left of the letter and, in the same go, the next envelope."""
        replies = opened.replies
        letter = b"" if self._begun is parcel else _stuffed(parcel)
        self._begun = None
        if len(letter) > ONE_GO:
            replies.write(letter, 0)
            await replies.drain(self._settings.block_timeout)
            letter = b""
        fits = following is not None and not _beyond(opened, following)
        if following is not None and fits and opened.is_pipelined:
            replies.write(b"".join((letter, b".\r\n", envelope(following, opened))), 4)
            self._ahead = following
        else:
            replies.write(letter + b".\r\n", 1)
        self._phase = "letter"
        reply = await replies.reply(self._settings.data_timeout)
        self._begin(replies)
        return _taken(reply) or to_outcome("letter", reply.code, reply.text)

    def _begin(self, replies: Replies) -> None:
        """The text of the next letter, where the server waits for it already: it reads while we store outcomes."""
        following = self._ahead
        if following is None or replies.broken or len(following.letter) > ONE_GO:
            return
        if replies.take_go_ahead():
            replies.write(_stuffed(following), 0)
            self._begun = following


def envelope(parcel: Parcel, opened: Opened) -> bytes:
    """MAIL with SIZE (RFC 1870), RCPT and DATA; what to report and how, where the server knows that (RFC 3461 §4)."""
    size = f" SIZE={len(parcel.letter)}" if opened.has_size else ""
    ret = notify = ""
    if opened.has_dsn:
        ret = f" RET=HDRS ENVID={xtext(parcel.envelope_id)}" if parcel.envelope_id else " RET=HDRS"
        notify = f" NOTIFY=FAILURE,DELAY ORCPT=rfc822;{xtext(parcel.recipient)}"
        if not parcel.recipient.isascii():
            notify = f" NOTIFY=FAILURE,DELAY ORCPT=utf-8;{utf8_xtext(parcel.recipient)}"
    body = " BODY=8BITMIME" if parcel.is_8bit else ""
    if not parcel.recipient.isascii():
        body = " BODY=8BITMIME SMTPUTF8" if opened.has_8bit else " SMTPUTF8"  # its header is of 8 bits
    mail = f"MAIL FROM:<{parcel.sender}>{size}{body}{ret}\r\n"
    return f"{mail}RCPT TO:<{parcel.recipient}>{notify}\r\nDATA\r\n".encode()


def xtext(value: str) -> str:
    """The value as xtext (RFC 3461 §4)."""
    if PLAIN_XTEXT.fullmatch(value):
        return value
    return "".join(char if PLAIN_XTEXT.fullmatch(char) else f"+{ord(char):02X}" for char in value)


def utf8_xtext(value: str) -> str:
    """The value as utf-8-addr-xtext (RFC 6533 §3): what xtext cannot hold by the number of its character."""
    return "".join(
        char if PLAIN_XTEXT.fullmatch(char) and char != "\\" else f"\\x{{{ord(char):02X}}}" for char in value
    )


def _stuffed(parcel: Parcel) -> bytes:
    return parcel.letter if parcel.is_wire else stuffed(parcel.letter)


def stuffed(letter: bytes) -> bytes:
    """The letter with every dot at the start of a line doubled (RFC 5321 §4.5.2)."""
    doubled = letter.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _taken(reply: Reply) -> Outcome | None:
    """What nearly every letter comes to, without a look at the tables: 250, a status, and words that can be kept."""
    code, text = reply
    if code != 250 or not text.isprintable() or len(text) > LONGEST:
        return None
    found = STATUS.match(text)
    return Outcome(OutcomeKind.SENT, "letter", 250, found[1] if found else "", text[found.end() :] if found else text)


def _unsendable(parcel: Parcel) -> str:
    """Why not one byte of this parcel may be sent, or nothing."""
    if UNSAFE.search(parcel.sender + parcel.recipient) or not parcel.sender.isascii():
        return "an address of the envelope holds what no command may hold; nothing was sent"
    if parcel.is_wire:
        return ""
    if found := BARE.search(parcel.letter):
        return f"the letter holds a line end that is not CRLF, at byte {found.start()}; nothing was sent"
    return "" if parcel.letter.endswith(b"\r\n") else "the letter does not end in CRLF; nothing was sent"


def _beyond(opened: Opened, parcel: Parcel) -> Outcome | None:
    """Why this server cannot be given the letter, which is not even offered then."""
    if not opened.size_limit and not parcel.is_8bit and parcel.recipient.isascii():
        return None  # nearly every letter
    return _too_large(opened, parcel) or _not_7bit(opened, parcel) or _not_ascii(opened, parcel)


def _not_ascii(opened: Opened, parcel: Parcel) -> Outcome | None:
    """RFC 6531 §3.1 (8): without SMTPUTF8 such a letter may not be sent (RFC 3463 §3.7: X.6.7)."""
    if opened.has_utf8 or parcel.recipient.isascii():
        return None
    text = "the address has a letter outside ASCII before the @, and the server takes none; ask for another address"
    return Outcome(kind=OutcomeKind.PERMANENT, phase="address", enhanced="5.6.7", text=text)


def _not_7bit(opened: Opened, parcel: Parcel) -> Outcome | None:
    """RFC 6152 §3: it is made 7 bit, or not sent; the first is for whoever made it (RFC 3463 §3.7: X.6.3)."""
    if opened.has_8bit or not parcel.is_8bit:
        return None
    text = "the letter is of 8 bits, and the server takes 7"
    return Outcome(kind=OutcomeKind.PERMANENT, phase="mail", enhanced="5.6.3", text=text)


def _too_large(opened: Opened, parcel: Parcel) -> Outcome | None:
    if not 0 < opened.size_limit < len(parcel.letter):
        return None
    size = len(parcel.letter)
    text = f"the letter has {size} bytes and the server takes {opened.size_limit}; make its pictures smaller"
    return Outcome(kind=OutcomeKind.OUR_FAULT, phase="mail", enhanced="5.3.4", text=text)
