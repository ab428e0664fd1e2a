"""Where a participant wants its report: ``contracts/<participant>/report.yaml``, its own file.

::

    version: 1
    compare: true          # give service and forecast error, two numbers, for quartiles of five companies or more
    send:
      - {name: archive, kind: folder, url: s3://acme-reports, connection: acme_s3}
      - {name: erp, kind: webhook, url: "https://erp.acme.example/reports", connection: acme_erp}
      - {name: planners, kind: mail, to: [planning@acme.example], connection: acme_smtp}

Passwords come from the connection that is named, never from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.documents.document import Document
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.spelling import near
from decai_forecast.errors import ConfigError, DocumentError, Problem

__all__ = ["FILE", "Settings", "Target", "read_settings"]

FILE = "report.yaml"
EXPECTED = "expected a mapping with version, compare and send; docs/how-to/report.md shows one"
REPORT_SETTINGS = Kind("a file of report settings", EXPECTED, version=1)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
NEEDED: Mapping[str, tuple[str, ...]] = {"folder": ("url",), "webhook": ("url", "connection"), "mail": ("to", "connection")}
OPTIONAL: Mapping[str, tuple[str, ...]] = {"folder": ("connection",), "webhook": (), "mail": ()}


@dataclass(frozen=True)
class Target:
    """One place to send to; ``connection`` names where its password lies."""

    name: str
    kind: str  # folder, webhook or mail
    url: str = ""
    to: tuple[str, ...] = ()
    connection: str = ""


@dataclass(frozen=True)
class Settings:
    """Without a file: nothing is sent anywhere, nothing is given for comparison; the report lies in the outbox."""

    compare: bool = False
    targets: tuple[Target, ...] = ()


def read_settings(path: Path) -> Settings:
    """The settings in ``path``; :class:`ConfigError` with file, line and column of every fault."""
    if not path.exists():
        return Settings()
    try:
        document = Document(path, REPORT_SETTINGS)
        if problems := list(_problems(document)):
            raise document.error(problems)
    except DocumentError as error:
        raise ConfigError(str(error)) from None
    value = document.value
    return Settings(bool(value.get("compare", False)), tuple(_target(given) for given in value.get("send") or ()))


def _target(given: Mapping[str, Any]) -> Target:
    kind = str(given["kind"])
    to = tuple(str(one) for one in given.get("to") or ())
    return Target(str(given.get("name") or kind), kind, str(given.get("url") or ""), to, str(given.get("connection") or ""))


def _problems(document: Document) -> Iterator[Problem]:
    value = document.value
    for key in value:
        if key not in ("version", "compare", "send"):
            yield document.problem((key,), f"unknown key {key!r}; there are version, compare and send", key=True)
    if value.get("version") != 1:
        yield document.problem(("version",), "expected version: 1")
    if not isinstance(value.get("compare", False), bool):
        yield document.problem(("compare",), "compare must be true or false")
    given = value.get("send") or []
    if not isinstance(given, list):
        yield document.problem(("send",), "send must be a list of targets")
        return
    seen: set[str] = set()
    for number, target in enumerate(given):
        yield from _faults(document, number, target, seen)


def _faults(document: Document, number: int, given: Any, seen: set[str]) -> Iterator[Problem]:
    where = ("send", number)
    kind = str(given.get("kind")) if isinstance(given, dict) else ""
    if kind not in NEEDED:
        yield document.problem(where, f"a target needs a kind: {', '.join(NEEDED)}{near(kind, set(NEEDED))}")
        return
    allowed = {"name", "kind", *NEEDED[kind], *OPTIONAL[kind]}
    for key in given:
        if key not in allowed:
            yield document.problem((*where, key), f"{kind} takes no {key!r}; it takes {', '.join(sorted(allowed))}", key=True)
    for key in NEEDED[kind]:
        if not given.get(key):
            yield document.problem(where, f"{kind} needs {key!r}")
    to = given.get("to") or []
    if not isinstance(to, list) or not all(isinstance(one, str) and ADDRESS.fullmatch(one) for one in to):
        yield document.problem((*where, "to"), "to must be a list of mail addresses, each like planning@acme.example")
    name = str(given.get("name") or kind)
    if not NAME.fullmatch(name):
        yield document.problem((*where, "name"), f"{name!r} cannot be a name; use 1-40 of a-z, 0-9, _ and -")
    if name in seen:
        yield document.problem(where, f"a second target {name!r}; give each a name of its own")
    seen.add(name)
