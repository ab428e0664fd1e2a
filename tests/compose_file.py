"""A docker-compose file as its engine reads it: variables filled in, files laid over one another, services in their order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class HealthCheck:
    """``command``: as in ``test``. ``timeout``, ``start_period``, ``interval``: seconds."""

    command: tuple[str, ...]
    timeout: float
    start_period: float
    interval: float
    retries: int

    @property
    def patience(self) -> float:
        """After so many seconds without a good answer the engine calls a service unhealthy."""
        return self.start_period + self.retries * self.interval


@dataclass(frozen=True)
class Service:
    """``mounts``: (source, target, read only); ``needs``: service -> condition; ``beside``: whose network it has."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[tuple[str, str, bool], ...]
    secrets: tuple[str, ...]
    needs: Mapping[str, str]
    health: HealthCheck | None
    restarts: bool
    beside: str
    profiles: tuple[str, ...]


@dataclass(frozen=True)
class Compose:
    """``secrets``: name -> file of the host. ``volumes``: names of those that the engine makes."""

    services: Mapping[str, Service]
    secrets: Mapping[str, Path]
    volumes: tuple[str, ...]

    def in_order(self, profiles: Sequence[str] = ()) -> Iterator[Service]:
        """Each after those that it needs."""
        chosen = {name for name, one in self.services.items() if not one.profiles or set(one.profiles) & set(profiles)}
        begun: set[str] = set()
        while waiting := chosen - begun:
            name = next(name for name in sorted(waiting) if not set(self.services[name].needs) & waiting)
            begun.add(name)
            yield self.services[name]


def read_compose(files: Sequence[Path], variables: Mapping[str, str]) -> Compose:
    """Later files add to the services of earlier ones (``docker compose -f A -f B``); a missing variable is a KeyError."""
    texts = [_filled(yaml.safe_load(path.read_text()), variables) for path in files]
    merged: dict[str, dict[str, Any]] = {}
    for text in texts:
        for name, service in text["services"].items():
            merged[name] = merged.get(name, {}) | service
    services = {name: _service(name, one) for name, one in merged.items()}
    secrets = {name: Path(one["file"]) for text in texts for name, one in text.get("secrets", {}).items()}
    return Compose(services, secrets, tuple(name for text in texts for name in text.get("volumes", {})))


def read_variables(path: Path) -> dict[str, str]:
    """An ``.env`` file."""
    lines = [line.partition("=") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: value for name, equals, value in lines if equals}


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    """Values are filled in after the YAML is read: an empty variable is an empty text."""
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return VARIABLE.sub(partial(_value, variables), value) if isinstance(value, str) else value


def _value(variables: Mapping[str, str], found: re.Match[str]) -> str:
    dollar, name, kind, word = found.groups()
    if dollar:
        return "$"
    if kind == "?" and not variables.get(name):
        raise KeyError(f"{name}: {word}")
    return variables.get(name) or (word if kind == "-" else "")


def _service(name: str, one: Mapping[str, Any]) -> Service:
    needs = one.get("depends_on", {})
    needs = (
        dict.fromkeys(needs, "service_started") if isinstance(needs, list) else {k: v["condition"] for k, v in needs.items()}
    )
    command, beside = one.get("command", []), one.get("network_mode", "").removeprefix("service:")
    if beside:
        needs = {beside: "service_started"} | needs
    return Service(
        name, one["image"], tuple(shlex.split(command) if isinstance(command, str) else command),
        {k: str(v) for k, v in one.get("environment", {}).items()},
        tuple(_mount(text) for text in one.get("volumes", [])), tuple(one.get("secrets", [])), needs,
        _health(one["healthcheck"]) if "healthcheck" in one else None, one.get("restart") == "unless-stopped",
        beside, tuple(one.get("profiles", [])),
    )  # fmt: skip


def _mount(text: str) -> tuple[str, str, bool]:
    source, target, *options = text.split(":")
    return source, target, "ro" in options


def _health(one: Mapping[str, Any]) -> HealthCheck:
    kind, *command = one["test"]
    command = ["/bin/sh", "-c", *command] if kind == "CMD-SHELL" else command
    times = [_seconds(one.get(key, "0s")) for key in ("timeout", "start_period", "interval")]
    return HealthCheck(tuple(command), times[0] or 30.0, times[1], times[2], one.get("retries", 3))


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|s|m)", text)
    assert match, f"{text!r} is no time of a compose file that is known here"
    return int(match[1]) * SECONDS[match[2]]
