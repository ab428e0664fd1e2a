"""What the companies of a network agreed on: the keys of ``network.yaml``, each with its type, range and default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from decai_forecast.code_book import CodeBook
from decai_forecast.documents.constraints import Cron, Day, Folder, OneOf, Text, TimeZone
from decai_forecast.documents.kind import Kind
from decai_forecast.network.channels import Channel
from decai_forecast.network.participants import PARTNER, Participant
from decai_forecast.network.supply import Supply
from decai_forecast.network.terms import Assumptions, LinkTerms, Privacy
from decai_forecast.strategies import DEFAULT, MINIMUM_QUORUM, all_strategies

__all__ = ["NETWORK", "SEED", "Agreement"]

NETWORK = Kind("a network file", "expected a mapping with version: 1, name, frequency, horizon and participants", version=1)
Runtime = Literal["in_process", "superlink"]  # where the parts of a shared training run
SEED = 7  # of everything that draws
LONGEST_WAIT = 10_080  # minutes: a week
Minutes = Annotated[float, Field(ge=0, le=LONGEST_WAIT)]
Frequency = Annotated[Literal["D", "W", "M"], Field(description="D (daily), W (weekly, Mondays) or M (monthly)")]


def strategy_names() -> tuple[str, ...]:
    """How the shared forecaster can be trained."""
    return tuple(strategy.name for strategy in all_strategies())


@dataclass(frozen=True)
class Agreement:
    """The keys of ``network.yaml``; docs/reference/network.md says what each of them means."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    frequency: Frequency
    horizon: Annotated[int, Field(ge=1, le=1_000)]  # periods
    participants: tuple[Participant, ...]
    time_zone: TimeZone = "UTC"
    simulated: bool = False
    quorum: int | None = None  # None: two thirds of the partners, at least three
    strategy: Annotated[str, OneOf(strategy_names)] = DEFAULT  # docs/explanation/federation.md
    runtime: Runtime = "in_process"
    link: LinkTerms = field(default_factory=LinkTerms)
    grace_minutes: Minutes = 30.0
    late_minutes: Minutes = 60.0  # after a contract's timeOfAvailability a delivery that is not finished is late
    retry_minutes: Minutes = 10.0  # until a source that is not there yet is asked again
    deliver_at: Cron = "0 1 * * *"  # where a contract's SLA names no schedule
    close_at: Cron = "0 3 * * *"
    window_hours: Annotated[float, Field(gt=0, le=168)] = 12.0  # before close_at, in which the deliveries of a round start
    replay_as_of: Day = ""  # for sources that ended in the past: the night a demonstration replays
    source_folders: tuple[Folder, ...] = ()  # outside the home, that contracts may name files in
    assumptions: Assumptions = field(default_factory=Assumptions)
    notify: tuple[Channel, ...] = ()
    supply: Mapping[Text, Supply] = field(default_factory=dict)  # by participant; docs/how-to/supply-network.md
    privacy: Privacy | None = None  # None: the sums of a shared training are exact
    early_stopping_rounds: Annotated[int, Field(ge=0, le=1_000, description="a whole number of trees, 0 for never")] = 0
    code_book: CodeBook | None = None  # None: the shared forecaster knows neither item nor category

    @property
    def partners(self) -> tuple[str, ...]:
        """The participants that deliver data, sorted."""
        return tuple(sorted(p.id for p in self.participants if PARTNER in p.roles))

    @property
    def minimum(self) -> int:
        """Partners a round needs: the quorum."""
        return self.quorum or max(MINIMUM_QUORUM, ceil(2 * len(self.partners) / 3))
