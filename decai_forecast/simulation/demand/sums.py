"""Lead-time demand: the distribution of what is asked for between an order and the next one that can arrive, as one sum.

Quantiles of periods do not add up: the sum of their q95 is reached far more rarely than once in twenty times. So whole paths of
demand are drawn, correlated over periods as past forecasts were off together, and it is their sums that have quantiles. The
mean is the sum of the forecast's means, since means do add up; of demand in whole lots, the mean of what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.demand.quantiles import LEVELS, MEAN, name_of
from decai_forecast.simulation.demand.dependence import INDEPENDENT, Dependence
from decai_forecast.simulation.demand.marginals import Marginals
from decai_forecast.simulation.demand.sample import sample

__all__ = ["REPLICATIONS", "sums_of"]

REPLICATIONS = 2_000  # of each sum: 20 lie beyond its q99
ITEMS = 64  # at a time: a path of samples is some megabytes
FIRST = 1  # an order sees the demand of its own period; it protects those after it, as the levels of targets do
Floats = npt.NDArray[np.float64]


def sums_of(
    law: Marginals,
    spans: pd.DataFrame,
    dependence: Dependence = INDEPENDENT,
    *,
    season: int,
    seed: int,
    replications: int = REPLICATIONS,
) -> pd.DataFrame:
    """location_id, item_id, ``periods``, ``mean`` and q05 .. q99 (units) of the demand that an order of the first period
    protects.

    ``spans``: location_id, item_id, ``periods`` that are protected (lead time and review, less the order's own period);
    series that ``law`` does not have are left out. Beyond the horizon its last ``season`` periods repeat. The same for
    equal arguments, whatever stands beside a series.
    """
    rows = spans.astype(dict.fromkeys(SERIES, str)).sort_values(SERIES, ignore_index=True)
    rows["item"], rows["place"] = (
        pd.Index(names).get_indexer(pd.Index(rows[key])) for names, key in ((law.items, SERIES[1]), (law.locations, SERIES[0]))
    )
    rows = rows[(rows["item"] >= 0) & (rows["place"] >= 0) & (rows["periods"] > 0)]
    parts = [_of_items(law, part, dependence, season, seed, replications) for part in _some_items(rows)]
    columns = [*SERIES, "periods", MEAN, *map(name_of, LEVELS)]
    return pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True).sort_values(SERIES, ignore_index=True)[columns]


def _some_items(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    items = np.unique(rows["item"])
    for start in range(0, len(items), ITEMS):
        yield rows[rows["item"].isin(items[start : start + ITEMS])]


def _of_items(
    law: Marginals, rows: pd.DataFrame, dependence: Dependence, season: int, seed: int, replications: int
) -> pd.DataFrame:
    items = np.unique(rows["item"])
    ahead = law.only(items.tolist()).through(FIRST + int(rows["periods"].max()), season)
    drawn = sample(ahead, dependence, seed=seed, replications=range(replications))
    item, place = np.searchsorted(items, rows["item"]), rows["place"].to_numpy()
    last = FIRST + rows["periods"].to_numpy()
    found = np.empty((len(rows), len(LEVELS)))
    mean, usual = np.empty(len(rows)), ahead.mean  # of lots it is that before they are rounded
    for k, (i, p, end) in enumerate(zip(item, place, last, strict=True)):
        paths = drawn[p, i, FIRST:end].sum(axis=0, dtype=np.float64)
        found[k] = np.quantile(paths, LEVELS, method="inverted_cdf")  # a sum that was drawn: whole lots stay whole
        mean[k] = paths.mean() if ahead.lot[p, i] > 0 else usual[p, i, FIRST:end].sum()
    told = rows[[*SERIES, "periods"]].assign(**{MEAN: mean})
    return told.assign(**{name_of(level): found[:, k] for k, level in enumerate(LEVELS)})
