"""Reading a contract file. Strictly: against the standard's JSON Schema. At parse time: only what a DAG needs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from decai_forecast.contracts.lines import line_of
from decai_forecast.contracts.model import Column, Contract, Source
from decai_forecast.contracts.rules import SLA_UNITS, compile_rules
from decai_forecast.errors import ContractError
from decai_forecast.store import digest_bytes

if TYPE_CHECKING:
    from jsonschema import Draft201909Validator, ValidationError

__all__ = ["DATA_SETS", "load_contract"]

DATA_SETS = ("demand", "stock", "items")
REQUIRED_COLUMNS = {
    "demand": ("date", "item_id", "quantity"),
    "stock": ("date", "item_id", "on_hand"),
    "items": ("item_id", "vendor"),
}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_contract(path: Path, *, strict: bool = True) -> Contract:
    """The contract in ``path``; :class:`ContractError` names the line of the first thing that is wrong.

    With ``strict=False`` the JSON Schema is left out: milliseconds instead of a tenth of a second, for Airflow's parser.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(path, 1, f"cannot be read as UTF-8 text ({type(error).__name__})") from None
    raw = _parse(path, text)
    if strict:
        _against_schema(path, text, raw)
    try:
        return _Reader(path, text, raw).contract()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _against_schema(path, text, raw)  # not the standard's shape: the schema knows where
        raise ContractError(path, 1, f"cannot be understood ({error})") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        raw = yaml.load(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ContractError(path, mark.line + 1 if mark else 1, f"not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContractError(path, 1, f"not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ContractError(path, 1, "expected an ODCS data contract (a mapping with apiVersion, kind, id, ...)")
    return cast("dict[str, Any]", _plain(raw))


def _plain(value: Any) -> Any:
    """YAML dates become ISO 8601 text, as the standard's schema wants them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@lru_cache(maxsize=1)
def _validator() -> Draft201909Validator:
    from jsonschema import Draft201909Validator
    from open_data_contract_standard.model import OpenDataContractStandard

    schema = OpenDataContractStandard.json_schema()
    return Draft201909Validator(json.loads(schema) if isinstance(schema, str) else schema)


def _against_schema(path: Path, text: str, raw: Mapping[str, Any]) -> None:
    errors = sorted(_validator().iter_errors(raw), key=lambda e: (_unknown(e) is None, -len(e.absolute_path)))
    if not errors:
        return
    error = errors[0]
    where: list[str | int] = list(error.absolute_path)
    if (unknown := _unknown(error)) is not None:
        near = difflib.get_close_matches(unknown, sorted(_known(error)), 1)
        hint = f"; did you mean {near[0]!r}?" if near else "; extensions belong under customProperties"
        raise ContractError(path, line_of(text, [*where, unknown]), f"unknown key {unknown!r}{hint}")
    raise ContractError(path, line_of(text, where), f"{_dotted(where)}: {error.message[:200]}")


def _unknown(error: ValidationError) -> str | None:
    """The key that the standard does not know, if this is what the error is about."""
    if error.validator not in ("additionalProperties", "unevaluatedProperties") or not isinstance(error.instance, dict):
        return None
    return next((key for key in error.instance if key not in _known(error)), None)


def _known(error: ValidationError) -> set[str]:
    found: set[str] = set()
    _collect(error.schema, found, 0)
    return found


def _collect(schema: Any, found: set[str], depth: int) -> None:
    if not isinstance(schema, dict) or depth > 6:
        return
    found.update(schema.get("properties", {}))
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            _collect(part, found, depth + 1)
    for key in ("then", "else"):
        _collect(schema.get(key), found, depth + 1)
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        _collect(cast("Any", _validator().schema)["$defs"].get(name), found, depth + 1)


def _dotted(path: Sequence[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".") or "contract"


def _is_latency(item: Mapping[str, Any]) -> bool:
    value = item.get("value")
    return isinstance(value, int | float) and not isinstance(value, bool) and item.get("unit") in SLA_UNITS


class _Reader:
    """Turns the parsed file into a :class:`Contract`; every complaint knows its place."""

    def __init__(self, path: Path, text: str, raw: Mapping[str, Any]) -> None:
        self.path, self.text, self.raw = path, text, raw

    def fail(self, where: Sequence[str | int], problem: str) -> ContractError:
        return ContractError(self.path, line_of(self.text, where), problem)

    def need(self, node: Any, key: str, where: Sequence[str | int], kind: type = str) -> Any:
        if not isinstance(node, dict) or node.get(key) in (None, "", []):
            raise self.fail(where, f"missing required key {key!r} in {_dotted(where)}")
        if not isinstance(node[key], kind):
            raise self.fail([*where, key], f"{key!r} must be a {'text' if kind is str else kind.__name__}, not {node[key]!r}")
        return node[key]

    def own(self, name: str, default: str = "") -> str:
        """One of our own properties (``customProperties`` with ``vendor: decai``)."""
        for item in self.raw.get("customProperties") or []:
            if isinstance(item, dict) and item.get("property") == name:
                return str(item.get("value"))
        return default

    def contract(self) -> Contract:
        schema = self.need(self.raw, "schema", (), list)
        columns = tuple(self.columns(schema[0]))
        data_set = self.data_set(columns)
        cron, error_rate = self.sla()
        return Contract(
            path=self.path, digest=digest_bytes(self.text.encode()),
            id=self.need(self.raw, "id", ()), version=str(self.need(self.raw, "version", ())),
            partner=self.need(self.raw, "tenant", ()),
            data_set=data_set, columns=columns, source=self.source(), schedule=cron, time_zone=self.own("timeZone"),
            rules=tuple(compile_rules(self.raw, columns, self.fail)), error_rate=error_rate,
            missing_periods=self.own("missingPeriods", "zero"),
            channels=tuple(str(s.get("channel", "")) for s in self.raw.get("support") or [] if isinstance(s, dict)),
        )  # fmt: skip

    def data_set(self, columns: Sequence[Column]) -> str:
        name = self.own("dataSet")
        if name not in DATA_SETS:
            raise self.fail(
                ["customProperties"], f"customProperties needs dataSet, one of {', '.join(DATA_SETS)}; found {name or 'none'!r}"
            )
        have = {column.name for column in columns}
        if missing := [c for c in REQUIRED_COLUMNS[name] if c not in have]:
            raise self.fail(["schema", 0, "properties"], f"a contract for {name} needs the columns {', '.join(missing)}")
        if not any(column.primary_key for column in columns):
            raise self.fail(["schema", 0, "properties"], "no column is marked primaryKey: true")
        return name

    def columns(self, table: Any) -> list[Column]:
        properties = self.need(table, "properties", ("schema", 0), list)
        found = [self.column(p, ("schema", 0, "properties", k)) for k, p in enumerate(properties)]
        names = [column.name for column in found]
        if twice := {name for name in names if names.count(name) > 1}:
            raise self.fail(("schema", 0, "properties", names.index(min(twice))), f"column {min(twice)!r} is there twice")
        return found

    def column(self, node: Any, where: Sequence[str | int]) -> Column:
        name = self.need(node, "name", where)
        return Column(
            name=name, source_name=str(node.get("physicalName") or name), logical_type=self.need(node, "logicalType", where),
            physical_type=str(node.get("physicalType") or ""), required=bool(node.get("required") or node.get("primaryKey")),
            primary_key=bool(node.get("primaryKey")),
        )  # fmt: skip

    def source(self) -> Source:
        servers = self.need(self.raw, "servers", (), list)
        kind = self.need(servers[0], "type", ("servers", 0))
        if kind != "local":
            raise self.fail(("servers", 0, "type"), f"server type {kind!r} is not supported yet; use local")
        path = self.need(servers[0], "path", ("servers", 0))
        form = str(servers[0].get("format") or Path(path).suffix.lstrip("."))
        if form not in ("parquet", "csv"):
            raise self.fail(("servers", 0), f"format {form!r} is not supported; use parquet or csv")
        return Source(kind, path, form, servers[0])

    def sla(self) -> tuple[str, float]:
        """Cron of ``timeOfAvailability`` and the share of ``errorRate``."""
        cron, rate = "", 0.0
        for k, item in enumerate(self.raw.get("slaProperties") or []):
            if item.get("property") == "timeOfAvailability" and item.get("scheduler") == "cron":
                cron = str(item.get("schedule") or "")
            if item.get("property") == "errorRate":
                rate = self.rate(item, ("slaProperties", k))
            if item.get("property") == "latency" and not _is_latency(item):
                raise self.fail(
                    ("slaProperties", k), f"latency needs a number as value and a unit, one of {', '.join(SLA_UNITS)}"
                )
        return cron, rate

    def rate(self, item: Mapping[str, Any], where: Sequence[str | int]) -> float:
        value = item.get("value")
        if not isinstance(value, int | float) or item.get("unit") != "percent" or not 0 <= value <= 100:
            raise self.fail(where, "errorRate needs a value from 0 to 100 and unit: percent")
        return value / 100
