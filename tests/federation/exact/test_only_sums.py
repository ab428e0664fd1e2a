"""What is broadcast about splits is made of sums over all companies, and of nothing that one of them has."""

from collections import defaultdict

import numpy as np
import pytest
from test_default_deny import FORM
from training_parties import companies, plan, pool, together, trained

from decai_forecast.federation.exact.collectives import SPLIT, SPLIT_BYTES, Collectives, _only_sums
from decai_forecast.federation.exact.errors import Denied
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.gate.splits import Limits

LIMITS = Limits([200] * 5, frozenset([4]), 1e6, 1e6, 1000)


def splits_cast(parts: list[Rows], monkeypatch: pytest.MonkeyPatch) -> dict[int, list[bytes]]:
    """What each rank broadcasts of its splits, before it is sealed."""
    said, broadcast = defaultdict(list), SecureSession.broadcast

    def heard(session: SecureSession, phase: str, blob: bytes) -> list[bytes]:
        if phase == "split":
            said[session.rank].append(blob)
        return broadcast(session, phase, blob)

    with monkeypatch.context() as patch:
        patch.setattr(SecureSession, "broadcast", heard)
        trained(parts, plan(alpha=0.5, trees=2))
    return dict(said)


def test_splits_are_the_same_whoever_has_which_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """LightGBM writes a split over the bytes of its own histogram and sends the rest of these along: the same rows dealt out
    otherwise have the same sums, so every byte that differs is of one company."""
    X, label, _ = pool(companies())
    dealt = np.random.default_rng(1).integers(0, 3, len(label))
    others = [Rows(X[dealt == k], label[dealt == k]) for k in range(3)]
    first = splits_cast(companies(), monkeypatch)
    assert len(first[0]) == 2 * 7
    assert splits_cast(others, monkeypatch) == first


def split_by(feature: int, categories: int) -> bytes:
    """A split as LightGBM writes it: behind its categories lies what the buffer held before."""
    return SPLIT.pack(feature, 5, 5, 1.0, 3, *[0.0] * 6, 1, 0, categories, *range(100, 132))


@pytest.mark.parametrize(("feature", "categories"), [(0, 2), (4, 33), (4, -1)])
def test_a_split_by_categories_is_denied_but_of_features_that_have_them(feature: int, categories: int) -> None:
    """Nothing of it is sent."""
    split = split_by(feature, categories)
    assert 2 * len(split) == SPLIT_BYTES

    def asked(session: SecureSession) -> int:
        collectives, before = Collectives(session, FORM, LIMITS, 1.0), session.traffic.steps
        collectives._phase = "split"
        with pytest.raises(Denied, match=f"feature {feature} by {categories} categories"):
            collectives._split(2 * split)
        return session.traffic.steps - before

    assert together([asked] * 3) == [0] * 3


def test_of_a_split_by_categories_nothing_but_these_is_cast() -> None:
    """Two bins of the feature; what lies behind them is the company's own."""

    sent = _only_sums(split_by(4, 2), frozenset([4]))
    assert SPLIT.unpack(sent)[-33:] == (2, 100, 101, *[0] * 30)
