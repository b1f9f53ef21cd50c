"""The forms that reports have: header, MIME structure, fields; each system writes them in its own way.

In: what a system says. Out: a function from a letter of ours to a whole message.
"""

from newsletter.subscribers.links import make_token
from tests.corpus.machines.pieces.letter import Letter, Make, based, encoded, printable

DATE = "Thu, 13 Jun 2019 09:00:12 +0200 (CEST)"


def filled(text: str, letter: Letter) -> str:
    """The text of a piece, its {names} replaced by what is the letter's."""
    for name, value in {
        "bounces": letter.bounces, "id": letter.id, "subject": letter.subject, "to": letter.to,
        "header": letter.header.rstrip("\n"), "whole": letter.whole.rstrip("\n"), "date": "13 Jun 2019 09:00:00 +0200",
        "local": letter.to.partition("@")[0], "domain": letter.to.rpartition("@")[2],
        "token": make_token(b"another key of somebody elsewhere"[:32], "their own", letter.number),
    }.items():  # fmt: skip
        text = text.replace("{" + name + "}", value)
    return text


def head(letter: Letter, sender: str, subject: str, *fields: str, path: str = "<>", to: str = "{bounces}") -> str:
    """The header of a message to our bounce address."""
    lines = [
        *([f"Return-Path: {path}"] if path else []),
        "Received: from relay.example.com (relay.example.com [192.0.2.33]) by mail.nieuwsbrief.example.nl",
        "\twith ESMTPS id 7Kq2; Thu, 13 Jun 2019 09:00:13 +0200",
        f"Date: {DATE}",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {encoded(filled(subject, letter))}",
        "Message-ID: <20190613070012.7Kq2@relay.example.com>",
        *fields,
    ]
    return filled("\n".join(lines) + "\n", letter)


def plain(
    sender: str, subject: str, text: str, *fields: str, path: str = "<>", charset: str = "us-ascii", way: str = "8bit",
    to: str = "{bounces}",
) -> Make:  # fmt: skip
    """A report that is one text."""

    def make(letter: Letter) -> bytes:
        mime = () if charset == "us-ascii" else (
            "MIME-Version: 1.0", f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {way}",
        )  # fmt: skip
        words = filled(text, letter)
        body = {"8bit": words, "quoted-printable": "", "base64": ""}[way]
        if way == "quoted-printable":
            body = printable(words, charset)
        elif way == "base64":
            body = based(words, charset)
        return head(letter, sender, subject, *mime, *fields, path=path, to=to).encode() + b"\n" + body.encode(
            charset if charset != "us-ascii" else "utf-8"
        )  # fmt: skip

    return make


def html(sender: str, subject: str, text: str, *fields: str, path: str = "<>", returned: str = "") -> Make:
    """A report that is one html text, with the letter beside it where `returned` names a type."""

    def make(letter: Letter) -> str:
        if not returned:
            return (
                head(letter, sender, subject, "MIME-Version: 1.0", 'Content-Type: text/html; charset="utf-8"',
                     "Content-Transfer-Encoding: base64", *fields, path=path)
                + "\n" + based(filled(text, letter))
            )  # fmt: skip
        parts = [("text/html; charset=utf-8", filled(text, letter)), (returned, filled("{whole}", letter))]
        return multipart(letter, "mixed", "_000_html_", parts, sender, subject, *fields, path=path)

    return make


def multipart(
    letter: Letter, kind: str, boundary: str, parts: list[tuple[str, str]], sender: str, subject: str, *fields: str,
    path: str = "<>", to: str = "{bounces}", preamble: str = "",
) -> str:  # fmt: skip
    """Parts between delimiters; the type of a part may be followed by further fields of it."""
    top = head(letter, sender, subject, "MIME-Version: 1.0", f'Content-Type: multipart/{kind};\n boundary="{boundary}"',
               *fields, path=path, to=to)  # fmt: skip
    body = "".join(f"--{boundary}\nContent-Type: {filled(kind, letter)}\n\n{text}\n\n" for kind, text in parts)
    return f"{top}\n{preamble}{body}--{boundary}--\n"


def dsn(
    sender: str, subject: str, text: str, *blocks: str, mta: str = "dns; mx.example.com", more: str = "",
    returned: str = "message/rfc822", boundary: str = "4Vxyz.1560409212/mx.example.com", fields: tuple[str, ...] = (),
    words: str = "text/plain; charset=us-ascii", status: str = "message/delivery-status", path: str = "<>",
    report: str = "report; report-type=delivery-status", preamble: str = "", to: str = "{bounces}",
) -> Make:  # fmt: skip
    """A report after RFC 3464: words, fields of the message and of each recipient, the letter or its header."""

    def make(letter: Letter) -> str:
        top = f"Reporting-MTA: {mta}\n{more}".rstrip("\n") if mta else more.rstrip("\n")
        told = filled("\n\n".join(one.strip("\n") for one in (top, *blocks) if one) + "\n", letter)
        what = filled(text, letter)
        if "base64" in words:
            what = based(what)
        elif "quoted-printable" in words:
            what = printable(what)
        parts = [(words, what), (status, told)]
        if returned:
            kind = returned.partition(";")[0].partition("\n")[0]
            parts.append((returned, letter.header if "headers" in kind else letter.whole))
        return multipart(letter, report, boundary, parts, sender, subject, *fields, path=path, preamble=preamble, to=to)

    return make


def block(final: str, status: str, said: str = "", *more: str, action: str = "failed", original: str = "") -> str:
    """The fields of one recipient; `said` is the whole value of Diagnostic-Code."""
    lines = [f"Original-Recipient: rfc822;{original}"] if original else []
    lines += [f"Final-Recipient: rfc822; {final}", f"Action: {action}", f"Status: {status}", *more]
    return "\n".join([*lines, *([f"Diagnostic-Code: {said}"] if said else [])])
