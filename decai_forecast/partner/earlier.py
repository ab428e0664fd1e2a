"""What a partner's earlier nights forecast: alarms look at its errors, and planners are judged by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.partner.context import PartnerContext
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, read_done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Earlier", "earlier_nights", "nearest_forecasts"]

KEPT = 60  # cut-offs: two months of days, a year of weeks; the alarms on bias need sixteen
MODEL = ("mean", "q10", "q50", "q90")  # kept of a forecast as the model made it, as model_mean and so on


@dataclass(frozen=True)
class Earlier:
    """A finished forecast of an earlier night; ``cutoff``: the first period that it was about."""

    round: str
    cutoff: date
    combined: Done

    @property
    def key(self) -> str:
        """Of its forecast, in the partner's store."""
        return self.combined.key("forecast.parquet")


def earlier_nights(company: PartnerContext, round: Round) -> list[Earlier]:
    """The newest night of each cut-off before that of ``night``, newest first; at most ``KEPT``.

    In a network of weeks seven nights share a cut-off: one of them counts.
    """
    ship, found = company.calendar.floor(round.as_of), dict[date, Earlier]()
    for round_id in reversed(before(company.store.children("rounds"), round.id)):
        done = read_done(company.store, round_id, "combine")
        if done is None or "cutoff" not in done.facts:
            continue
        cutoff = date.fromisoformat(done.facts["cutoff"])
        if cutoff < ship:
            found.setdefault(cutoff, Earlier(round_id, cutoff, done))
        if len(found) == KEPT:
            break
    return [found[cutoff] for cutoff in sorted(found, reverse=True)]


def nearest_forecasts(
    company: PartnerContext, nights: Sequence[Earlier], table: pd.DataFrame, *, overridden: bool = False
) -> pd.DataFrame | None:
    """Of each past period the forecast of the last night before it, as the model made it, with what was sold since.

    ``nights``: the newest first, as :func:`earlier_nights` gives them. With ``overridden`` only rows that a planner changed: of
    each the last night before the period that had an override in it.

    Columns: location_id, item_id, date, ``h``, ``mean``, q10, q50, q90 (units), ``override`` (the id of the planner's override
    in force) and ``actual`` (units, NaN where unknown or censored). None where no earlier night has forecast a known period.
    """
    import pandas as pd

    from decai_forecast.demand.table import CENSORED, DATE, KEYS, QUANTITY

    if not nights or table.empty:
        return None
    columns = [*KEYS, "h", "override", *(f"model_{name}" for name in MODEL)]
    rows, last = pd.DataFrame(), table[DATE].max()
    for earlier in nights:  # the newest first; one by one, since all their horizons together are gigabytes
        frame = company.store.read_frame(earlier.key)[columns]
        past = frame[(frame[DATE] <= last) & ((frame["override"] != "") | (not overridden))]
        rows = pd.concat([rows, past]).drop_duplicates(KEYS, ignore_index=True) if len(rows) else past
    sold = table[KEYS].assign(actual=table[QUANTITY].where(~table[CENSORED]))
    known = rows.merge(sold, on=KEYS, validate="one_to_one")
    return known.rename(columns={f"model_{name}": name for name in MODEL}) if len(known) else None
