"""Great Expectations is the judge of record.

Running its expectations on millions of rows costs several passes. Here one pass of our own (see ``scan``) counts the bad
rows of every rule, and Great Expectations judges these counts: a table with one row and one column for each rule. The
partner's own expectations run on the delivery itself. ``direct`` has every rule as an expectation on the delivery; both
ways must give the same verdicts, and a test holds them to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from decai_forecast import sql
from decai_forecast.contracts.check.judgement import Judgement
from decai_forecast.contracts.model import Bound, Rule

__all__ = ["judge"]

HUGE = 1e300  # stands for "no value at all": further from any bound than every value


def judge(rules: Sequence[Rule], values: Mapping[str, float], delivery: Path, scratch: Path) -> dict[str, Judgement]:
    """Rule id -> what GX says of it.

    ``values`` holds what was measured for each rule, in the unit of its bound; rules of kind ``expectation`` need none.
    """
    import duckdb

    from decai_forecast.contracts.check.gx import validate

    measured = [rule for rule in rules if rule.id in values]
    catalogue = scratch / "judge.duckdb"
    with duckdb.connect(str(catalogue)) as con:
        columns = [f"{_finite(values[rule.id])!r}::DOUBLE AS r{k}" for k, rule in enumerate(measured)]
        con.execute(f"CREATE TABLE outcomes AS SELECT {', '.join([*columns, '0 AS none'])}")
        con.execute(f"CREATE VIEW delivery AS SELECT * FROM read_parquet({sql.text(str(delivery))})")
    judgements = validate(
        catalogue, "outcomes", [(rule.id, *_expected(f"r{k}", rule.bound)) for k, rule in enumerate(measured)]
    )
    own = [
        (rule.id, str(rule.arguments["type"]), dict(rule.arguments["kwargs"])) for rule in rules if rule.kind == "expectation"
    ]
    return dict(judgements) | (validate(catalogue, "delivery", own) if own else {})


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(HUGE, value)


def _expected(column: str, bound: Bound) -> tuple[str, dict[str, Any]]:
    if bound.unequal is not None:
        return "expect_column_values_to_not_be_in_set", {"column": column, "value_set": [bound.unequal]}
    arguments = {"column": column, "min_value": bound.minimum, "max_value": bound.maximum}
    strict = {"strict_min": bound.strict_minimum, "strict_max": bound.strict_maximum}
    return "expect_column_values_to_be_between", arguments | strict
