"""Code lists of standards that settings and deliveries are held against: currencies, countries, units."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["codes"]

CODES = Path(__file__).with_name("codes.yaml")
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def codes(standard: str) -> tuple[str, ...]:
    """The codes of ``currency`` (ISO 4217), ``country`` (ISO 3166-1) or ``unit`` (a part of UN/ECE Rec 20), sorted."""
    lists = yaml.load(CODES.read_text(encoding="utf-8"), Loader=FAST)
    return tuple(sorted(lists[standard].split()))
