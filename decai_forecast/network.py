"""A network of companies: who takes part, in which role, where each one's store is, and what the network agreed on.

``network.yaml`` lies in the network's home (``DECAI_HOME``) beside ``contracts/<partner>/``, ``sources/`` and
``stores/<participant>/``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from decai_forecast.code_book import CodeBook
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar
from decai_forecast.store import Store
from decai_forecast.strategies import DEFAULT, strategy_of

__all__ = ["RUNTIMES", "Assumptions", "Network", "Participant", "Privacy", "default_home", "valid_id"]

COORDINATOR = "coordinator"
FILE = "network.yaml"
RUNTIMES = ("in_process", "superlink")  # where the parts of a shared training run
MINIMUM_QUORUM = 3  # fewer than three, and a partner could subtract itself and read the other one
YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


def valid_id(name: str) -> str:
    """``name`` if it can be a participant's id (it becomes a folder, a DAG id and a key); else :class:`ConfigError`."""
    if not ID.fullmatch(name) or name == COORDINATOR:
        raise ConfigError(f"{name!r} cannot be a participant's id; use 1-40 of a-z, 0-9 and _, not '{COORDINATOR}'")
    return name


def default_home() -> Path:
    """``DECAI_HOME``, or ``.decai/demo`` in the working directory."""
    return Path(os.environ.get("DECAI_HOME", ".decai/demo")).absolute()


@dataclass(frozen=True)
class Participant:
    """A company in the network; a partner is one that delivers data."""

    id: str
    roles: tuple[str, ...] = ("partner",)
    store: str = ""  # fsspec address; default: stores/<id> in the network's home


@dataclass(frozen=True)
class Assumptions:
    """What the simulation takes for granted where a partner delivered nothing; printed on every report."""

    opening_stock: str = "order_up_to_level"
    lead_time_days: int = 14
    holding_cost: float = 1.0  # per unit and period; only the ratio to the shortage cost matters
    shortage_cost: float = 9.0  # per unit short
    review_periods: int = 1
    supplier_outage_days: int = 28
    currency: str = ""  # ISO 4217 code of the costs and prices that are delivered; empty: not said
    holding_rate: float = 0.2  # cost of holding a unit for a year, as a share of its unit cost, where that was delivered


@dataclass(frozen=True)
class Privacy:
    """Differential privacy of the shared training (docs/explanation/federation.md), for one training row.

    ``epsilon``: of all models of one cut-off together. ``budget``: the epsilon of all cut-offs that a company ever takes part
    in, by its own accountant. Both at ``delta``. :class:`ConfigError` for numbers that promise nothing.
    """

    epsilon: float
    budget: float
    delta: float = 1e-6

    def __post_init__(self) -> None:
        if not (0 < self.epsilon <= self.budget <= 100 and 0 < self.delta < 0.01):
            raise ConfigError(
                f"privacy with {self.terms}: expected 0 < epsilon <= budget <= 100 and 0 < delta < 0.01, such as epsilon 3, "
                "budget 30, delta 1e-6; the smaller, the less is learned of a row"
            )

    @property
    def terms(self) -> str:
        """In words; equal ones are equal settings."""
        return f"epsilon {self.epsilon:g}, budget {self.budget:g}, delta {self.delta:g}"

    @classmethod
    def of(cls, given: Any) -> Privacy | None:
        """From ``network.yaml``; None where nothing is given."""
        if given is None:
            return None
        known = {f.name for f in fields(cls)}
        if not isinstance(given, Mapping) or not {"epsilon", "budget"} <= set(given) <= known:
            expected = "epsilon and budget, and delta if it is not 1e-6, such as {epsilon: 3, budget: 30}"
            raise ConfigError(f"privacy needs {expected}, not {given!r}")
        return cls(**{name: _number(f"privacy: {name}", value) for name, value in given.items()})


@dataclass(frozen=True)
class Network:
    """The agreed facts of one network, as ``network.yaml`` says them."""

    home: Path
    name: str
    frequency: str
    horizon: int
    participants: tuple[Participant, ...]
    time_zone: str = "UTC"
    simulated: bool = False
    quorum: int = 0  # 0: two thirds of the partners, at least three
    strategy: str = DEFAULT  # one of decai_forecast.strategies
    runtime: str = "in_process"  # one of RUNTIMES
    grace_minutes: float = 30.0
    late_minutes: float = 60.0  # after a contract's timeOfAvailability a delivery that is not finished is late
    retry_minutes: float = 10.0  # until a source that is not there yet is asked again
    deliver_at: str = "0 1 * * *"  # where a contract's SLA names no schedule
    close_at: str = "0 3 * * *"
    replay_as_of: str = ""  # for sources that ended in the past: the night a demonstration replays
    source_folders: tuple[str, ...] = ()  # absolute folders outside the home that contracts may name files in
    assumptions: Assumptions = field(default_factory=Assumptions)
    notify: tuple[Mapping[str, Any], ...] = ()
    supply: Mapping[str, Any] = field(default_factory=dict)  # by participant; docs/how-to/supply-network.md
    privacy: Privacy | None = None  # None: the sums of a shared training are exact
    early_stopping_rounds: int = 0  # trees without a smaller loss on the newest rows after which all stop; 0: never
    code_book: CodeBook | None = None  # None: the shared forecaster knows neither item nor category

    @property
    def partners(self) -> tuple[str, ...]:
        return tuple(sorted(p.id for p in self.participants if "partner" in p.roles))

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.frequency, self.horizon)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def minimum(self) -> int:
        """Partners a round needs: the quorum."""
        return self.quorum or max(MINIMUM_QUORUM, ceil(2 * len(self.partners) / 3))

    def participant(self, name: str) -> Participant:
        for participant in self.participants:
            if participant.id == name:
                return participant
        known = ", ".join(p.id for p in self.participants)
        raise ConfigError(f"{self.home / FILE}: no participant {name!r}; there are {known or 'none'}")

    def address(self, name: str) -> str:
        """Where the files of a participant lie, an fsspec address; ``coordinator`` is always one. Each house opens its own."""
        stated = "" if name == COORDINATOR else self.participant(name).store
        return stated or str(self.home / "stores" / name)

    def contracts(self, partner: str) -> list[Path]:
        """The partner's contract files, sorted."""
        return sorted((self.home / "contracts" / partner).glob("*.odcs.yaml"))

    def closed_to(self, partner: str) -> tuple[Path, ...]:
        """Where no contract of ``partner`` may read: what is the network's, every store, and the others' sources."""
        stores = [p.store.removeprefix("file://") for p in self.participants if p.store]
        others = [self.home / "sources" / other for other in self.partners if other != partner]
        own = [self.home / name for name in ("stores", "airflow", "contracts", FILE)]
        return (*own, *others, *(Path(store) for store in stores if "://" not in store))

    def save(self) -> None:
        raw: dict[str, Any] = {"version": 1} | {f.name: getattr(self, f.name) for f in fields(self) if f.name != "home"}
        raw["participants"] = [
            {"id": p.id, "roles": list(p.roles)} | ({"store": p.store} if p.store else {}) for p in self.participants
        ]
        raw["assumptions"] = asdict(self.assumptions)
        raw["notify"] = [dict(n) for n in self.notify]
        raw["source_folders"] = list(self.source_folders)
        raw["privacy"] = self.privacy and asdict(self.privacy)
        raw["code_book"] = self.code_book and self.code_book.to_json()
        text = yaml.safe_dump(raw, sort_keys=False)
        Store(self.home, "network").write_bytes(FILE, text.encode())

    @classmethod
    def load(cls, home: Path | None = None) -> Network:
        """Reads ``network.yaml``; :class:`ConfigError` says what is wrong with it and what to do."""
        home = (home or default_home()).absolute()
        path = home / FILE
        try:
            text = path.read_text()
            _refuse_twice(path, yaml.compose(text, Loader=YAML))
            raw = yaml.load(text, Loader=YAML)
        except FileNotFoundError:
            raise ConfigError(f"{path}: not found; make a network with `decai network init` or set DECAI_HOME") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{path}: {error}") from None
        return _parse(home, path, raw)


def _refuse_twice(path: Path, node: yaml.Node | None) -> None:
    """:class:`ConfigError` at the first key that stands twice in one mapping: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        lines = dict[str, int]()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if (first := lines.setdefault(str(key.value), line)) != line:
                raise ConfigError(f"{path}:{line}: key {key.value!r} is there twice (first in line {first}); keep one of them")
            _refuse_twice(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_twice(path, value)


def _parse(home: Path, path: Path, raw: Any) -> Network:
    if not isinstance(raw, dict) or raw.pop("version", None) != 1:
        raise ConfigError(f"{path}: expected a mapping with `version: 1`")
    known = {f.name for f in fields(Network)} - {"home"}
    if unknown := sorted(set(raw) - known):
        raise ConfigError(f"{path}: unknown key {', '.join(unknown)}; known keys are {', '.join(sorted(known))}")
    try:
        raw["participants"] = tuple(
            Participant(valid_id(p["id"]), tuple(p.get("roles", ("partner",))), p.get("store", "")) for p in raw["participants"]
        )
        raw["assumptions"] = Assumptions(**raw.get("assumptions", {}))
        raw["notify"] = tuple(raw.get("notify", ()))
        raw["source_folders"] = _folders(raw.get("source_folders", ()))
        raw["privacy"] = Privacy.of(raw.get("privacy"))
        raw["code_book"] = CodeBook.of(raw.get("code_book"))
        network = Network(home=home, **raw)
        if network.runtime not in RUNTIMES:
            raise ConfigError(f"runtime {network.runtime!r} is not known; there are {', '.join(RUNTIMES)}")
        _check_training(network)
        network.calendar, network.zone  # noqa: B018  both raise on a wrong value
    except ZoneInfoNotFoundError:  # before its base class KeyError
        raise ConfigError(f"{path}: time zone {raw.get('time_zone')!r} is not an IANA name such as Europe/Paris") from None
    except (ConfigError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return network


def _check_training(network: Network) -> None:
    """:class:`ConfigError` for settings of the shared training that do not go together."""
    rounds = network.early_stopping_rounds
    if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 0:
        raise ConfigError(f"early_stopping_rounds must be a whole number of trees, 0 for never, not {rounds!r}")
    given = {"privacy": network.privacy is not None, "early_stopping": rounds > 0, "code_book": network.code_book is not None}
    for _, complaint in strategy_of(network.strategy).complaints(**given):
        raise ConfigError(complaint)


def _number(name: str, value: Any) -> float:
    """YAML reads 1e-6 as text; it means the number."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a number, not {value!r}") from None


def _folders(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) and Path(one).is_absolute() for one in given):
        raise ConfigError(f"source_folders must be a list of absolute folders, not {given!r}")
    return tuple(given)
