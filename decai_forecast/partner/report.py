"""A partner's last step: the facts of its night become its report, and the report lies in its outbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from typing import Any

import pandas as pd

from decai_forecast.coordinator.comparison import give_figures, published_comparison
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.network import Network
from decai_forecast.partner.briefing import briefing
from decai_forecast.partner.check import accepted_frame
from decai_forecast.partner.context import SEED, Seat
from decai_forecast.partner.spending import cost_in_words, spending, verdict_in_words
from decai_forecast.reports import (
    Delivery,
    Facts,
    Fan,
    Left,
    Quality,
    Roster,
    build_report,
    manifest,
    render_html,
    stock_targets_csv,
)
from decai_forecast.reports.bundle_files import MANIFEST, REPORT_FILES, SIGNATURE
from decai_forecast.reports.compare import MINIMUM
from decai_forecast.reports.days_of_supply import days_of_supply_json
from decai_forecast.reports.report import FORMAT
from decai_forecast.reports.send import Entry, outbox_key, send_report
from decai_forecast.round import Round, before
from decai_forecast.simulation import Simulation
from decai_forecast.steps import Done, Writer, read_done, run_step
from decai_forecast.strategies import strategy_of

__all__ = ["REPORT_FILES", "facts_of", "hand_over", "outbox_key", "write_report"]

LIBRARIES = ("decai-forecast", "lightgbm", "prophet", "flwr", "great-expectations", "pandas")
STEPS = ("pull", "check", "train", "watch", "combine", "simulate")
COMPARED = Left(
    "service and forecast error of this report, two numbers",
    f"coordinator; quartiles over at least {MINIMUM} companies, to all participants",
)
HISTORY = 2  # horizons of past demand before the forecast, in the chart
SCORED = Left(
    "loss of the last and of the new shared forecaster on the newest own rows, and how many these are",
    "coordinator; the median and the worst gain, to all participants",
)
ANSWERED = Left("verdict, number of rows, error code", "coordinator")


def write_report(seat: Seat, night: Round) -> Done:
    """Writes the files of the report and their signed manifest, and puts them into the outbox; without a delivery, a short
    report that says why."""
    facts, inputs = facts_of(seat, night)

    def work(writer: Writer) -> Mapping[str, Any]:
        files = _files(seat, night, facts)
        for name, data in files.items():
            writer.bytes(name, data)
        return {"html": seat.store.path(outbox_key(night.id, "report.html")), "bytes": {n: len(d) for n, d in files.items()}}

    done = run_step(seat.store, night.id, "report", inputs, work)
    for name in REPORT_FILES:  # the manifest and its signature come last
        if name in done.outputs:
            seat.store.write_bytes(outbox_key(night.id, name), done.bytes(seat.store, name))
        else:
            seat.store.remove(outbox_key(night.id, name))  # of an earlier report of this round
    return done


def hand_over(network: Network, seat: Seat, night: Round) -> tuple[Done, list[Entry]]:
    """Writes the report, gives its figures for comparison if the participant opted in, and sends it to where it is wanted.

    What cannot be sent stays owed and is tried again the next night; the entries say so.
    """
    done = write_report(seat, night)
    give_figures(network, seat, night, done.json(seat.store, "report.json"))
    targets = seat.report_settings().targets
    return done, send_report(seat.store, seat.partner, night.id, targets, seat.connections, allowed=seat.allowed)


def _files(seat: Seat, night: Round, facts: Facts) -> dict[str, bytes]:
    from decai_forecast.identity import Keyring
    from decai_forecast.reports.signature import sign

    report = build_report(facts)
    files = {"report.json": _json(report), "report.html": render_html(report).encode()}
    if facts.simulation is not None:
        files["stock_targets.csv"] = stock_targets_csv(report, units=_units(seat, night)).encode()
        files["days_of_supply.json"] = _json(days_of_supply_json(report, facts.simulation))
    written = json.dumps(manifest(files, report), indent=1, sort_keys=True).encode()
    return files | {MANIFEST: written, SIGNATURE: sign(written, Keyring(seat.store).identity())}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode()


def _units(seat: Seat, night: Round) -> dict[str, str]:
    """Item -> its unit, as far as the data set ``items`` says it."""
    checked = read_done(seat.store, night.id, "check")
    items = accepted_frame(seat, checked, "items") if checked else None
    if items is None or "unit" not in items:
        return {}
    known = items.dropna(subset=["unit"]).drop_duplicates("item_id")
    return dict(zip(known["item_id"].astype(str), known["unit"].astype(str), strict=True))


def _previous(seat: Seat, night: Round) -> dict[str, Any] | None:
    """The participant's last report before this round."""
    found = [
        name for name in before(seat.store.children("outbox"), night.id) if seat.store.exists(outbox_key(name, "report.json"))
    ]
    return seat.store.read_json(outbox_key(found[-1], "report.json")) if found else None


def facts_of(seat: Seat, night: Round) -> tuple[Facts, list[Any]]:
    """The facts of the night and, as JSON, what they were read from."""
    steps = {name: read_done(seat.store, night.id, name) for name in STEPS}
    shared = seat.public.read_json(f"rounds/{night.id}/shared.json")
    combined, simulated = steps["combine"], steps["simulate"]
    simulation = Simulation.from_json(simulated.json(seat.store, "simulation.json")) if simulated else None
    facts = Facts(
        network=seat.network, participant=seat.partner, round_id=night.id, as_of=night.as_of, calendar=seat.calendar,
        assumptions=seat.assumptions, deliveries=_deliveries(seat, night, steps), roster=_roster(shared),
        seed=SEED, simulated=seat.simulated,
        quality=_quality(combined) if combined else None, simulation=simulation,
        fan=_fan(seat, steps["train"], combined),
        planning=briefing(seat, steps["train"], steps["watch"], combined) if steps["train"] and combined else None,
        what_left=_left(seat, night.id, shared, combined), versions={name: version(name) for name in LIBRARIES},
        model=f"{combined.facts['choice']['name']}-{combined.inputs[:12]}" if combined else "",
        previous=_previous(seat, night), opted_in=seat.report_settings().compare,
        others=published_comparison(seat, night.id),
    )  # fmt: skip
    inputs = [done.inputs if done else None for done in steps.values()]
    read = [shared, asdict(facts.assumptions), facts.versions, [asdict(d) for d in facts.deliveries]]
    read.append([asdict(left) for left in facts.what_left])
    return facts, [FORMAT, *inputs, *read, facts.previous, facts.opted_in, facts.others]


def _noisy(seat: Seat, round_id: str) -> tuple[Left, ...]:
    """What the round's private sums tell at most, by the company's own accountant; also of a training that did not end."""
    cost = seat.privacy and spending(seat.store, round_id, seat.privacy)
    if not cost or not cost["tonight"]:
        return ()
    told = f"what noise leaves to be told of a training row, by all sums and models: {cost_in_words(cost)}"
    return (Left(told, "all companies that train, and whoever reads the models"),)


def _left(seat: Seat, round_id: str, shared: Mapping[str, Any], combined: Done | None) -> tuple[Left, ...]:
    """By the company's own record, whatever became of the training; else by what the round published of it."""
    member, given = seat.partner in shared["members"], disclosed_strategy(seat.store, round_id)
    left: tuple[Left, ...] = ()
    if member or given:
        left = tuple(Left(one.what, one.to) for one in strategy_of(given or shared["strategy"]).discloses)
        left += (SCORED,) if member and shared.get("evaluation") else ()
    left += _noisy(seat, round_id)
    gives = combined is not None and seat.report_settings().compare
    return (*left, ANSWERED, *((COMPARED,) if gives else ()))


def _deliveries(seat: Seat, night: Round, steps: Mapping[str, Done | None]) -> list[Delivery]:
    checked, pulled = steps["check"], steps["pull"]
    found = (
        [] if checked is None else [_delivery(seat, checked, name, f) for name, f in sorted(checked.facts["data_sets"].items())]
    )
    if pulled is not None:
        found += [Delivery(name, "not_checked", code=code) for name, code in sorted(pulled.facts["missing"].items())]
    if not found and seat.store.exists(key := f"rounds/{night.id}/submission.json"):
        found.append(Delivery("demand", "not_checked", code=seat.store.read_json(key)["code"]))
    return found


def _delivery(seat: Seat, checked: Done, name: str, facts: Mapping[str, Any]) -> Delivery:
    results = checked.json(seat.store, f"{name}.json")["results"]
    told = [r for r in results if r["outcome"] not in ("passed", "skipped")]
    broken = [f"{r['text']} ({r['bad_rows']:,} rows)" if r["bad_rows"] else r["text"] for r in told]
    return Delivery(name, facts["verdict"], facts["rows"], facts["quarantined"], facts["code"], broken[:5])


def _roster(shared: Mapping[str, Any]) -> Roster:
    return Roster(
        shared["expected"], shared["members"], shared["minimum"], shared["status"], shared["missing"] | shared["dropped"],
        verdict=verdict_in_words(shared),
    )  # fmt: skip


def _quality(combined: Done) -> Quality | None:
    scores, choice = combined.facts["test"], combined.facts["choice"]
    if not scores:
        return None
    return Quality(
        scores, choice["name"], choice["reason"], choice["wape"], choice["origins"],
        naive_wape=combined.facts["naive_wape"], value_added=combined.facts["value_added"],
    )  # fmt: skip


def _fan(seat: Seat, trained: Done | None, combined: Done | None) -> Fan | None:
    """Total demand: the last periods, and the forecast with the band of the company's total."""
    if trained is None or combined is None:
        return None
    past = trained.frame(seat.store, "table.parquet").groupby("date")["quantity"].sum()
    totals = combined.frame(seat.store, "hierarchy.parquet")
    ahead = totals[totals["level"] == "company"].sort_values("date").set_index("date")
    recent = past.sort_index().iloc[-HISTORY * seat.calendar.horizon :]
    return Fan(
        [(day, units) for day, units in _points(recent)],
        [
            (day, units, low, high)
            for (day, units), low, high in zip(
                _points(ahead["mean"]), ahead["q10"].tolist(), ahead["q90"].tolist(), strict=True
            )
        ],
    )


def _points(totals: pd.Series) -> list[tuple[date, float]]:
    days = pd.DatetimeIndex(totals.index).date.tolist()
    return list(zip(days, totals.to_numpy(float).tolist(), strict=True))
