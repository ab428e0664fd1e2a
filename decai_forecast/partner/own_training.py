"""The own models of a cut-off are trained once: a later night with the very same rows takes them over.

Most of a night's cut-offs lie on a grid that stays for a whole horizon, and what was known before them rarely changes. Equal
rows and an equal trainer give equal models, to the byte; so the second night need not train them again.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.errors import StoreError
from decai_forecast.network import SEED
from decai_forecast.partner.facts import TRAIN, TrainFacts
from decai_forecast.round import before
from decai_forecast.steps import Done, Writer, read_done
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.demand import Prepared, TreeCount

__all__ = ["earlier_training", "own_models", "write_trainer"]

TRAINER = "trainer.json"  # by what the models of a round were trained: edition of the step, release, versions of libraries


def earlier_training(store: Store, round_id: str) -> Done[TrainFacts] | None:
    """That of the newest round before ``round_id`` in which the company trained, if it was by the same trainer."""
    for earlier in reversed(before(store.children("rounds"), round_id)):
        done = read_done(store, earlier, TRAIN)
        if done is not None and not done.facts.newcomer:
            return done if _whole(done, TRAINER) == [json.dumps(_trainer()).encode()] else None
    return None


def own_models(prepared: Prepared, cutoff: date, earlier: Done[TrainFacts] | None, writer: Writer) -> TreeCount:
    """Writes rows and own models of a cut-off; how many trees the models got. ``earlier``: see :func:`earlier_training`."""
    from decai_forecast.demand import train_own

    rows = f"rows-{cutoff}.parquet"
    writer.frame(rows, prepared.train)
    writer.frame(f"future-{cutoff}.parquet", prepared.future)
    names = (f"local-{cutoff}.json", f"mean-{cutoff}.json")
    same = earlier is not None and rows in earlier and earlier.files[rows].sha256 == writer.files[rows].sha256
    if same and earlier is not None and (known := _whole(earlier, *names)):
        for name, content in zip(names, known, strict=True):
            writer.bytes(name, content)
        return earlier.facts.tree_counts[cutoff]
    own = train_own(prepared.train, seed=SEED)
    writer.bytes(names[0], json.dumps({str(q): text for q, text in sorted(own.models.items())}).encode())
    writer.json(names[1], own.mean)
    return own.tree_count


def _whole(done: Done[TrainFacts], *names: str) -> list[bytes]:
    """The files as the step wrote them; none where one is gone or was changed: then they are made again."""
    try:
        return [done.bytes(name) for name in names]
    except StoreError:
        return []


def write_trainer(writer: Writer) -> None:
    """Says by what this round's models were trained."""
    writer.json(TRAINER, _trainer())


def _trainer() -> str:
    return TRAIN.digest([SEED])
