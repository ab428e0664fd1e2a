"""Strategies: one module each, whose record says all that the rest of the program knows of it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, resolve_name

import pytest

from decai_forecast import strategies
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.strategies import Strategy, all_strategies, strategy_of

NAMES = ["exact", "bagging", "cyclic", "median", "trimmed_mean"]
DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "federation.md"


def test_every_module_is_a_strategy() -> None:
    """Its record has its name; the default stands first, as in messages."""
    assert [one.name for one in all_strategies()] == NAMES
    modules = {found.name: import_module(f"{strategies.__name__}.{found.name}") for found in iter_modules(strategies.__path__)}
    assert {name: module.STRATEGY.name for name, module in modules.items()} == {name: name for name in NAMES}
    assert Network(Path(), "n", "W", 13, ()).strategy == strategies.DEFAULT == "exact"


@pytest.mark.parametrize("strategy", all_strategies(), ids=lambda one: one.name)
def test_a_record_names_functions_that_there_are(strategy: Strategy) -> None:
    """Misspelt ones would show when a night trains."""
    assert callable(resolve_name(strategy.coordinator))
    assert callable(resolve_name(strategy.company))


def test_an_unknown_strategy_is_told() -> None:
    """With those that are known."""
    assert strategy_of("cyclic").name == "cyclic"
    with pytest.raises(ConfigError) as error:
        strategy_of("fedavg")
    assert str(error.value) == f"strategy 'fedavg' is not known; there are {', '.join(NAMES)}"


def test_reading_the_records_loads_nothing_heavy() -> None:
    """Airflow reads them with every DAG file."""
    heavy = {"cryptography", "flwr", "great_expectations", "lightgbm", "numpy", "pandas"}
    code = (
        f"import sys; from decai_forecast.strategies import all_strategies; all_strategies(); print({heavy} & {{*sys.modules}})"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout == "set()\n"


NONE = {"privacy": False, "early_stopping": False, "code_book": False}
COMPLAINTS: list[tuple[str, dict[str, bool], list[tuple[str, str]]]] = [
    ("exact", {"privacy": True}, []),
    ("exact", {"early_stopping": True, "code_book": True}, []),
    (
        "exact",
        {"privacy": True, "early_stopping": True},
        [("privacy", "privacy and early_stopping_rounds: a private training tells no loss to stop by; drop one of them")],
    ),
    (
        "exact",
        {"privacy": True, "code_book": True},
        [("privacy", "privacy and code_book: noise is not made for splits by categories; drop one of them")],
    ),
    ("cyclic", {"privacy": True}, [("privacy", "privacy needs strategy exact, not cyclic; change one of them")]),
    (
        "median",
        {"early_stopping": True, "code_book": True},
        [
            ("early_stopping_rounds", "early_stopping_rounds needs strategy exact, not median; change one of them"),
            ("code_book", "code_book needs strategy exact, bagging or cyclic, not median; drop it"),
        ],
    ),
    ("bagging", {"code_book": True}, []),
]


@pytest.mark.parametrize(("name", "given", "told"), COMPLAINTS)
def test_settings_that_do_not_go_together_are_told(name: str, given: dict[str, bool], told: list[tuple[str, str]]) -> None:
    """All of them, each with the key in network.yaml that it concerns and the strategies that would do."""
    assert list(strategy_of(name).complaints(**NONE | given)) == told


def size_of(strategy: Strategy) -> str:
    if not strategy.trees_per_round:
        return "no trees"
    of_each = f", {strategy.trees_per_round} of each company in each" if strategy.trees_per_round > 1 else " of one tree"
    return f"{strategy.rounds} rounds{of_each}"


def table() -> str:
    """The records as the page on federation has them."""

    def words(strategy: Strategy, prefix: str) -> str:
        named = [name for name, value in vars(strategy).items() if name.startswith(prefix) and value is True]
        return ", ".join(name.removeprefix(prefix).replace("_", " ") for name in named) or "-"

    head = "| strategy | model | trees of each quantile | takes | needs | leaves a company, and who gets it |"
    rows = [
        f"| `{one.name}` | {one.model} | {size_of(one)} | {words(one, 'takes_')} | {words(one, 'needs_')} | "
        + "; ".join(f"{what.what} ({what.to})" for what in one.discloses)
        + " |"
        for one in all_strategies()
    ]
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def test_the_page_on_federation_shows_the_records() -> None:
    """Word by word; whoever changes a record copies the table from what this test prints."""
    assert table() in DOCS.read_text(), table()


def test_no_code_asks_which_strategy_it_is() -> None:
    """It asks the record; else a new strategy would have to be added there, too."""
    package, asks = Path(strategies.__file__).parents[1], re.compile(r"""strategy[\w.]*\s*(==|!=|in|not in)\s*["'([{A-Z]""")
    lines = {
        f"{file.relative_to(package)}: {line.strip()}"
        for file in package.rglob("*.py")
        for line in file.read_text().splitlines()
        if asks.search(line)
    }
    assert lines == set()
