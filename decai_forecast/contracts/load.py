"""Reading a contract file. Strictly: every fault at once, with its place. At parse time: only what a DAG needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from decai_forecast.contracts.availability import out_of_time, schedule_of
from decai_forecast.contracts.kind import CONTRACT
from decai_forecast.contracts.model import Column, Contract, Source
from decai_forecast.contracts.neighbours import reference_problems
from decai_forecast.contracts.profile import format_of, location_of, own_properties, profile_complaints
from decai_forecast.contracts.rules import compile_rules
from decai_forecast.contracts.rules.values import is_number
from decai_forecast.contracts.servers import server_complaints
from decai_forecast.contracts.standard import standard_complaints
from decai_forecast.contracts.terms_reader import read_terms
from decai_forecast.contracts.vocabulary import UNTYPED
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.secrets import secret_faults
from decai_forecast.errors import ContractError, Problem
from decai_forecast.network import Windows
from decai_forecast.store import digest_bytes

__all__ = ["lint_contract", "load_contract"]

VAGUE = (  # of the standard's messages
    "extensions belong under customProperties", " is not one of ", "needs exactly one of ", "missing required key 'mustBe' ",
    "'multipleOf': ",
)  # fmt: skip
MISSING = re.compile(  # told as missing, but only misspelt
    r"missing required key '(\w+)' |(?:price|rule '\w+') needs (\w+)\b|a (\w+) rule is missing"
    r"|a rule needs exactly one of (must)Be.*found none"
)
NO_SECRET = "does not belong into a contract; name a connection under customProperties"
BROKEN = (AttributeError, KeyError, TypeError, ValueError, IndexError)  # of a file without the standard's shape


def load_contract(path: Path, *, strict: bool = True, windows: Windows | None = None) -> Contract:
    """The contract in ``path``; :class:`ContractError` shows the line and column of everything that is wrong.

    With ``strict=False`` the JSON Schema is left out: milliseconds instead of a tenth of a second, for Airflow's parser.
    ``windows`` of the network that it is for: a time at which no delivery can be in time is a fault, too.
    """
    document = Document(path, CONTRACT)
    problems, contract = _understood(document, strict)
    if contract is not None and windows is not None and not problems:
        problems = document.problems(out_of_time(document.value, contract, windows))
    if problems or contract is None:
        raise document.error(problems)
    return contract


def lint_contract(path: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with the file, sorted by place; nothing if it can be used."""
    try:
        load_contract(path)
    except ContractError as error:
        return error.problems
    return ()


def _understood(document: Document, strict: bool) -> tuple[list[Problem], Contract | None]:
    secrets = document.problems(_secrets(document.value))
    standard = [*document.repeated(), *_against_standard(document)] if strict else []
    try:
        contract, found = _read(document, strict=strict)
    except BROKEN as error:  # not the standard's shape: the schema knows where
        standard = standard or list(_against_standard(document))
        problems = _told_once(standard, [*secrets, *_no_table(document)])
        return problems or [Problem(1, 1, f"does not have the shape of a data contract ({type(error).__name__})")], None
    beside = reference_problems(document, contract) if strict else ()
    return _told_once(standard, [*secrets, *found, *beside]), contract


def _secrets(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """In the servers, and in the addresses of the support channels."""
    for section in ("servers", "support"):
        yield from secret_faults(raw.get(section), (section,), NO_SECRET)


def _no_table(document: Document) -> Iterator[Problem]:
    """What the standard lets pass, and nothing can be checked without."""
    if "schema" not in document.value:
        yield Problem(1, 1, "missing required key 'schema' in the contract: which columns does the delivery have?")
    elif document.value["schema"] == []:
        yield document.problem(("schema",), "schema is empty; it needs one table with its properties, the columns", key=True)
    elif isinstance(document.value["schema"], list) and not (document.value["schema"][0] or {}).get("properties"):
        yield document.problem(("schema", 0), "the table has no properties: which columns does the delivery have?")


def _told_once(standard: Sequence[Problem], house: Sequence[Problem]) -> list[Problem]:
    """One message for one fault: at one place the house's counts where the standard can only list what it knows.

    A misspelt key is not told again as a missing one. At 1:1 stands whatever is not there at all: all of that is told.
    """
    ours = {_place(problem) for problem in house}
    kept = [p for p in standard if _place(p) not in ours or not any(words in p.text for words in VAGUE)]
    theirs = {_place(problem) for problem in kept} - {(1, 1)}
    told = dict.fromkeys([*kept, *(problem for problem in house if _place(problem) not in theirs)])
    meant = {found[1] for problem in told if (found := re.search(r"did you mean '([^']*)'", problem.text))}
    return [
        p for p in told if not ((found := MISSING.match(p.text)) and any(word.startswith(_lacking(found)) for word in meant))
    ]


def _lacking(found: re.Match[str]) -> str:
    """The word that is said to be missing; any operator, where one is."""
    return next(word for word in found.groups() if word)


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def _against_standard(document: Document) -> Iterator[Problem]:
    yield from document.problems(standard_complaints(document.value))


def _read(document: Document, *, strict: bool) -> tuple[Contract, list[Problem]]:
    raw, complain = document.value, Complaints(strict=strict)
    nodes = raw["schema"][0]["properties"]
    columns = tuple(_column(node, ("schema", 0, "properties", k), complain) for k, node in enumerate(nodes))
    rules = compile_rules(raw, columns, complain)
    profile_complaints(raw, columns, complain)
    server_complaints(raw, columns, complain)
    own, server = own_properties(raw), (raw.get("servers") or [{}])[0]
    contract = Contract(
        path=document.path, digest=digest_bytes(document.text.encode()),
        id=str(raw.get("id")), version=str(raw.get("version")), partner=str(raw.get("tenant")),
        data_set=str(own.get("dataSet")), table=str(raw["schema"][0].get("name") or ""), columns=columns,
        source=Source(str(server.get("type")), location_of(server), format_of(server), server, own_properties(server)),
        schedule=schedule_of(_levels(raw, "timeOfAvailability")), time_zone=str(own.get("timeZone") or ""), rules=rules,
        error_rate=_error_rate(raw),
        missing_periods=str(own.get("missingPeriods") or "zero"), expected_demand=_expected(own.get("expectedDemand")),
        channels=_channels(raw.get("support") or []), terms=read_terms(raw, own, complain),
    )  # fmt: skip
    return contract, document.problems(complain.found)


def _column(node: Mapping[str, Any], where: tuple[str | int, ...], complain: Complaints) -> Column:
    if not isinstance(node.get("name"), str):
        complain(where, "a column needs name, a text")
    name = str(node.get("name"))
    return Column(
        name=name, source_name=str(node.get("physicalName") or name), logical_type=str(node.get("logicalType") or UNTYPED),
        physical_type=str(node.get("physicalType") or ""), required=bool(node.get("required") or node.get("primaryKey")),
        primary_key=bool(node.get("primaryKey")), classification=str(node.get("classification") or ""),
    )  # fmt: skip


def _levels(raw: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    return (item for item in raw.get("slaProperties") or [] if item.get("property") == name)


def _error_rate(raw: Mapping[str, Any]) -> float:
    rates = [item.get("value") for item in _levels(raw, "errorRate")]
    return float(rates[0]) / 100 if rates and isinstance(rates[0], int | float) else 0.0


def _expected(value: Any) -> float:
    return float(value) if is_number(value) else 0.0


def _channels(support: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    told = [item for item in support if item.get("scope") == "notifications"]
    return tuple(str(item.get("url") or item.get("channel") or "") for item in told or support)
