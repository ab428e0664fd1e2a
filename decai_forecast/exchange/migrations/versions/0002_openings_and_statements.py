"""Grants that a disruption opens, and what the log has still to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    op.create_table(
        "exchange_opening",
        sa.Column("listing", sa.String(120), sa.ForeignKey("exchange_listing.id"), primary_key=True),
        sa.Column("event", sa.String(120), primary_key=True),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "exchange_outbox",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("owner", sa.String(40), nullable=False, index=True),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("round", sa.String(20)),
        sa.Column("stated", sa.Integer, nullable=False),
    )
    op.add_column("exchange_grant", sa.Column("stated", sa.Integer, nullable=False, server_default="0"))
