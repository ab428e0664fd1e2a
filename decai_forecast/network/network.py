"""A network at its home: ``network.yaml`` beside ``contracts/<partner>/``, ``sources/`` and ``stores/<participant>/``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from decai_forecast.documents.files import read_yaml_file
from decai_forecast.documents.typed import typed
from decai_forecast.errors import ConfigError
from decai_forecast.network.agreement import NETWORK, Agreement
from decai_forecast.network.between_keys import CheckedAgreement
from decai_forecast.network.participants import COORDINATOR, Participant
from decai_forecast.network.windows import Windows, windows_of
from decai_forecast.periods import Calendar
from decai_forecast.store import Store

__all__ = ["FILE", "Network", "as_written", "default_home"]

FILE = "network.yaml"


def default_home() -> Path:
    """``DECAI_HOME``, or ``.decai/demo`` in the working directory."""
    return Path(os.environ.get("DECAI_HOME", ".decai/demo")).absolute()


@dataclass(frozen=True)
class Located:
    """The folder that a network lies in; a base of its own so that ``home`` is the network's first field."""

    home: Path


@dataclass(frozen=True)
class Network(Agreement, Located):
    """The agreed facts of one network, as ``network.yaml`` says them, and where it lies."""

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.frequency, self.horizon)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def windows(self) -> Windows:
        """Which round a delivery counts for."""
        return windows_of(self)

    def participant(self, name: str) -> Participant:
        """:class:`ConfigError` names those there are."""
        for participant in self.participants:
            if participant.id == name:
                return participant
        known = ", ".join(p.id for p in self.participants)
        raise ConfigError(f"{self.home / FILE}: no participant {name!r}; there are {known or 'none'}")

    def address(self, name: str) -> str:
        """Where the files of a participant lie, an fsspec address; ``coordinator`` is always one. Each house opens its own."""
        stated = "" if name == COORDINATOR else self.participant(name).store
        return stated or str(self.home / "stores" / name)

    @property
    def link_folders(self) -> tuple[str, str]:
        """Where the messages of companies lie, and what is published: fsspec addresses."""
        own = self.address(COORDINATOR)
        return self.link.inbox or f"{own}/inbox", self.link.public or f"{own}/public"

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
        """Writes ``network.yaml``; :class:`ConfigError` for what :meth:`load` would refuse."""
        agreed = as_written({field.name: getattr(self, field.name) for field in fields(Agreement)})
        _, faults = typed(agreed, CheckedAgreement, NETWORK.name)
        if faults:
            raise ConfigError("\n".join(f"{self.home / FILE}: {fault.text}" for fault in faults))
        text = yaml.safe_dump({"version": NETWORK.version} | agreed, sort_keys=False)
        Store(self.home, "network").write_bytes(FILE, text.encode())

    @classmethod
    def load(cls, home: Path | None = None, name: str = FILE) -> Network:
        """Reads ``network.yaml``, or ``name`` beside it; :class:`ConfigError` says everything that is wrong with it, where, and
        what to do."""
        home = (home or default_home()).absolute()
        path = home / name
        if not path.exists():
            raise ConfigError(f"{path}: not found; make a network with `decai network init` or set DECAI_HOME")
        agreed = read_yaml_file(path, NETWORK, CheckedAgreement)
        return cls(home, **{field.name: getattr(agreed, field.name) for field in fields(Agreement)})


def as_written(value: Any) -> Any:
    """As YAML writes it: mappings and lists, without what is None or an empty text."""
    if isinstance(value, Mapping):
        return {key: as_written(item) for key, item in value.items() if item is not None and item != ""}
    if isinstance(value, tuple):
        return [as_written(item) for item in value]
    return as_written(asdict(value)) if hasattr(value, "__dataclass_fields__") else value
