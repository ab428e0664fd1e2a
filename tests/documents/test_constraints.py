"""Values that several kinds of documents have in common: what each takes, and the sentence with which it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from decai_forecast.documents.code_lists import codes
from decai_forecast.documents.constraints import (
    Cron,
    Currency,
    Day,
    Folder,
    MailAddress,
    Name,
    OneOf,
    Real,
    Text,
    TimeZone,
    Variable,
)
from decai_forecast.documents.typed import typed


@dataclass(frozen=True)
class Form:
    cron: Cron = "0 1 * * *"
    zone: TimeZone = "UTC"
    currency: Currency = "EUR"
    day: Day = "2026-12-07"
    folder: Folder = "/"
    mail: MailAddress = "a@b"
    variable: Variable = "A"
    real: Real = 0.0
    name: Name = "n"
    text: Text = "t"
    colour: Annotated[str, OneOf(lambda: ("red", "green"))] = "red"


GOOD: list[tuple[str, Any, Any]] = [  # key, what stands there, what it becomes
    ("cron", "*/15 6-18 * * 1-5", "*/15 6-18 * * 1-5"),
    ("zone", "Europe/Paris", "Europe/Paris"),
    ("currency", "CHF", "CHF"),
    ("day", "2028-02-29", "2028-02-29"),
    ("folder", "/srv/exports", "/srv/exports"),
    ("mail", "planning+night@acme.example", "planning+night@acme.example"),
    ("variable", "_SMTP_USER2", "_SMTP_USER2"),
    ("real", "1e-6", 1e-6),
    ("real", "-2.5E3", -2500.0),
    ("real", 3, 3.0),
    ("name", 4711, "4711"),
    ("text", "x" * 1000, "x" * 1000),
    ("colour", "green", "green"),
]


@pytest.mark.parametrize(("key", "given", "expected"), GOOD)
def test_what_is_taken(key: str, given: object, expected: object) -> None:
    """Numbers where people write them as names, and names where YAML reads numbers as text."""
    read, faults = typed({key: given}, Form, "a form")
    assert faults == ()
    assert read is not None
    assert getattr(read, key) == expected


CRON = "a cron expression such as '0 1 * * *' (minute hour day month weekday)"
DAY = "a date such as 2026-12-07"
MAIL, VARIABLE = "a mail address such as planning@acme.example", "the name of an environment variable such as SMTP_USER"
BAD: list[tuple[str, Any, str]] = [  # key, what stands there, what is said
    ("cron", "61 1 * * *", f"cron must be {CRON}, not '61 1 * * *'"),
    ("cron", "0 1 * * * *", f"cron must be {CRON}, not '0 1 * * * *'"),  # six fields: croniter would take seconds
    ("cron", "@daily", f"cron must be {CRON}, not '@daily'"),
    ("zone", "Mars", "zone must be an IANA name such as Europe/Paris, not 'Mars'"),
    ("zone", "../etc/passwd", "zone must be an IANA name such as Europe/Paris, not '../etc/passwd'"),
    ("currency", "EURO", "currency must be a currency of ISO 4217 such as EUR, not 'EURO'; did you mean 'EUR'?"),
    ("currency", "eur", "currency must be a currency of ISO 4217 such as EUR, not 'eur'; did you mean 'EUR'?"),
    ("day", "2026-02-29", f"day must be {DAY}, not '2026-02-29'"),
    ("day", "20261207", f"day must be {DAY}, not '20261207'"),  # Python reads it
    ("day", "2026-W50-1", f"day must be {DAY}, not '2026-W50-1'"),
    ("folder", "exports", "folder must be an absolute folder such as /srv/exports, not 'exports'"),
    ("mail", "acme.example", f"mail must be {MAIL}, not 'acme.example'"),
    ("mail", "a@b, c@d", f"mail must be {MAIL}, not 'a@b, c@d'"),
    ("mail", "a@b\nBcc: c@d", f"mail must be {MAIL}, not 'a@b\\nBcc: c@d'"),
    ("variable", "SMTP-USER", f"variable must be {VARIABLE}, not 'SMTP-USER'"),
    ("variable", "1A", f"variable must be {VARIABLE}, not '1A'"),
    ("real", "1.5", "real must be a number, not '1.5'"),
    ("real", True, "real must be a number, not true"),
    ("name", True, "name must be a name, not true; put it into quotes"),
    ("name", "", "name must be a name, not ''"),
    ("text", "", "text must be text of 1 to 1,000 characters, not ''"),
    ("text", 5, "text must be text of 1 to 1,000 characters, not 5; put it into quotes"),
    ("colour", "gren", "colour must be one of red, green, not 'gren'; did you mean 'green'?"),
]


@pytest.mark.parametrize(("key", "given", "said"), BAD)
def test_what_is_refused(key: str, given: object, said: str) -> None:
    """What is allowed, with an example, and what stands there."""
    read, faults = typed({key: given}, Form, "a form")
    assert read is None
    assert [(fault.where, fault.text) for fault in faults] == [((key,), said)]


@pytest.mark.parametrize(("standard", "some"), [("currency", "EUR"), ("country", "DE"), ("unit", "KGM")])
def test_code_lists_are_sorted_and_without_doubles(standard: str, some: str) -> None:
    """As a message lists them."""
    known = codes(standard)
    assert some in known
    assert list(known) == sorted(set(known))
