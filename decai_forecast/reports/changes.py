"""What changed since the participant's last report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["changes"]

SHOWN = 10  # stock targets that moved most
MOVED = 0.05  # of a level: less is noise of the samples
RANKS = 10  # of the new report's exposure, and all that were among them before

Report = Mapping[str, Any]


def changes(report: Report, previous: Report | None) -> dict[str, Any] | None:
    """Verdict, service, worst case, exposure ranks, forecast error and stock targets, before and now.

    None where there is no earlier report of the same format; figures that one of the two lacks are null.
    """
    if previous is None or previous.get("format") != report["format"]:
        return None
    return {
        "round": previous["round"],
        "level": _both(previous["headline"]["level"], report["headline"]["level"]),
        "fill_rate": _both(_in(previous, "service", "fill_rate"), _in(report, "service", "fill_rate")),
        "worst": _both(_in(previous, "exposure", "worst"), _in(report, "exposure", "worst")),
        "wape": _both(_wape(previous), _wape(report)),
        "ranks": _ranks(report, previous),
        "targets": _targets(report, previous),
    }


def _both(before: Any, now: Any) -> dict[str, Any]:
    return {"before": before, "now": now}


def _in(report: Report, part: str, name: str) -> Any:
    return report[part][name] if report[part] else None


def _wape(report: Report) -> Any:
    quality = (report["forecast"] or {}).get("quality") or {}
    return quality.get("scores", {}).get("combined", {}).get("wape")


def _ranks(report: Report, previous: Report) -> list[dict[str, Any]]:
    """Nodes whose rank by exposure changed, came or went."""
    before, now = (_ranked(one) for one in (previous, report))
    ranked = [name for name in {**now, **before} if min(now.get(name, RANKS + 1), before.get(name, RANKS + 1)) <= RANKS]
    changed = [{"node": name} | _both(before.get(name), now.get(name)) for name in ranked if before.get(name) != now.get(name)]
    return sorted(changed, key=lambda row: (row["now"] or RANKS + 1, row["node"])) if before and now else []


def _ranked(report: Report) -> dict[str, int]:
    nodes = report["exposure"]["nodes"] if report["exposure"] else []
    return {node["node"]: rank for rank, node in enumerate(nodes, start=1)}


def _targets(report: Report, previous: Report) -> dict[str, Any]:
    """How many order-up-to levels moved by more than a few per cent, and the largest moves, up or down."""
    before, now = _levels(previous), _levels(report)
    both = [key for key in now if key in before and abs(now[key] - before[key]) > MOVED * max(before[key], 1.0)]
    largest = sorted(both, key=lambda key: (-abs(now[key] - before[key]), key))[:SHOWN]
    rows = [{"location_id": key[0], "item_id": key[1]} | _both(before[key], now[key]) for key in largest]
    return {"changed": len(both), "new": len(now.keys() - before.keys()), "gone": len(before.keys() - now.keys()), "rows": rows}


def _levels(report: Report) -> dict[tuple[str, str], float]:
    rows = report["stock"]["rows"] if report["stock"] else []
    return {(row["location_id"], row["item_id"]): proposed(row)["order_up_to"] for row in rows}


def proposed(row: Report) -> dict[str, float]:
    """The target of a stock row: the one found by simulation, else the level of the policy that was simulated."""
    if (target := row["target"]) is not None:
        return {"safety_stock": target["safety_stock"], "order_up_to": target["level_proposed"]}
    return {"safety_stock": row["safety_stock"], "order_up_to": row["order_up_to_level"]}
