"""A Great Expectations data source for DuckDB over Parquet; GX ships no dialect for it.

Imported only when a delivery is checked: importing GX costs about 5 CPU-seconds, once per process.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from decai_forecast.contracts.check.judgement import Judgement

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.getLogger("great_expectations").setLevel(logging.WARNING)  # before the import, or it writes 220 lines

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import duckdb_engine  # noqa: F401  registers the SQLAlchemy dialect
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.registry import get_expectation_impl

__all__ = ["Expected", "validate"]

Expected = tuple[str, str, dict[str, Any]]  # rule id, expectation type, its arguments


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """One connection for the whole run: DuckDB drops a pending result when its connection returns to the pool."""

    @contextlib.contextmanager
    def get_connection(self) -> Iterator[Any]:
        if getattr(self, "_duck", None) is None:
            self._duck: Any = self.engine.connect()
        yield self._duck

    def close(self) -> None:
        if getattr(self, "_duck", None) is not None:
            self._duck.close()
            self._duck = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """GX registers the subclass by its ``type``."""

    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> Any:
        return DuckDBExecutionEngine


def validate(database: Path, view: str, rules: Sequence[Expected]) -> dict[str, Judgement]:
    """Runs ``rules`` over ``view`` of a DuckDB catalogue file; returns the outcome by rule id."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_duckdb(view, connection_string=f"duckdb:///{database}")
    batch = source.add_table_asset(view, table_name=view).add_batch_definition_whole_table("all")
    suite = gx.ExpectationSuite(view)
    for rule, kind, arguments in rules:  # not add_expectation_configuration: it drops a second rule of one domain
        suite.add_expectation(get_expectation_impl(kind)(**arguments, meta={"rule": rule}))
    context.suites.add(suite)
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=view, data=batch, suite=suite))
    try:
        results = definition.run(result_format="SUMMARY").results
    finally:
        source.get_execution_engine().close()
    judgements = {result.expectation_config.meta["rule"]: _judgement(result) for result in results}
    return {rule: judgements.get(rule, Judgement(None)) for rule, _, _ in rules}  # a rule that GX lost was not checked


def _judgement(result: Any) -> Judgement:
    """An exception inside GX looks like a failed rule with an empty result: that is "not checked", not "bad data"."""
    details = result.result or {}
    value = details.get("observed_value")
    seen = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if result.success:
        return Judgement(True, value=seen)
    info = result.exception_info or {}
    infos = [info, *(one for one in info.values() if isinstance(one, dict))]
    raised = next((one for one in infos if one.get("raised_exception")), None)
    if raised is not None or not details:
        return Judgement(None, why=str((raised or {}).get("exception_message") or "").split("\n")[0])
    return Judgement(False, int(details.get("unexpected_count") or 0), seen)
