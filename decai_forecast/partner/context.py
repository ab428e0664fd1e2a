"""A partner's seat: all that a step of this partner may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from decai_forecast.code_book import CodeBook
from decai_forecast.contracts import Contract, load_contract
from decai_forecast.delivery import Credentials, EnvironmentCredentials, OwnCredentials
from decai_forecast.errors import ConfigError, ContractError
from decai_forecast.network import Assumptions, Network, Privacy
from decai_forecast.periods import Calendar
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.reports.send import Settings

__all__ = ["DEMAND", "SEED", "Seat", "take_seat"]

DEMAND = "demand"  # the data set that counts for the quorum
SEED = 7  # of everything that draws


@dataclass(frozen=True)
class Seat:
    """One partner's own store and contracts, what the coordinator publishes to all, and what the network agreed on."""

    partner: str
    store: Store
    public: Store
    contract_files: tuple[Path, ...]
    base: Path  # relative source paths of contracts start here
    network: str
    simulated: bool
    calendar: Calendar
    assumptions: Assumptions
    credentials: Credentials = field(default_factory=EnvironmentCredentials)
    allowed: tuple[Path, ...] = ()  # absolute source paths of contracts may lie below these
    off_limits: tuple[Path, ...] = ()  # and none below these
    partners: tuple[str, ...] = ()  # who else may own connections
    privacy: Privacy | None = None
    code_book: CodeBook | None = None
    settings: Path | None = None  # the folder with the file that says where the participant's report goes

    @property
    def connections(self) -> Credentials:
        """The partner's own connections and nobody else's."""
        return OwnCredentials(self.partner, self.partners, self.credentials)

    def contracts(self) -> dict[str, Contract]:
        """The partner's contracts by data set, strictly checked."""
        found: dict[str, Contract] = {}
        for path in self.contract_files:
            contract = load_contract(path)
            if contract.partner != self.partner:
                raise ContractError(path, 1, f"tenant is {contract.partner!r}, but the file lies with {self.partner!r}")
            if contract.data_set in found:
                raise ContractError(
                    path, 1, f"a second contract for {contract.data_set!r}; {found[contract.data_set].path} is the first"
                )
            found[contract.data_set] = contract
        if DEMAND not in found:
            raise ConfigError(
                f"{self.partner}: no contract for the data set {DEMAND!r}; `decai partner add --contract FILE` adds one"
            )
        return found

    def report_settings(self) -> Settings:
        """Where the participant wants its report, and whether it gives figures for comparison."""
        from decai_forecast.reports.send import FILE, Settings, read_settings  # pandas: not when Airflow reads a DAG file

        return read_settings(self.settings / FILE) if self.settings else Settings()

    def closed(self, round_id: str) -> bool:
        """Whether the coordinator has closed the round."""
        return self.public.exists(f"rounds/{round_id}/closed.json")


def take_seat(network: Network, partner: str) -> Seat:
    """The seat of ``partner``; :class:`ConfigError` if the network has no such participant."""
    network.participant(partner)
    return Seat(
        partner=partner,
        store=network.store(partner),
        public=network.public(),
        contract_files=tuple(network.contracts(partner)),
        base=network.home,
        network=network.name,
        simulated=network.simulated,
        calendar=network.calendar,
        assumptions=network.assumptions,
        allowed=tuple(Path(folder) for folder in network.source_folders),
        off_limits=network.closed_to(partner),
        partners=network.partners,
        privacy=network.privacy,
        code_book=network.code_book,
        settings=network.home / "contracts" / partner,
    )
