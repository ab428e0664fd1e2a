"""TEMPORARY until reports/ lands."""
from __future__ import annotations
from decai_forecast.steps import Done, read_done, run_step
REPORT_FILES = {"report.html": "text/html; charset=utf-8", "report.json": "application/json", "stock_targets.csv": "text/csv; charset=utf-8", "manifest.json": "application/json"}
def outbox_key(round_id: str, name: str) -> str:
    return f"outbox/{round_id}/{name}"
def write_report(seat, night) -> Done:
    sim = read_done(seat.store, night.id, "simulate")
    def work(writer):
        html = f"<h1>{seat.partner}</h1><p>{sim.facts if sim else 'no delivery'}</p>".encode()
        writer.bytes("report.html", html)
        seat.store.write_bytes(outbox_key(night.id, "report.html"), html)
        return {"html": seat.store.path(outbox_key(night.id, "report.html"))}
    return run_step(seat.store, night.id, "report", [sim.inputs if sim else None], work)
