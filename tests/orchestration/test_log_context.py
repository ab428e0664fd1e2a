"""Lines of a task's log carry the round and the company, for whoever collects them."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import logging
from airflow.sdk.log import configure_logging
configure_logging(json_output=True)
from decai_forecast.orchestration.log_context import about
from decai_forecast.round import Round
about(Round.of("2026-06-29.2"), "acme")
logging.getLogger("decai_forecast").warning("a line of a step")
"""


def test_a_line_of_a_step_names_round_and_company() -> None:
    """Through Airflow's own configuration of logs, in JSON."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    (line,) = [one for one in lines if one.get("event") == "a line of a step"]
    assert (line["round"], line["partner"]) == ("2026-06-29.2", "acme")
