"""Run by Alembic, with the connection that ``database.py`` gives it."""

from __future__ import annotations

from alembic import context

from decai_forecast.exchange.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table="exchange_version_of_tables"
)
with context.begin_transaction():
    context.run_migrations()
