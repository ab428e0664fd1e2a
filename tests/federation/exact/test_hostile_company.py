"""A company that keeps to the protocol but for one message: nobody crashes, nobody hangs, and who said it is named."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_company import made, outcomes_with

from decai_forecast.federation.exact.errors import Accuses, ExactError, Forged, Implausible, PeerLost
from decai_forecast.federation.exact.train import Trained
from decai_forecast.federation.gate.splits import SPLIT

SUMS = ("rows", "bins", "start", "largest", "root", "hist", "leaf", "order", "loss")
OWN = ("share", "plan", "bins", "resume", "kept trees", "split", "sign", "transcript", "certificate")
SOAK = 600.0  # seconds


def split(**changes: Any) -> bytes:
    """Two records of a split that LightGBM could make, but for the changes."""
    fields = {"feature": 0, "left": 50, "right": 50, "gain": 1.0, "threshold": 1, "lo": 0.0, "ro": 0.0, "lg": 0.0, "lh": 50.0}
    fields |= {"rg": 0.0, "rh": 50.0, "default": 0, "monotone": 0, "categories": 0}
    return 2 * SPLIT.pack(*(fields | changes).values(), *[0] * 32)


MADE_UP = {
    "a feature that is none": split(feature=100_000),
    "a feature as large as can be": split(feature=2**31 - 1),
    "a threshold beyond the bins": split(threshold=2**32 - 1),
    "no number": split(gain=float("nan")),
    "an endless gain": split(gain=float("inf")),
    "a gain of nothing": split(gain=1e300),
    "millions of categories": split(categories=2**22),
    "more categories than places": split(categories=200),
    "rows below none": split(left=-5, right=10**9),
    "a side without rows": split(left=0, right=2000),
    "outputs of nothing": split(lo=float("nan"), ro=float("inf")),
    "no hessian": split(lh=0.0, rh=0.0),
    "a feature with one bin": split(feature=5),
    "flags that are none": split(monotone=7),
    "half of it": split()[: SPLIT.size],
}


@pytest.mark.parametrize("which", MADE_UP)
def test_a_made_up_split_is_refused_by_everybody_and_its_sender_named(which: str, tmp_path: Path) -> None:
    """Before LightGBM has it: each of these ended every company's process, or could."""
    found = outcomes_with("split", 2, lambda _: MADE_UP[which], tmp_path)
    for one in found[:3]:
        assert isinstance(one, Forged)
        assert str(one).startswith("dot:")
        assert one.rank == 3
        assert one.code == "exact_forged_3"


def judged(phase: str, found: list[Any]) -> None:
    """A message of its own names the company; a sum nobody can name; what cannot be told from the truth trains on."""
    honest = found[:3]
    assert all(isinstance(one, ExactError | Trained) for one in honest), [repr(one) for one in honest]
    accused = {one.rank for one in honest if isinstance(one, Accuses)}
    assert accused <= {3, None}, [repr(one) for one in honest]
    if phase in set(OWN) - set(SUMS) - {"split"}:
        assert 3 in accused or all(isinstance(one, Trained) for one in honest), (phase, [repr(one) for one in honest])


def fuzzed(seed: int, phase: str, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    when = 1 if phase not in ("split", "hist", "order", "bins") else int(rng.integers(1, 5))
    judged(phase, outcomes_with(phase, when, lambda blob: made(rng, blob, phase), folder))


@pytest.mark.parametrize("phase", sorted({*SUMS, *OWN}))
def test_random_bytes_and_fields_at_every_phase(phase: str, tmp_path: Path) -> None:
    """Once each; the soak test goes on for ten minutes."""
    fuzzed(sum(phase.encode()), phase, tmp_path)


@pytest.mark.soak
def test_random_bytes_and_fields_for_ten_minutes(tmp_path: Path) -> None:
    """A seed that fails is in the message; a crash ends this process, a hang is found by its thread."""
    end, seed = time.monotonic() + float(os.environ.get("DECAI_SOAK_SECONDS", SOAK)), 0
    phases = sorted({*SUMS, *OWN, "split "}, key=str.strip)
    while time.monotonic() < end:
        phase = phases[seed % len(phases)].strip()
        try:
            fuzzed(seed, phase, tmp_path / str(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {phase}: {error}") from error
        seed += 1
    assert seed > len(phases)


def test_histograms_times_minus_fifty_accuse_nobody(tmp_path: Path) -> None:
    """Under masks their sender cannot be seen: the training ends, and neither it nor who found it is named."""
    found = outcomes_with("hist", 1, lambda blob: bytes(255 - byte for byte in blob), tmp_path)
    assert any(isinstance(one, Implausible) for one in found[:3])
    assert all(isinstance(one, Implausible | PeerLost) for one in found[:3])
