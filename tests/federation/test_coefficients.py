"""Median and trimmed mean of coefficients: what each company's fit says, as trees; what wrong companies can do to it."""

import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from flwr.app import Context, Message, RecordDict
from members import SHIP, Member, member, plan
from test_own_strategy import asked
from test_training import Overheard, serve

from decai_forecast.demand import FEATURES
from decai_forecast.errors import FederationError
from decai_forecast.federation import Plan, train_shared, validate
from decai_forecast.federation.client_app import app as client
from decai_forecast.federation.coefficients import BOUND, key_of, text_of, trimmed
from decai_forecast.federation.fitting import NotFinite, fit
from decai_forecast.federation.fourier import ORDER, SECTORS, Design
from decai_forecast.federation.local_grid import LocalGrid
from decai_forecast.federation.node_process import Nursery
from decai_forecast.federation.robust import coordinate_median
from decai_forecast.federation.server_app import make_app

NAMES = ("h", "recent_q25", "recent_q50", "recent_q90", "ewm_slow", "season_mean", "weekday", "sin_year", "cos_year")
QUANTILES = (0.1, 0.5, 0.9)
FIVE = ("p0", "p1", "p2", "p3", "p4")
Floats = np.ndarray


def rows(seed: int, size: int = 500) -> pd.DataFrame:
    """Daily orders with a summer, weekends and levels; each company has another summer and another noise."""
    rng = np.random.default_rng(seed)
    angle, level = rng.uniform(0, 2 * np.pi, size), rng.gamma(4, 0.25, size)
    own = {name: level * rng.uniform(0.7, 1.3, size) for name in NAMES[1:6]}
    frame = pd.DataFrame({"h": 1.0} | own | {"weekday": rng.integers(0, 7, size)})
    frame = frame.assign(sin_year=np.sin(angle), cos_year=np.cos(angle))[list(NAMES)].astype(np.float32)
    frame.loc[rng.random(size) < 0.1, "season_mean"] = np.nan
    summer = (0.2 + 0.02 * (seed % 5)) * np.sin(angle)
    target = np.sqrt(level) + summer - 0.3 * (frame["weekday"] > 4) + rng.normal(0, 0.15, size)
    return frame.assign(target=target.clip(lower=0).astype(np.float32))


def matrix(seed: int = 99, size: int = 500) -> Floats:
    return rows(seed, size)[list(NAMES)].to_numpy(np.float32)


def companies(folder: Path, names: Iterable[str] = FIVE) -> list[Member]:
    return [member(folder, name, {SHIP: rows(k, 300 + 100 * k)}) for k, name in enumerate(names)]


def median(**changes: Any) -> Plan:
    return plan(**{"strategy": "median", "feature_names": NAMES} | changes)


def fitted(seed: int, quantile: float = 0.5, size: int = 500) -> Floats:
    frame, design = rows(seed, size), Design.of(NAMES, quantile)
    return fit(design, frame[list(NAMES)].to_numpy(np.float32), frame["target"].to_numpy(float), None, quantile)


def models(context: Context) -> dict[str, str]:
    return {name: bytes(text).decode() for name, text in context.state[f"model/{SHIP}"].items()}


def predicted(text: str, X: Floats) -> Floats:
    return np.asarray(lgb.Booster(model_str=text).predict(X, num_threads=1))


# What the coefficients say.


@pytest.mark.parametrize("quantile", QUANTILES)
def test_the_text_says_what_the_coefficients_say(quantile: float) -> None:
    """Also at every knot, at the corners of the year, and where something or everything is missing; SHAP values add up."""
    design = Design.of(NAMES, quantile)
    vector = np.random.default_rng(1).normal(size=design.size)
    text = text_of(NAMES, quantile, vector).text()
    X = np.concatenate([matrix(), matrix(7, 50)])
    knots = [knot for term in design.terms[1:] for knot in term.knots]
    X[: len(knots), 1:7] = np.array(knots, np.float32)[:, None]
    X[100:105, 7:] = [[0, 1], [1, 0], [0, -1], [-1, 0], [np.nan, np.nan]]
    X[105] = np.nan
    assert len(validate(text, NAMES).trees) == 1 + len(design.terms)
    assert np.abs(predicted(text, X) - design.predict(vector, X)).max() < 1e-12
    parts = np.asarray(lgb.Booster(model_str=text).predict(X, pred_contrib=True, num_threads=1))
    assert np.abs(parts.sum(axis=1) - design.predict(vector, X)).max() < 1e-9


def test_the_year_is_its_fourier_series_to_the_width_of_a_sector() -> None:
    """Of every day: half a sector away at most, times the steepest slope."""
    rng = np.random.default_rng(2)
    vector = np.array([0.0, *rng.normal(size=2 * ORDER)])
    angle = np.arange(365) / 365.25 * 2 * np.pi
    waves = [wave(k * angle) for k in range(1, ORDER + 1) for wave in (np.cos, np.sin)]
    steepest = sum(abs(c) * (1 + k // 2) for k, c in enumerate(vector[1:]))
    X = np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
    text = text_of(("sin_year", "cos_year"), 0.5, vector).text()
    assert np.abs(predicted(text, X) - vector[1:] @ waves).max() < steepest * np.pi / SECTORS
    assert len(set(predicted(text, X))) == SECTORS


def test_features_without_any_term_leave_the_constant() -> None:
    """A tree of one leaf, which LightGBM loads."""
    design = Design.of(("a", "b"), 0.5)
    X = np.zeros((40, 2), np.float32)
    vector = fit(design, X, np.linspace(0, 2, 40), None, 0.5)
    text = text_of(("a", "b"), 0.5, vector).text()
    validate(text, ("a", "b"))
    assert predicted(text, X) == pytest.approx(np.full(40, 1.0), abs=0.05)


@pytest.mark.parametrize("quantile", QUANTILES)
def test_a_fit_is_of_its_quantile_and_finds_what_is_there(quantile: float) -> None:
    """As large a share of rows lies below it; summers and weekends are found; weights count."""
    frame, design = rows(3, 3_000), Design.of(NAMES, quantile)
    X, target = frame[list(NAMES)].to_numpy(np.float32), frame["target"].to_numpy(float)
    vector = fit(design, X, target, None, quantile)
    found = design.predict(vector, X)
    assert (target <= found).mean() == pytest.approx(quantile, abs=0.03)
    year, weekday = design.values(vector)[:2]
    assert year[SECTORS // 4] - year[3 * SECTORS // 4] == pytest.approx(2 * 0.26, abs=0.15)
    assert weekday[:5].mean() - weekday[5:7].mean() == pytest.approx(0.3, abs=0.1)
    late = (X[:, 6] > 4).astype(float)
    assert fit(design, X, target, late + 1e-9, quantile)[0] < vector[0]


def test_a_term_reads_the_quantile_nearest_its_own() -> None:
    """Of what the features of the night offer."""
    names = [[FEATURES[t.column] for t in Design.of(FEATURES, q).terms if hasattr(t, "column")] for q in QUANTILES]
    rest = ["ewm_slow", "season_mean"]
    assert names == [
        ["weekday", "recent_q25", "year_q10", *rest],
        ["weekday", "recent_q50", "year_q50", *rest],
        ["weekday", "recent_q90", "year_q90", *rest],
    ]


@pytest.mark.parametrize("target", [[1.0, np.nan], [1.0, np.inf]])
def test_rows_that_are_no_numbers_are_not_fitted(target: list[float]) -> None:
    """It has a code, which the coordinator gets."""
    with pytest.raises(NotFinite, match="no number") as error:
        fit(Design.of(("a",), 0.5), np.zeros((2, 1), np.float32), np.array(target), None, 0.5)
    assert error.value.code == "malformed"


# A training.


@pytest.mark.parametrize("strategy", ["median", "trimmed_mean"])
def test_the_shared_model_is_the_average_of_what_each_fits_alone(strategy: str, tmp_path: Path) -> None:
    """Every company has one vote, whatever its rows; everything repeats to the last bit, whoever computes first."""
    which = median(strategy=strategy)
    shared = train_shared(companies(tmp_path / "a"), which, workers=1)
    average = {"median": coordinate_median, "trimmed_mean": trimmed}[strategy]
    for quantile in QUANTILES:
        vectors = [fitted(k, quantile, 300 + 100 * k) for k in range(5)]
        assert shared.models[SHIP][quantile] == text_of(NAMES, quantile, average(vectors)).text()
        validate(shared.models[SHIP][quantile], NAMES)
    assert dict(shared.rows) == {name: 300 + 100 * k for k, name in enumerate(FIVE)}
    assert dict(shared.dropped) == {}
    assert train_shared(companies(tmp_path / "b")[::-1], which, workers=4).models == shared.models


@pytest.mark.parametrize("quantile", QUANTILES)
def test_the_shared_model_beats_a_constant(quantile: float, tmp_path: Path) -> None:
    """On rows that nobody trained on, against the quantile of those very rows."""
    text = train_shared(companies(tmp_path), median(quantiles=(quantile,))).models[SHIP][quantile]
    target = rows(99)["target"].to_numpy()

    def loss(forecast: Any) -> float:
        error = target - forecast
        return float(np.maximum(quantile * error, (quantile - 1) * error).mean())

    assert loss(predicted(text, matrix())) < 0.7 * loss(np.quantile(target, quantile))


def test_one_message_of_a_few_kilobytes_and_no_row_leave_a_company(tmp_path: Path) -> None:
    """No quantile of its targets, no tree, no path; beside what every strategy asks."""
    which = median()
    grid = Overheard(companies(tmp_path), which)
    serve(grid, which)
    assert len(grid.heard) == 2 * 5
    facts = {"partner", "rows", "schema", "agreed", "release", "version-protocol", "version-flwr", "version-lightgbm"}
    given = [dict(message.content["config"]) for message in grid.heard]
    assert [set(one) for one in given] == [facts] * 5 + [{key_of(q) for q in QUANTILES}] * 5
    assert all(8 * sum(map(len, one.values())) < 4_000 for one in given[5:])
    assert str(tmp_path) not in str(given)


# Wrong companies.


def altered(names: Mapping[str, float], quantile: float = 0.5) -> dict[int, Any]:
    """Node -> what it sends in place of its coefficients: these times a factor."""
    return {
        1000 + FIVE.index(name): {key_of(quantile): (factor * fitted(k, quantile, 300 + 100 * k)).tolist()}
        for name, factor in names.items()
        for k in [FIVE.index(name)]
    }


def span(vectors: list[Floats], X: Floats) -> tuple[Floats, Floats]:
    """What sums of the vectors' terms can be where each coefficient lies between the smallest and the largest of them."""
    design, low, high = Design.of(NAMES, 0.5), np.min(vectors, axis=0), np.max(vectors, axis=0)
    ends = [np.full(len(X), low[0]), np.full(len(X), high[0])]
    at = 1
    for term in design.terms:
        part = slice(at, at := at + term.basis.shape[1])
        pair = np.stack([term.basis * low[part], term.basis * high[part]])
        ends[0] += pair.min(axis=0).sum(axis=1)[term.leaves(X)]
        ends[1] += pair.max(axis=0).sum(axis=1)[term.leaves(X)]
    return ends[0] - 1e-9, ends[1] + 1e-9


@pytest.mark.parametrize("strategy", ["median", "trimmed_mean"])
@pytest.mark.parametrize("factor", [-50.0, -4.0])
def test_one_wrong_company_of_five_cannot_move_the_model_far(strategy: str, factor: float, tmp_path: Path) -> None:
    """Whether what it sends is beyond bounds, which is dropped, or within: forecasts stay where the honest ones can lie, and
    close to those of the honest alone. A plain mean's do not."""
    which, X = median(strategy=strategy, quantiles=(0.5,)), matrix()
    context = serve(Overheard(companies(tmp_path), which, spoil=altered({"p1": factor}), after=5), which)
    assert dict(context.state["dropped"]) == ({"p1": "malformed"} if factor == -50 else {})
    honest = [fitted(k, 0.5, 300 + 100 * k) for k in (0, 2, 3, 4)]
    found = predicted(models(context)["q0.5"], X)
    low, high = span(honest, X)
    assert ((low <= found) & (found <= high)).all()
    design = Design.of(NAMES, 0.5)
    alone = design.predict(coordinate_median(honest), X)
    assert np.abs(found - alone).mean() < 0.1
    plain = design.predict(np.mean([*honest, factor * fitted(1, 0.5, 400)], axis=0), X)
    assert ((plain < low) | (plain > high)).mean() > 0.9
    assert np.abs(plain - alone).mean() > 0.8


def test_averages_hold_out_against_what_bounds_would_not_stop() -> None:
    """Both by themselves, at -50 times: each coefficient lies between those of the honest."""
    honest = [fitted(k) for k in range(4)]
    for average in (coordinate_median, trimmed):
        found = average([*honest, -50 * fitted(4)])
        assert (found >= np.min(honest, axis=0)).all()
        assert (found <= np.max(honest, axis=0)).all()


@pytest.mark.parametrize(("count", "inside"), [(3, 1), (4, 2), (5, 3), (9, 7), (10, 6)])
def test_the_trimmed_mean_always_cuts_off_both_ends(count: int, inside: int) -> None:
    """A fifth of the companies at each end, and one at least: of three and four, too."""
    values = np.arange(count, dtype=float) ** 3
    cut = (count - inside) // 2
    assert trimmed(values[:, None]) == pytest.approx([values[cut : count - cut].mean()])


NONE = np.zeros(Design.of(NAMES, 0.5).size)
WRONG: dict[str, Any] = {
    "NaN": [float("nan"), *NONE[1:]],
    "infinite": [float("inf"), *NONE[1:]],
    "beyond bounds": [-1.01 * BOUND, *NONE[1:]],
    "huge": [1e300, *NONE[1:]],
    "too short": NONE[1:].tolist(),
    "too long": [0.0, *NONE],
    "empty": [],
    "one number": 1.0,
    "bytes": b"\x00" * 8,
    "a text": "coefficients",
}


@pytest.mark.parametrize("sent", WRONG)
def test_a_company_that_sends_no_coefficients_is_dropped_by_its_code(sent: str, tmp_path: Path) -> None:
    """The others go on as if it had not been there."""
    which, there = median(quantiles=(0.5,)), companies(tmp_path)[:4]
    context = serve(Overheard(there, which, spoil={1003: {key_of(0.5): WRONG[sent]}}, after=4), which)
    assert dict(context.state["dropped"]) == {"p3": "malformed"}
    assert sorted(context.state["rows"]) == ["p0", "p1", "p2"]
    assert models(context)["q0.5"] == train_shared(there[:3], which).models[SHIP][0.5]


def test_a_company_whose_own_rows_are_broken_is_dropped_by_its_code(tmp_path: Path) -> None:
    """It says so itself."""
    broken = member(tmp_path, "odd", {SHIP: rows(5).assign(target=np.nan)})
    found = train_shared([*companies(tmp_path, FIVE[:3]), broken], median(quantiles=(0.5,)))
    assert (dict(found.dropped), sorted(found.rows)) == ({"odd": "malformed"}, ["p0", "p1", "p2"])


def test_too_few_left_end_the_training(tmp_path: Path) -> None:
    """The quorum holds after the coefficients have come, too."""
    which = median(quantiles=(0.5,), minimum=5)
    with pytest.raises(FederationError, match=r"4 partners can train together, 5 are needed; dropped: p1 \(malformed\)"):
        serve(Overheard(companies(tmp_path), which, spoil={1001: {key_of(0.5): []}}, after=5), which)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGKILL, "node_gone", id="killed"),
        pytest.param(signal.SIGSTOP, "timeout", id="hangs", marks=pytest.mark.long),
    ],
)
def test_a_node_that_is_lost_on_the_way_is_dropped(tmp_path: Path, number: signal.Signals, code: str) -> None:
    """In processes of their own: one ends, or hangs, before it is asked for its coefficients."""
    which, there = median(quantiles=(0.5,), timeout=60.0 if code == "node_gone" else 20.0), companies(tmp_path)

    class Harmed(LocalGrid):
        def push_messages(self, messages: Iterable[Message]) -> list[str]:
            messages = list(messages)
            if messages[0].metadata.message_type == "train.median":
                os.kill(self.nodes[1002].pid, number)
            return super().push_messages(messages)

    nodes = [{"partner": one.partner, "store": one.store} for one in there]
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=which.to_config())
    with Nursery() as nursery, Harmed(client, nodes, which.to_config(), workers=2, nursery=nursery) as grid:
        make_app()(grid, context)
    assert dict(context.state["dropped"]) == {"p2": code}
    validate(models(context)["q0.5"], NAMES)


# What a company answers is for its own network.yaml to say.


@pytest.mark.parametrize("own", ["exact", "bagging", "trimmed_mean"])
def test_a_company_of_another_strategy_sends_no_coefficients(tmp_path: Path, own: str) -> None:
    """Nor says how many rows it has to a plan with the median."""
    which = plan(strategy="median", quantiles=(0.5,))
    assert asked(tmp_path, which, "train.median", {}, strategy=own).error.reason == "other_strategy"
    reply = asked(tmp_path, which, "query", {}, strategy=own)
    assert dict(reply.content["config"]) == {"partner": "p0", "code": "other_strategy"}


@pytest.mark.parametrize("strategy", ["exact", "bagging"])
def test_a_message_of_another_strategy_gets_nothing(tmp_path: Path, strategy: str) -> None:
    """Coefficients in a run that says exact or bagging; trees in one that says median."""
    reply = asked(tmp_path, plan(strategy=strategy, quantiles=(0.5,)), "train.median", {}, strategy=strategy)
    assert reply.error.reason == "other_strategy"
    grow = {"boosting-round": 0, "since": 0, "starts": [1.0], "trees-0.5": b""}
    reply = asked(tmp_path, plan(strategy="median", quantiles=(0.5,)), "train.bagging", grow, strategy="median")
    assert reply.error.reason == "other_strategy"


def test_a_company_of_a_network_with_the_median_sends_them(tmp_path: Path) -> None:
    """It agreed to it."""
    reply = asked(tmp_path, plan(strategy="median", quantiles=(0.5,)), "train.median", {}, strategy="median")
    assert set(reply.content["config"]) == {"coefficients-0.5"}
