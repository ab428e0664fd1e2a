"""What several tests share: the repository's root, invented orders, a night."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.link import SharedRound, State, Submission
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.submit import submit
from decai_forecast.round import Round
from decai_forecast.store import Store

ROOT = Path(__file__).parents[1]
NIGHT = Round.of("2026-06-29")
LAST_MONDAY = date(2026, 6, 22)
WEEKS = 170  # enough for the three choice origins, the test window and a year before them


def orders(partners: int = 5, items: int = 4, weeks: int = WEEKS, seed: int = 1) -> pd.DataFrame:
    """Weekly orders of invented companies: level, season and noise, with a supplier for each item."""
    rng = np.random.default_rng(seed)
    monday = [LAST_MONDAY - timedelta(weeks=weeks - 1 - k) for k in range(weeks)]
    season = 1 + 0.3 * np.sin(np.arange(weeks) / 52 * 2 * np.pi)
    frames = [
        pd.DataFrame(
            {
                "partner_id": f"shop {p}",
                "date": monday,
                "item_id": f"i{k}",
                "quantity": rng.poisson((p + 1) * (k + 2) * 3 * season),
                "vendor": f"supplier {k % 2}",
            }
        )
        for p in range(partners)
        for k in range(items)
    ]
    return pd.concat(frames, ignore_index=True)


def quiet(text: str) -> None:
    """A progress that says nothing."""


def copy_of(network: Network, folder: Path) -> Network:
    """The network with all its files, somewhere else."""
    shutil.copytree(network.home, folder / "home")
    return Network.load(folder / "home")


def own(network: Network, participant: str = COORDINATOR) -> Store:
    """A participant's own store, to look into."""
    return Store(network.address(participant), participant)


def public(network: Network) -> Store:
    """What the coordinator has published, as files."""
    return Store(f"{network.address(COORDINATOR)}/public", "public")


def inbox(network: Network) -> Store:
    """What companies told the coordinator, as files."""
    return Store(f"{network.address(COORDINATOR)}/inbox", "inbox")


def message(store: Store, key: str) -> Any:
    """What is in the envelope under ``key``, as JSON."""
    return json.loads(store.read_json(key)["body"])


def reopened(network: Network, round_id: str = NIGHT.id) -> Network:
    """The network as it was before the round's first shared training and its closing."""
    for key in (f"rounds/{round_id}/federate", "archive"):
        own(network).remove(key)
    for name in ("shared", "closed", "progress"):
        public(network).remove(f"rounds/{round_id}/{name}.json")
    return network


def republish(network: Network, round_id: str = NIGHT.id, **changes: Any) -> SharedRound:
    """Publishes the round's shared forecaster once more, with other fields of :class:`SharedRound`."""
    link = coordinator_context(network).link
    published = link.shared(round_id)
    assert published is not None
    public(network).remove(f"rounds/{round_id}/shared.json")
    changed = replace(published, **changes)
    assert link.publish_shared(changed)
    return changed


def submit_ready(network: Network, round: Round, *partners: str) -> None:
    """These partners (all, if none is named) say that they are ready to train; nothing of theirs is there to train on."""
    introduce(network)
    for partner in partners or network.partners:
        submission = Submission(partner, round.id, round.as_of, State.READY, digest="0" * 64)
        submit(partner_context(network, partner), submission)
