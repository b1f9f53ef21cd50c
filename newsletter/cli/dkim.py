"""`newsletter dkim …`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import clock
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.compose.dkim_keys import Key, KeyType, checked_domain, new_key, read_keys, write_key
from newsletter.errors import SettingsError
from newsletter.settings import ENV_FILE

commands = typer.Typer(
    no_args_is_help=True, help="DKIM: keys that letters are signed with, and what the DNS must say of them."
)


@commands.command("make")
def make(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="What stands behind the @ of the From.")],
    selector: Annotated[
        str, typer.Option("--selector", help="Name of the key in the DNS; otherwise its type and this month.")
    ] = "",
    type_: Annotated[KeyType, typer.Option("--type", help="Every mail server knows rsa; ed25519 is a second.")] = (
        KeyType.RSA
    ),
    as_json: Json = False,
) -> None:
    """Make a key for a From domain, and print the DNS record that belongs to it; no key is ever overwritten."""
    folder = _folder()
    key = new_key(domain, selector or default_selector(type_, clock().date()), type_)
    path = write_key(folder, key)
    if as_json:
        console.as_json({"file": path, **described(key)})
        return
    console.say(f"made {path}; nobody else may read it, and it belongs in your backup")
    console.say("")
    _say_record(key)
    console.say("")
    console.say("Letters are signed with it once `newsletter run` is started again; publish the record before that.")


@commands.command("show")
def show(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Only the keys of this domain.")] = "",
    as_json: Json = False,
) -> None:
    """Print the DNS records of all keys again."""
    folder = _folder()
    found = read_keys(folder)
    if domain:
        name = checked_domain(domain)
        if name not in found:
            raise SettingsError(f"{folder} has no key for {name}; make one with: newsletter dkim make {name}")
        found = {name: found[name]}
    keys = [key for keys in found.values() for key in keys]
    if as_json:
        console.as_json([described(key) for key in keys])
        return
    if not keys:
        console.say("There is no key, and letters are not signed; make one with: newsletter dkim make DOMAIN")
    for number, key in enumerate(keys):
        if number:
            console.say("")
        _say_record(key)


def default_selector(type_: KeyType, today: date) -> str:
    """A name that tells how old the key is: `rsa-202603`."""
    return f"{type_}-{today:%Y%m}"


def described(key: Key) -> dict[str, object]:
    """All of a key that is public."""
    record = key.record
    return {
        "domain": key.domain,
        "selector": key.selector,
        "type": key.type,
        "name": record.name,
        "value": record.value,
        "strings": record.strings,
        "zone": record.zone_line,
    }


def _folder() -> Path:
    found = console.settings()
    if "dkim" not in found.paths.model_fields_set and not Path(ENV_FILE).is_file():
        # A key that is made in a wrong folder would sign nothing, and nobody would notice.
        raise SettingsError(f"there is no {ENV_FILE} in {Path.cwd()}; go to the folder that `newsletter init` made")
    return found.paths.dkim


def _say_record(key: Key) -> None:
    record = key.record
    console.say(f"The DNS of {key.domain} must have this TXT record:")
    console.say(f"  name   {record.name}")
    console.say(f"  value  {record.value}")
    console.say("The same as a line of a zone file:")
    console.say(f"  {record.zone_line}")
