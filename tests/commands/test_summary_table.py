"""The summary of a round on the terminal: one row per company, and sentences below."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from decai_forecast.commands.table import print_summary

WAPE = {"local": 0.25, "shared": 0.2, "combined": 0.15, "mean": 0.15}


def row(partner: str, **changes: Any) -> dict[str, Any]:
    """Of a company that delivered, trained and was told everything."""
    usual: dict[str, Any] = {
        "partner": partner, "verdict": "accepted", "why": "", "late": False, "rows": 1234, "member": True,
        "checks": {"demand": "accepted"}, "choice": "mean", "wape": WAPE, "exposure": "north 98% → 85%", "report": "",
        "sent": [], "privacy": None, "quality": 99.5,
    }  # fmt: skip
    return usual | changes


def summary(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "network": "five", "simulated": False, "round": "2026-06-29", "as_of": "2026-06-29", "status": "closed",
        "note": "Round 2026-06-29 of five: all partners trained together.", "training": None, "failure": "",
        "evaluation": None, "verdict": "", "expires": [], "partners": rows,
    }  # fmt: skip
    return usual | changes


def printed(*rows: dict[str, Any], **changes: Any) -> list[str]:
    """The lines on a wide page, without the blanks that fill the table's cells."""
    file = io.StringIO()
    print_summary(summary(*rows, **changes), Console(file=file, width=140))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def below(lines: list[str]) -> list[str]:
    """The sentences between the round's note and the list of reports."""
    note = lines.index("Round 2026-06-29 of five: all partners trained together.")
    return lines[note + 1 : lines.index("Reports:")]


def test_a_round_at_a_glance() -> None:
    """A row per company, the mean errors, the note, and where each report lies."""
    report = str(Path.cwd() / "stores/acme/report.html")
    assert printed(row("acme", report=report), row("bolt", choice="local", wape=WAPE | {"combined": 0.25})) == [
        "",
        "Round 2026-06-29 of five: closed",
        "partner  verdict   quality   rows  local  shared  combined  uses   worst exposure (share served)",
        "acme     accepted      100  1,234  0.250   0.200     0.150  mean   north 98% → 85%",
        "bolt     accepted      100  1,234  0.250   0.200     0.250  local  north 98% → 85%",
        "",
        "Error (WAPE of the median over the last horizon, unseen by training and choice), mean of 2 partners: local 0.2500, "
        "shared 0.2000, combined 0.2000. Partners that chose: mean 1, local 1.",
        "Round 2026-06-29 of five: all partners trained together.",
        "Reports:",
        "  acme: stores/acme/report.html",
        "  bolt: none",
    ]


def test_who_did_not_take_part_and_why() -> None:
    """The reason stands behind the verdict; late is told where there is no other reason. What is not known is left empty."""
    lines = printed(
        row("acme", late=True),
        row("bolt", verdict="refused", why="refused:columns", late=True, rows=10, choice="", wape={}, exposure=""),
        row("corex", verdict="absent", rows=0, quality=None, choice="", wape={}, exposure=""),
        status="below_quorum", simulated=True,
    )  # fmt: skip
    assert lines[:7] == [
        "",
        "All companies and figures are simulated.",
        "Round 2026-06-29 of five: below quorum",
        "partner  verdict                    quality   rows  local  shared  combined  uses  worst exposure (share served)",
        "acme     accepted (late)                100  1,234  0.250   0.200     0.150  mean  north 98% → 85%",
        "bolt     refused (refused:columns)      100     10",
        "corex    absent",
    ]


def test_means_are_of_the_errors_that_all_have() -> None:
    """A company without a test window counts in none; a candidate that one of the others lacks has no mean."""
    young = row("acme", wape={})
    lines = printed(young, row("bolt", wape={"local": 0.1, "combined": 0.1}, choice="local"), row("corex"))
    assert lines[7].endswith(", mean of 2 partners: local 0.1750, combined 0.1250. Partners that chose: local 1, mean 1.")
    assert printed(young)[5] == "No partner has a forecast to judge yet."


def test_a_training_that_is_under_way_has_a_line() -> None:
    """How far it is while it runs, its last line when it is over; a strategy that tells no progress has none."""
    progress = {"at": "2026-06-29T01:02:03+00:00", "line": "median: tree 3 of 60", "finished": False}
    assert below(printed(row("acme"), training=progress)) == [
        "Training together, at 2026-06-29T01:02:03+00:00: median: tree 3 of 60"
    ]
    over = printed(row("acme"), training=progress | {"finished": True})
    assert below(over) == ["Trained together; last: median: tree 3 of 60"]
    assert below(printed(row("acme"))) == []


def test_what_became_of_the_training_is_told_in_sentences() -> None:
    """Why it failed; whether the new forecaster ships, and what each company's loss says of it."""
    scores = {"bolt": {"gain": -0.01}, "acme": {"gain": 0.125}}
    told = printed(row("acme"), failure="no answer of bolt", verdict="The last one ships.", evaluation={"scores": scores})
    assert below(told) == [
        "The training failed: no answer of bolt.",
        "The last one ships.",
        "Loss saved on the newest rows, against the last forecaster: acme +12.5 %, bolt -1.0 %.",
    ]


def test_companies_that_spent_the_same_share_a_sentence() -> None:
    """Epsilon of tonight and of all nights; a company that never trained privately has none."""
    spent = {"tonight": 2.97, "spent": 5.31, "budget": 30.0, "delta": 1e-6}
    rows = row("acme", privacy=spent), row("bolt"), row("corex", privacy=spent), row("dune", privacy=spent | {"tonight": 0.0})
    assert below(printed(*rows)) == [
        "Differential privacy of a training row, epsilon 2.97 tonight, 5.31 of 30 spent (delta 1e-06): acme, corex; "
        "epsilon 0.00 tonight, 5.31 of 30 spent (delta 1e-06): dune."
    ]


def test_a_report_on_its_way_names_its_targets() -> None:
    """What arrived, what is owed, and the code of why."""
    sent = [
        {"target": "erp", "kind": "http", "status": "sent", "attempts": 1, "code": ""},
        {"target": "mail", "kind": "mail", "status": "owed", "attempts": 2, "code": "send_unreachable"},
    ]
    told = printed(row("acme", report=str(Path.cwd() / "report.html"), sent=sent))
    assert told[-1] == "  acme: report.html (erp sent, mail owed: send_unreachable)"
