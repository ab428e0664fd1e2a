"""One pass over the delivery for all rules about rows, and one grouping for each unique key.

Each rule has a bit; a row that breaks rules comes into the table ``marks`` with its bits set. Everything after that
(counts, samples, quarantine) reads this small table and not the delivery.

A rule that cannot run must not take the others with it: when the pass fails, the rules run one by one, and ``faults`` names
those that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.check.predicates import ROW_KINDS, UNKNOWN, predicate, unread
from decai_forecast.contracts.check.units import slipped
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import ROW, UNREADABLE

__all__ = ["Marks", "first_line"]

BITS = 62  # per BIGINT
BROKEN = (KeyError, TypeError, ValueError)  # a predicate of a rule whose arguments no check of the contract has seen


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class Marks:
    """Which rows break which of ``rules``; ``faults``: rule id -> why it could not run."""

    def __init__(self, delivery: Delivery, rules: Sequence[Rule]) -> None:
        self.delivery, self.faults = delivery, dict[str, str]()
        self.place = {rule.id: divmod(k, BITS) for k, rule in enumerate(rules)}
        self.words = max(len(rules) - 1, 0) // BITS + 1
        columns = ", ".join(f"m{word} BIGINT" for word in range(self.words))
        delivery.con.execute(f"CREATE TEMP TABLE raw_marks ({ROW} BIGINT, {columns})")
        self._scan([rule for rule in rules if rule.kind in ROW_KINDS])
        self._each([rule for rule in rules if rule.kind == "unique"], self._repeated)
        self._each([rule for rule in rules if rule.kind == "unit_slip"], self._slipped)
        joined = ", ".join(f"bit_or(m{word}) AS m{word}" for word in range(self.words))
        delivery.con.execute(f"CREATE TEMP TABLE marks AS SELECT {ROW}, {joined} FROM raw_marks GROUP BY {ROW}")

    def _scan(self, rules: Sequence[Rule]) -> None:
        """An insertion that fails has inserted nothing."""
        import duckdb

        try:
            self._pass(rules)
        except (duckdb.Error, *BROKEN):
            self._each(rules, lambda rule: self._pass([rule]))

    def _each(self, rules: Sequence[Rule], run: Callable[[Rule], None]) -> None:
        import duckdb

        for rule in rules:
            try:
                run(rule)
            except (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.InternalException, duckdb.FatalException):
                raise  # no rule's fault
            except (duckdb.Error, *BROKEN) as error:
                self.faults[rule.id] = first_line(error)

    def _pass(self, rules: Sequence[Rule]) -> None:
        tests = [(rule, predicate(rule, self.delivery)) for rule in rules]
        tests = [(rule, test) for rule, test in tests if test != UNKNOWN]
        if not tests:
            return
        masks = [self._mask(word, tests) for word in range(self.words)]
        chosen = ", ".join(f"({mask}) AS m{word}" for word, mask in enumerate(masks))
        any_bit = " OR ".join(f"m{word} <> 0" for word in range(self.words))
        query = f"SELECT * FROM (SELECT {ROW}, {chosen} FROM delivery) WHERE {any_bit}"
        self.delivery.con.execute(f"INSERT INTO raw_marks {query}")

    def _mask(self, word: int, tests: Sequence[tuple[Rule, str]]) -> str:
        mine = [(self.place[rule.id][1], test) for rule, test in tests if self.place[rule.id][0] == word]
        return " + ".join(f"(CASE WHEN {test} THEN {1 << bit} ELSE 0 END)" for bit, test in mine) or "0"

    def _repeated(self, rule: Rule) -> None:
        """Rows whose key is there more than once; a NULL in a key equals another NULL, as pandas counts it.

        Grouping by a 64-bit hash of the key costs half of grouping by the key; equal keys have equal hashes, and the few
        rows of a hash that repeats are compared exactly. A key that could not be read is told as that.
        """
        rows_read = "delivery"
        if UNREADABLE in self.delivery.helpers:
            rows_read = f"(SELECT * FROM delivery WHERE NOT ({unread(rule.arguments['columns'])}))"
        key = ", ".join(map(sql.name, rule.arguments["columns"]))
        con = self.delivery.con
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE hashes AS SELECT hash({key}) AS h FROM {rows_read} GROUP BY h HAVING count(*) > 1"
        )
        if self.delivery.one("SELECT count(*) FROM hashes") == 0:
            return
        rows = f"SELECT {ROW}, {key} FROM {rows_read} WHERE hash({key}) IN (SELECT h FROM hashes)"
        self._insert(rule, f"SELECT {ROW} FROM ({rows}) QUALIFY count(*) OVER (PARTITION BY {key}) > 1")

    def _slipped(self, rule: Rule) -> None:
        self._insert(rule, slipped(rule, self.delivery))

    def _insert(self, rule: Rule, rows: str) -> None:
        word, bit = self.place[rule.id]
        masks = ", ".join(str(1 << bit) if word == k else "0" for k in range(self.words))
        self.delivery.con.execute(f"INSERT INTO raw_marks SELECT {ROW}, {masks} FROM ({rows})")

    def test(self, rules: Sequence[Rule]) -> str:
        """SQL over ``marks``: whether a row breaks any of ``rules``."""
        masks = [0] * self.words
        for rule in rules:
            word, bit = self.place[rule.id]
            masks[word] |= 1 << bit
        return " OR ".join(f"m{word} & {mask} <> 0" for word, mask in enumerate(masks) if mask) or "FALSE"

    def counts(self) -> dict[str, int]:
        """Rule id -> number of rows that break it."""
        if not self.place:
            return {}
        tests = [f"count(*) FILTER (m{word} & {1 << bit} <> 0)" for word, bit in self.place.values()]
        found = self.delivery.all(f"SELECT {', '.join(tests)} FROM marks")[0]
        return dict(zip(self.place, map(int, found), strict=True))

    def first_rows(self, rules: Sequence[Rule], limit: int) -> dict[str, list[int]]:
        """Rule id -> the first rows (from 0) that break it."""
        if not rules:
            return {}
        chosen = ", ".join(f"min({ROW}, {limit}) FILTER ({self.test([rule])})" for rule in rules)
        found = self.delivery.all(f"SELECT {chosen} FROM marks")[0]
        return {rule.id: list(rows or []) for rule, rows in zip(rules, found, strict=True)}

    def names(self, rules: Sequence[Rule]) -> str:
        """SQL over ``marks``: the list of the ids of those of ``rules`` that a row breaks."""
        tests = ", ".join(self._named(rules))
        return f"list_filter([{tests}], lambda x: x IS NOT NULL)"

    def _named(self, rules: Sequence[Rule]) -> Iterator[str]:
        return (f"CASE WHEN {self.test([rule])} THEN {sql.text(rule.id)} END" for rule in rules)
