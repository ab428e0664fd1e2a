"""Whether a delivery kept its contract: the verdict, the clean rows and the quarantine.

Great Expectations decides; the rows are then split by our own predicates in one DuckDB pass, so that a partner can have
the file of what was wrong and why.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from decai_forecast.contracts.lines import line_of
from decai_forecast.contracts.load import REQUIRED_COLUMNS
from decai_forecast.contracts.model import Column, Contract, Rule

__all__ = ["Check", "RuleResult", "check_delivery"]

log = logging.getLogger(__name__)
SAMPLES = 2  # rows shown for each broken rule, in the partner's own report only
DELIVERY_RULES = ("columns", "row_count", "freshness")  # these judge the delivery, the others its rows
FAMILIES = {  # logical type -> DuckDB types that hold it
    "string": ("VARCHAR", "ENUM"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    "number": ("DOUBLE", "FLOAT", "DECIMAL"),
    "date": ("DATE",),
    "timestamp": ("TIMESTAMP",),
    "boolean": ("BOOLEAN",),
}


@dataclass(frozen=True)
class RuleResult:
    """One rule's outcome: ``passed``, ``failed`` or ``not_checked``; ``line`` is the rule's line in the contract file."""

    rule: str
    kind: str
    column: str
    text: str
    outcome: str
    bad_rows: int = 0
    line: int = 1
    severity: str = "error"
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """``code`` is what may leave the company: empty, columns, row_count, freshness, error_rate, engine, or ''."""

    contract: str
    version: str
    file: str
    verdict: str
    rows: int
    quarantined: int
    code: str
    results: tuple[RuleResult, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def broken(self) -> list[RuleResult]:
        return [result for result in self.results if result.outcome != "passed"]

    def to_text(self) -> str:
        """The verdict in one line, then a block for every broken rule with its place in the contract."""
        head = f"{self.verdict.replace('_', ' ').upper()}  contract {self.contract} {self.version}  {self.rows:,} rows"
        lines = [head + (f", {self.quarantined:,} quarantined" if self.quarantined else "")]
        for result in self.broken:
            level = "NOT CHECKED" if result.outcome == "not_checked" else "ERROR" if result.severity == "error" else "WARNING"
            share = f"{result.bad_rows:,} rows ({result.bad_rows / max(self.rows, 1):.3%})  " if result.bad_rows else ""
            lines += [f"  {level} {result.rule}  {share}expected: {result.text}", f"        rule: {self.file}:{result.line}"]
            lines += [f"        {sample}" for sample in result.samples]
        return "\n".join(lines) + "\n"


def check_delivery(contract: Contract, delivery: Path, as_of: date, folder: Path) -> Check:
    """Checks the Parquet file ``delivery`` (in the contract's own column names) as of ``as_of`` (exclusive, never the clock).

    Writes ``clean.parquet`` and, if rows broke a rule, ``quarantine.parquet`` (with ``row_nr`` and ``rules``) into
    ``folder``. ``not_checked`` means that *we* could not check, and says nothing about the data.
    """
    with TemporaryDirectory(prefix="decai-gx-") as scratch:
        try:
            checker = _Checker(contract, delivery, as_of, folder, Path(scratch))
            with contextlib.closing(checker.con):
                return checker.run()
        except Exception:  # whatever breaks in here is ours: it must never become "the data are bad"
            log.exception("checking %s of %s failed", contract.data_set, contract.partner)
            return Check(contract.id, contract.version, contract.path.name, "not_checked", 0, 0, "engine")


class _Checker:
    def __init__(self, contract: Contract, delivery: Path, as_of: date, folder: Path, scratch: Path) -> None:
        import duckdb

        self.contract, self.delivery, self.as_of, self.folder = contract, delivery, as_of, folder
        self.text = contract.path.read_text(encoding="utf-8")
        self.catalogue = scratch / "delivery.duckdb"  # GX opens a file; ours is a connection of its own
        path = str(delivery).replace("'", "''")
        rows = f"SELECT * RENAME (file_row_number AS row_nr) FROM read_parquet('{path}', file_row_number=true)"
        view = f"CREATE VIEW delivery AS {rows}"
        with duckdb.connect(str(self.catalogue)) as con:
            con.execute(view)
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone='UTC'")
        self.con.execute(view)
        self.types = {row[0]: row[1] for row in self.con.execute("DESCRIBE delivery").fetchall()}

    def run(self) -> Check:
        rows = self.count("SELECT count(*) FROM delivery")
        results = self.before(rows)
        if any(r.outcome == "failed" for r in results):
            return self.verdict(rows, 0, results)
        results += self.expectations()
        quarantined = self.split([r for r in results if r.outcome == "failed" and r.kind not in DELIVERY_RULES])
        results = [self.counted(r) if r.outcome == "failed" and r.kind not in DELIVERY_RULES else r for r in results]
        return self.verdict(rows, quarantined, results)

    def count(self, query: str) -> int:
        return int(self.con.execute(query).fetchall()[0][0])

    def result(self, rule: Rule, outcome: str, bad_rows: int = 0, text: str = "") -> RuleResult:
        line = line_of(self.text, rule.path)
        return RuleResult(rule.id, rule.kind, rule.column, text or rule.text, outcome, bad_rows, line, rule.severity)

    def before(self, rows: int) -> list[RuleResult]:
        """Columns, types and emptiness: before any scan, and before GX, whose column rules pass on an empty delivery."""
        rule = next(r for r in self.contract.rules if r.kind == "columns")
        needed = {*REQUIRED_COLUMNS[self.contract.data_set], *(r.column for r in self.contract.rules if r.kind == "freshness")}
        if problems := [
            p for c in self.contract.columns if (p := _type_problem(c, self.types, c.required or c.name in needed))
        ]:
            return [self.result(rule, "failed", text="; ".join(problems))]
        if rows == 0:
            empty = Rule("not_empty", "row_count", "", "has at least one row", ("schema", 0))
            return [self.result(empty, "failed")]
        return [self.result(rule, "passed")]

    def expectations(self) -> list[RuleResult]:
        from decai_forecast.contracts.gx_duckdb import validate

        rules = [r for r in self.contract.rules if r.kind != "columns" and (not r.column or r.column in self.types)]
        expected = [(r.id, *_expectation(r, self.as_of, self.types.get(r.column, ""))) for r in rules]
        outcomes = validate(self.catalogue, "delivery", expected)
        names: dict[bool | None, str] = {True: "passed", False: "failed", None: "not_checked"}
        return [self.result(rule, names[outcomes[rule.id][0]], outcomes[rule.id][1]) for rule in rules]

    def split(self, broken: Sequence[RuleResult]) -> int:
        """Writes clean.parquet and quarantine.parquet; returns the number of quarantined rows."""
        clean = self.folder / "clean.parquet"
        if not broken:
            shutil.copyfile(self.delivery, clean)
            return 0
        by_id = {rule.id: rule for rule in self.contract.rules}
        tests = ", ".join(f"CASE WHEN {_predicate(by_id[r.rule])} THEN {_text(r.rule)} END" for r in broken)
        self.con.execute(
            f"CREATE TEMP TABLE marked AS SELECT *, list_filter([{tests}], lambda x: x IS NOT NULL) AS rules FROM delivery"
        )
        self._copy("SELECT * FROM marked WHERE len(rules) > 0 ORDER BY row_nr", self.folder / "quarantine.parquet")
        self._copy("SELECT * EXCLUDE (row_nr, rules) FROM marked WHERE len(rules) = 0 ORDER BY row_nr", clean)
        return self.count("SELECT count(*) FROM marked WHERE len(rules) > 0")

    def _copy(self, query: str, target: Path) -> None:
        path = str(target).replace("'", "''")
        self.con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")

    def counted(self, result: RuleResult) -> RuleResult:
        """With its rows in the quarantine: GX counts the groups of a repeated key, not its rows."""
        bad_rows = self.con.execute("SELECT count(*) FROM marked WHERE list_contains(rules, $1)", [result.rule]).fetchall()
        return replace(result, bad_rows=int(bad_rows[0][0]), samples=self.samples(result))

    def samples(self, result: RuleResult) -> tuple[str, ...]:
        query = "SELECT * EXCLUDE (rules) FROM marked WHERE list_contains(rules, $1) ORDER BY row_nr LIMIT $2"
        found = self.con.execute(query, [result.rule, SAMPLES])
        names = [column[0] for column in found.description]
        shown = [c for c in names if c in (*self.contract.key, result.column)]
        return tuple(
            f"row {row[names.index('row_nr')]}: " + ", ".join(f"{c}={row[names.index(c)]}" for c in shown)
            for row in found.fetchall()
        )

    def verdict(self, rows: int, quarantined: int, results: Sequence[RuleResult]) -> Check:
        verdict, code = _verdict(rows, quarantined, results, self.contract.error_rate)
        named = tuple(sorted(results, key=lambda r: r.line))
        return Check(self.contract.id, self.contract.version, self.contract.path.name, verdict, rows, quarantined, code, named)


def _verdict(rows: int, quarantined: int, results: Sequence[RuleResult], error_rate: float) -> tuple[str, str]:
    if any(r.outcome == "not_checked" for r in results):
        return "not_checked", "engine"
    if rows == 0 and any(r.rule == "not_empty" for r in results):
        return "refused", "empty"
    for result in results:
        if result.outcome == "failed" and result.kind in DELIVERY_RULES and result.severity == "error":
            return "refused", result.kind
    if quarantined > error_rate * rows:
        return "refused", "error_rate"
    return ("accepted_in_part", "") if quarantined else ("accepted", "")


def _type_problem(column: Column, have: dict[str, str], needed: bool) -> str:
    """What is wrong with a column's presence or type; empty if nothing is."""
    found = have.get(column.name)
    if found is None:
        return f"column {column.source_name!r} ({column.logical_type}) is missing" if needed else ""
    allowed = FAMILIES.get(column.logical_type, ())
    if column.logical_type == "number":
        allowed = (*allowed, *FAMILIES["integer"])
    if allowed and not found.upper().startswith(allowed):
        return f"column {column.source_name!r} must be {column.logical_type}, the delivery has {found}"
    exact = column.physical_type.upper()
    return (
        f"column {column.source_name!r} must be {exact}, the delivery has {found}" if exact and exact != found.upper() else ""
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _literal(value: Any) -> str:
    return _text(value) if isinstance(value, str) else str(value)


def _predicate(rule: Rule) -> str:
    """SQL that is TRUE for a row that breaks ``rule``."""
    arguments = rule.arguments or {}
    if rule.kind == "required":
        return f"{_quoted(rule.column)} IS NULL"
    if rule.kind == "unique":
        return f"count(*) OVER (PARTITION BY {', '.join(map(_quoted, arguments['columns']))}) > 1"
    parts = [
        f"{_quoted(rule.column)} {sign} {_literal(arguments[bound])}"
        for bound, sign in (("minimum", "<"), ("maximum", ">"))
        if arguments[bound] is not None
    ]
    return " OR ".join(parts)


def _expectation(rule: Rule, as_of: date, kind: str) -> tuple[str, dict[str, Any]]:
    """The Great Expectations counterpart of ``rule`` on a column of DuckDB type ``kind``: its type and arguments."""
    arguments = rule.arguments or {}
    if rule.kind == "required":
        return "expect_column_values_to_not_be_null", {"column": rule.column}
    if rule.kind == "row_count":
        return "expect_table_row_count_to_be_between", {"min_value": arguments["minimum"], "max_value": arguments["maximum"]}
    if rule.kind == "freshness":
        oldest = datetime.combine(as_of, time.min) - timedelta(days=arguments["days"])
        return "expect_column_max_to_be_between", {"column": rule.column, "min_value": _instant(oldest, kind)}
    if rule.kind == "unique":  # grouping costs a fraction of the compound-unique window, and counts NULL keys as pandas does
        key = ", ".join(map(_quoted, arguments["columns"]))
        query = f"SELECT {key}, count(*) AS n FROM {{batch}} GROUP BY ALL HAVING count(*) > 1"
        return "unexpected_rows_expectation", {"unexpected_rows_query": query}
    low, high = (_bound(arguments[bound], kind) for bound in ("minimum", "maximum"))
    return "expect_column_values_to_be_between", {"column": rule.column, "min_value": low, "max_value": high}


def _bound(value: Any, kind: str) -> Any:
    return _instant(datetime.fromisoformat(value), kind) if isinstance(value, str) else value


def _instant(moment: datetime, kind: str) -> datetime:
    """``moment`` with a zone exactly where the column has one; what names none is UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if kind == "TIMESTAMP WITH TIME ZONE" else moment.astimezone(UTC).replace(tzinfo=None)
