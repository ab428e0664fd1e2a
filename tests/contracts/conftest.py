"""The two ways to a judgement: a test that asks for ``judged`` runs on both."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, save
from judging import Judged, with_rules

from decai_forecast.contracts import Check, check_delivery


@pytest.fixture(params=["counts", "direct"])
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Judged:
    """``judged(frame, *rules, changes=(), **options)``: the check of a delivery under the drafted contract and more rules."""

    def check(frame: pd.DataFrame, *rules: str, changes: tuple[tuple[str, str], ...] = (), **options: object) -> Check:
        promised = contract(tmp_path, *changes, *with_rules(*rules))
        direct = request.param == "direct"
        return check_delivery(promised, save(tmp_path, frame), AS_OF, tmp_path, direct=direct, **options)

    return check
