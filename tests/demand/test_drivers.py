"""What drives a forecast: contributions in units that add up, in words a planner knows."""

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table

from decai_forecast.demand import FEATURES, Prepared, fit, predict, prepare, train_local
from decai_forecast.demand.drivers import DRIVERS, OTHER, driver_of, drivers, in_words, total

WORDS = [*DRIVERS, OTHER]


@pytest.fixture(scope="module")
def known() -> Prepared:
    return prepare(table(), WEEKS, AS_OF, seed=1)


@pytest.fixture(scope="module")
def models(known: Prepared) -> dict[float, str]:
    return train_local(known.train, seed=1)


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_a_word(feature: str) -> None:
    """A new feature is named in DRIVERS before a planner sees it."""
    assert driver_of(feature) in DRIVERS


def test_drivers_add_up_to_the_forecast(known: Prepared, models: dict[float, str]) -> None:
    """Base and drivers sum to the median of the trees, row by row, in units."""
    found = drivers([models[0.5]], known.future)
    assert found["forecast"].to_numpy() == pytest.approx(predict(dict.fromkeys(models, models[0.5]), known.future)["q50"])
    assert found[["base", *WORDS]].sum(axis=1).to_numpy() == pytest.approx(found["forecast"].to_numpy())
    assert (found["base"] > 0).all()


def test_drivers_of_a_mean_of_forecasts_are_the_mean_of_their_drivers(known: Prepared, models: dict[float, str]) -> None:
    """The combination may be the mean of own and shared."""
    own, other, both = (drivers(m, known.future) for m in ([models[0.5]], [models[0.9]], [models[0.5], models[0.9]]))
    values = (own[[*WORDS, "forecast"]] + other[[*WORDS, "forecast"]]) / 2
    assert both[[*WORDS, "forecast"]].to_numpy() == pytest.approx(values.to_numpy())


def test_trees_grown_on_others_are_explained_together(known: Prepared, models: dict[float, str]) -> None:
    """Their scores add up before they become units."""
    import lightgbm as lgb

    X, names = known.train[list(FEATURES)].to_numpy(np.float32), list(FEATURES)
    start = {0.5: lgb.Booster(model_str=models[0.5]).predict(X)}
    on_top = fit(known.train, [0.5], None, 20, seed=1, start=start)[0.5]
    ahead = known.future[names].to_numpy(np.float32)
    score = sum(lgb.Booster(model_str=text).predict(ahead) for text in (models[0.5], on_top))
    found = drivers([[models[0.5], on_top]], known.future)
    assert found["forecast"].to_numpy() == pytest.approx(np.maximum(score, 0) ** 2 * known.future["scale"])


def learnt(name: str) -> tuple[str, pd.DataFrame]:
    """A model that sees one feature matter, and rows that differ in it alone."""
    rng = np.random.default_rng(1)
    train = pd.DataFrame(0.0, index=range(400), columns=list(FEATURES))
    train[name] = rng.integers(0, 2, 400).astype(float)
    train["target"] = np.sqrt(1 + 3 * train[name])
    model = fit(train, [0.5], {"feature_fraction": 1.0, "bagging_fraction": 1.0, "objective": "regression"}, 60, seed=1)[0.5]
    future = pd.DataFrame(0.0, index=range(2), columns=list(FEATURES)).assign(scale=10.0)
    future.loc[1, name] = 1.0
    return model, future.assign(location_id="main", item_id=["a", "b"])


@pytest.mark.parametrize(("name", "word"), [("promotion_ahead", "price and promotion"), ("lag0", "recent level")])
def test_what_moves_the_forecast_is_named(name: str, word: str) -> None:
    """10 units without, 40 with: the whole difference to the base is this one driver's, with its sign."""
    model, future = learnt(name)
    found = drivers([model], future)
    assert found["forecast"].to_numpy() == pytest.approx([10, 40], rel=0.1)
    assert found[word].to_numpy() == pytest.approx((found["forecast"] - found["base"]).to_numpy())
    assert found[word][0] < 0 < found[word][1]
    assert not found.drop(columns=word)[[w for w in WORDS if w != word]].to_numpy().any()


def test_a_score_below_zero_is_explained_down_to_nothing() -> None:
    """Where the forecast is zero, the drivers take off the base, no more."""
    model, future = learnt("lag0")
    train = pd.DataFrame(0.0, index=range(400), columns=list(FEATURES))
    train["lag1"] = np.arange(400) % 2
    negative = fit(train.assign(target=-3 * train["lag1"]), [0.5], {"objective": "regression"}, 60, seed=1)[0.5]
    found = drivers([[model, negative]], future.assign(lag1=1.0))
    assert found["forecast"].to_numpy() == pytest.approx(0)
    assert found[WORDS].sum(axis=1).to_numpy() == pytest.approx(-found["base"].to_numpy())


def test_totals_are_sums(known: Prepared, models: dict[float, str]) -> None:
    """Per item over the horizon, and of the partner."""
    rows = drivers([models[0.5]], known.future)
    items, all_of_it = total(rows), total(rows, by=())
    assert items["item_id"].tolist() == ["i00", "i01", "i02", "i03"]
    assert all_of_it["forecast"][0] == pytest.approx(rows["forecast"].sum()) == items["forecast"].sum()
    assert all_of_it["season"][0] == pytest.approx(items["season"].sum())


def test_a_row_is_said_in_one_sentence() -> None:
    """The largest three, in units; what is below one percent is not named."""
    row = pd.Series({"location_id": "main", "item_id": "a", "base": 100.0, **dict.fromkeys(WORDS, 0.0), "forecast": 1130.0})
    row["recent level"], row["season"], row["price and promotion"], row["trend"], row["calendar"] = 1200, -200, 20, 8, 2
    assert in_words(row) == (
        "item 'a' at 'main': 1,130 units, starting from 100: recent level +1,200, season -200, price and promotion +20, "
        "the rest +10"
    )
    still = pd.Series({"base": 100.0, **dict.fromkeys(WORDS, 0.0), "forecast": 100.0})
    assert in_words(still) == "all items: 100 units, starting from 100: nothing moves it by 1 %"


def test_rows_of_another_model_are_refused(known: Prepared, models: dict[float, str]) -> None:
    """The missing feature is named; without a model there is nothing to explain."""
    with pytest.raises(ValueError, match="the rows have no feature lag0; they were made for another model"):
        drivers([models[0.5]], known.future.drop(columns="lag0"))
    with pytest.raises(ValueError, match="there is no model to explain; give at least one model text"):
        drivers([], known.future)
