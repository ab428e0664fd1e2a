"""Champion against challenger: scores leave the partners, and a challenger that does harm does not ship."""

from pathlib import Path

import numpy as np
import pytest
from members import SHIP, member, plan, rows

from decai_forecast.federation import Shared, train_shared
from decai_forecast.federation.evaluate import Score, judge, newest_of

POISONED = 3  # of four companies


def scores(*gains: float) -> dict[str, Score]:
    return {f"p{k}": Score(100, 1.0, 1.0 - gain) for k, gain in enumerate(gains)}


@pytest.mark.parametrize(
    ("gains", "promoted", "reason"),
    [
        ((0.1, 0.05, -0.01), True, "median gain +5.0 %, worst p2 -1.0 %"),
        ((0.1, 0.05, -9.0), True, "median gain +5.0 %, worst p2 -900.0 %"),
        (
            (-0.1, -0.05, 0.2),
            False,
            "the new forecaster is worse at 2 of 3 partners (median gain -5.0 %, worst p0 -10.0 %): what was put into the "
            "training is suspect",
        ),
        (
            (-0.5, -0.5, 0.1, 0.1),  # of an even number half: not most of them, but the one between them loses
            False,
            "the new forecaster is worse at 2 of 4 partners (median gain -20.0 %, worst p0 -50.0 %): what was put into the "
            "training is suspect",
        ),
        ((-0.03, -0.03, 0.1, 0.1), True, "median gain +3.5 %, worst p0 -3.0 %"),
        ((0.1, 0.1), False, "2 partners could score both forecasters, 3 are needed"),
    ],
)
def test_the_median_decides_and_no_single_partner(gains: tuple[float, ...], promoted: bool, reason: str) -> None:
    """One that lies can neither ship a forecaster nor hold it back."""
    verdict = judge(scores(*gains), 3)
    assert (verdict.promoted, verdict.reason) == (promoted, reason)


def test_the_hold_out_is_the_newest_tenth() -> None:
    """By how far a row's target lies back; all rows where that is not known."""
    assert newest_of(range(100), 100).sum() == 10
    assert newest_of(None, 7).all()


def trained(folder: Path, poison: float = 1.0, champion: dict[float, str] | None = None, strategy: str = "bagging") -> Shared:
    """Four companies; the largest has its targets times ``poison``."""
    frames = [rows(k, 900 if k == POISONED else 120) for k in range(4)]
    frames[POISONED] = frames[POISONED].assign(target=frames[POISONED]["target"] * np.float32(poison))
    there = [member(folder, f"p{k}", {SHIP: frame}) for k, frame in enumerate(frames)]
    return train_shared(there, plan(strategy=strategy, turns=3, rounds=2, quantiles=(0.5,)), champion=champion)


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> dict[float, str]:
    return dict(trained(tmp_path_factory.mktemp("before")).models[SHIP])


def test_poisoned_labels_do_not_ship(champion: dict[float, str], tmp_path: Path) -> None:
    """One company multiplies its targets by -50 under the masks: nobody sees whose they are, all others see the harm."""
    verdict = trained(tmp_path, -50.0, champion, "exact").verdict
    assert verdict is not None
    assert not verdict["promoted"]
    assert verdict["reason"].startswith("the new forecaster is worse at 3 of 4 partners (median gain -")
    assert verdict["reason"].endswith("): what was put into the training is suspect")
    assert verdict["scores"]["p3"]["gain"] > 0 > max(verdict["scores"][f"p{k}"]["gain"] for k in range(POISONED))


def test_honest_rows_ship(champion: dict[float, str], tmp_path: Path) -> None:
    """The same model again is no worse; nothing but scores and counts is told of a partner."""
    verdict = trained(tmp_path, champion=champion).verdict
    assert verdict is not None
    assert verdict["promoted"]
    assert set(verdict["scores"]["p0"]) == {"rows", "champion", "challenger", "gain"}


def test_a_champion_of_other_features_is_not_compared(champion: dict[float, str], tmp_path: Path) -> None:
    """After a release with other features the first forecaster ships as it is."""
    other = {quantile: text.replace("a b c", "a b d") for quantile, text in champion.items()}
    assert trained(tmp_path, champion=other).verdict is None
