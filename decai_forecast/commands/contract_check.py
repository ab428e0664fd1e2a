"""A file on this machine against a contract, as `decai contract` is asked for it: outside every network and round."""

from __future__ import annotations

import glob
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from decai_forecast.commands.contract_answers import write
from decai_forecast.contracts import Arrival, Check, Contract, Source, check_delivery
from decai_forecast.contracts.files import ending_of
from decai_forecast.contracts.report import to_html, to_text
from decai_forecast.errors import ConfigError

__all__ = ["Asked", "checked", "references_of"]

FORMATS = {
    **dict.fromkeys(("csv", "txt", "tsv"), "csv"),
    **dict.fromkeys(("parquet", "pq"), "parquet"),
    **dict.fromkeys(("json", "jsonl", "ndjson"), "json"),
}
SHEETS = ("xlsx", "xlsm", "xls", "ods", "numbers")


@dataclass(frozen=True)
class Asked:
    """The delivery ``data`` as of ``as_of``; files go to the folder ``out``, for None nothing is written."""

    data: Path
    as_of: date
    out: Path | None = None
    history: Path | None = None
    references: Mapping[str, Path] = field(default_factory=dict)
    direct: bool = False

    def __post_init__(self) -> None:
        """:class:`ConfigError` for a path that cannot be used, in the words of the command line."""
        named = {"--data": self.data, "--history": self.history}
        named |= {f"--reference {name}": path for name, path in self.references.items()}
        for option, path in named.items():
            if path is not None and not path.exists():
                raise ConfigError(f"{option}: {path} is not there")
        if self.out is not None and self.out.exists() and not self.out.is_dir():
            raise ConfigError(f"--out: {self.out} is a file; name a folder")


def references_of(given: Sequence[str]) -> dict[str, Path]:
    """``items=items.parquet`` -> the file by the name of its data set."""
    found = dict(item.partition("=")[::2] for item in given)
    if wrong := [name for name, path in found.items() if not path]:
        raise ConfigError(f"--reference {wrong[0]!r}: use NAME=FILE, such as items=items.parquet")
    return {name: Path(path) for name, path in found.items()}


def checked(contract: Contract, asked: Asked) -> Check:
    """The same way that a nightly delivery goes: pulled, checked, reported."""
    from decai_forecast.delivery import pull

    with TemporaryDirectory(prefix="decai-contract-") as folder:
        landed = Path(folder) / "delivery.parquet"
        own = replace(contract, source=_as_source(contract, asked.data))
        pulled = pull(own, asked.data.absolute().parent, asked.as_of, landed, allowed=(asked.data.resolve(),))
        if asked.out is not None:
            _folder(asked.out)
        found = check_delivery(
            contract, landed, asked.as_of, asked.out, references=asked.references, history=asked.history, direct=asked.direct,
            arrival=Arrival(pulled.extra, pulled.held_back, pulled.timed),
        )  # fmt: skip
    if asked.out is not None:
        write(asked.out / "report.html", to_html(found))
        write(asked.out / "report.txt", to_text(found))
        write(asked.out / "report.json", json.dumps(found.to_json(), indent=1, allow_nan=False))
    return found


def _as_source(contract: Contract, data: Path) -> Source:
    """The file that was named, not a pattern; read as the contract says of its own source where that is the same format."""
    form = _format(contract, data)
    same = contract.source.format == form
    server, own = (contract.source.server, contract.source.own) if same else ({}, {})
    kept = {key: own[key] for key in ("delimiter", "maxBytes") if key in own}
    return Source("local", glob.escape(data.name), form, server, kept)


def _format(contract: Contract, data: Path) -> str:
    """By the file's ending; without one that is known, what the contract says."""
    ending = ending_of(data)
    if ending in SHEETS:
        raise ConfigError(f"--data: {data} is a spreadsheet; export the sheet as CSV or Parquet")
    return FORMATS.get(ending) or contract.source.format


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out: {path} cannot be made ({error.strerror or type(error).__name__})") from None
