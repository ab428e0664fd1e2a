"""Airflow provider for Flower: submits runs of Flower apps to a SuperLink, and waits for them without a worker."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

__all__ = ["get_provider_info"]


def get_provider_info() -> dict[str, Any]:
    """What Airflow's provider manager reads at every start: the provider.yaml of this package."""
    import yaml

    info: dict[str, Any] = yaml.safe_load((files(__name__) / "provider.yaml").read_text(encoding="utf-8"))
    return info
