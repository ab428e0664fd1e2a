"""The browser of one participant, and every path that it can ask for with the ids of another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from houses import House

OTHER, OWN = "shop_0", "shop_1"
TASKS = {"deliver": "pull", "report": "simulate", "what_if": "simulate"}
NUMBERS = ("1", "2", "3")
COMMON = {"map_index": ("-1",), "event_log_id": NUMBERS, "asset_alias_id": NUMBERS, "pk": NUMBERS, "section": ("core",),
          "option": ("executor",), "file": ("report.html",), "string:name": ("copyrole", "resetpasswords")}  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """A house, what the administrator put into it for both participants, and the browser of one of them."""

    house: House
    admin: httpx.Client
    viewer: httpx.Client
    ids: dict[str, dict[str, list[str]]]

    def paths(self, path: str, name: str) -> Iterator[str]:
        """The path of a route with each id of a participant in it; and with ``~``, which is all, for a DAG and a run."""
        names = re.findall(r"{(.*?)}", path)
        choices = [self._values(name, parameter) for parameter in names]
        for chosen in itertools.product(*choices):
            filled_in = path
            for parameter, value in zip(names, chosen, strict=True):
                filled_in = filled_in.replace("{" + parameter + "}", value, 1)
            yield filled_in

    def _values(self, name: str, parameter: str) -> tuple[str, ...]:
        mine = tuple(self.ids[name].get(parameter, ())) or COMMON.get(parameter, ("1",))
        return (*mine, "~") if parameter in ("dag_id", "dag_run_id") else mine
