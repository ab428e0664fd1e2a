"""A step: reads what the step before wrote, writes only its own place, and happened only if ``done.json`` says so.

The files of a step lie under ``rounds/<round>/<step>/<digest>-<name>``; ``done.json`` names the inputs and the outputs
with their digests and is written last, in one put. Repeating a step with equal inputs therefore changes nothing, and a
killed one leaves files that nobody reads.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decai_forecast.errors import RoundClosed, StoreError
from decai_forecast.store import Store, digest_bytes, digest_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Done", "Writer", "read_done", "run_step"]

FORMAT = 1  # of done.json


def done_key(round_id: str, step: str) -> str:
    return f"rounds/{round_id}/{step}/done.json"


@dataclass(frozen=True)
class Done:
    """What a finished step says of itself."""

    step: str
    inputs: str
    outputs: Mapping[str, str]  # name -> key in the store; the key carries the digest
    facts: Mapping[str, Any]
    repeated: bool = False  # True: this call found the step done and changed nothing

    def key(self, name: str) -> str:
        if name not in self.outputs:
            raise StoreError(f"step {self.step!r} wrote no {name!r}; it wrote {', '.join(sorted(self.outputs)) or 'nothing'}")
        return self.outputs[name]

    def frame(self, store: Store, name: str) -> pd.DataFrame:
        return store.read_frame(self.key(name))

    def json(self, store: Store, name: str) -> Any:
        return store.read_json(self.key(name))

    def bytes(self, store: Store, name: str) -> bytes:
        return store.read_bytes(self.key(name))

    def file(self, store: Store, name: str) -> AbstractContextManager[Path]:
        return store.local_file(self.key(name))


@dataclass
class Writer:
    """Collects a step's outputs; each lies under its digest, so an earlier run's files are never overwritten."""

    store: Store
    folder: str
    outputs: dict[str, str] = field(default_factory=dict)

    def bytes(self, name: str, data: bytes) -> str:
        key = f"{self.folder}/{digest_bytes(data)[:16]}-{name}"
        if not self.store.exists(key):
            self.store.write_bytes(key, data)
        self.outputs[name] = key
        return key

    def json(self, name: str, value: Any) -> str:
        return self.bytes(name, json.dumps(value, indent=1, sort_keys=True).encode())

    def frame(self, name: str, frame: pd.DataFrame) -> str:
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        return self.bytes(name, buffer.getvalue())

    def file(self, name: str, path: Path) -> str:
        return self.bytes(name, path.read_bytes())


def read_done(store: Store, round_id: str, step: str) -> Done | None:
    """The step's ``done.json``, or None if the step did not happen."""
    key = done_key(round_id, step)
    if not store.exists(key):
        return None
    raw = store.read_json(key)
    return Done(raw["step"], raw["inputs"], raw["outputs"], raw["facts"], repeated=True)


def run_step(
    store: Store,
    round_id: str,
    step: str,
    inputs: Any,
    work: Callable[[Writer], Mapping[str, Any]],
    *,
    closed: bool = False,
) -> Done:
    """Runs ``work`` unless the step is already done with equal ``inputs`` (any JSON value); returns its :class:`Done`.

    ``work`` writes its files through the :class:`Writer` and returns its facts, a JSON object. With ``closed`` nothing
    new may enter the round: :class:`RoundClosed` unless the step was done with the same inputs.
    """
    digest = digest_json([step, inputs])
    before = read_done(store, round_id, step)
    if before is not None and before.inputs == digest:
        return before
    if closed:
        raise RoundClosed(f"round {round_id} is closed; this {step} of {store.owner} goes to the next round")
    writer = Writer(store, f"rounds/{round_id}/{step}")
    facts = dict(work(writer))
    done = {"format": FORMAT, "step": step, "inputs": digest, "outputs": writer.outputs, "facts": facts}
    store.write_json(done_key(round_id, step), done)
    return Done(step, digest, writer.outputs, facts)
