"""A ``network.yaml`` that says everything, and what its reader says of changed ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.errors import DocumentError
from decai_forecast.network import Network

FULL = """\
version: 1
name: four
frequency: W
horizon: 13
time_zone: Europe/Paris
simulated: false
participants:
- {id: acme, roles: [partner]}
- {id: bolt, store: "s3://bolt/decai"}
- {id: corex}
- {id: dyna}
- {id: auditor, roles: []}
quorum: 3
strategy: exact
runtime: in_process
grace_minutes: 30
late_minutes: 60.5
retry_minutes: 0
deliver_at: 0 1 * * *
close_at: "30 3 * * 1-5"
replay_as_of: 2026-03-02
source_folders: [/srv/exports]
assumptions:
  lead_time_days: 21
  holding_cost: 1
  shortage_cost: 9.5
  review_periods: 1
  supplier_outage_days: 28
  currency: EUR
  holding_rate: 0.2
notify:
- {kind: webhook, url_env: HOOK}
- {kind: smtp, host: mail.example.com, port: 587, sender: d@example.com, to: [ops@example.com], user_env: U, password_env: P}
supply:
  acme:
    suppliers:
    - {vendor: V, recovery_days: 21, capacity: 100}
    sites:
    - {location_id: dc, recovery_days: 3}
    lanes:
    - {from_id: V, to_id: dc, lead_time_days: 10, share: 1, item_id: 4711}
    bill_of_materials:
    - {item_id: kit, component_id: part, quantity: 2, unit: EA}
early_stopping_rounds: 0
code_book: {column: category, names: [beer, gin, rum]}
link: {way: folder, inbox: "memory://link/in", public: "memory://link/out"}
"""


def loaded(home: Path, text: str) -> Network:
    (home / "network.yaml").write_text(text)
    return Network.load(home)


def refused(home: Path, text: str) -> list[str]:
    """The faults of the text: ``line:column: message``."""
    with pytest.raises(DocumentError) as error:
        loaded(home, text)
    assert error.value.code == "config"
    return [f"{problem.line}:{problem.column}: {problem.text}" for problem in error.value.problems]


def changed(old: str, new: str) -> str:
    assert FULL.count(old) == 1, old
    return FULL.replace(old, new)
