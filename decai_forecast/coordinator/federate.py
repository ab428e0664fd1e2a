"""The coordinator's part: train the shared forecasters of a night with Flower and publish them to every participant.

Published are ``rounds/<round>/shared.json`` (which model serves which cut-off, and which one ships), the models themselves
under their digest, and ``shipped.json``: which one shipped for which cut-off. A cut-off of the grid is trained once and reused
by every later night; under differential privacy so is every other one, since each training is paid for. A network with a
code book has an archive of its own for each book: what was trained with another one is neither reused nor shipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from decai_forecast.code_book import coded_by
from decai_forecast.coordinator.comparison import publish_comparison
from decai_forecast.coordinator.roster import Roster, read_roster, write_roster
from decai_forecast.errors import BelowQuorum, FederationError
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import SEED
from decai_forecast.partner.submit import standing
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store, digest_bytes

if TYPE_CHECKING:
    from decai_forecast.federation import Member
    from decai_forecast.federation.progress import Step
    from decai_forecast.federation.run import Runtime

__all__ = ["SharedModels", "federate", "keep_last", "published", "read_failure", "read_progress"]

ARCHIVE, SHIPPED = "archive", "shipped"
PACE = 5.0  # seconds between two writes of how far the training is
Progress = Callable[[str], None]


class SharedModels:
    """The shared forecasters that a round published, for the participants to read; with ``trees``, of each model only its
    first ones."""

    def __init__(self, public: Store, round_id: str, trees: int | None = None) -> None:
        self._public, self._round, self._trees = public, round_id, trees
        self.manifest: Mapping[str, Any] = public.read_json(f"rounds/{round_id}/shared.json")

    def within(self, trees: int | None) -> SharedModels:
        """The same, each model cut down to its first ``trees`` trees; None: whole."""
        return SharedModels(self._public, self._round, trees)

    def for_cutoff(self, cutoff: date, *, ship: bool = False) -> dict[float, str] | None:
        """Quantile -> model text of ``cutoff``. With ``ship`` the one that the round ships, however old its cut-off is."""
        keys: Mapping[str, str] = self.manifest["models"]
        found = keys.get(cutoff.isoformat())
        if ship and "ships" in self.manifest:
            found = self.manifest["ships"]
        elif found is None and ship:  # a round of an earlier release
            found = _newest(keys, cutoff)
        texts = _models(self._public, found) if found else None
        return texts if texts is None or self._trees is None else _first(texts, self._trees)


def _first(texts: Mapping[float, str], trees: int) -> dict[float, str]:
    """The models of the first trees, which whoever loads them validates as the whole ones; :class:`ModelTextError` for what
    is no model text."""
    from decai_forecast.federation.model_text import parse

    models = {quantile: parse(text) for quantile, text in texts.items()}
    return {quantile: replace(model, trees=model.trees[:trees]).text() for quantile, model in models.items()}


def _newest(keys: Mapping[str, str], cutoff: date) -> str | None:
    """The key of the newest cut-off until ``cutoff``."""
    older = [day for day in keys if day <= cutoff.isoformat()]
    return keys[max(older)] if older else None


def _models(public: Store, key: str) -> dict[float, str]:
    return {float(q): text for q, text in public.read_json(key)["models"].items()}


def published(public: Store, round_id: str) -> bool:
    """Whether the round has published its shared forecaster, a new one or the one kept."""
    return public.exists(f"rounds/{round_id}/shared.json")


def federate(network: Network, night: Round, progress: Progress | None = None) -> Done:
    """Trains together what the roster's partners prepared. Nothing moves but trees, counts and codes.

    Raises :class:`BelowQuorum` or :class:`FederationError`; a repetition after success changes nothing.
    """
    publish_comparison(network, night)
    roster = write_roster(network, night)
    coordinator, public = network.store(COORDINATOR), network.public()
    archive = _mapping(public, _key(ARCHIVE, network))
    cutoffs = network.calendar.cutoffs(night.as_of)

    def work(writer: Writer) -> Mapping[str, Any]:
        champion, ship = _champion(network, cutoffs.ship), cutoffs.ship.isoformat()
        reusable = cutoffs.all if network.privacy else cutoffs.choice
        reused = {c.isoformat(): archive[c.isoformat()] for c in reusable if c.isoformat() in archive}
        if ship in reused:
            facts = _paid_before(ship, reused)
        else:
            wanted = tuple(c for c in cutoffs.all if c.isoformat() not in reused)
            models, facts = _train(network, roster, wanted, progress, _models(public, champion) if champion else None)
            facts |= _shipped(facts["evaluation"], models, ship, champion)
            published = {cutoff: _publish(public, cutoff, texts) for cutoff, texts in models.items()}
            facts |= {"models": reused | published, "reused": sorted(reused)}
            facts |= {"ships": champion if facts["status"] == "kept" else published[ship]}
            facts |= {"members": sorted(set(roster.members) - set(facts["dropped"]))}
        facts |= _asked(network, roster.missing)
        writer.json("shared.json", facts)
        return facts

    try:
        done = run_step(coordinator, night.id, "federate", asdict(roster), work)
    except FederationError as error:  # names and codes; it stays with the coordinator
        coordinator.write_json(_failure_key(night.id), {"code": error.code, "reason": str(error)})
        raise
    _announce(network, night, done.facts)
    coordinator.remove(_failure_key(night.id))
    return done


def _failure_key(round_id: str) -> str:
    return f"rounds/{round_id}/failed.json"


def read_failure(coordinator: Store, round_id: str) -> str:
    """Why the shared training of a round failed; empty if it did not, or was repeated since."""
    key = _failure_key(round_id)
    return str(coordinator.read_json(key)["reason"]) if coordinator.exists(key) else ""


def _train(
    network: Network,
    roster: Roster,
    cutoffs: tuple[date, ...],
    progress: Progress | None,
    champion: Mapping[float, str] | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    from decai_forecast.demand import FEATURES
    from decai_forecast.federation import Member, Plan, train_shared
    from decai_forecast.federation.preflight import agreement
    from decai_forecast.federation.progress import Limited

    privacy, rounds = network.privacy, network.early_stopping_rounds
    members = [Member(partner, network.store(partner).url) for partner in sorted(roster.members)]
    plan = Plan(
        round_id=roster.round,
        cutoffs=cutoffs[::-1] if privacy else cutoffs,  # what is left of a budget goes to the one that ships
        feature_names=coded_by(network.code_book, FEATURES)[0],
        minimum=roster.minimum,
        seed=SEED,
        strategy=network.strategy,
        agreed=agreement(network.frequency, network.horizon, privacy.terms if privacy else "", rounds, network.code_book),
        early_stopping_rounds=rounds,
        code_book=network.code_book,
        **(asdict(privacy) if privacy else {}),
    )
    watch = Limited(partial(_write_progress, network.public(), roster.round), PACE)
    shared = train_shared(members, plan, progress=progress, watch=watch, runtime=_runtime(network, members), champion=champion)
    models = {cutoff.isoformat(): texts for cutoff, texts in shared.models.items()}
    facts = {
        "strategy": plan.strategy,
        "rows": dict(shared.rows),
        "dropped": dict(shared.dropped),
        "seconds": round(shared.seconds, 1),
    }
    return models, facts | {"evaluation": shared.verdict, "privacy": asdict(privacy) if privacy else None}


def _key(which: str, network: Network) -> str:
    """The file of ARCHIVE or SHIPPED, another one for each code book."""
    return f"{which}-{network.code_book.feature}.json" if network.code_book else f"{which}.json"


def _champion(network: Network, ship: date) -> str | None:
    """The key of the shared forecaster in use: the last one that shipped for a cut-off until ``ship``.

    Not any newer one of the archive: a cut-off that was trained for the partners' backtests was compared with nothing.
    """
    shipped, archive = (_mapping(network.public(), _key(which, network)) for which in (SHIPPED, ARCHIVE))
    return _newest(shipped or archive, ship)  # the archive: of an earlier release


def _shipped(verdict: Mapping[str, Any] | None, models: dict[str, Any], ship: str, champion: str | None) -> dict[str, Any]:
    """Status and reason; takes a challenger that is worse out of ``models``: then the champion serves on."""
    if verdict is None or champion is None or verdict["promoted"]:
        return {"status": "trained"}
    models.pop(ship, None)
    return {"status": "kept", "reason": verdict["reason"]}


def _paid_before(ship: str, reused: Mapping[str, str]) -> dict[str, Any]:
    """A private night whose cut-off was trained before: again it would cost again."""
    why = f"the shared forecaster of {ship} is there; under differential privacy a cut-off is trained once"
    facts: dict[str, Any] = {"status": "reused", "reason": why, "members": [], "dropped": {}, "rows": {}, "seconds": 0.0}
    return facts | {"models": dict(reused), "reused": sorted(reused), "ships": reused[ship], "evaluation": None}


def _runtime(network: Network, members: Sequence[Member]) -> Runtime | None:
    if network.runtime == "in_process":
        return None
    from decai_forecast.federation.superlink.link import Link, OverSuperLink

    return OverSuperLink(Link(network.home / "federation" / COORDINATOR), members)


def _write_progress(public: Store, round_id: str, step: Step) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    public.write_json(_progress_key(round_id), step.to_json() | {"at": now, "line": step.line()})


def _progress_key(round_id: str) -> str:
    return f"rounds/{round_id}/progress.json"


def read_progress(public: Store, round_id: str) -> dict[str, Any] | None:
    """How far the training of a round is, or was when it ended; None if it has not begun."""
    key = _progress_key(round_id)
    return dict(public.read_json(key)) if public.exists(key) else None


def _asked(network: Network, missing: Mapping[str, str]) -> dict[str, Any]:
    return {"expected": list(network.partners), "minimum": network.minimum, "missing": dict(missing)}


def _publish(public: Store, cutoff: str, texts: Mapping[float, str]) -> str:
    data = json.dumps({"cutoff": cutoff, "models": {str(q): text for q, text in sorted(texts.items())}}).encode()
    key = f"shared/{cutoff}/{digest_bytes(data)[:16]}.json"
    if not public.exists(key):
        public.write_bytes(key, data)
    return key


def _mapping(public: Store, key: str) -> dict[str, str]:
    """Cut-off -> key of its models."""
    return dict(public.read_json(key)) if public.exists(key) else {}


def _announce(network: Network, night: Round, facts: Mapping[str, Any]) -> None:
    """What everybody may read: all but the rows and the scores of each company."""
    public, key = network.public(), f"rounds/{night.id}/shared.json"
    if public.exists(key):
        return
    archived, shipped = _key(ARCHIVE, network), _key(SHIPPED, network)
    archive = _mapping(public, archived)
    if facts["status"] == "trained":
        ship = max(facts["models"])
        public.write_json(shipped, (_mapping(public, shipped) or archive) | {ship: facts["ships"]})
        public.write_json(archived, archive | facts["models"])  # beside one that did not ship the others are suspect, too
    told = {name: value for name, value in facts.items() if name not in ("rows", "evaluation")}
    verdict = facts.get("evaluation") and {name: facts["evaluation"][name] for name in ("promoted", "reason")}
    public.write_json(key, {"round": night.id, "as_of": night.as_of.isoformat()} | told | {"evaluation": verdict})


def keep_last(network: Network, night: Round, reason: str) -> None:
    """Without a training: publishes, for this round, the shared forecasters that are already there."""
    publish_comparison(network, night)
    facts: dict[str, Any] = {"status": "kept", "reason": reason, "members": [], "dropped": {}, "rows": {}}
    ships = _champion(network, network.calendar.floor(night.as_of))
    facts |= {"models": _mapping(network.public(), _key(ARCHIVE, network))} | ({"ships": ships} if ships else {})
    facts |= _asked(network, standing(network, night.id).missing())
    _announce(network, night, facts)


def start(network: Network, night: Round, *, grace_over: bool) -> Roster | None:
    """The roster if the round can start now: all have answered, or the grace is over. None: wait.

    Raises :class:`BelowQuorum` only when waiting cannot help.
    """
    if (roster := read_roster(network, night.id)) is not None:
        return roster
    now = standing(network, night.id)
    if not (now.settled or grace_over):
        return None
    try:
        return write_roster(network, night)
    except BelowQuorum:
        if now.settled:
            raise
        return None
