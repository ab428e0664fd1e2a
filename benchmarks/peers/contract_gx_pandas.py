"""The usual way: Great Expectations on pandas, 14 rules, COMPLETE with index columns.

Usage: contract_gx_pandas.py FOLDER ROWS.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig
from harness import cpu_seconds, said

logging.disable(logging.WARNING)
folder, rows = Path(sys.argv[1]), sys.argv[2]
COLUMNS = ["date", "location_id", "item_id", "on_hand", "reserved", "unit_cost", "uom_code", "currency", "reported_at"]
UTC = dt.UTC
imports = cpu_seconds()
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
frame = pd.read_parquet(folder / f"inventory-{rows}.parquet")
batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
suite = gx.ExpectationSuite("s")
for expectation in (
    gxe.ExpectTableColumnsToMatchSet(column_set=COLUMNS, exact_match=True),
    gxe.ExpectTableRowCountToBeBetween(min_value=1000, max_value=100_000_000),
    gxe.ExpectColumnValuesToNotBeNull(column="item_id"),
    gxe.ExpectColumnValuesToNotBeNull(column="location_id"),
    gxe.ExpectColumnValuesToMatchRegex(column="item_id", regex=r"^[0-9]{14}$"),
    gxe.ExpectColumnValuesToMatchRegex(column="location_id", regex=r"^[0-9]{13}$"),
    gxe.ExpectColumnValuesToBeInSet(column="uom_code", value_set=["EA", "CS", "KGM"]),
    gxe.ExpectColumnValuesToBeBetween(column="on_hand", min_value=0, max_value=1e6),
    gxe.ExpectColumnValuesToBeBetween(column="unit_cost", min_value=0, max_value=1e5),
    gxe.ExpectColumnValuesToBeBetween(column="date", min_value=dt.date(2020, 1, 1), max_value=dt.date(2026, 10, 1)),
    gxe.ExpectCompoundColumnsToBeUnique(column_list=["date", "location_id", "item_id"]),
    gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="on_hand", column_B="reserved", or_equal=True),
    gxe.ExpectColumnMaxToBeBetween(column="reported_at", min_value=dt.datetime(2026, 9, 30, tzinfo=UTC)),
    gxe.ExpectColumnMeanToBeBetween(column="on_hand", min_value=50, max_value=120),
):
    suite.add_expectation(expectation)
context.suites.add(suite)
definition = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=batch, suite=suite))
complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["location_id", "item_id"]}
result = definition.run(batch_parameters={"dataframe": frame}, result_format=complete)
failed = sum(not found.success for found in result.results)
said(cpu=cpu_seconds() - imports, imports=imports, rules=len(result.results), failed=failed)
