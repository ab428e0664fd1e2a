"""Which partitions an Airflow has emitted for messages that came over the link: each once, and never lost.

A run of `watch_link` claims a partition before it emits it, by a file that is created once in the participant's own store and
names the run. Airflow emits when the task has succeeded: a task that was killed in between is run again, finds the claim of its
own run and emits. Another run leaves it alone, after a restart of every process too.
"""

from __future__ import annotations

import json

from decai_forecast.store import Store

__all__ = ["claim", "is_taken"]


def is_taken(store: Store, round_id: str, name: str, run_id: str = "") -> bool:
    """Whether another run than ``run_id`` has claimed what is called ``name`` in the round."""
    key = _key(round_id, name)
    return store.exists(key) and store.read_bytes(key) != _by(run_id)


def claim(store: Store, round_id: str, name: str, run_id: str) -> bool:
    """Whether the run ``run_id`` is to emit it; another one may have been first."""
    return store.create_bytes(_key(round_id, name), _by(run_id)) or not is_taken(store, round_id, name, run_id)


def _by(run_id: str) -> bytes:
    return json.dumps({"run": run_id}).encode()


def _key(round_id: str, name: str) -> str:
    return f"emitted/{round_id}/{name}.json"
