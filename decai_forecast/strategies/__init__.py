"""The strategies: ways to train the shared forecaster together. Each module of this package is one and has its ``STRATEGY``.

A record says what a strategy needs, what it discloses to whom, how many trees it grows and which functions train by it.
network.yaml, plan, server, client, reports and docs read it, so a new strategy is one new module here; its functions can stand
in it, too. Modules are light: Airflow reads them with every DAG file. Functions are loaded when a training starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from decai_forecast.errors import ConfigError

__all__ = [
    "ASKED",
    "DEFAULT",
    "MEAN_POWER",
    "MINIMUM_QUORUM",
    "TREES",
    "Disclosure",
    "Strategy",
    "all_strategies",
    "strategy_of",
]

DEFAULT = "exact"
MINIMUM_QUORUM = 3  # companies; of two, each could subtract itself from what both gave and read the other one
TREES = 100  # of each quantile: as many as the model of pooled rows has that was tuned

MEAN_POWER = 1.3  # Tweedie's variance power of the mean: 1 is Poisson, 2 gamma


@dataclass(frozen=True)
class Disclosure:
    """Something that leaves a company in a training, and who gets it; printed on its report. ``fields``: what of a company's
    messages it is, by name (``version-*``: all that begin like this), or ``relay`` for what crosses the relay."""

    what: str
    to: str
    fields: tuple[str, ...] = ()


ASKED = ("partner", "rows", "schema", "agreed", "release", "version-*")  # what every company says of itself


@dataclass(frozen=True)
class Strategy:
    """One way to train together. ``name`` is that of its module; ``model`` says in words what comes out.

    ``coordinator`` and ``company`` name functions, as ``package.module:function``: the first trains one cut-off with the nodes
    that are there (``federation.state.Train``), the second answers at a company (``federation.asked.Answer``).
    """

    name: str
    model: str
    discloses: tuple[Disclosure, ...]
    coordinator: str
    company: str
    rounds: int  # of boosting, one after the other; of a strategy without trees 1
    trees_per_round: int = 1  # of each quantile, that a company grows in a round; 0: it has no trees
    companies: int = MINIMUM_QUORUM  # at least
    first_trees_are_a_model: bool = False  # of fewer trees; the first ones of an average are some companies' trees
    shows_only_sums: bool = False  # every company answers it, whatever its network.yaml says; it counts what scores could show
    needs_keys: bool = False  # companies know each other by their identities
    meets_at_relay: bool = False  # companies train at the same time and wait for one another
    needs_common_start: bool = False  # companies begin at the mean of their own quantiles, which they tell
    trains_the_mean: bool = False  # beside the quantiles; else it is what the quantiles imply
    takes_privacy: bool = False
    takes_early_stopping: bool = False
    takes_code_book: bool = False

    def complaints(self, *, privacy: bool, early_stopping: bool, code_book: bool) -> Iterator[tuple[str, str]]:
        """Settings of ``network.yaml`` that do not go together: the key of one, and what is wrong."""
        for key, given, takes, advice in (
            ("privacy", privacy, "takes_privacy", "change one of them"),
            ("early_stopping_rounds", early_stopping, "takes_early_stopping", "change one of them"),
            ("code_book", code_book, "takes_code_book", "drop it"),
        ):
            if given and not getattr(self, takes):
                *others, last = (one.name for one in all_strategies() if getattr(one, takes))
                able = f"{', '.join(others)} or {last}" if others else last
                yield key, f"{key} needs strategy {able}, not {self.name}; {advice}"
        if privacy and early_stopping:
            yield "privacy", "privacy and early_stopping_rounds: a private training tells no loss to stop by; drop one of them"
        if privacy and code_book:
            yield "privacy", "privacy and code_book: noise is not made for splits by categories; drop one of them"


def all_strategies() -> tuple[Strategy, ...]:
    """Every module's record: the default first, the others by name. What is put on the package's ``__path__`` counts, too."""
    return _records(tuple(__path__))


@cache
def _records(folders: tuple[str, ...]) -> tuple[Strategy, ...]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(folders)]
    return tuple(sorted((module.STRATEGY for module in modules), key=lambda one: (one.name != DEFAULT, one.name)))


def strategy_of(name: str) -> Strategy:
    """The strategy of this name; :class:`ConfigError` names those that there are."""
    for strategy in all_strategies():
        if strategy.name == name:
            return strategy
    names = ", ".join(strategy.name for strategy in all_strategies())
    raise ConfigError(f"strategy {name!r} is not known; there are {names}")
