"""A model in a process of its own: what it is given, what it may answer, and what is told where it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import WEEKS, table

from decai_forecast.demand.models import Forecast, Model
from decai_forecast.demand.models.process import Process
from decai_forecast.demand.panel import Panel, to_panel
from decai_forecast.errors import ModelFailed

LAST = """
import sys
import pandas as pd
given, answer, horizon, frequency, seed = sys.argv[1:]
rows = pd.read_parquet(given)
assert (frequency, seed) == ("W", "7")
last = rows.dropna().groupby("series", as_index=False)["quantity"].last()
out = last.merge(pd.DataFrame({"h": range(1, int(horizon) + 1)}), how="cross")
out = out.assign(q10=out.quantity - 1e6, q50=out.quantity, q90=out.quantity + 1)
"""
ANSWER = LAST + "out.to_parquet(answer)"


@pytest.fixture(scope="module")
def panel() -> Panel:
    return to_panel(table(periods=60, items=3), WEEKS)


def forecast(folder: Path, program: str, panel: Panel, seconds: float = 60.0) -> Forecast:
    file = folder / "program.py"
    file.write_text(program)
    return Process("last", lambda: [sys.executable, str(file)], seconds)(panel, 50)


def test_the_process_sees_the_past_alone_and_its_answer_is_the_forecast(tmp_path: Path, panel: Panel) -> None:
    """The last known sale of each series, not negative; the mean is that of its quantiles."""
    found = forecast(tmp_path, ANSWER, panel)
    last = [row[np.isfinite(row)][-1] for row in panel.quantity[:, :50]]
    assert found.quantiles[:, -1, 1] == pytest.approx(last)
    assert (found.quantiles[:, :, 0] == 0).all()
    assert found.mean.shape == (3, WEEKS.horizon)
    assert np.isfinite(found.mean).all()


def test_unknown_periods_are_null_and_nothing_stands_before_the_first_known_one(tmp_path: Path, panel: Panel) -> None:
    """A company that was silent, and an item that came late."""
    quantity = panel.quantity.copy()
    quantity[0, :20], quantity[0, 30] = np.nan, np.nan
    quantity[1, :50] = np.nan
    gaps = Panel(**vars(panel) | {"quantity": quantity})
    kept = tmp_path / "kept.parquet"
    found = forecast(tmp_path, f"{ANSWER}\nrows.to_parquet({str(kept)!r})", gaps)
    rows = pd.read_parquet(kept)
    assert rows.groupby("series").size().to_dict() == {0: 30, 2: 50}
    assert rows[rows["series"] == 0]["quantity"].isna().sum() == 1
    assert rows["date"].max() < gaps.dates[50]
    assert np.isnan(found.mean[1]).all()


def test_quantiles_that_cross_are_sorted_and_a_series_is_forecast_whole_or_not_at_all(tmp_path: Path, panel: Panel) -> None:
    """One number is missing in the second series."""
    crossed = "out = out.assign(q10=5.0, q50=9.0, q90=7.0, mean=-1.0); out.loc[(out.series == 1) & (out.h == 2), 'q50'] = None"
    found = forecast(tmp_path, f"{LAST}\n{crossed}\nout.to_parquet(answer)", panel)
    assert found.quantiles[0].tolist() == [[5.0, 7.0, 9.0]] * WEEKS.horizon
    assert (found.mean[[0, 2]] == 0).all()
    assert np.isnan(found.quantiles[1]).all()
    assert np.isnan(found.mean[1]).all()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit('no weights')", "its process ended with 1: no weights"),
        ("import sys; sys.exit(3)", "its process ended with 3: it wrote nothing"),
        ("open(__import__('sys').argv[2], 'w').write('x')", "its process wrote no Parquet file: "),
        ("pass", "its process wrote no Parquet file: "),
        (f"{LAST}\nout.drop(columns='q90').to_parquet(answer)", "its answer has no column q90"),
        (f"{LAST}\nout.assign(q50='x').to_parquet(answer)", "its answer has no numbers in column q50"),
        (f"{LAST}\nout.assign(mean='x').to_parquet(answer)", "its answer has no numbers in column mean"),
        (f"{LAST}\nout.assign(h=out.h - 1).to_parquet(answer)", "its answer has series outside 0 to 2, or h outside 1 to 13"),
        (f"{LAST}\nout.assign(series=out.series + 1).to_parquet(answer)", "its answer has series outside 0 to 2"),
        (f"{LAST}\nout.assign(h=out.h + 0.5).to_parquet(answer)", "its answer has series outside 0 to 2, or h outside"),
        (f"{LAST}\nout.assign(series=0).to_parquet(answer)", "its answer has a series and h twice"),
        (f"{LAST}\nout.assign(q90=float('inf')).to_parquet(answer)", "its answer has a number that is infinite"),
    ],
)
def test_what_is_no_forecast_is_refused(tmp_path: Path, panel: Panel, program: str, told: str) -> None:
    """By the model's name, and in words."""
    with pytest.raises(ModelFailed) as error:
        forecast(tmp_path, program, panel)
    assert str(error.value).startswith(f"model last: {told}")


def test_a_process_that_hangs_is_ended(tmp_path: Path, panel: Panel) -> None:
    with pytest.raises(ModelFailed, match=r"model last: no answer within 1 seconds; it was ended"):
        forecast(tmp_path, "import time; time.sleep(60)", panel, seconds=1)


def test_a_program_that_is_not_there_is_named(panel: Panel) -> None:
    model = Model("last", "", Process("last", lambda: ["/nowhere/python"]))
    with pytest.raises(ModelFailed, match="model last: /nowhere/python cannot be started: No such file or directory"):
        model.forecast(panel, 50)
