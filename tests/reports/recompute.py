"""Recomputes figures of a report from its JSON and what was delivered, by docs/reference/recompute.md alone.

Usage: recompute.py report.json FOLDER. Prints one line per figure: its name, what the report says, what follows. Nothing but
Python's own library is imported.
"""

import csv
import json
import sys
from pathlib import Path


def main(report_path, folder):
    report, delivered = json.loads(Path(report_path).read_text()), Path(folder)
    for name, told, found in [*from_rows(report), *from_deliveries(report, delivered)]:
        print(json.dumps({"figure": name, "told": told, "found": found}))


def from_rows(report):
    rows, service = report["stock"]["rows"], report["service"]
    demand, lost = total(rows, "demand"), total(rows, "expected_lost_units")
    yield "service.lost_units", service["lost_units"], lost
    yield "service.fill_rate", service["fill_rate"], 1 - lost / demand
    yield "service.likely_stockouts", service["likely_stockouts"], sum(row["p_stockout"] > 0.5 for row in rows)
    yield from of_nodes(report["exposure"]["nodes"])
    yield from of_policy(report["stock"])
    average = [row["cost"] for row in report["money"] if row["forecast"] == "moving_average"]
    for row in report["money"]:
        yield f"money.{row['forecast']}.saving", row["saving"], average[0] - row["cost"]


def of_nodes(nodes):
    by = "lost_units" if any(node["lost_value"] is None for node in nodes) else "lost_value"
    largest = max(node[by] for node in nodes)
    for node in nodes:
        if "rei" in node:
            yield f"rei of {node['node']}", node["rei"], max(node[by], 0) / largest if largest > 0 else 0.0


def of_policy(stock):
    policy, rows = stock["policy"], [*stock["rows"], *stock["inner"]]
    targets = [(row.get("demand", 0), row["target"]) for row in rows if row["target"]]
    known = [one for one in targets if one[1]["cost_now"] is not None and one[1]["cost_proposed"] is not None]
    priced = known or targets
    yield "policy.cost_proposed", policy["cost_proposed"], sum(target["cost_proposed"] for _, target in priced)
    if known:
        yield "policy.cost_now", policy["cost_now"], sum(target["cost_now"] for _, target in known)
        yield "policy.saving", policy["saving"], policy["cost_now"] - policy["cost_proposed"]
    asked = [(demand, target) for demand, target in priced if demand > 0]
    served = sum(demand * target["fill_rate_proposed"] for demand, target in asked)
    yield "policy.fill_rate_proposed", policy["fill_rate_proposed"], served / sum(demand for demand, _ in asked)


def from_deliveries(report, folder):
    rows = report["stock"]["rows"]
    vendor = {row["item_id"]: row["vendor"] for row in read(folder / "items.csv")}
    shares = {}
    for row in rows:
        shares[vendor[row["item_id"]]] = shares.get(vendor[row["item_id"]], 0) + row["demand"] / total(rows, "demand")
    yield "exposure.hhi", report["exposure"]["hhi"], sum(share**2 for share in shares.values())
    for node in report["exposure"]["nodes"]:
        if node["node"] in shares and node["kind"] == "supplier":
            yield f"share of {node['node']}", node["share"], shares[node["node"]]
    if (folder / "stock.csv").exists():
        yield from of_counts(report["stock"], newest(read(folder / "stock.csv")))


def of_counts(stock, counts):
    counted = [row for row in stock["rows"] if not row["on_hand_assumed"]]
    gone = [row for row in counted if counts[row["location_id"], row["item_id"]] <= 0]
    for row in counted:
        at = row["location_id"], row["item_id"]
        yield f"on_hand of {at[1]} at {at[0]}", row["on_hand"], max(counts[at], 0)
    yield "empty.counted", stock["empty"]["counted"], len(counts)
    yield "empty.count", stock["empty"]["count"], len(gone)
    yield "empty.share", stock["empty"]["share"], total(gone, "demand") / total(counted, "demand")


def newest(rows):
    found = {}
    for row in sorted(rows, key=lambda row: row["date"]):
        found[row["location_id"], row["item_id"]] = float(row["on_hand"])
    return found


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def total(rows, name):
    return sum(row[name] for row in rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
