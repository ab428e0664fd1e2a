"""Asking the link without a worker: the trigger of the asset that `watch_link` is scheduled on, and the body of its task.

Events of an AssetWatcher carry no partition (Airflow 3.3.2) and start no partitioned DAG. So the trigger only says that there
is something; the task looks itself, and emits the partitions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import Asset, AssetWatcher
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from decai_forecast.orchestration.arrivals import Look, arrivals_of, in_words
from decai_forecast.orchestration.last_good import network_now
from decai_forecast.orchestration.metrics import count_look
from decai_forecast.orchestration.role import Installation, Role, installation

__all__ = ["LinkTrigger", "emit", "link_asset"]

log = logging.getLogger(__name__)
PAUSE, LONGEST_PAUSE = 10.0, 160.0  # seconds between two looks at the link; the longest while it does not answer
AGAIN = 300.0  # seconds after which an event of which no run came, as of a DAG that was paused, is told again


@dataclass
class Rhythm:
    """When to look again and what to tell. ``usual`` and ``pause``: seconds between two looks while all is well, and now;
    ``trouble``: of the last look; ``heard``: key -> when it was told."""

    usual: float = PAUSE
    pause: float = 0.0
    trouble: str = ""
    heard: dict[str, float] = field(default_factory=dict)

    def after(self, look: Look, now: float) -> list[str]:
        """The keys to tell now; one fault is logged once, and makes the pauses longer until all is well."""
        if look.trouble not in ("", self.trouble):
            log.warning("the link: %s; it is asked again with longer pauses", look.trouble)
        elif self.trouble and not look.trouble:
            log.info("the link answers again")
        self.pause = min(2 * (self.pause or self.usual), LONGEST_PAUSE) if look.trouble else self.usual
        self.trouble = look.trouble
        keys = [one.key for one in look.arrivals if now - self.heard.get(one.key, -AGAIN) >= AGAIN]
        self.heard = {one.key: self.heard.get(one.key, now) for one in look.arrivals} | dict.fromkeys(keys, now)
        return keys


class LinkTrigger(BaseEventTrigger):
    """Tells of what came over the link. Nothing that the link does ends it: Airflow would start it anew every two seconds."""

    def __init__(self, role: str, partner: str = "") -> None:
        super().__init__()
        self.here = Installation(Role(role), partner)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "role": self.here.role.value,
            "partner": self.here.partner,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        rhythm, closed = Rhythm(PAUSE), set[str]()
        while True:
            look = await asyncio.to_thread(_looked, self.here, closed)
            if keys := rhythm.after(look, time.monotonic()):
                yield TriggerEvent(keys)
            await asyncio.sleep(rhythm.pause)


def _looked(here: Installation, closed: set[str]) -> Look:
    """A look with the network as it is now, companies may have come; a fault is part of it."""
    try:
        return arrivals_of(network_now(), here, closed).look()
    except Exception as error:  # a triggerer must live
        return Look(trouble=in_words(error))


def link_asset(here: Installation) -> Asset:
    """The asset that has an event when something came over the link; it has no partitions."""
    trigger = LinkTrigger(here.role.value, here.partner)
    return Asset(name="link", uri="x-decai://link", watchers=[AssetWatcher(name="watch_link", trigger=trigger)])


def emit(context: Any) -> list[str]:
    """Emits the partition of all that came over the link and was not emitted; a second run for the same is skipped."""
    network = network_now()
    arrivals, run = arrivals_of(network, installation(network)), context["dag_run"].run_id
    look = arrivals.look(run)
    count_look(look)
    if look.trouble:
        log.warning("the link: %s", look.trouble)
    emitted = [one for one in look.arrivals if arrivals.claim(one, run)]
    if not emitted:
        raise AirflowSkipException("nothing new came over the link")
    event = context["outlet_events"][arrivals.asset]
    event.extra = {one.key: dict(one.extra) for one in emitted}
    event.add_partitions([one.key for one in emitted])
    return [one.key for one in emitted]
