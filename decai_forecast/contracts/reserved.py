"""Columns of ours beside a partner's: in a landed text file, in the quarantine. No contracted column may begin like them."""

from __future__ import annotations

__all__ = ["LINE", "PREFIX", "ROW", "RULES", "TORN", "UNREADABLE"]

PREFIX = "_decai_"
LINE = f"{PREFIX}line"  # the line of the text file a row stands in; the header is line 1 where nothing stands above it
UNREADABLE = f"{PREFIX}unreadable"  # MAP of the contract's column name to the raw text that is no value
TORN = f"{PREFIX}row"  # its key for a whole row with the wrong number of fields
ROW = f"{PREFIX}row_nr"  # the row's number in the delivery, from 0
RULES = f"{PREFIX}rules"  # the rules that a quarantined row broke
