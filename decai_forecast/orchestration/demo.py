"""One whole round through a running Airflow: every DAG, as in any night, but now."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.network import Network
from decai_forecast.orchestration.client import ApiError, Client
from decai_forecast.round import Round

__all__ = ["drive_round", "our_dags"]

STALLED = 420.0  # seconds without any task finishing: something hangs
OVER = ("success", "failed")


def our_dags(network: Network) -> list[str]:
    """The ids of all DAGs of a network."""
    return [f"{kind}_{partner}" for kind in ("deliver", "report") for partner in network.partners] + ["close_round", "federate"]


def drive_round(client: Client, network: Network, round: Round, progress: Callable[[str, int, int], None]) -> None:
    """Triggers every delivery of ``night``, watches federation and reports, closes the round.

    ``progress`` gets a text and the numbers of finished and of expected runs. Failing runs do not stop the others.
    """
    conf = {"round": round.id, "as_of": round.as_of.isoformat()}
    watch = _Watch(client, network, round, progress)
    watch.follow([(f"deliver_{p}", client.trigger(f"deliver_{p}", **conf)) for p in network.partners], "deliveries")
    if _delivered(network, round) >= network.minimum:
        watch.follow(_appear(client, ["federate"], round.id), "federation")
        watch.follow(_appear(client, [f"report_{p}" for p in _heard(network, round)], round.id), "reports")
    watch.follow([("close_round", client.trigger("close_round", **conf))], "closing")
    watch.follow(_appear(client, [f"report_{p}" for p in network.partners], round.id), "reports")


def _delivered(network: Network, round: Round) -> int:
    return len(round_status(coordinator_context(network), round.id).ready)


def _heard(network: Network, round: Round) -> list[str]:
    """Partners that have answered: the reports of the others wait until the round is closed."""
    silent = round_status(coordinator_context(network), round.id).silent
    return [partner for partner in network.partners if partner not in silent]


def _appear(client: Client, dags: list[str], round_id: str) -> list[tuple[str, str]]:
    """The runs of ``dags`` for this round, once Airflow has started them all."""
    found: dict[str, str] = {}
    end = time.monotonic() + STALLED
    while missing := [dag for dag in dags if dag not in found]:
        for dag in missing:
            run = next((run for run in client.runs(dag) if _is_of(run, round_id)), None)
            if run is not None:
                found[dag] = run["dag_run_id"]
        if time.monotonic() > end:
            raise ApiError(f"no run of {', '.join(missing)} for round {round_id} within {STALLED:.0f} s")
        time.sleep(1.0)
    return list(found.items())


def _is_of(run: dict[str, Any], round_id: str) -> bool:
    return round_id in (run.get("partition_key"), (run.get("conf") or {}).get("round"))


class _Watch:
    """Follows runs to their end; gives up when nothing finishes any more."""

    def __init__(self, client: Client, network: Network, round: Round, progress: Callable[[str, int, int], None]) -> None:
        self.client, self.progress = client, progress
        self.link, self.round = coordinator_context(network).link, round
        self.expected = 2 * len(network.partners) + 2
        self.over: dict[tuple[str, str], str] = {}

    def follow(self, runs: list[tuple[str, str]], what: str) -> None:
        seen, moved = (-1, ""), time.monotonic()
        while open_runs := [run for run in runs if run not in self.over]:
            self.client.check_health()
            states = self._states(open_runs)
            self.over |= {run: state for run, state in states.items() if state in OVER}
            done = sum(
                t["state"] in (*OVER, "skipped", "upstream_failed") for run in open_runs for t in self.client.tasks(*run)
            )
            if (done, training := self._training()) != seen:
                seen, moved = (done, training), time.monotonic()
            self.progress(f"{what}: {training}" if training and what == "federation" else what, len(self.over), self.expected)
            if time.monotonic() - moved > STALLED:
                raise ApiError(f"nothing finished for {STALLED:.0f} s; still running: {', '.join(dag for dag, _ in open_runs)}")
            time.sleep(1.0)

    def _training(self) -> str:
        """How far the shared training is: a long one is no stand-still."""
        far = self.link.progress(self.round.id)
        return f"model {far.model} of {far.models}, tree {far.tree} of {far.trees}" if far else ""

    def _states(self, runs: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        return {(dag, run): self.client.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"] for dag, run in runs}
