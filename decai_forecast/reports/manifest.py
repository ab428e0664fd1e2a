"""The manifest of a report bundle: what belongs to it, and what it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from decai_forecast import __version__

__all__ = ["manifest"]


def manifest(files: Mapping[str, bytes], report: Mapping[str, Any]) -> dict[str, Any]:
    """SHA-256 and size of each file, with engine version, data cut-off (exclusive) and seed of ``report``."""
    return {
        "format": "decai-manifest/1",
        "network": report["network"],
        "participant": report["participant"],
        "round": report["round"],
        "data_until": report["as_of"],
        "engine": __version__,
        "versions": dict(report["versions"]),
        "forecast_model": report["model"],
        "seed": report["seed"],
        "files": {name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)} for name, data in sorted(files.items())},
    }
