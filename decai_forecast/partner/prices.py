"""What items sell for: as the data set prices says, else as the data set demand was sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["prices_of"]


def prices_of(prices: pd.DataFrame | None, table: pd.DataFrame) -> pd.DataFrame | None:
    """item_id, price (and what else ``prices`` has): the delivered prices, and of items without one the median of the newest
    period in which the demand table has a price; None where nobody said one.

    ``table``: the demand table (:mod:`decai_forecast.demand.table`).
    """
    import pandas as pd

    from decai_forecast.demand.table import PRICE

    paid = table[["item_id", "date", PRICE]].dropna()
    paid = paid[paid[PRICE] > 0].astype({"item_id": str})
    newest = paid[paid["date"] == paid.groupby("item_id")["date"].transform("max")]
    found = newest.groupby("item_id")[PRICE].median().rename("price").reset_index()
    if prices is None:
        return found if len(found) else None
    known = set(prices.loc[prices["price"].notna(), "item_id"].astype(str))
    every: pd.DataFrame = pd.concat([prices, found[~found["item_id"].isin(known)]], ignore_index=True)
    return every
