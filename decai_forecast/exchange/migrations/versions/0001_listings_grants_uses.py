"""Listings, their versions, grants and uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None
NAME = sa.String(120)


def upgrade() -> None:
    op.create_table(
        "exchange_listing",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
    )
    op.create_table(
        "exchange_version",
        sa.Column("listing", NAME, sa.ForeignKey("exchange_listing.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("kept_until", sa.BigInteger),
    )
    op.create_table(
        "exchange_grant",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("listing", NAME, sa.ForeignKey("exchange_listing.id"), nullable=False, index=True),
        sa.Column("party", sa.String(40), nullable=False),
        sa.Column("offer", sa.Text, nullable=False),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger),
        sa.Column("quota", sa.Integer),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
        sa.CheckConstraint("quota IS NULL OR used <= quota", name="exchange_quota"),
    )
    op.create_table(
        "exchange_use",
        sa.Column("grant_id", sa.String(64), sa.ForeignKey("exchange_grant.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("charge", sa.BigInteger, nullable=False),
        sa.Column("shared", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("grant_id", "key", name="exchange_use_key"),
    )
