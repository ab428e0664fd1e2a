"""How a partner has delivered: the verdict of every round, and a score from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decai_forecast.rounds.check import COUNTED, STEP
from decai_forecast.rounds.seat import Seat
from decai_forecast.steps import read_done
from decai_forecast.store import Store

__all__ = ["Delivered", "history", "mark_late", "score", "was_late"]

WINDOW = 30  # rounds that the score looks at
LATE = 0.5  # what a late delivery is worth of a punctual one


@dataclass(frozen=True)
class Delivered:
    """One data set in one round; ``verdict`` is absent where the round has none."""

    round: str
    data_set: str
    verdict: str
    rows: int = 0
    quarantined: int = 0
    late: bool = False
    code: str = ""

    @property
    def worth(self) -> float:
        """0 to 1: the share of rows that could be used, halved if it came late."""
        usable = 1 - self.quarantined / max(self.rows, 1) if self.verdict in COUNTED else 0.0
        return usable * (LATE if self.late else 1.0)


def mark_late(store: Store, round_id: str) -> None:
    """Remembers that the delivery of a round was not there in time."""
    store.write_json(f"rounds/{round_id}/late.json", {"late": True})


def was_late(store: Store, round_id: str) -> bool:
    return store.exists(f"rounds/{round_id}/late.json")


def history(seat: Seat) -> list[Delivered]:
    """Every data set of every round that this partner has in its own store, newest first."""
    found: list[Delivered] = []
    names = sorted(contract.data_set for contract in seat.contracts().values())
    for round_id in reversed(seat.store.children("rounds")):
        done, late = read_done(seat.store, round_id, STEP), was_late(seat.store, round_id)
        facts = done.facts["data_sets"] if done else {}
        for name in names:
            one = facts.get(name, {"verdict": "absent", "rows": 0, "quarantined": 0, "code": ""})
            found.append(Delivered(round_id, name, one["verdict"], one["rows"], one["quarantined"], late, one["code"]))
    return found


def score(deliveries: Sequence[Delivered]) -> float | None:
    """0 to 100 over the last 30 rounds; None before the first."""
    rounds = sorted({one.round for one in deliveries}, reverse=True)[:WINDOW]
    counted = [one.worth for one in deliveries if one.round in rounds]
    return 100 * sum(counted) / len(counted) if counted else None
