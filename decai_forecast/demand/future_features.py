"""What is known of the period to forecast: its date, its season, plans, and how the groups above a series move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.demand.history import History, Running, rhythm
from decai_forecast.demand.models.base import filled
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["Group", "Rows", "future_features", "group_features", "groups_of", "total_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Which rows: series, position of the origin among the history's, horizon (periods); all of one length."""

    series: Ints
    origin: Ints
    h: Ints

    def target(self, history: History) -> Ints:
        """The period to forecast."""
        return np.asarray(history.origins[self.origin] + self.h, dtype=np.int64)


@dataclass(frozen=True)
class Group:
    """A level above the series (the partner, its categories): ``total`` is groups x periods, ``member`` the group of each
    series, ``prophet`` the total as Prophet sees it for every period (NaN: no fit)."""

    name: str
    total: Floats
    member: Ints
    prophet: Floats


def groups_of(panel: Panel, totals: dict[str, Floats]) -> list[Group]:
    """Partner and category totals of what ``panel`` knows, NaN where of no member anything is; ``totals`` holds Prophet's view
    by group name."""
    out = []
    for name, labels in (("partner", pd.Series("all", index=panel.series.index)), ("category", panel.series["category"])):
        member, names = pd.factorize(labels.fillna("").astype(str), sort=True)
        total = np.stack([total_of(panel.quantity[member == k]) for k in range(len(names))])
        views = [totals.get(f"{name}:{label}", totals["partner:all"]) for label in names]
        out.append(Group(name, total, member.astype(np.int64), np.stack(views)))
    return out


def total_of(quantity: Floats) -> Floats:
    """What the series sold together in each period; NaN where nobody knows of any: silence is no collapse of demand."""
    known = np.isfinite(quantity)
    return np.where(known.any(axis=0), np.where(known, quantity, 0.0).sum(axis=0), np.nan)


def future_features(panel: Panel, known: History, rows: Rows) -> dict[str, Floats]:
    """Calendar, season and plan features of ``rows``; nothing realised after the origin enters."""
    target, scale = rows.target(known), known.scale[rows.series, rows.origin]
    with np.errstate(all="ignore"):
        features = _calendar(panel, rows, target) | _season(panel, known, rows, target, scale)
        return features | _plans(panel, rows, target)


def _calendar(panel: Panel, rows: Rows, target: Ints) -> dict[str, Floats]:
    dates, frequency = panel.dates, panel.calendar.frequency
    angle = dates.day_of_year.to_numpy() / 365.25 * 2 * np.pi
    none = np.full(len(dates), np.nan)
    by_period = {
        "weekday": dates.day_of_week.to_numpy(float) if frequency == "D" else none,
        "month_part": (dates.day.to_numpy(float) - 1) // (1 if frequency == "D" else 7) if frequency != "M" else none,
        "week": none if frequency == "M" else dates.isocalendar().week.to_numpy(float),  # sine and cosine tell months apart
        "sin_year": np.sin(angle),
        "cos_year": np.cos(angle),
    }
    features = {name: value[target] for name, value in by_period.items()}
    return {"h": rows.h.astype(float)} | features | {"holidays": _holidays(panel, rows, target)}


def _holidays(panel: Panel, rows: Rows, target: Ints) -> Floats:
    """Public holidays of the location's country in the period; NaN where no country is known."""
    country = panel.series["country"].fillna("").astype(str).to_numpy()
    if not any(country):
        return np.full(len(target), np.nan)
    from decai_forecast.demand.holidays import holidays_in

    codes, names = pd.factorize(country)
    counts = np.stack([holidays_in(str(name), panel.dates, panel.calendar) for name in names])
    return np.asarray(counts[codes[rows.series], target], dtype=float)


def _season(panel: Panel, known: History, rows: Rows, target: Ints, scale: Floats) -> dict[str, Floats]:
    """The same season before the origin, the same weeks a year ago, and how that year went on from its own origin."""
    calendar, series, origin = panel.calendar, rows.series, known.origins[rows.origin]
    back = calendar.season * -(-rows.h // calendar.season)
    past = target - back
    same = [_at(panel.quantity, series, past - k * calendar.season) for k in range(4)]
    reach = {"D": 3, "W": 2, "M": 0}[calendar.frequency]
    year = calendar.year * -(-rows.h // calendar.year)
    run = known.running

    def around(centre: Ints) -> Floats:
        return run.between(series, centre - reach, np.minimum(centre + reach, origin) + 1)

    ago = [around(target - year - k * calendar.year) for k in range(3)]
    window = rhythm(calendar).windows[2]
    before = run.between(series, origin - year - window + 1, origin - year + 1)
    return {
        "season_lag": same[0] / scale,
        "season_mean": _nanmean(same) / scale,
        "year_ago": ago[0] / scale,
        "years_ago": _nanmean(ago) / scale,
        "year_growth": ago[0] / before,
    }


def _at(values: Floats, series: Ints, period: Ints) -> Floats:
    return np.where(period >= 0, values[series, np.maximum(period, 0)], np.nan)


def _nanmean(parts: list[Floats]) -> Floats:
    known = np.isfinite(parts)
    total, count = np.where(known, parts, 0).sum(axis=0), known.sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def _plans(panel: Panel, rows: Rows, target: Ints) -> dict[str, Floats]:
    """Plans are the partner's own, delivered ahead; what was realised in the period is not a plan.

    A plan goes on at its last price, unpromoted: a plan made up from sales has no price where nothing was sold, and that it
    is missing there must not tell so.
    """
    price = filled(panel.planned_price)[rows.series, target]
    promotion = panel.planned_promotion[rows.series, target]
    promotion = np.where(np.isnan(promotion) & np.isfinite(price), 0.0, promotion)
    usual = Running(panel.planned_price).mean(np.array([panel.planned_price.shape[1]]), panel.planned_price.shape[1])[:, 0]
    return {"price_ahead": price / usual[rows.series], "promotion_ahead": promotion}


def group_features(group: Group, panel: Panel, known: History, rows: Rows) -> dict[str, Floats]:
    """How the group's total moves, how it went in this season, and Prophet's view of it."""
    run, beat, calendar = Running(group.total), rhythm(panel.calendar), panel.calendar
    member, origin, target = group.member[rows.series], known.origins[rows.origin], rows.target(known)
    year = calendar.year * -(-rows.h // calendar.year)
    reach, past = {"D": 3, "W": 2, "M": 0}[calendar.frequency], target - year

    def mean(last: Ints, window: int) -> Floats:
        return run.between(member, last + 1 - window, last + 1)

    with np.errstate(all="ignore"):
        usual = mean(origin, beat.scale)
        season = run.between(member, past - reach, np.minimum(past + reach, origin) + 1)
        around = mean(np.minimum(past + calendar.year // 2, origin), calendar.year)
        view = Running(group.prophet)
        recent = view.between(member, origin + 1 - beat.windows[2], origin + 1)
        features = {
            "trend_short": mean(origin, beat.windows[0]) / usual,
            "trend_long": mean(origin, beat.windows[2]) / usual,
            "season": np.where(past - reach >= 0, season / around, np.nan),
            "prophet": group.prophet[member, target] / recent,
        }
    return {f"{group.name}_{name}": value for name, value in features.items()}
