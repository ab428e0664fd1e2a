"""A coordinator's network of companies that are apart: their names and what is agreed on; all else lies with the companies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from decai_forecast.founding.from_table import HORIZONS
from decai_forecast.network import LinkTerms, Network, Participant

__all__ = ["found_named"]


def found_named(
    home: Path, name: str, partners: Sequence[str], frequency: Literal["D", "W", "M"], horizon: int = 0, time_zone: str = "UTC"
) -> Network:
    """Writes ``network.yaml``, by which each company trains on its own machine and messages travel over HTTPS."""
    people, ahead = tuple(Participant(partner) for partner in partners), horizon or HORIZONS[frequency]
    network = Network(
        home, name, frequency, ahead, people, time_zone=time_zone, runtime="superlink", link=LinkTerms("https")
    )  # fmt: skip
    network.save()
    return network
