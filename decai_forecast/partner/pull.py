"""The first step of a company's night: every contracted data set from its own source, as it stood before ``as_of``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from decai_forecast.contracts import Contract
from decai_forecast.delivery import Pulled
from decai_forecast.delivery import pull as pull_delivery
from decai_forecast.delivery.errors import SourceAbsent
from decai_forecast.errors import DeliveryError
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.facts import PULL, PullFacts
from decai_forecast.partner.newcomer import may_be_new
from decai_forecast.partner.notices import Notice, remember_channels, tell
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

__all__ = ["pull"]


@dataclass(frozen=True)
class _Fetched:
    """By data set: what came, and why the others did not."""

    came: Mapping[str, Pulled]
    missing: Mapping[str, DeliveryError]

    def facts(self, round: Round, contracts: Mapping[str, Contract]) -> PullFacts:
        came = {name: self.came[name] for name in sorted(self.came)}
        return PullFacts(
            as_of=round.as_of,
            contracts={name: contract.digest for name, contract in sorted(contracts.items())},
            deliveries={name: one.digest for name, one in came.items()},
            missing={name: error.code for name, error in self.missing.items()},
            rows={name: one.rows for name, one in came.items()},
            held_back={name: one.held_back for name, one in came.items()},
            unreadable={name: one.unreadable for name, one in came.items()},
            extra={name: tuple(one.extra) for name, one in came.items()},
            timed={name: one.timed for name, one in came.items()},
        )


def pull(company: PartnerContext, round: Round) -> Done[PullFacts]:
    """Gets every contracted data set from the company's own source.

    Only the demand data set is indispensable (of a newcomer that declares what it expects, not even that): another one that
    cannot be read is noted with its code, and the company told.
    """
    contracts = company.contracts()
    remember_channels(company.store, contracts)
    with TemporaryDirectory(prefix="decai-pull-") as folder:
        fetched = _fetch(company, contracts, round, Path(folder))
        facts = fetched.facts(round, contracts)
        inputs = [facts.as_of.isoformat(), facts.contracts, facts.deliveries, facts.missing]

        def work(writer: Writer) -> PullFacts:
            for name in facts.rows:
                writer.file(f"{name}.parquet", Path(folder) / f"{name}.parquet")
            return facts

        done = run_step(company.store, round.id, PULL, inputs, work, closed=company.link.closed(round.id))
    for name, error in fetched.missing.items():
        tell(company.store, contracts[name].channels, Notice(company.partner, round.id, name, "not_delivered", str(error)))
    return done


def _fetch(company: PartnerContext, contracts: Mapping[str, Contract], round: Round, folder: Path) -> _Fetched:
    came, missing = dict[str, Pulled](), dict[str, DeliveryError]()
    for name, contract in sorted(contracts.items()):
        try:
            came[name] = pull_delivery(
                contract, company.base, round.as_of, folder / f"{name}.parquet", state=company.store,
                credentials=company.connections, allowed=company.allowed, closed=company.off_limits,
            )  # fmt: skip
        except DeliveryError as error:
            if name == DEMAND and not (isinstance(error, SourceAbsent) and may_be_new(company.store, contract, round.id)):
                raise
            missing[name] = error
    return _Fetched(came, missing)
