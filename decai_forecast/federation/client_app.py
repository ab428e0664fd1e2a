"""A partner's node: grows trees on its own rows, on top of the score that all have reached so far.

What the node knows comes from its own configuration (``partner``, ``store``); what it keeps between messages, the running
scores of its rows, lies in Flower's context. It sends sanitised trees, or coefficients, and a row count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp

from decai_forecast.errors import FederationError, ModelTextError
from decai_forecast.federation.codes import CLIENT_FAILED, NO_ROWS, code_of
from decai_forecast.federation.coefficients import key_of
from decai_forecast.federation.evaluate import newest_of, score_of
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.left import gives
from decai_forecast.federation.model_text import parse, sanitise, validate
from decai_forecast.federation.plan import COEFFICIENTS, EXACT, OWN_TREES, Plan
from decai_forecast.federation.preflight import OtherCodeBook, OtherFeatures, OtherPrivacy, OtherStrategy, schema_of, versions
from decai_forecast.identity import Keyring
from decai_forecast.steps import read_done
from decai_forecast.store import Store, digest_json

if TYPE_CHECKING:
    import lightgbm as lgb
    import numpy.typing as npt

__all__ = ["app"]

app = ClientApp()
Answer = Callable[[Message, Context], Message]


def guarded(answer: Answer) -> Answer:
    """Whatever goes wrong inside a node leaves it as a code."""

    def call(message: Message, context: Context) -> Message:
        try:
            return answer(message, context)
        except Exception as error:  # the node's own log has the text; the coordinator gets the code
            return Message(Error(code=CLIENT_FAILED, reason=code_of(error)), reply_to=message)

    return call


class NoRows(FederationError):
    """The node has no training rows of a cut-off: its history does not reach back that far."""

    code = NO_ROWS


class Rows:
    """A node's training rows of one cut-off; where it grows trees alone they are binned once."""

    def __init__(self, store_url: str, partner: str, plan: Plan, cutoff: date) -> None:
        store = Store(store_url, partner)
        trained = read_done(store, plan.round_id, "train")
        name = f"rows-{cutoff}.parquet"
        if trained is None or name not in trained.outputs:
            raise NoRows(f"{partner}: no training rows before {cutoff}")
        frame = trained.frame(store, name)
        if plan.categories and not set(plan.categories) & set(frame):
            raise OtherCodeBook(f"{partner}: training rows have no {', '.join(plan.categories)}, the codes of that code book")
        if missing := [column for column in plan.columns if column not in frame]:
            raise OtherFeatures(f"{partner}: training rows lack {', '.join(missing)}")
        self.X = frame[list(plan.feature_names)].to_numpy(np.float32).copy()
        self.target: npt.NDArray[np.float64] = frame["target"].to_numpy(float).copy()
        self.weight: npt.NDArray[np.float64] | None = frame["weight"].to_numpy(float).copy() if "weight" in frame else None
        self.newest = newest_of(frame.get("back"), len(frame))
        self._plan = plan

    @cached_property
    def data(self) -> lgb.Dataset:
        import lightgbm as lgb

        fixed = {"max_bin": self._plan.params.get("max_bin", 255), "feature_pre_filter": False, "verbosity": -1}
        return lgb.Dataset(
            self.X,
            self.target,
            weight=self.weight,
            params=fixed,
            feature_name=list(self._plan.feature_names),
            categorical_feature=sorted(self._plan.coded),
            free_raw_data=False,
        )


@lru_cache(maxsize=256)
def rows_of(store_url: str, partner: str, config: tuple[tuple[str, Any], ...], cutoff: date) -> Rows:
    """A cache and no more: without it every message would read and bin the rows again."""
    return Rows(store_url, partner, Plan.from_config(dict(config)), cutoff)


def _own_rows(message: Message, context: Context) -> tuple[Plan, Rows, date]:
    config = dict(context.run_config)
    plan = Plan.from_config(config)
    own = context.node_config.get("strategy", plan.strategy)
    if plan.strategy not in (EXACT, own):  # exact tells the least
        raise OtherStrategy(f"asked for {plan.strategy}; this company's network.yaml says {own}")
    if plan.privacy != (terms := context.node_config.get("privacy", plan.privacy)):
        raise OtherPrivacy(f"asked for {plan.privacy or 'no privacy'}; this company's network.yaml says {terms or 'none'}")
    cutoff = date.fromisoformat(str(message.content["config"]["cutoff"]))
    rows = rows_of(
        str(context.node_config["store"]), str(context.node_config["partner"]), tuple(sorted(config.items())), cutoff
    )
    return plan, rows, cutoff


def _reply(message: Message, **values: Any) -> Message:
    return Message(RecordDict({"config": ConfigRecord(values)}), reply_to=message)


@app.query()
@guarded
def describe(message: Message, context: Context) -> Message:
    """Who the node is, how many rows it has for a cut-off, and its public key (for the exact strategy) or where each quantile
    of its targets lies (for own trees); or why it cannot."""
    partner = str(context.node_config["partner"])
    try:
        plan, rows, cutoff = _own_rows(message, context)
        _afford(plan, cutoff, context)
    except Exception as error:  # an error message has no place for the name
        return _reply(message, partner=partner, code=code_of(error))
    columns = [*plan.columns, *(["weight"] if rows.weight is not None else [])]
    has: dict[str, Any] = {f"version-{name}": found for name, found in versions().items()}
    has |= {"schema": schema_of(columns), "agreed": str(context.node_config.get("agreed", "")), "rows": len(rows.target)}
    if plan.strategy == EXACT:
        return _reply(message, partner=partner, **has, key=Keyring(_store(context)).identity().public)
    if plan.strategy not in OWN_TREES:
        return _reply(message, partner=partner, **has)
    starts = [float(np.quantile(rows.target, quantile)) for quantile in plan.quantiles]
    return _reply(message, partner=partner, **has, starts=starts)


def _afford(plan: Plan, cutoff: date, context: Context) -> None:
    """Whoever cannot pay for a private training says so in place of what it has."""
    if plan.epsilon:
        from decai_forecast.federation.exact.node import private_of

        _records(context).accountant.afford(str(cutoff), private_of(plan))


def _records(context: Context) -> TrainingRecords:
    return TrainingRecords(_store(context), str(context.run_config["round-id"]))


def _store(context: Context) -> Store:
    return Store(str(context.node_config["store"]), str(context.node_config["partner"]))


@app.train("exact")
@guarded
def train_exactly(message: Message, context: Context) -> Message:
    """Trains one quantile together with everybody on the roster, over the relay; answers with its digest, and the model if
    asked for it."""
    from decai_forecast.federation.exact.node import Call, connect_here, connect_over_tls, train_on_call

    known = context.node_config
    relay = partial(connect_over_tls, str(known["relay"]), Path(str(known["keys"]))) if "relay" in known else connect_here
    plan, rows, cutoff = _own_rows(message, context)
    call = Call.from_config(message.content["config"])

    def joined(*how: Any) -> Any:
        gives(_store(context), plan.round_id, plan.strategy)
        return relay(*how)

    text = train_on_call(
        call, plan, cutoff, rows.X, rows.target, rows.weight, rows.newest, _records(context), Keyring(_store(context)), joined
    )
    given = {"model": text.encode()} if call.speaker == str(context.node_config["partner"]) else {}
    return _reply(message, digest=hashlib.sha256(text.encode()).digest(), **given)


@app.evaluate()
@guarded
def evaluate(message: Message, context: Context) -> Message:
    """Scores the forecaster in use and the new one on the own newest rows; only the scores leave."""
    plan, rows, cutoff = _own_rows(message, context)
    if plan.epsilon:
        raise OtherPrivacy("asked for scores, which are exact, of rows that are trained on in private")
    config, roles = message.content["config"], dict[str, dict[float, str]]()
    for role in ("champion", "challenger"):
        roles[role] = {quantile: bytes(config[f"{role}-{quantile}"]).decode() for quantile in plan.quantiles}
        for text in roles[role].values():
            validate(text, plan.feature_names, plan.coded)
    if plan.strategy == EXACT:
        _records(context).compare(cutoff.isoformat(), digest_json([sorted(texts.items()) for texts in roles.values()]))
    return _reply(message, **score_of(rows.X, rows.target, rows.weight, rows.newest, roles))


@app.train()
@guarded
def grow(message: Message, context: Context) -> Message:
    """Adds the trees that came since to the running scores, then grows new ones on them."""
    plan, rows, cutoff = _own_rows(message, context)
    if plan.strategy not in OWN_TREES:
        raise OtherStrategy(f"asked for own trees in a training whose strategy is {plan.strategy}")
    config = message.content["config"]
    number, since, starts = int(config["boosting-round"]), int(config["since"]), [float(s) for s in config["starts"]]
    grown: dict[str, bytes] = {}
    for quantile, start in zip(plan.quantiles, starts, strict=True):
        score = _score(context, rows, f"{cutoff}/{quantile}", since, start)
        if trees := bytes(config[f"trees-{quantile}"]):
            score = score + _predicted(trees.decode(), rows, plan)
        context.state[f"{cutoff}/{quantile}"] = ArrayRecord([score])
        context.state[f"{cutoff}/{quantile}/round"] = ConfigRecord({"round": number})
        grown[f"trees-{quantile}"] = _grow(rows, plan, quantile, number, score).encode()
    gives(_store(context), plan.round_id, plan.strategy)
    return _reply(message, rows=len(rows.target), **grown)


@app.train("coefficients")
@guarded
def fit(message: Message, context: Context) -> Message:
    """Fits each quantile's additive model to the own rows; its coefficients leave."""
    from decai_forecast.federation import fitting
    from decai_forecast.federation.fourier import Design

    plan, rows, _ = _own_rows(message, context)
    if plan.strategy not in COEFFICIENTS:
        raise OtherStrategy(f"asked for own coefficients in a training whose strategy is {plan.strategy}")
    found: dict[str, list[float]] = {}
    for quantile in plan.quantiles:
        design = Design.of(plan.feature_names, quantile)
        found[key_of(quantile)] = fitting.fit(design, rows.X, rows.target, rows.weight, quantile).tolist()
    gives(_store(context), plan.round_id, plan.strategy)
    return _reply(message, **found)


def _score(context: Context, rows: Rows, key: str, since: int, start: float) -> npt.NDArray[np.float64]:
    """The running score of every row before boosting round ``since``; a node that does not have it says so by its code."""
    if since == 0:
        return np.full(len(rows.target), start)
    seen = context.state.get(key)
    if seen is None or int(context.state[f"{key}/round"]["round"]) != since:
        raise MissedRound
    return np.asarray(seen.to_numpy_ndarrays()[0])


def _predicted(text: str, rows: Rows, plan: Plan) -> npt.NDArray[np.float64]:
    import lightgbm as lgb

    validate(text, plan.feature_names, plan.coded)
    return np.asarray(lgb.Booster(model_str=text).predict(rows.X, raw_score=True, num_threads=1))


class MissedRound(FederationError):
    """The node has not seen the trees of the rounds before: it must be left out, or its scores would be wrong."""

    code = "missed_round"


def _grow(rows: Rows, plan: Plan, quantile: float, number: int, score: npt.NDArray[np.float64]) -> str:
    import lightgbm as lgb

    least = int(min(int(plan.params.get("min_data_in_leaf", 20)), max(5, len(rows.target) // 50)))
    params = dict(plan.params) | {
        "objective": "quantile",
        "alpha": quantile,
        "seed": plan.seed + number,
        "min_data_in_leaf": least,
    }
    rows.data.set_init_score(score)
    text = str(lgb.train(params, rows.data, plan.trees_at_once).model_to_string())
    try:
        return sanitise(parse(text)).text()
    except ModelTextError as error:
        raise FederationError(f"LightGBM wrote a text that is not understood: {error}") from None
