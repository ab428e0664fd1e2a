"""What a partner's earlier nights forecast: alarms look at its errors, and planners are judged by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.partner.facts import COMBINE, CombineFacts
from decai_forecast.periods import Calendar
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, read_done
from decai_forecast.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Earlier", "earlier_forecasts", "nearest_forecasts"]

KEPT = 60  # cut-offs: two months of days, a year of weeks; the alarms on bias need sixteen
MODEL = ("mean", "q10", "q50", "q90")  # kept of a forecast as the model made it, as model_mean and so on


@dataclass(frozen=True)
class Earlier:
    """A finished forecast of an earlier night; ``cutoff``: the first period that it was about."""

    round: str
    cutoff: date
    combined: Done[CombineFacts]

    @property
    def sha256(self) -> str:
        """Of its forecast."""
        return self.combined.files["forecast.parquet"].sha256


def earlier_forecasts(store: Store, calendar: Calendar, round: Round) -> list[Earlier]:
    """The newest forecast of each cut-off before that of ``round``, newest first; at most ``KEPT``.

    In a network of weeks seven rounds share a cut-off: one of them counts.
    """
    ship, by_cutoff = calendar.floor(round.as_of), dict[date, Earlier]()
    for round_id in reversed(before(store.children("rounds"), round.id)):
        done = read_done(store, round_id, COMBINE)
        if done is not None and done.facts.cutoff < ship:
            by_cutoff.setdefault(done.facts.cutoff, Earlier(round_id, done.facts.cutoff, done))
        if len(by_cutoff) == KEPT:
            break
    return [by_cutoff[cutoff] for cutoff in sorted(by_cutoff, reverse=True)]


def nearest_forecasts(
    earlier: Sequence[Earlier], table: pd.DataFrame, calendar: Calendar, *, overridden: bool = False
) -> pd.DataFrame | None:
    """Of each past period the forecast of the last round before it, as the model made it, with what was sold since.

    ``earlier``: the newest first, as :func:`earlier_forecasts` gives them. With ``overridden`` only rows that a planner
    changed: of each the last round before the period that had an override in it.

    Columns: location_id, item_id, date, ``h``, ``mean``, q10, q50, q90 (units), ``override`` (the id of the planner's override
    in force) and ``actual`` (units, NaN where unknown, censored or a slip). None where no earlier round has forecast a known
    period.
    """
    import pandas as pd

    from decai_forecast.columns import DATE, KEYS
    from decai_forecast.demand.slips import judged_rows
    from decai_forecast.demand.table import QUANTITY

    if not earlier or table.empty:
        return None
    columns = [*KEYS, "h", "override", *(f"model_{name}" for name in MODEL)]
    rows, last = pd.DataFrame(), table[DATE].max()
    for one in earlier:  # the newest first; one by one, since all their horizons together are gigabytes
        frame = one.combined.frame("forecast.parquet")[columns]
        past = frame[(frame[DATE] <= last) & ((frame["override"] != "") | (not overridden))]
        rows = pd.concat([rows, past]).drop_duplicates(KEYS, ignore_index=True) if len(rows) else past
    sold = table[KEYS].merge(judged_rows(table, calendar).rename(columns={QUANTITY: "actual"}), on=KEYS, how="left")
    known = rows.merge(sold, on=KEYS, validate="one_to_one")
    return known.rename(columns={f"model_{name}": name for name in MODEL}) if len(known) else None
