"""Memory: INSERT … ON CONFLICT, which SQLAlchemy spells once per dialect."""

from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(tx: AsyncConnection, table: Table) -> postgresql.Insert:
    """An insert that can say what happens on a conflict; both dialects' have the same methods."""
    if tx.dialect.name == "sqlite":
        return cast("postgresql.Insert", sqlite.insert(table))
    return postgresql.insert(table)
