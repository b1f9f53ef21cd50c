"""Memory: the schema of a store, brought up to date. The only import of alembic.

In: a connection to a store of an older version, or to an empty one. Out: the schema that this program works with.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from newsletter.errors import StoreError


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(connection: Connection) -> None:
    """Run the migrations that are still to be run.

    Raises:
        StoreError: the store is newer than this program, or cannot be changed.
    """
    config = migrations()
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreError(
            f"the store has schema {current}, which is newer than this program knows; "
            "use the newer program, or restore a backup"
        )
    if connection.dialect.name == "postgresql":
        # Two processes may start on an empty store at once; the second waits, and finds it made.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7365726965)")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except OperationalError as error:
        raise StoreError(f"the store could not be brought up to date: {error.orig}") from error
