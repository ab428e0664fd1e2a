"""The coordinator's side of an exact training: calls the partners together, runs the relay, takes the model.

It sees who takes part, how many rows each has, and the models; of the rows nothing, not even sums.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from flwr.app import Message, MessageType
from flwr.serverapp import Grid

from decai_forecast.errors import FederationError, ModelTextError
from decai_forecast.federation.ask import ask, gather
from decai_forecast.federation.codes import MALFORMED, NODE_GONE, TIMEOUT, reason_of
from decai_forecast.federation.exact.certificate import Certificate, subject_of
from decai_forecast.federation.exact.errors import (
    Begun,
    Differs,
    ExactError,
    Forged,
    Implausible,
    NoTree,
    PeerLost,
    Tampered,
)  # fmt: skip
from decai_forecast.federation.exact.node import Call
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.model_text import MEAN_OBJECTIVE, OBJECTIVE, ModelText, validate
from decai_forecast.federation.plan import Alpha, Plan, name_of
from decai_forecast.federation.progress import Step
from decai_forecast.federation.state import HERE, Relay, RuntimeSetting, State, dropped_in_words, kept

__all__ = ["ATTEMPTS", "Together", "train_exactly", "train_together"]

ATTEMPTS = 4  # of one model
ACCUSATION = re.compile(r"(?P<code>exact_[a-z]+)_(?P<rank>[0-9]{1,3})")
# codes that do not blame who says them: somebody else is gone, the sums or another company are wrong, begun with others
ORDER = (PeerLost.code, NoTree.code, Implausible.code, Tampered.code, Differs.code, Forged.code, Begun.code)
AGAIN = frozenset({"", PeerLost.code})  # what another attempt may not end with
LOST = (TIMEOUT, NODE_GONE)  # codes of who may come back
RETURN = 3  # times the plan's patience: that who was lost has to answer again, before the others are called without it
PATIENCE = 6  # times the plan's timeout: a call is a whole training, not one answer


@dataclass(frozen=True)
class Signed:
    """A model, and that all who trained it signed it."""

    model: ModelText
    certificate: Certificate


@dataclass(frozen=True)
class Together:
    """What came of a cut-off: no models if it could not be trained, and then the code of what stopped it."""

    models: Mapping[Alpha, Signed]
    members: frozenset[str]
    dropped: dict[str, str] = field(default_factory=dict)
    stopped: str = ""


Nodes = Mapping[str, tuple[int, bytes]]
"""partner -> node id, public key"""


def train_exactly(grid: Grid, plan: Plan, cutoff: date, state: State, setting: RuntimeSetting = HERE) -> State:
    """The shared models of one cut-off, trained by all present as if their rows lay in one place."""
    nodes, rows = {node.partner: (node.id, node.key) for node in state.nodes}, {node.partner: node.rows for node in state.nodes}
    together = train_together(grid, plan, cutoff, nodes, setting, rows)
    if together.stopped and cutoff == max(plan.cutoffs):
        refused = f"{', '.join(sorted(together.members))} could not train {cutoff} together ({together.stopped})"
        raise FederationError(f"{refused}; dropped: {dropped_in_words(dict(state.dropped) | together.dropped)}")
    left = tuple(node for node in state.nodes if node.partner in together.members and together.models)
    return kept(
        replace(
            state, nodes=left, models={alpha: one.model for alpha, one in together.models.items()},
            certificates={alpha: one.certificate for alpha, one in together.models.items()},
            dropped=dict(state.dropped) | together.dropped,
        ), plan, cutoff,
    )  # fmt: skip


def train_together(
    grid: Grid, plan: Plan, cutoff: date, nodes: Nodes, setting: RuntimeSetting, rows: Mapping[str, int] | None = None
) -> Together:
    """All quantiles of one cut-off, one after the other, and the mean; without the mean if only that cannot be trained.
    ``rows``: of each partner, as it said.

    Who fails before the first sum is left out and the others begin again. Once sums have crossed, the partners themselves
    refuse to go on without one of them (see records.py): then there is no model of this cut-off.
    """
    there, dropped, models = dict(nodes), dict[str, str](), dict[Alpha, Signed]()
    for alpha in plan.alphas:
        model, blamed, stopped = _Attempts(grid, plan, cutoff, alpha, setting, rows or {}).model(there)
        if model is None and alpha is None:  # the quantiles are there, and imply one
            setting.say(f"no mean is trained for {cutoff} ({stopped or dropped_in_words(blamed)}): the quantiles imply it")
            break
        dropped |= blamed
        there = {partner: node for partner, node in there.items() if partner not in blamed}
        if model is None:
            return Together({}, frozenset(there), dropped, stopped)
        models[alpha] = model
    return Together(models, frozenset(there), dropped)


@dataclass(frozen=True)
class _Attempts:
    """One model: tried with all; with who is left if somebody could not begin; with all again if somebody was lost once."""

    grid: Grid
    plan: Plan
    cutoff: date
    alpha: Alpha
    setting: RuntimeSetting
    rows: Mapping[str, int] = field(default_factory=dict)

    def model(self, nodes: Nodes) -> tuple[Signed | None, dict[str, str], str]:
        """The model, who was left out with which code, and the code of what stopped the others."""
        there, blamed, lost = dict(nodes), dict[str, str](), set[str]()
        stopped = ""
        for _ in range(ATTEMPTS):
            blamed |= self.setting.taken_back(there)
            there = {partner: node for partner, node in there.items() if partner not in blamed}
            if len(there) < self.plan.minimum or stopped == Begun.code:
                break
            found, answers = self._attempt(there)
            if found is not None:
                return found, blamed, ""
            failed, accused = judged(answers, sorted(there))
            stopped = max(failed.values(), key=ORDER.index, default="") if set(failed.values()) <= set(ORDER) else ""
            once = {partner for partner, code in failed.items() if code in LOST and partner not in lost}
            lost |= once  # it may come back, and goes on where all were
            out = {partner: code for partner, code in failed.items() if code not in ORDER and partner not in once} | accused
            blamed |= out
            there = {partner: node for partner, node in there.items() if partner not in out}
            if not out and not once and stopped not in AGAIN:
                break
            self._await({there[partner][0]: partner for partner in once if partner in there})
        return None, blamed, stopped

    def _await(self, lost: dict[int, str]) -> None:
        """Until those who were lost answer again: a cable that is out breaks a training at once, and is in minutes later."""
        if not lost:
            return
        self.setting.say(f"waits for {', '.join(sorted(lost.values()))}: no answer; all go on where they were when it is back")
        gather(self.grid, lost, self.plan.grace)
        asked = {"cutoff": self.cutoff.isoformat()}
        ask(self.grid, lost, MessageType.QUERY, asked, RETURN * self.plan.patience, group=f"{self.cutoff}/lost")

    def _attempt(self, nodes: Nodes) -> tuple[Signed | None, dict[str, str]]:
        """The model, or who answered with which code in place of it. The first failure ends the session for all."""
        notes: deque[Progress] = deque(maxlen=1)  # the newest; the relay's thread puts it here, this one reports it
        with self.setting.relay(self.plan.patience, notes.append) as relay:
            return self._called(nodes, relay, notes)

    def _called(self, nodes: Nodes, relay: Relay, notes: deque[Progress]) -> tuple[Signed | None, dict[str, str]]:
        keys, speaker = {partner: key for partner, (_, key) in nodes.items()}, min(nodes)
        call = Call(self.alpha, hashlib.sha256(os.urandom(32)).digest(), relay.port, keys, speaker, self._rows(nodes))
        relay.expect(call.session, sorted(nodes))
        names = {node: partner for partner, (node, _) in nodes.items()}
        answers = ask(
            self.grid, names, "train.exact", call.to_config() | {"cutoff": self.cutoff.isoformat()},
            PATIENCE * self.plan.timeout, group=f"{self.cutoff}/{name_of(self.alpha)}", meanwhile=partial(self._report, notes),
            grace=self.plan.grace, enough=lambda replies: any(reply.has_error() for reply in replies), then=relay.close,
        )  # fmt: skip
        replies = {names[node]: reply for node, reply in answers.items()}
        failed = {partner: TIMEOUT for partner in nodes if partner not in replies}
        failed |= {partner: reason_of(one) for partner, one in replies.items() if one.has_error()}
        return (None, failed) if failed else _taken(self.plan, self.cutoff, self.alpha, speaker, keys, replies)

    def _rows(self, nodes: Nodes) -> int:
        """Of all that are called; 0 where somebody's are not known."""
        return sum(self.rows[partner] for partner in nodes) if set(nodes) <= set(self.rows) else 0

    def _report(self, notes: deque[Progress]) -> None:
        if notes:
            cutoffs, alphas = self.plan.cutoffs, self.plan.alphas
            number = cutoffs.index(self.cutoff) * len(alphas) + alphas.index(self.alpha) + 1
            self.setting.watch(Step(self.cutoff, self.alpha, number, len(cutoffs) * len(alphas), notes.pop()))


def judged(answers: Mapping[str, str], names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Who answered with which code, without whom it accuses; and whom more than half of the others accuse of the same.

    An accusation by one, or by a few, blames nobody: they may have made it up, or been lied to alone.
    """
    accusers: dict[tuple[str, str], int] = {}
    codes = {}
    for partner, answer in answers.items():
        found = ACCUSATION.fullmatch(answer)
        codes[partner] = found["code"] if found else answer
        if found and int(found["rank"]) < len(names) and names[int(found["rank"])] != partner:
            key = names[int(found["rank"])], found["code"]
            accusers[key] = accusers.get(key, 0) + 1
    accused = {partner: code for (partner, code), votes in accusers.items() if 2 * votes > len(names) - 1}
    return {partner: code for partner, code in codes.items() if partner not in accused}, accused


def _taken(
    plan: Plan, cutoff: date, alpha: Alpha, speaker: str, keys: Mapping[str, bytes], replies: Mapping[str, Message]
) -> tuple[Signed | None, dict[str, str]]:
    """The speaker's model, if it is safe to load and the one that all ended with and signed; else who says something else than
    most. ``keys``: of all who were called."""
    said = {partner: dict(one.content.get("config") or {}) for partner, one in replies.items()}
    text = said[speaker].get("model")
    if unread := {partner for partner, each in said.items() if not isinstance(each.get("digest"), bytes)}:
        return None, dict.fromkeys(unread, MALFORMED)
    if not isinstance(text, bytes):
        return None, {speaker: MALFORMED}
    other = {partner for partner, each in said.items() if each["digest"] != hashlib.sha256(text).digest()}
    if other:
        return None, dict.fromkeys(other if 2 * len(other) < len(said) else {speaker}, Differs.code)
    try:
        objective = MEAN_OBJECTIVE if alpha is None else OBJECTIVE
        model = validate(text.decode(), plan.feature_names, plan.coded, objective)
        certificate = Certificate.from_bytes(said[speaker].get("certificate"))
        shown = {name: (key,) for name, key in keys.items()}
        certificate.vouches(subject_of(cutoff, alpha), text.decode(), shown, plan.minimum)
        return Signed(model, certificate), {}
    except UnicodeDecodeError:
        return None, {speaker: ModelTextError.code}
    except (ModelTextError, ExactError) as error:
        return None, {speaker: error.code}
