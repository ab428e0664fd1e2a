"""All that a step of a company's night may see: its store, its contracts, its end of the link, what the network agreed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from decai_forecast.code_book import CodeBook
from decai_forecast.contracts import Contract, load_contract
from decai_forecast.delivery import Credentials, EnvironmentCredentials, OwnCredentials
from decai_forecast.errors import ConfigError, ContractError
from decai_forecast.link import CompanyFolder, CompanyLink
from decai_forecast.network import Assumptions, Network, Privacy
from decai_forecast.network.supply import Supply
from decai_forecast.periods import Calendar
from decai_forecast.store import Store
from decai_forecast.strategies import DEFAULT, MINIMUM_QUORUM

if TYPE_CHECKING:
    from decai_forecast.reports.send import Settings

__all__ = ["DEMAND", "PartnerContext", "partner_context"]

DEMAND = "demand"  # the data set that counts for the quorum


@dataclass(frozen=True)
class PartnerContext:
    """One company's own: nothing in it leads to another company's files.

    ``base``: where relative source paths of contracts start. ``allowed``: absolute source paths of contracts may lie below
    these, and none below ``off_limits``. ``partners``: who else may own connections. ``supply``: what the company states of its
    supply network. ``settings``: the folder with the file that says where its report goes. ``certificates``: its own and the
    federation's, where the coordinator is on another host.
    """

    partner: str
    store: Store
    link: CompanyLink
    contract_files: tuple[Path, ...]
    base: Path
    network: str
    simulated: bool
    calendar: Calendar
    assumptions: Assumptions
    strategy: str = DEFAULT
    minimum: int = MINIMUM_QUORUM
    credentials: Credentials = field(default_factory=EnvironmentCredentials)
    allowed: tuple[Path, ...] = ()
    off_limits: tuple[Path, ...] = ()
    partners: tuple[str, ...] = ()
    privacy: Privacy | None = None
    code_book: CodeBook | None = None
    supply: Supply | None = None
    settings: Path | None = None
    certificates: tuple[Path, ...] = ()

    @property
    def connections(self) -> Credentials:
        """The company's own connections and nobody else's."""
        return OwnCredentials(self.partner, self.partners, self.credentials)

    def contracts(self) -> dict[str, Contract]:
        """The company's contracts by data set, strictly checked."""
        contracts: dict[str, Contract] = {}
        for path in self.contract_files:
            contract = load_contract(path)
            if contract.partner != self.partner:
                raise ContractError(path, 1, f"tenant is {contract.partner!r}, but the file lies with {self.partner!r}")
            if contract.data_set in contracts:
                raise ContractError(
                    path, 1, f"a second contract for {contract.data_set!r}; {contracts[contract.data_set].path} is the first"
                )
            contracts[contract.data_set] = contract
        if DEMAND not in contracts:
            raise ConfigError(
                f"{self.partner}: no contract for the data set {DEMAND!r}; `decai partner add --contract FILE` adds one"
            )
        return contracts

    def report_settings(self) -> Settings:
        """Where the company wants its report, and whether it gives figures for comparison."""
        from decai_forecast.reports.send import FILE, Settings, read_settings  # pandas: not when Airflow reads a DAG file

        return read_settings(self.settings / FILE) if self.settings else Settings()


def partner_context(network: Network, partner: str, *, once: bool = False) -> PartnerContext:
    """The context of ``partner``; :class:`ConfigError` if the network has no such participant.

    ``once``: a coordinator on another host is asked once, and not for minutes, by who asks again by itself.
    """
    store = Store(network.address(partner), partner)
    return PartnerContext(
        partner=partner,
        store=store,
        link=(_https(network.home, store, once=once) if network.link.way == "https" else _folder(*network.link_folders, store)),
        contract_files=tuple(network.contracts(partner)),
        base=network.home,
        network=network.name,
        simulated=network.simulated,
        calendar=network.calendar,
        assumptions=network.assumptions,
        strategy=network.strategy,
        minimum=network.minimum,
        allowed=tuple(Path(folder) for folder in network.source_folders),
        off_limits=network.closed_to(partner),
        partners=network.partners,
        privacy=network.privacy,
        code_book=network.code_book,
        supply=network.supply.get(partner),
        settings=network.home / "contracts" / partner,
        certificates=_certificates(network.home, partner) if network.link.way == "https" else (),
    )


def _certificates(home: Path, partner: str) -> tuple[Path, ...]:
    from decai_forecast.federation.superlink.passport import Files

    files = Files.of(home, partner)
    return files.tls_certificate, files.authority


def _folder(inbox: str, public: str, store: Store) -> CompanyLink:
    """The company's end of the link where all reach the same two folders."""
    from decai_forecast.identity import Keyring  # cryptography: not when Airflow reads a DAG file

    return CompanyFolder(Store(inbox, "inbox"), Store(public, "public"), Keyring(store), store.owner)


def _https(home: Path, store: Store, *, once: bool) -> CompanyLink:
    """The company's end of the link to the coordinator that has admitted it; :class:`ConfigError` if none has."""
    from decai_forecast.federation.superlink.passport import Files
    from decai_forecast.identity import Keyring
    from decai_forecast.link.calls import ONCE, USUAL, url_of
    from decai_forecast.link.client import CompanyHttps
    from decai_forecast.link.tls import TlsFiles

    files = Files.of(home, store.owner)
    admission = files.admitted(store.owner)
    tls = TlsFiles(files.tls_key, files.tls_certificate, files.authority)
    patience = ONCE if once else USUAL
    return CompanyHttps(url_of(admission.host, admission.link_port), tls, Keyring(store), patience)
