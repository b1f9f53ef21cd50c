"""The rooms: imports point upstream, and each big library is imported in one module."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "newsletter"
FLOW = ("events", "subscribers", "compose", "preflight", "outbox", "smtp", "inbound")
#: Shells of a stage may use what stands beside the flow.
BESIDE = ("schedule", "store", "settings", "errors")
ONE_MODULE = {
    "premailer": "compose/offline.py",
    "aiosmtplib": "smtp/client.py",
    "apscheduler": "schedule/runner.py",
    "holidays": "schedule/working_days.py",
    "icalendar": "compose/calendar.py",
    "alembic": "store/migrate.py",
    "aiosmtpd": "smtp/catchall.py",
    "cryptography": "compose/dkim_keys.py",
    "flufl": "inbound/telling/fallback.py",
    "uvloop": "cli/console.py",
}
#: Plain functions: what they need to know is an argument.
DECISIONS = (
    *("events/event.py", "events/plan.py", "events/document.py", "events/placeholders.py", "events/revision.py"),
    *("subscribers/recipients.py", "subscribers/planning.py", "subscribers/links.py"),
    *("compose/composer.py", "compose/letter.py", "compose/headers.py", "compose/wire.py", "compose/calendar.py"),
    *("compose/blanks.py", "compose/structure.py", "compose/attachments.py", "compose/dkim.py"),
    *("outbox/retry.py", "outbox/alarm.py", "outbox/delivery.py", "outbox/envelope.py"),
    *("outbox/limits.py", "outbox/pace.py", "smtp/response.py", "smtp/refusals.py"),
    *("schedule/rules.py", "schedule/replan.py", "schedule/state.py", "schedule/working_days.py"),
    *("schedule/reasons.py", "outbox/batches.py"),
    *(
        "preflight/finding.py",
        "preflight/reading.py",
        "preflight/css.py",
        "preflight/run.py",
        "preflight/recipients.py",
    ),
    *("preflight/size.py", "preflight/links.py", "preflight/images.py", "preflight/structure.py", "preflight/text.py"),
    *("preflight/clients.py", "preflight/contrast.py", "preflight/support.py", "preflight/tracking.py"),
    *("inbound/policy.py", "inbound/answering.py", "inbound/reference.py"),
    *(f"inbound/replying/{name}.py" for name in ("routing", "threads", "unchanged", "wrapped", "seven_bit", "waiting")),
    *(path.relative_to(PACKAGE).as_posix() for path in sorted((PACKAGE / "inbound" / "telling").glob("*.py"))),
    *("inbound/sources/imap_syntax.py", "outbox/organizer.py", "compose/invitation.py"),
    *("preflight/asked.py", "preflight/dates.py", "preflight/names.py", "preflight/plain_language.py"),
)
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts
)


def imported(module: str) -> set[str]:
    """The full names of what a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("module", [module for module in MODULES if module.split("/")[0] in FLOW])
def test_imports_point_upstream(module: str) -> None:
    room = module.split("/")[0]
    allowed = {*FLOW[: FLOW.index(room) + 1], *BESIDE}
    rooms = {name.split(".")[1] for name in imported(module) if name.startswith("newsletter.")}
    assert rooms <= allowed


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("inbound/telling/")])
def test_what_a_message_is_is_told_without_the_rest_of_its_stage(module: str) -> None:
    stage = "newsletter.inbound."
    assert not {name for name in imported(module) if name.startswith(stage) and name.split(".")[2] != "telling"}


@pytest.mark.parametrize(("library", "home"), ONE_MODULE.items())
def test_each_big_library_is_imported_in_one_module(library: str, home: str) -> None:
    users = [module for module in MODULES if any(name.split(".")[0] == library for name in imported(module))]
    assert users == [home]


@pytest.mark.parametrize("module", DECISIONS)
def test_decisions_know_no_clock_no_settings_and_no_store(module: str) -> None:
    names = imported(module)
    assert not {name for name in names if name.startswith(("sqlalchemy", "newsletter.store", "newsletter.settings"))}
    source = (PACKAGE / module).read_text(encoding="utf-8")
    assert "async def" not in source
    assert ".now(" not in source


@pytest.mark.parametrize("module", MODULES)
def test_sql_lives_in_the_store(module: str) -> None:
    names = {name for name in imported(module) if name.split(".")[0] == "sqlalchemy"}
    # A shell passes a transaction along; only the store says anything to it.
    assert module.startswith("store/") or names <= {"sqlalchemy.ext.asyncio", "sqlalchemy.exc"}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))
