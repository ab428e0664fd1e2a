"""The tables of an exchange, as its newest version has them. Each participant's node has its own; moments are whole seconds
since 1970 in UTC, money is whole minor units. How they came to be: ``migrations/``."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["GRANTS", "HEAD", "LISTINGS", "METADATA", "OPENINGS", "OUTBOX", "USES", "VERSIONS"]

HEAD = "0002"  # the newest migration
METADATA = MetaData()
NAME = String(120)

LISTINGS = Table(
    "exchange_listing", METADATA,
    Column("id", NAME, primary_key=True),  # acme/demand
    Column("owner", String(40), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("withdrawn", BigInteger),
)  # fmt: skip

VERSIONS = Table(
    "exchange_version", METADATA,
    Column("listing", NAME, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("file", String(64), nullable=False),  # SHA-256 of what is published
    Column("card", Text, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("kept_until", BigInteger),
    ForeignKeyConstraint(["listing"], ["exchange_listing.id"]),
)  # fmt: skip

GRANTS = Table(
    "exchange_grant", METADATA,
    Column("id", String(64), primary_key=True),
    Column("listing", NAME, nullable=False, index=True),
    Column("party", String(40), nullable=False),
    Column("offer", Text, nullable=False),  # as agreed; what is published later changes nothing of it
    Column("purposes", Text, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("ends", BigInteger),
    Column("quota", Integer),
    Column("used", Integer, nullable=False, default=0),
    Column("stated", Integer, nullable=False, default=0),  # up to which use the log was told
    Column("withdrawn", BigInteger),
    ForeignKeyConstraint(["listing"], ["exchange_listing.id"]),
    CheckConstraint("quota IS NULL OR used <= quota", name="exchange_quota"),
)  # fmt: skip

USES = Table(
    "exchange_use", METADATA,
    Column("grant_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1 on, without a gap
    Column("key", String(64), nullable=False),  # the party's own; the same key is the same use
    Column("version", Integer, nullable=False),
    Column("action", String(20), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("charge", BigInteger, nullable=False),
    Column("shared", BigInteger, nullable=False),  # of the charge
    ForeignKeyConstraint(["grant_id"], ["exchange_grant.id"]),
    UniqueConstraint("grant_id", "key", name="exchange_use_key"),
)  # fmt: skip

OPENINGS = Table(
    "exchange_opening", METADATA,
    Column("listing", NAME, primary_key=True),
    Column("event", String(120), primary_key=True),  # id of the disruption notification
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    ForeignKeyConstraint(["listing"], ["exchange_listing.id"]),
)  # fmt: skip

OUTBOX = Table(
    "exchange_outbox", METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("owner", String(40), nullable=False, index=True),
    Column("event", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("round", String(20)),  # of the statement, once it is decided
    Column("stated", Integer, nullable=False, default=0),
)  # fmt: skip
