"""A company's last step: what its round came to becomes its report, signed, in its outbox and on its way."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from decai_forecast.link import Figures
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import REPORT, ReportFiles
from decai_forecast.partner.report_facts import RoundSteps, facts_of
from decai_forecast.partner.statements import record
from decai_forecast.reports import ReportFacts, build_report, manifest, orders_csv, render_html, stock_targets_csv
from decai_forecast.reports.bundle_files import MANIFEST, REPORT_FILES, SIGNATURE
from decai_forecast.reports.compare import given
from decai_forecast.reports.days_of_supply import days_of_supply_json
from decai_forecast.reports.report import FORMAT
from decai_forecast.reports.send import Entry, outbox_key, send_report
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store

__all__ = ["REPORT_FILES", "hand_over", "outbox_key", "write_report"]


def write_report(company: PartnerContext, round: Round) -> Done[ReportFiles]:
    """Writes the files of the report and their signed manifest, and puts them into the outbox; without a delivery, a short
    report that says why."""
    store, steps = company.store, RoundSteps.of(company.store, round.id)
    facts = facts_of(company, round, steps)

    def work(writer: Writer) -> ReportFiles:
        files = _files(store, facts)
        for name, data in files.items():
            writer.bytes(name, data)
        return ReportFiles({name: len(data) for name, data in files.items()})

    done = run_step(store, round.id, REPORT, _inputs(steps, facts), work)
    for name in REPORT_FILES:  # the manifest and its signature come last
        if name in done:
            store.write_bytes(outbox_key(round.id, name), done.bytes(name))
        else:
            store.remove(outbox_key(round.id, name))  # of an earlier report of this round
    return done


def hand_over(company: PartnerContext, round: Round) -> tuple[Done[ReportFiles], list[Entry]]:
    """Writes the report, gives its figures for comparison if the company opted in, and sends it to where it is wanted.

    What cannot be sent stays owed and is tried again the next round; the entries say so.
    """
    done, settings = write_report(company, round), company.report_settings()
    figures = given(done.json("report.json"))
    if settings.compare and figures:
        company.link.give_figures(round.id, Figures(**figures))
    entries = send_report(
        company.store, company.partner, round.id, settings.targets, company.connections, allowed=company.allowed
    )
    record(company, round, entries)
    return done, entries


def _inputs(steps: RoundSteps, facts: ReportFacts) -> list[Any]:
    """What the report is made from, as JSON: the steps by their inputs, the rest by its content."""
    roster, deliveries = asdict(facts.roster), [asdict(one) for one in facts.deliveries]
    left = [asdict(one) for one in facts.what_left]
    read = [
        roster,
        deliveries,
        left,
        asdict(facts.assumptions),
        facts.versions,
        facts.previous,
        facts.opted_in,
        facts.others,
        facts.units,
    ]
    return [FORMAT, steps.inputs, *read]


def _files(store: Store, facts: ReportFacts) -> dict[str, bytes]:
    from decai_forecast.identity import Keyring
    from decai_forecast.reports.signature import sign

    report = build_report(facts)
    files = {"report.json": _json(report), "report.html": render_html(report).encode()}
    if facts.simulation is not None:
        files["stock_targets.csv"] = stock_targets_csv(report).encode()
        files["orders.csv"] = orders_csv(report).encode()
        files["days_of_supply.json"] = _json(days_of_supply_json(report, facts.simulation))
    written = json.dumps(manifest(files, report), indent=1, sort_keys=True).encode()
    return files | {MANIFEST: written, SIGNATURE: sign(written, Keyring(store).identity())}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode()
