"""Whether deliveries by a contract come in time for the rounds of the network that it is for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from decai_forecast.contracts import Contract
from decai_forecast.contracts.availability import starts_of
from decai_forecast.network import FILE, Network, Windows

__all__ = ["timing_notes", "windows_for"]


def windows_for(contract: Path, home: Path | None) -> Windows | None:
    """Of the network at ``home``, or of the one in whose home (``contracts/<partner>/``) the file lies; None outside of any."""
    around = contract.absolute().parents[2:3]
    if home is None and not (around and (around[0] / FILE).exists() and contract.absolute().parents[1].name == "contracts"):
        return None
    return Network.load(home or around[0]).windows


def timing_notes(contract: Contract, windows: Windows | None) -> list[str]:
    """What is missed of the coming year by a schedule that is in time for some rounds, but not for all."""
    starts = starts_of(contract, windows) if windows else None
    if windows is None or starts is None:
        return []
    words = windows.coverage(starts, datetime.now(UTC)).words()
    return [f"a delivery at {starts.cron!r} ({starts.zone}) is {words}"] if words else []
