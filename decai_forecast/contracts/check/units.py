"""Unit slips: quantities that suddenly come in cases instead of pieces, or in grams instead of kilograms."""

from __future__ import annotations

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import ROW

__all__ = ["slipped"]

NEAR = 1.4  # the ratio of the medians may differ from a factor by this much: demand has seasons, and 6, 12, 24 are 2 apart
FEWEST = 5  # values of an item, other than zero, in the recent days and before


def slipped(rule: Rule, delivery: Delivery) -> str:
    """A query for the row numbers of recent values of items whose unit has changed.

    An item has slipped if the median of its recent values is near a factor (or its inverse) times the median of before,
    and three quarters of the recent values lie beyond nearly all (95 %) of the earlier ones: busy weeks do not do that.
    """
    if "date" not in delivery.types:
        return f"SELECT {ROW} FROM delivery WHERE FALSE"
    value, by = sql.name(rule.column), [sql.name(column) for column in rule.arguments["by"]]
    past = f"delivery WHERE {delivery.before_cut_off('date')}"
    first = f"(SELECT max(date) FROM {past}) - INTERVAL {int(rule.arguments['days'])} DAY"
    recent = f"SELECT * FROM {past} AND date > {first}"
    before = f"SELECT * FROM {_earlier(delivery)} WHERE date <= {first}"
    new, old = (_spread(rows, value, by) for rows in (recent, before))
    near = " OR ".join(_near("new.mid / nullif(old.mid, 0)", factor) for factor in rule.arguments["factors"])
    names = ", ".join([*(f"new.{c}" for c in by), "TRUE AS slip"])
    items = f"""
        SELECT {names} FROM ({new}) new JOIN ({old}) old ON {_same("new", "old", by)}
        WHERE ({near}) AND (new.q25 > old.high OR new.q75 < old.low)"""
    return f"SELECT d.{ROW} FROM ({recent}) d JOIN ({items}) s ON {_same('d', 's', by)} WHERE d.{value} <> 0"


def _spread(rows: str, value: str, by: list[str]) -> str:
    """Median, quartiles and the middle 90 % of each item's values other than zero."""
    shares = {"mid": 0.5, "q25": 0.25, "q75": 0.75, "low": 0.05, "high": 0.95}
    chosen = ", ".join([*by, *(f"quantile_cont({value}, {share}) AS {name}" for name, share in shares.items())])
    return f"""
        SELECT {chosen} FROM ({rows}) WHERE {value} <> 0 GROUP BY {", ".join(by) or "TRUE"} HAVING count(*) >= {FEWEST}"""


def _same(left: str, right: str, by: list[str]) -> str:
    return " AND ".join(f"{left}.{c} IS NOT DISTINCT FROM {right}.{c}" for c in by) or "TRUE"


def _near(ratio: str, factor: float) -> str:
    up, down = (f"{ratio} BETWEEN {centre / NEAR!r} AND {centre * NEAR!r}" for centre in (factor, 1 / factor))
    return f"{up} OR {down}"


def _earlier(delivery: Delivery) -> str:
    """What recent values are compared with: the last accepted delivery, or the earlier rows of this one."""
    return f"read_parquet({sql.text(str(delivery.history))})" if delivery.history is not None else "delivery"
