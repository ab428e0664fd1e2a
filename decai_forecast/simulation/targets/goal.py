"""What stock targets aim at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from decai_forecast.errors import ConfigError

__all__ = ["SERVICE", "Goal", "Kind"]

Kind = Literal["fill_rate", "cycle_service", "in_stock", "cost"]
SERVICE = {"fill_rate": "F", "cycle_service": "A", "in_stock": "T", "cost": "A"}  # the flag of the targets' table


@dataclass(frozen=True)
class Goal:
    """``fill_rate`` (type 2), ``cycle_service`` (type 1) or ``in_stock`` (type 3: the share of periods that end with stock)
    with the share wanted (0..1), or ``cost``: the least cost of holding, of what is short and of placing orders."""

    kind: Kind = "cost"
    value: float = float("nan")

    def __post_init__(self) -> None:
        if self.kind not in SERVICE:
            raise ConfigError(f"stock target {self.kind!r} is not known; there are {', '.join(SERVICE)}")
        if self.kind != "cost" and not 0 < self.value < 1:
            raise ConfigError(f"a {self.kind} of {self.value} cannot be aimed at; give a share between 0 and 1, such as 0.95")
