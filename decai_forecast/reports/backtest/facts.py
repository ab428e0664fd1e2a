"""The facts a backtest report is built from, and the rows it judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from decai_forecast.columns import DATE, SERIES
from decai_forecast.demand.backtest import Backtest
from decai_forecast.demand.metrics import summarise
from decai_forecast.demand.table import PRICE
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar
from decai_forecast.reports.backtest.names import OURS, ours_first

__all__ = ["EVERYBODY", "BacktestFacts"]

EVERYBODY = "all"
TIME = "datetime64[ns]"  # both sides of a join in time must be alike


@dataclass(frozen=True)
class BacktestFacts:
    """One backtest, and for whom it is told: ``partner`` is one of ``tables`` or ``all``.

    ``tables``: partner -> demand table it was run on (see demand/table.py). ``source``: the name of the file, without its
    folder. ``holding``, ``shortage``: cost of a unit left over and of a unit short, in multiples of its price.
    """

    found: Backtest
    tables: Mapping[str, pd.DataFrame]
    calendar: Calendar
    source: str
    partner: str = EVERYBODY
    missing: str = "zero"
    seed: int = 7
    holding: float = 1.0
    shortage: float = 9.0
    versions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The forecasts of the partners that are told, with the price last known at each origin.

        :class:`ConfigError` where there is no forecast with a known actual, or no sale among these: no error is a share of it.
        """
        found = self.found.forecasts
        rows = found if self.partner == EVERYBODY else found[found["partner"] == self.partner]
        if not rows["actual"].notna().any():
            raise ConfigError(self._nothing())
        if not rows["actual"].sum() > 0:
            whose = "nobody" if self.partner == EVERYBODY else self.partner
            sold = "anything" if self.partner == EVERYBODY else "nothing"
            raise ConfigError(f"{self.source}: {whose} sold {sold} in the periods that are judged; ask for more --origins")
        return rows if {PRICE, "unit_cost"} & set(rows) else _priced(rows, self.tables)

    def _nothing(self) -> str:
        skipped = self.found.skipped
        reasons = skipped[skipped["partner"].isin(self.shown)]["reason"]
        why = f"; the last reason: {reasons.iloc[-1]}" if len(reasons) else ""
        whose = "any company" if self.partner == EVERYBODY else self.partner
        return f"{self.source}: no forecast of {whose} to judge at these cut-offs{why}; ask for fewer --origins"

    @cached_property
    def shown(self) -> list[str]:
        """The partners that are told, whether they could be forecast or not."""
        return sorted(self.tables) if self.partner == EVERYBODY else [self.partner]

    @cached_property
    def partners(self) -> list[str]:
        """Those of them with forecasts."""
        return sorted(self.rows["partner"].unique())

    @cached_property
    def models(self) -> list[str]:
        """The forecasters in the order of the page: the combination first."""
        return ours_first(self.rows["model"].unique())

    @property
    def baseline(self) -> list[str]:
        """The simple models among them: what a planner has for nothing."""
        return [model for model in self.models if model not in OURS]

    @cached_property
    def alone(self) -> bool:
        """Whether nobody else was there to pool with, so that "shared" has seen this company only."""
        return self.found.forecasts["partner"].nunique() == 1

    @cached_property
    def scored(self) -> pd.DataFrame:
        """The scores of every model and partner."""
        return self.summary(self.rows, ["model", "partner"])

    @cached_property
    def level(self) -> pd.DataFrame:
        """The rows with quantities as shares of their partner's total, so that in sums over partners each weighs the same."""
        once = self.rows[self.rows["model"] == self.models[0]]
        total = self.rows["partner"].map(once.groupby("partner")["actual"].sum()).to_numpy(float)
        columns = [c for c in map(str, self.rows) if _is_quantity(c)]
        return self.rows.assign(**{c: self.rows[c] / total for c in columns})[total > 0]

    def summary(self, rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
        """See :func:`summarise`, at the cost ratio of this report."""
        return summarise(rows, by, holding=self.holding, shortage=self.shortage)


def _is_quantity(name: str) -> bool:
    return name in ("actual", "mean", "naive_abs", "naive_square") or (name[0] == "q" and name[1:].isdigit())


def _priced(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """With ``price``: the last one known before the origin; what it became later nobody could have ordered by."""
    known = [table.loc[table[PRICE].notna(), [*SERIES, DATE, PRICE]].assign(partner=name) for name, table in tables.items()]
    prices = pd.concat(known).astype({DATE: TIME}).sort_values(DATE, kind="stable")
    keys = ["partner", *SERIES]
    asked = rows[[*keys, "origin"]].drop_duplicates().astype({"origin": TIME}).sort_values("origin", kind="stable")
    found = pd.merge_asof(asked, prices, left_on="origin", right_on=DATE, by=keys, allow_exact_matches=False)
    return rows.astype({"origin": TIME}).merge(
        found.drop(columns=DATE), on=[*keys, "origin"], how="left", validate="many_to_one"
    )
