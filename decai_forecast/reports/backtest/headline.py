"""One verdict and four sentences: against what is free, against own, what got worse for whom, and what to order by."""

from __future__ import annotations

from math import isnan
from statistics import median
from typing import Any

import pandas as pd

from decai_forecast.demand.paired import SIGNIFICANT
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.names import COMBINED, LOCAL, model_name
from decai_forecast.reports.backtest.scores import TOO_FEW, best_baseline, change, means
from decai_forecast.reports.words import percent, signed

__all__ = ["headline"]

WORSE = 0.01  # of the own forecaster's loss: what rises by less is not told as worse
MANY = 0.25  # share of partners worse off beyond which the title says so
NAMED, LISTED = 2, 3  # partners by name, with and without figures; all of them are in the table
NAMES = {"partners": "companies", "series": "series"}
TOLD = {"wape": "WAPE", "wql": "WQL", "cost": "cost"}
Report = dict[str, Any]


def headline(facts: BacktestFacts, paired: Report, partners: list[Report]) -> Report:
    """``level`` (good, watch, risk, none), ``title`` and four ``sentences``."""
    level, title = _verdict(facts, paired, partners)
    sentences = [_against_free(facts, partners), _against_own(facts, paired, partners), _worse(facts, partners)]
    sentences.append(_order_by(facts, partners))
    return {"level": level, "title": title, "sentences": sentences}


def _verdict(facts: BacktestFacts, paired: Report, partners: list[Report]) -> tuple[str, str]:
    words = {row["word"] for row in paired["tests"] if row["model"] == LOCAL and row["measure"] in ("wape", "wql")}
    if facts.alone:
        return "none", "One company: there was nobody to pool with"
    if words == {TOO_FEW}:
        return "none", f"Too few {NAMES[paired['unit']]} to tell whether pooling helps"
    if "worse" in words:
        return "risk", "Pooling makes the forecast worse here"
    if "better" not in words:
        return "none", "Pooling makes no clear difference here"
    return _helped(sum(_rose(row, "wape") or _rose(row, "wql") for row in partners), len(partners))


def _helped(hurt: int, count: int) -> tuple[str, str]:
    """The verdict where the tests say better, by the number of partners that are worse off."""
    if not hurt:
        return "good", "Pooling helps here"
    several = "Pooling helps most companies here" if hurt <= MANY * count else "Pooling helps on average, but not everybody"
    return "watch", several if count > 1 else "Pooling helps most series, but not their total"


def _against_free(facts: BacktestFacts, partners: list[Report]) -> str:
    error, cost = best_baseline(facts, "wape"), best_baseline(facts, "cost")
    if error is None or cost is None:
        return "There is no simple model to compare with."
    found = means(facts)
    texts = {
        m: f"{_moved(found, m, model)} ({_plain(model)}{_count(partners, m, model, '; ')})"
        for m, model in (("wape", error), ("cost", cost))
    }
    return (
        "Against the best simple model, which a planner has for nothing, the error (WAPE) of the combination "
        f"{texts['wape']}, and the cost of ordering by it {texts['cost']}."
    )


def _against_own(facts: BacktestFacts, paired: Report, partners: list[Report]) -> str:
    found = means(facts)
    test = next(row for row in paired["tests"] if row["model"] == LOCAL and row["measure"] == "wape")
    texts = {m: _moved(found, m, LOCAL) + _count(partners, m, LOCAL, " (", ")") for m in TOLD}
    whose = "the own forecaster" if len(partners) == 1 else "the own forecaster of each company"
    return (
        f"Against {whose} the error {texts['wape']}, the loss of the quantiles (WQL) {texts['wql']}, "
        f"and the cost of ordering {texts['cost']}{_chance(test, paired['unit'])}."
    )


def _chance(test: Report, unit: str) -> str:
    pairs, p = test["pairs"], test["p_holm"]
    if isnan(p):
        return ""
    if test["word"] == TOO_FEW:
        return f"; {pairs} {NAMES[unit]} are too few to tell the difference in error from chance"
    texts = f"p = {p:.3f}" if p >= 0.0005 else "p below 0.001"
    chance = "is hardly" if p < SIGNIFICANT else "may well be"
    return f"; over {pairs} {NAMES[unit]} the difference in error {chance} chance ({texts})"


def _moved(found: pd.DataFrame, measure: str, model: str) -> str:
    """``falls by 3.1 % to 61.0 %``."""
    ours, theirs = found[measure].loc[[COMBINED, model]].tolist()
    moved = change(ours, theirs)
    if isnan(moved):
        return "cannot be compared"
    texts = percent(ours) if measure == "wape" else f"{ours:.3f}"
    if abs(moved) < 0.0005:
        return f"stays at {texts}"
    return f"{'falls' if moved < 0 else 'rises'} by {percent(abs(moved))} to {texts}"


def _count(partners: list[Report], measure: str, model: str, before: str, after: str = "") -> str:
    """For how many of those with both figures the combination is better, and what changes for the median one; nothing for one
    partner: the change says it."""
    if len(partners) == 1:
        return ""
    pairs = [(r["scores"][COMBINED][measure], r["scores"][model][measure]) for r in partners if model in r["scores"]]
    known = [(ours, theirs) for ours, theirs in pairs if not isnan(ours) and not isnan(theirs)]
    wins = sum(ours < theirs for ours, theirs in known)
    return f"{before}lower for {wins} of {len(known)}{_median(known)}{after}"


def _median(pairs: list[tuple[float, float]]) -> str:
    """``, for the median company by 2.5 %``: one company that collapses moves a mean as far as it likes."""
    moved = [change(ours, theirs) for ours, theirs in pairs if theirs > 0]
    if not moved:
        return ""
    middle = median(moved)
    return f", for the median company {signed(middle)}"


def _worse(facts: BacktestFacts, partners: list[Report]) -> str:
    """What is worse than with the own forecaster and for whom, and who would have done better with a simple model."""
    own = f"Worse than with the own forecaster by more than {percent(WORSE, 0)}: {_hurt(partners)}"
    if not facts.baseline:
        return f"{own}."
    free = [row["partner"] for row in partners if _beaten(facts, row)]
    if len(partners) == 1:
        return f"{own}; {'a' if free else 'no'} simple model, chosen in hindsight, has a lower error."
    return f"{own}; a simple model, chosen in hindsight, has a lower error for {_listed(free) if free else 'nobody'}."


def _order_by(facts: BacktestFacts, partners: list[Report]) -> str:
    """The rule that had cost least to order by, and for whom a moving average, or another simple one, is good enough."""
    cost = means(facts)["cost"].dropna()
    if not len(cost):
        return "What ordering would have cost cannot be told."
    best = str(cost.idxmin())
    text = (
        f"Chosen in hindsight, ordering costs least by {_plain(best)} ({cost[best]:.3f} per unit sold{_in_money(facts, best)})"
    )
    if best in facts.baseline:
        text += f": stay with it; the combination costs {signed(change(cost[COMBINED], cost[best]))}"
    named = COMBINED if best in facts.baseline else best
    stay = [row["partner"] for row in partners if _simple_pays(facts, row, named)]
    if not facts.baseline or len(partners) == 1:
        return f"{text}."
    who = (
        f"for {_listed(stay)} a simple rule costs no more, so stay with that"
        if stay
        else "no company should stay with a simple rule"
    )
    return f"{text}; {who}."


def _in_money(facts: BacktestFacts, model: str) -> str:
    total = facts.scored.groupby("model")["money"].sum(min_count=1).get(model, float("nan"))
    return "" if isnan(total) else f", {total:,.0f} in money where prices are known"


def _simple_pays(facts: BacktestFacts, row: Report, named: str) -> bool:
    """Whether a simple model orders at the cost of the one that is named, or below."""
    ours = row["scores"][named]["cost"]
    return any(row["scores"][m]["cost"] <= ours for m in facts.baseline if m in row["scores"])


def _hurt(partners: list[Report]) -> str:
    """``WAPE for nobody, WQL for 2 of 15 (acme +1.4 %, bravo +1.3 %)``; of one partner just the measures."""
    found = {measure: [row for row in partners if _rose(row, measure)] for measure in TOLD}
    if len(partners) == 1:
        rises = [f"{TOLD[m]} {signed(partners[0]['change'][m])}" for m, rows in found.items() if rows]
        return ", ".join(rises) or "nothing"
    if not any(found.values()):
        return "nobody, in WAPE, WQL or cost"
    return ", ".join(f"{TOLD[m]} for {_who(rows, m, len(partners))}" for m, rows in found.items())


def _who(rows: list[Report], measure: str, count: int) -> str:
    if not rows:
        return "nobody"
    worst = sorted(rows, key=lambda row: -row["change"][measure])[:NAMED]
    named = ", ".join(f"{row['partner']} {signed(row['change'][measure])}" for row in worst)
    return f"{len(rows)} of {count} ({'most ' if len(rows) > NAMED else ''}{named})"


def _rose(row: Report, measure: str) -> bool:
    return bool(row["change"][measure] > WORSE)


def _beaten(facts: BacktestFacts, row: Report) -> bool:
    ours = row["scores"][COMBINED]["wape"]
    return any(row["scores"][m]["wape"] < ours for m in facts.baseline if m in row["scores"])


def _listed(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _plain(model: str) -> str:
    name = model_name(model)
    return name if name.isupper() or name == "Croston" else name.lower()
