"""What the coordinator states of a round, and how it keeps the log: it takes companies' statements in, and cosignatures.

Nothing here ends a night: what goes wrong with the log is told, and the night goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.federate import FEDERATE, read_training
from decai_forecast.errors import DecaiError
from decai_forecast.ledger.admission import Door
from decai_forecast.ledger.approvals import state_approvals
from decai_forecast.ledger.keeper import Keeper
from decai_forecast.ledger.log import Log
from decai_forecast.ledger.names import fingerprint, former_keys, known_pins, origin_of, policy_of
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import (
    Approved,
    Approver,
    Certified,
    Closed,
    Evaluated,
    Matter,
    Membership,
    Published,
    public_subject,
)
from decai_forecast.ledger.statements import Event as MemberEvent
from decai_forecast.link import CoordinatorLink, ModelCertificate, ModelFile, SharedModels, SharedRound
from decai_forecast.link.envelope import Kind
from decai_forecast.link.messages import encoded
from decai_forecast.link.published import public_key
from decai_forecast.pins import Pin
from decai_forecast.round import before
from decai_forecast.store import digest_bytes

__all__ = ["keep_log", "keeper_of", "record_round", "sequence"]

log = logging.getLogger(__name__)
EARLIER = 3  # rounds before, of which reports and cosignatures may come after they were closed


@dataclass(frozen=True)
class _LogFiles:
    """The public log, at the coordinator's end of the link."""

    link: CoordinatorLink

    def read(self, name: str) -> bytes | None:
        return self.link.log_file(name)

    def write(self, name: str, data: bytes) -> None:
        self.link.publish_log_file(name, data)


def record_round(coordinator: CoordinatorContext, round_id: str) -> str:
    """States what happened in the round so far, and takes in what companies state; what went wrong, in words, or nothing."""
    try:
        sequence(coordinator, round_id)
    except Exception as error:  # whatever goes wrong with the log ends no night
        code = error.code if isinstance(error, DecaiError) else type(error).__name__
        log.warning("the ledger, round %s: %s: %s", round_id, code, error)
        return f"{code}: {error}"
    return ""


def keep_log(context: Callable[[], CoordinatorContext], stopped: Event, pause: float = 30.0) -> None:
    """Beside a running service: takes in what companies send, also after their round is closed. ``context``: as the network is
    now, since companies may have joined; ``pause``: seconds."""
    while not stopped.wait(pause):
        try:
            coordinator = context()
            if rounds := coordinator.link.rounds():
                record_round(coordinator, rounds[-1])
        except Exception as error:  # the service must live; the next look tries again
            log.warning("the ledger: %s", error)


def sequence(coordinator: CoordinatorContext, round_id: str) -> None:
    """What was stated of the round, and of the rounds before it too late for them, goes into the log, which is published;
    cosignatures that came are added to what they sign. A repetition changes nothing."""
    keeper = keeper_of(coordinator)
    notebook = _notebook(coordinator, round_id)
    _state_round(coordinator, notebook)
    rounds = [*before(coordinator.link.rounds(), round_id)[-EARLIER:], round_id]
    keeper.log.append([*notebook.entries(), *(entry for one in rounds for entry in _sent(coordinator, one))])
    keeper.log.publish()
    for one in rounds:
        _take_cosignatures(coordinator, keeper, one)


def _take_cosignatures(coordinator: CoordinatorContext, keeper: Keeper, round_id: str) -> None:
    for company, cosignature in coordinator.link.cosignatures(round_id).items():
        try:
            keeper.cosigned(cosignature.size, [cosignature.line])
        except DecaiError as error:
            log.warning("the cosignature of %s for round %s is left out: %s", company, round_id, error)


def keeper_of(coordinator: CoordinatorContext) -> Keeper:
    """The network's log, with the policy of the coordinator's own pinned keys."""
    from decai_forecast.identity import Keyring

    ring, files = Keyring(coordinator.store), _LogFiles(coordinator.link)
    network = coordinator.network
    own_log = Log(origin_of(network.name), ring.identity().key, coordinator.store, files)
    return Keeper(own_log, files, policy_of(network.name, known_pins(ring), network.partners, former_keys(coordinator.store)))


def _notebook(coordinator: CoordinatorContext, round_id: str) -> Notebook:
    from decai_forecast.identity import Keyring

    return Notebook(coordinator.store, Keyring(coordinator.store).identity(), coordinator.network.name, round_id)


def _sent(coordinator: CoordinatorContext, round_id: str) -> Iterable[bytes]:
    """The entries of companies that hold; of the others a line is kept."""
    from decai_forecast.identity import Keyring

    pins, now = Keyring(coordinator.store).pins(), datetime.now(UTC)
    for company, statements in coordinator.link.statements(round_id).items():
        door = Door(coordinator.network.name, round_id, company, pins[company].taken(now), now)
        admitted = door.admit(statements.entries)
        for place, error in admitted.refused.items():
            log.warning("statement %d of %s for round %s is not taken: %s", place, company, round_id, error)
        yield from admitted.entries


def _state_round(coordinator: CoordinatorContext, notebook: Notebook) -> None:
    _state_members(coordinator, notebook)
    state_approvals(notebook)
    _state_steps(coordinator, notebook)
    _state_published(coordinator, notebook)
    shared = coordinator.link.shared(notebook.round)
    if shared is not None:
        _state_models(coordinator, notebook, shared)
    if (closing := coordinator.link.closing(notebook.round)) is not None:
        file = _public(coordinator, public_key(Kind.CLOSING, notebook.round))
        notebook.state(Closed, (public_subject(*file),), members=closing.members)


def _state_members(coordinator: CoordinatorContext, notebook: Notebook) -> None:
    """Whose keys count from now on, and whose do not any more; kept in ``ledger/members.json``."""
    from decai_forecast.identity import Keyring

    store, key = coordinator.store, "ledger/members.json"
    before: Mapping[str, str] = store.read_json(key) if store.exists(key) else {}
    partners, pins = set(coordinator.network.partners), Keyring(store).pins()
    now = {name: fingerprint(pin.key) for name, pin in pins.items() if name in partners and pin.key is not None}
    for name in sorted(set(before) | set(now)):
        if before.get(name) == now.get(name):
            continue
        if name in before:
            _state_member(notebook, name, before[name], _what_became(pins.get(name), before[name]))
        if name in now:
            _state_member(notebook, name, now[name], MemberEvent.JOINED)
    if before != now:
        store.write_json(key, now)


def _what_became(pin: Pin | None, key: str) -> MemberEvent:
    """Of a key (its digest) that is not the newest one of its company any more."""
    if pin is None:
        return MemberEvent.LEFT
    if any(fingerprint(one.key) == key for one in pin.earlier):
        return MemberEvent.EXCHANGED
    return MemberEvent.LEFT if pin.key is not None and fingerprint(pin.key) == key else MemberEvent.REVOKED


def _state_member(notebook: Notebook, name: str, key: str, event: MemberEvent) -> None:
    subject = public_subject(f"{event}/{name}", key)
    notebook.state(Membership, (subject,), member=name, key=key, event=event)


def _state_steps(coordinator: CoordinatorContext, notebook: Notebook) -> None:
    notebook.state_step(FEDERATE.name)
    training = read_training(coordinator, notebook.round)
    if training is not None and (scored := training.facts.evaluation) is not None:
        notebook.state(Evaluated, (notebook.hide("evaluation", asdict(scored)),), promoted=scored.promoted)
        key = public_key(Kind.SHARED, notebook.round)
        if scored.promoted and coordinator.link.public_file(key) is not None:
            file = public_subject(*_public(coordinator, key))
            notebook.state(Approved, (file,), matter=Matter.FORECASTER, approver=Approver.RULE)


def _state_published(coordinator: CoordinatorContext, notebook: Notebook) -> None:
    """The round's messages for everybody; that of progress is written anew all the time, and no claim."""
    for kind in (Kind.SHARED, Kind.COMPARISON):
        key = public_key(kind, notebook.round)
        if coordinator.link.public_file(key) is not None:
            notebook.state(Published, (public_subject(*_public(coordinator, key)),))


def _state_models(coordinator: CoordinatorContext, notebook: Notebook, shared: SharedRound) -> None:
    """The files of the models that the round names, and who signed each model."""
    for file in {file.key: file for file in shared.models.values()}.values():
        published = (public_subject(file.key, file.sha256),)
        if notebook.has(Published, published):
            continue
        models = coordinator.link.models(file)
        for name, text, certificate in _certified(models):
            _state_certificate(notebook, file, f"{models.cutoff}/{name}", text, certificate)
        notebook.state(Published, published)  # last: whoever finds it need not read the models again


def _certified(models: SharedModels) -> Iterable[tuple[str, str, ModelCertificate]]:
    for quantile, text in models.models.items():
        if (certificate := models.certificates.get(quantile)) is not None:
            yield str(quantile), text, certificate
    if models.mean and models.mean_certificate is not None:
        yield "mean", models.mean, models.mean_certificate


def _state_certificate(notebook: Notebook, file: ModelFile, name: str, text: str, certificate: ModelCertificate) -> None:
    subject = public_subject(name, digest_bytes(text.encode()))
    digest = digest_bytes(encoded(certificate, indent=None))
    notebook.state(Certified, (subject,), model=name, file=file.key, certificate=digest)


def _public(coordinator: CoordinatorContext, key: str) -> tuple[str, str]:
    """Key and digest of a public file that is there."""
    return key, digest_bytes(coordinator.link.public_file(key) or b"")
