"""The HTML of the pages inside Airflow's UI: jinja2 with autoescape, no script, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from decai_forecast.network import Network
from decai_forecast.partner.spending import Cost

__all__ = ["page", "what_if_page"]

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

TEMPLATES.filters["cost"] = lambda cost: Cost(**cost).words()


def page(
    network: Network,
    rounds: Sequence[dict[str, Any]],
    readable: set[str],
    *,
    only: str = "",
    said: str = "",
    faults: Mapping[str, str] | None = None,
) -> str:
    """The page over ``rounds`` (see :func:`summarise`); figures and links only of partners whose report DAG is readable.

    ``faults``: partner -> what is wrong with its contracts, which those see who may read its deliveries.
    """
    mine = {partner: text for partner, text in (faults or {}).items() if f"deliver_{partner}" in readable}
    shown = [row | {"partners": [p for p in row["partners"] if not only or p["partner"] == only]} for row in rounds]
    return TEMPLATES.get_template("page.html.j2").render(
        network=network.name, simulated=network.simulated, rounds=shown, readable=readable, said=said, only=only, faults=mine
    )


def what_if_page(network: Network, partner: str, found: Sequence[dict[str, str]]) -> str:
    """The partner's what-ifs (see :func:`what_ifs`), the last one opened."""
    return TEMPLATES.get_template("what_if.html.j2").render(network=network.name, partner=partner, found=found)
