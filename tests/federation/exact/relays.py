"""Relays that do what a curious or hostile operator would."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from decai_forecast.federation.exact import frames
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.loopback import LoopbackRelay


class Listening(LoopbackRelay):
    """Does its work and keeps all it sees."""

    def __init__(self) -> None:
        super().__init__(20.0)
        self.heard: list[Sequence[Frame]] = []

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        self.heard.append(given)
        return super()._answers(given)


Change = Callable[["Hostile", list[list[bytes]]], None]


class Hostile(Listening):
    """Changes the tables of one step: ``change(relay, tables)``, where ``tables[k][j]`` is what rank k is to get of rank j."""

    def __init__(self, step: int, change: Change) -> None:
        super().__init__()
        self.step, self.change, self.answered = step, change, []  # type: int, Change, list[list[list[bytes]]]

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        answers = super()._answers(given)
        tables = [[bytes(blob) for blob in frames.read_table(one.body, len(answers))] for one in answers]
        self.answered.append([list(table) for table in tables])
        if given[0].step == self.step:
            self.change(self, tables)
        return [Frame(one.op, one.rank, one.step, frames.table(table)) for one, table in zip(answers, tables, strict=True)]
