"""Every setting, grouped, typed and described.

In: environment variables (`NEWSLETTER_SMTP__HOST`) and the file `newsletter.env` of the working folder, read once, at
the edge (`settings_file`). Out: a frozen `Settings` that is passed down; nobody imports an instance.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from newsletter.outbox.limits import read_domains, read_limits

ENV_FILE = "newsletter.env"
PREFIX = "NEWSLETTER_"


class Security(StrEnum):
    TLS = "tls"  #: TLS from the first byte (port 465)
    STARTTLS = "starttls"  #: STARTTLS, required (port 587)
    NONE = "none"  #: in clear
    AUTO = "auto"  #: none on loopback; else tls on port 465 and starttls elsewhere


def _https(url: str) -> str:
    if url and not url.startswith("https://"):
        raise ValueError("must start with https://")
    return url.rstrip("/")


def _checked_by(read: Callable[[str], object]) -> AfterValidator:
    """The text stays as it is written; `read` says whether it can be."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Smtp(_Group):
    host: str = Field(
        "", description="Mail server that letters are handed to; empty: letters go into the folder below."
    )
    port: int = Field(587, description="Port of the mail server.", ge=1, le=65535)
    security: Security = Field(
        Security.AUTO,
        description="`tls`, `starttls`, `none`, or `auto`: none on loopback, else `tls` on port 465 and `starttls` "
        "elsewhere. TLS is required, never merely tried.",
    )
    username: str = Field("", description="Name to log in with; empty: no login.")
    password: SecretStr = Field(SecretStr(""), description="Password to log in with.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of those of the system.")
    connections: int = Field(4, description="How many connections are kept open at once.", ge=1, le=50)
    letters_per_connection: int = Field(500, description="After so many letters a connection is renewed.", ge=1)
    connect_timeout: float = Field(30, description="Seconds to wait for a connection.", gt=0)
    # The least that RFC 5321 §4.5.3.2 asks of a client, each for its own step.
    greeting_timeout: float = Field(300, description="Seconds to wait for the greeting of the server.", gt=0)
    command_timeout: float = Field(300, description="Seconds to wait for the answer to a command.", gt=0)
    start_timeout: float = Field(120, description="Seconds to wait for the answer to DATA.", gt=0)
    block_timeout: float = Field(180, description="Seconds in which at least some of a letter must be taken.", gt=0)
    data_timeout: float = Field(600, description="Seconds to wait for the answer to a whole letter.", gt=0)
    hostname: str = Field("", description="Name to greet the mail server with; empty: the domain of the From.")


class Mail(_Group):
    bounce_address: str = Field(
        "",
        description="Mailbox that takes plus-addresses, for bounces: each letter gets `box+token@domain` as its "
        "envelope sender. Empty: the From address.",
    )
    public_url: Annotated[str, AfterValidator(_https)] = Field(
        "",
        description="https address below which the unsubscribe page is served (`<url>/u/<token>`), and the folder of "
        "PATHS__PUBLIC. Empty: letters offer unsubscribing by mail to the contact mailbox.",
    )
    inline_images: bool = Field(
        False,
        description="Letters carry their pictures, instead of linking to them below the public URL; without one, they "
        "always do.",
    )
    resend_in_doubt: bool = Field(
        True,
        description="Send a letter again, with the same Message-ID, when it is not known whether it arrived; "
        "`false` holds it for a person.",
    )
    reply_address: str = Field(
        "",
        description="Mailbox of ours that takes plus-addresses, for replies: each letter asks for replies to "
        "`box+token@domain`, and `newsletter run` forwards what people write to the contact mailbox. Empty: replies go "
        "to the contact mailbox directly.",
    )
    relay_signs: bool = Field(
        False,
        description="The mail server adds a DKIM signature that covers List-Unsubscribe and List-Unsubscribe-Post; "
        "only then, or when we sign, do letters offer one-click unsubscribing (RFC 8058).",
    )


class Pause(_Group):
    consecutive: int = Field(
        20, description="A mailing pauses after so many recipients in a row were refused for good.", ge=1
    )
    ratio: float = Field(0.1, description="A mailing pauses when more than this part is refused for good …", gt=0, le=1)
    least: int = Field(100, description="… of at least so many recipients.", ge=1)


class Pace(_Group):
    relay: Annotated[str, _checked_by(read_limits)] = Field(
        "",
        description="Most letters that a mail server is handed, in any second, minute, hour or day: `10/s 5000/h` "
        "(also `/min`, `/day`); empty: no limit.",
    )
    domain: Annotated[str, _checked_by(read_limits)] = Field(
        "", description="The same for the recipients of one domain, for each domain."
    )
    domains: Annotated[str, _checked_by(read_domains)] = Field(
        "", description="The same for named domains, instead of that: `gmail.com=20/s 2000/h, outlook.com=10/s`."
    )


class Imap(_Group):
    host: str = Field("", description="IMAP server of a mailbox that bounces or replies come to; empty: none.")
    port: int = Field(993, description="Port of the IMAP server.", ge=1, le=65535)
    security: Security = Field(
        Security.AUTO,
        description="`tls`, `starttls`, `none`, or `auto`: none on loopback, else `starttls` on port 143 and `tls` "
        "elsewhere.",
    )
    username: str = Field("", description="Name to log in with.")
    password: SecretStr = Field(SecretStr(""), description="Password to log in with; not needed with OAuth 2.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of those of the system.")
    address: str = Field(
        "",
        description="Mail address of this mailbox; empty: the user name. What people write is forwarded to the contact "
        "mailbox, but not when it is this one.",
    )
    folders: str = Field("INBOX", description="Folders that are read, divided by commas: `INBOX, Ongewenste e-mail`.")
    since_days: int = Field(14, description="At the first look, messages of so many days are read.", ge=0)
    timeout: float = Field(60, description="Seconds to wait for an answer of the server.", gt=0)
    token_url: str = Field(
        "",
        description="OAuth 2: where access tokens are had, as "
        "`https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`; empty: log in with the password.",
    )
    client_id: str = Field("", description="OAuth 2: our name at that server.")
    client_secret: SecretStr = Field(SecretStr(""), description="OAuth 2: our secret there.")
    refresh_token: SecretStr = Field(
        SecretStr(""), description="OAuth 2: the token that a person got us; empty: client credentials."
    )
    scope: str = Field(
        "https://outlook.office365.com/.default", description="OAuth 2: what we ask to do, as the provider calls it."
    )


class Inbound(_Group):
    poll_seconds: float = Field(
        60,
        description="How often mailboxes are looked into; one that can say by itself that mail came (IMAP IDLE) is "
        "looked into at once.",
        gt=0,
    )
    maildir: Path | None = Field(None, description="A Maildir to read; nothing in it is moved.")
    folder: Path | None = Field(None, description="A folder of .eml files to read; nothing in it is moved.")
    lmtp: str = Field(
        "",
        description="Where a mail server hands us mail by LMTP: `127.0.0.1:2424`, or the path of a socket; empty: "
        "nowhere.",
    )
    address: str = Field(
        "", description="Mail address of that Maildir, folder or LMTP; what arrives there is not forwarded to itself."
    )
    since_days: int = Field(
        14, description="At the first look into that Maildir, messages of so many days are read.", ge=0
    )
    largest: int = Field(
        26_214_400,
        description="Bytes of a message that is taken whole. One that is larger is set aside, with its beginning; by "
        "LMTP it is refused.",
        ge=1_000_000,
    )
    contact: str = Field(
        "",
        description="Mailbox for what people write that belongs to no series; empty: the contact mailbox of the series "
        "that was brought in first.",
    )
    hard_score: float = Field(
        1,
        description="What a bounce weighs that says that an address does not exist; nothing is sent any more to an "
        "address from a weight of 1 on.",
        gt=0,
        le=1,
    )
    soft_score: float = Field(
        0.1, description="What any other bounce weighs; one a day counts for each address.", ge=0, le=1
    )
    forget_days: int = Field(
        30, description="After so many days without a bounce, earlier ones weigh nothing any more.", ge=1
    )
    keep_days: int = Field(30, description="After so many days, the text of what came back is thrown away.", ge=1)
    working_days: int = Field(2, description="Questions that wait longer than so many working days are late.", ge=0)


class Web(_Group):
    listen: str = Field(
        "",
        description="Where `newsletter run` serves the public pages (unsubscribing, pictures, calendar files) to the "
        "web server in front of it: `127.0.0.1:8080`; empty: nowhere, or with `newsletter web`.",
    )


class Store(_Group):
    url: str = Field(
        "sqlite:///var/newsletter.sqlite",
        description="Where everything is kept: `sqlite:///path` or `postgresql://user@host/name`.",
    )


class Paths(_Group):
    templates: Path = Field(Path("templates"), description="Folder of the templates.")
    recipients: Path = Field(Path("recipients"), description="Folder of the recipient lists.")
    outbox: Path = Field(Path("var/outbox"), description="Folder that letters go into while no mail server is set.")
    dkim: Path = Field(Path("dkim"), description="Folder of DKIM keys; `newsletter dkim make` makes one.")
    public: Path = Field(
        Path("var/public"),
        description="Folder of the files that letters link to (pictures, calendar files), served by the public pages.",
    )
    originals: Path = Field(
        Path("var/originals"), description="Folder of pictures as they were brought in, which nobody serves."
    )


class Schedule(_Group):
    refresh_seconds: float = Field(
        2, description="How often `newsletter run` looks for changes that were made elsewhere.", gt=0, le=60
    )
    lease_seconds: float = Field(
        60,
        description="After so many seconds without a sign of life, the letters of a stopped process are taken over.",
        ge=5,
    )
    undo_seconds: float = Field(
        30,
        description="A mailing that is sent `--at now` leaves so many seconds later; until then it can be undone.",
        ge=0,
    )


class Settings(BaseSettings):
    """All settings; `NEWSLETTER_` + group + `__` + name, in any letter case."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_file_encoding="utf-8", frozen=True, extra="forbid"
    )

    store: Store = Store()
    smtp: Smtp = Smtp()
    smtp2: Smtp = Smtp()
    smtp3: Smtp = Smtp()
    mail: Mail = Mail()
    paths: Paths = Paths()
    schedule: Schedule = Schedule()
    pause: Pause = Pause()
    pace: Pace = Pace()
    imap: Imap = Imap()
    imap2: Imap = Imap()
    imap3: Imap = Imap()
    inbound: Inbound = Inbound()
    web: Web = Web()
