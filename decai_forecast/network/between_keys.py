"""What is wrong between the keys of ``network.yaml``, each of which is right by itself; and what is right but worth saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from decai_forecast.cron_times import CronTimes
from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.secrets import secret_faults
from decai_forecast.documents.spelling import near
from decai_forecast.network.agreement import NETWORK, Agreement
from decai_forecast.network.channels import MailChannel
from decai_forecast.network.windows import windows_of
from decai_forecast.strategies import MINIMUM_QUORUM, strategy_of

__all__ = ["CheckedAgreement", "faults_of", "notes_of"]

NO_SECRET = f"does not belong into {NETWORK.name}; the store's own environment variables hold it"
T = TypeVar("T")


def faults_of(agreed: Agreement) -> Iterator[Fault]:
    """Ids, references and settings that exclude each other."""
    yield from _participants(agreed)
    yield from _quorum(agreed)
    yield from _channels(agreed)
    yield from _supply(agreed)
    yield from _training(agreed)
    yield from _code_book(agreed)
    yield from _link(agreed)
    yield from _schedule(agreed)


@dataclass(frozen=True)
class CheckedAgreement(Agreement):
    """An agreement as it is read from a file: nothing is wrong between its keys."""

    def faults(self) -> Iterator[Fault]:
        return faults_of(self)


def notes_of(agreed: Agreement) -> tuple[str, ...]:
    """What `decai network check` says of an agreement that can be used."""
    count = len(agreed.partners)
    few = f"{_partners(count)}: nothing is shared below {MINIMUM_QUORUM}; each company forecasts alone"
    return (few,) if count < MINIMUM_QUORUM else ()


def _participants(agreed: Agreement) -> Iterator[Fault]:
    for place, name in _twice((("participants", k, "id"), p.id) for k, p in enumerate(agreed.participants)):
        yield Fault(place, f"a second participant {name!r}; give each an id of its own")
    for number, participant in enumerate(agreed.participants):
        yield from secret_faults(participant.store, ("participants", number, "store"), NO_SECRET)
    for place, store in _twice((("participants", k, "store"), p.store) for k, p in enumerate(agreed.participants) if p.store):
        yield Fault(place, f"a second participant with the store {store!r}; give each a store of its own")


def _quorum(agreed: Agreement) -> Iterator[Fault]:
    count = len(agreed.partners)
    if agreed.quorum is None:
        return
    if count < MINIMUM_QUORUM:
        said = f"with {_partners(count)} nothing is shared, so that no quorum can be given; leave it out"
        yield Fault(("quorum",), said)
    elif not MINIMUM_QUORUM <= agreed.quorum <= count:
        numbers = f"a whole number from {MINIMUM_QUORUM} to {count}" if count > MINIMUM_QUORUM else str(count)
        expected = f"{numbers}, the number of partners"
        yield Fault(("quorum",), f"quorum must be {expected}, not {agreed.quorum}; without it two thirds are needed")


def _channels(agreed: Agreement) -> Iterator[Fault]:
    for number, channel in enumerate(agreed.notify):
        if isinstance(channel, MailChannel) and bool(channel.user_env) != bool(channel.password_env):
            yield Fault(("notify", number), "user_env and password_env belong together; give both or neither")


def _supply(agreed: Agreement) -> Iterator[Fault]:
    known = [participant.id for participant in agreed.participants]
    for name in agreed.supply:
        if name not in known:
            advice = f"{near(name, known)}; there are {', '.join(known)}"
            yield Fault(("supply", name), f"supply names {name!r}, which is no participant{advice}", key=True)


def _training(agreed: Agreement) -> Iterator[Fault]:
    for key, complaint in strategy_of(agreed.strategy).complaints(
        privacy=agreed.privacy is not None,
        early_stopping=agreed.early_stopping_rounds > 0,
        code_book=agreed.code_book is not None,
    ):
        yield Fault((key,), complaint, key=True)
    if agreed.privacy and agreed.privacy.budget < agreed.privacy.epsilon:
        said = f"budget {agreed.privacy.budget:g} is less than epsilon {agreed.privacy.epsilon:g}: no cut-off could be trained"
        yield Fault(("privacy", "budget"), f"{said}; expected epsilon <= budget <= 100")


def _code_book(agreed: Agreement) -> Iterator[Fault]:
    for fault in agreed.code_book.faults() if agreed.code_book else ():
        yield Fault(("code_book", *fault.where), fault.text)


def _link(agreed: Agreement) -> Iterator[Fault]:
    stated = {"inbox": agreed.link.inbox, "public": agreed.link.public}
    for name, address in stated.items():
        yield from secret_faults(address, ("link", name), NO_SECRET)
        if address and agreed.link.way == "https":
            yield Fault(("link", name), "over https the coordinator alone opens its folders; leave it out", key=True)
    if agreed.link.inbox and agreed.link.inbox == agreed.link.public:
        yield Fault(("link", "public"), "the same address as inbox: everybody reads the one, each company writes the other")


def _schedule(agreed: Agreement) -> Iterator[Fault]:
    """The time of those companies whose contracts name none."""
    if fault := windows_of(agreed).never_in_time(CronTimes(agreed.deliver_at, ZoneInfo(agreed.time_zone))):
        yield Fault(("deliver_at",), f"deliver_at: {fault}", key=True)


def _twice(named: Iterable[tuple[Where, T]]) -> Iterator[tuple[Where, T]]:
    """Those whose name an earlier one has already."""
    first: dict[T, Where] = {}
    for place, name in named:
        if first.setdefault(name, place) != place:
            yield place, name


def _partners(count: int) -> str:
    words: Mapping[int, str] = {0: "no partner", 1: "one partner"}
    return words.get(count, f"{count} partners")
