"""The quick look at split records passes nothing that the whole check refuses, and passes what LightGBM makes."""

from __future__ import annotations

import numpy as np
import pytest
from hostile_company import field_changed
from training_parties import companies, plan, trained

from decai_forecast.federation.gate import splits
from decai_forecast.federation.gate.splits import HEAD, NO_BINS, NO_SPLIT, SPLIT, Limits, Split, SplitGate, complaint_of


def seen() -> tuple[list[bytes], Limits]:
    """Records of a real training, and its limits."""
    records, limits, checked = list[bytes](), list[Limits](), SplitGate.checked

    def listening(gate: SplitGate, blobs: list[bytes]) -> object:
        records.extend(blob[k : k + SPLIT.size] for blob in blobs for k in (0, SPLIT.size))
        limits.append(gate.limits)
        return checked(gate, blobs)

    with pytest.MonkeyPatch.context() as patched:  # for the time of one training
        patched.setattr(SplitGate, "checked", listening)
        trained(companies(), plan(trees=3))
    return [one for one in records if one != NO_SPLIT], limits[0]


def test_the_quick_look_agrees_with_the_whole_check() -> None:
    """On true records and on thousands of altered ones: fine there means no complaint here; true ones are fine at once."""
    records, limits = seen()
    assert len(records) > 50
    assert all(splits._is_fine(HEAD.unpack_from(one), limits) for one in records)
    rng, passed = np.random.default_rng(7), 0
    for _ in range(4_000):
        record = field_changed(rng, records[int(rng.integers(len(records)))])
        if rng.random() < 0.5:
            values = list(SPLIT.unpack(record))
            at = int(rng.choice([3, 5, 6, 7, 8, 9, 10]))
            values[at] = values[at] * (1 + float(rng.choice([1e-9, 5e-7, 2e-6, -2e-6, 0.1, -2.0])))
            record = SPLIT.pack(*values)
        if record[HEAD.size :] == NO_BINS and splits._is_fine(HEAD.unpack_from(record), limits):
            passed += 1
            assert complaint_of(Split.unpack(record), limits) == ""
    assert passed > 100
