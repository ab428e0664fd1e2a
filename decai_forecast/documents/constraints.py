"""Values that several kinds of documents have in common, for the fields of a form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from decai_forecast.cron_times import is_cron
from decai_forecast.documents.code_lists import codes
from decai_forecast.documents.spelling import near

__all__ = ["Cron", "Currency", "Day", "Folder", "MailAddress", "Name", "OneOf", "Real", "Text", "TimeZone", "Variable"]

EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class OneOf:
    """The text is one of ``names()``, which are known when the program runs: ``Annotated[str, OneOf(strategy_names)]``."""

    names: Callable[[], tuple[str, ...]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def _known(self, value: str) -> str:
        _refused(unless=value in self.names())
        return value


def _refused(*, unless: object) -> None:
    """Without a text: the description of the field says what is allowed."""
    if not unless:
        raise ValueError


def _cron(value: str) -> str:
    _refused(unless=is_cron(value))
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError from None
    return value


def _currency(value: str) -> str:
    if value not in codes("currency"):
        raise ValueError(f"must be a currency of ISO 4217 such as EUR, not {value!r}{near(value.upper(), codes('currency'))}")
    return value


def _day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError from None
    _refused(unless=day.isoformat() == value)
    return value


def _folder(value: str) -> str:
    _refused(unless=Path(value).is_absolute())
    return value


def _address(value: str) -> str:
    _refused(unless=ADDRESS.fullmatch(value))
    return value


def _variable(value: str) -> str:
    _refused(unless=VARIABLE.fullmatch(value))
    return value


def _real(value: Any) -> Any:
    """YAML reads 1e-6 as text; it means the number."""
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def _name(value: Any) -> Any:
    """Items and places are often numbered: 4711 is a name too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, BeforeValidator(_name), Field(min_length=1, max_length=200, description="a name")]
Real = Annotated[float, BeforeValidator(_real)]
Cron = Annotated[
    str, AfterValidator(_cron), Field(description="a cron expression such as '0 1 * * *' (minute hour day month weekday)")
]
TimeZone = Annotated[str, AfterValidator(_zone), Field(description="an IANA name such as Europe/Paris")]
Currency = Annotated[str, AfterValidator(_currency), Field(description="a currency of ISO 4217 such as EUR")]
Day = Annotated[str, AfterValidator(_day), Field(description="a date such as 2026-12-07")]
Folder = Annotated[str, AfterValidator(_folder), Field(description="an absolute folder such as /srv/exports")]
MailAddress = Annotated[str, AfterValidator(_address), Field(description="a mail address such as planning@acme.example")]
Variable = Annotated[str, AfterValidator(_variable), Field(description="the name of an environment variable such as SMTP_USER")]
