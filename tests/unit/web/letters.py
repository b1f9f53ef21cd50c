"""Small templates for the tests of the preview: quick to compose, easy to break."""

import shutil
from pathlib import Path

from newsletter.app import PACKAGE

SHIPPED = PACKAGE.parent / "templates"
HTML = """\
<!doctype html>
<html lang="{{ language }}"><head><title>{{ subject }}</title><style>p { color: #123456 }</style></head>
<body><p>Beste [[ subscriber.name ]] van [[ subscriber.organisation ]]</p>
<p>{% if event.images %}<img src="{{ event.images[0].url }}" alt="De zaal">{% endif %}</p>
<p><a href="[[ links.unsubscribe ]]">Afmelden</a></p></body></html>
"""
TEXT = "Beste [[ subscriber.name ]]\n\n{{ event.title }}\n\n[[ links.unsubscribe ]]\n"
BROKEN = TEXT + "\n{{ event.titel }}\n"


def write_templates(folder: Path, *names: str) -> Path:
    """A folder with these templates and with the words and the theme that come with the product."""
    for name in names:
        write_template(folder, name)
    for shared in ("words", "themes"):
        shutil.copytree(SHIPPED / shared, folder / shared)
    shutil.copy(SHIPPED / "theme.toml", folder)
    return folder


def write_template(folder: Path, name: str, *, text: str = TEXT) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "subject.txt").write_text(f"{name}: {{{{ event.title }}}}\n", encoding="utf-8")
    (folder / name / "letter.html").write_text(HTML, encoding="utf-8")
    (folder / name / "letter.txt").write_text(text, encoding="utf-8")
