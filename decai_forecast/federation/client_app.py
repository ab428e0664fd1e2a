"""A company's node under Flower: says what rows it has, contributes to trainings, and scores forecasters on its newest rows.

What the node knows comes from its own configuration (``partner``, ``store``), never from the coordinator. It contributes what
the strategy of the plan lets leave (``strategies``): under ``exact`` masked sums and the digest of the model, under ``bagging``
sanitised trees, under ``median`` coefficients. It answers no strategy but its own network.yaml's, or one that shows only sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import version
from pkgutil import resolve_name
from typing import Any

import numpy as np
from flwr.app import ConfigRecord, Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation.asked import Answer, Asked
from decai_forecast.federation.codes import CLIENT_FAILED, MALFORMED, code_of
from decai_forecast.federation.disclosure import record_disclosure
from decai_forecast.federation.evaluate import score_of
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.gate.questions import check_features, check_plan
from decai_forecast.federation.gate.trees import trees_of
from decai_forecast.federation.model_text import MAX_TREES
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.preflight import OtherPrivacy, OtherStrategy, schema_of, versions
from decai_forecast.federation.rows import rows_of
from decai_forecast.identity import Keyring
from decai_forecast.store import Store, digest_json
from decai_forecast.strategies import Strategy, all_strategies

__all__ = ["app", "make_app"]


class Malformed(FederationError):
    """A question that cannot be read."""

    code = MALFORMED


Handler = Callable[[Message, Context], Message]


def make_app() -> ClientApp:
    """The ClientApp: ``query``, ``evaluate``, and ``train.<name>`` for each strategy that there is."""
    client = ClientApp()
    client.query()(_guarded(describe))
    client.evaluate()(_guarded(evaluate))
    for strategy in all_strategies():
        client.train(strategy.name)(_guarded(_contributing(strategy)))
    return client


def _guarded(handle: Handler) -> Handler:
    """Whatever goes wrong inside a node leaves it as a code."""

    def call(message: Message, context: Context) -> Message:
        try:
            return handle(message, context)
        except Exception as error:  # the node's own log has the text; the coordinator gets the code
            return Message(Error(code=CLIENT_FAILED, reason=code_of(error)), reply_to=message)

    return call


def _asked(message: Message, context: Context) -> Asked:
    """The message with the company's own rows; refused where its own network.yaml says something else."""
    run, node, values = dict(context.run_config), context.node_config, message.content["config"]
    plan = _plan(run)
    check_plan(plan, node)
    cutoff, store = date.fromisoformat(str(values["cutoff"])), Store(str(node["store"]), str(node["partner"]))
    rows = rows_of(store.url, store.owner, tuple(sorted(run.items())), cutoff)
    check_features(plan, rows.columns)
    return Asked(plan, cutoff, rows, store, values, node, context.state)


def _plan(run: Mapping[str, Any]) -> Plan:
    """:class:`FederationError` for what is no plan: the text of another error could be the coordinator's."""
    try:
        return Plan.from_config(run)
    except (KeyError, ValueError, TypeError, AttributeError, ConfigError):
        raise Malformed("the question has no plan that can be read") from None


def _reply(message: Message, **values: Any) -> Message:
    return Message(RecordDict({"config": ConfigRecord(values)}), reply_to=message)


def describe(message: Message, context: Context) -> Message:
    """Who the node is, how many rows it has for a cut-off, and what the strategy needs: its public key, or where each quantile
    of its targets lies; or why it cannot."""
    partner = str(context.node_config["partner"])
    try:
        asked = _asked(message, context)
        _afford(asked)
    except Exception as error:  # an error message has no place for the name
        return _reply(message, partner=partner, code=code_of(error))
    plan, rows = asked.plan, asked.rows
    columns = [*plan.columns, *(["weight"] if rows.weight is not None else [])]
    has: dict[str, Any] = {f"version-{name}": number for name, number in versions().items()}
    has["release"] = version("decai-forecast")
    has |= {"schema": schema_of(columns), "agreed": str(context.node_config.get("agreed", "")), "rows": len(rows.target)}
    if plan.record.needs_keys:
        has["key"] = Keyring(asked.store).identity().public
    if plan.record.needs_common_start:
        has["starts"] = [float(np.quantile(rows.target, quantile)) for quantile in plan.quantiles]
    return _reply(message, partner=partner, **has)


def _afford(asked: Asked) -> None:
    """Whoever cannot pay for a private training says so in place of what it has."""
    if asked.plan.epsilon:
        from decai_forecast.federation.exact.node import private_of

        _records(asked).accountant.afford(str(asked.cutoff), private_of(asked.plan))


def _records(asked: Asked) -> TrainingRecords:
    return TrainingRecords(asked.store, asked.plan.round_id)


def _contributing(strategy: Strategy) -> Handler:
    """Answers a message of this strategy, in a training of this strategy only; what leaves is written down before."""

    def contribute(message: Message, context: Context) -> Message:
        asked = _asked(message, context)
        if asked.plan.strategy != strategy.name:
            raise OtherStrategy(f"asked for {strategy.name} in a training whose strategy is {asked.plan.strategy}")
        answer: Answer = resolve_name(strategy.company)
        values = answer(asked)
        record_disclosure(asked.store, asked.plan.round_id, strategy.name)
        return _reply(message, **values)

    return contribute


def evaluate(message: Message, context: Context) -> Message:
    """Scores the forecaster in use and the new one on the own newest rows; only the scores leave."""
    asked = _asked(message, context)
    plan, rows = asked.plan, asked.rows
    if plan.epsilon:
        raise OtherPrivacy("asked for scores, which are exact, of rows that are trained on in private")
    roles = dict[str, dict[float, str]]()
    for role in ("champion", "challenger"):
        roles[role] = {q: trees_of(asked.values, f"{role}-{q}", plan, MAX_TREES).text() for q in plan.quantiles}
    if plan.record.shows_only_sums:
        _records(asked).compare(asked.cutoff.isoformat(), digest_json([sorted(texts.items()) for texts in roles.values()]))
    return _reply(message, **score_of(rows.X, rows.target, rows.weight, rows.newest, roles))


app = make_app()
