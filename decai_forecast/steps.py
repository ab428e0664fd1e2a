"""A step: reads what the step before wrote, writes only its own place, and happened only if its ``done.json`` says so.

The files of a step lie under ``rounds/<round>/<step>/<digest>-<name>``; ``done.json`` names the inputs by one digest and every
output by its whole SHA-256, and is written last, in one put. Repeating a step with equal inputs therefore changes nothing, and
a killed one leaves files that nobody reads. What is read of a step is checked against its ``done.json``: a step whose output is
gone or changed did not happen.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter

from decai_forecast.errors import RoundClosed, StoreError
from decai_forecast.store import Store, digest_bytes, digest_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Done", "Output", "Outputs", "Record", "Step", "Writer", "done_records", "read_done", "read_outputs", "run_step"]

FORMAT = 2  # of done.json
DONE = "done.json"
GONE, CHANGED = "is gone", "was changed after the step wrote it"
WRONG = (AttributeError, KeyError, TypeError, ValueError)  # what reading a done.json of another shape raises
RELEASE = "decai-forecast"  # the distribution whose version every step carries
log = logging.getLogger(__name__)
F = TypeVar("F")
ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # making one takes milliseconds


@dataclass(frozen=True)
class Step(Generic[F]):
    """What all runs of a step have in common.

    ``facts``: the frozen dataclass of what it says of itself, the typed hand-over to whoever reads it. ``edition``: raised by
    whoever changes what the step computes from equal inputs. ``libraries``: distributions whose version changes that, too. With
    another edition or version the step is made anew.
    """

    name: str
    facts: type[F]
    edition: int = 1
    libraries: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Distribution -> version, of all that computes this step."""
        return {name: version(name) for name in (RELEASE, *self.libraries)}

    def digest(self, inputs: Any) -> str:
        """Of ``inputs`` (any JSON value) and of what computes the step from them."""
        return digest_json([self.name, self.edition, self.versions(), inputs])


@dataclass(frozen=True)
class Output:
    """A file that a step wrote: its key in the store, and the SHA-256 of its bytes (hexadecimal)."""

    key: str
    sha256: str


@dataclass(frozen=True)
class Outputs:
    """The files of a finished step; each is checked against its digest when it is read."""

    store: Store
    round: str
    step: str
    files: Mapping[str, Output]  # by name

    def __contains__(self, name: str) -> bool:
        return name in self.files

    def key(self, name: str) -> str:
        """Where the output lies in the store; :class:`StoreError` if the step wrote none of that name."""
        return self._output(name).key

    def bytes(self, name: str) -> bytes:
        """The content; :class:`StoreError` if it is gone, or not what the step wrote."""
        output = self._output(name)
        if not self.store.exists(output.key):
            raise StoreError(self._broken(output, GONE))
        data = self.store.read_bytes(output.key)
        if digest_bytes(data) != output.sha256:
            raise StoreError(self._broken(output, CHANGED))
        return data

    def json(self, name: str) -> Any:
        """The content of a JSON file."""
        return json.loads(self.bytes(name))

    def frame(self, name: str) -> pd.DataFrame:
        """The rows of a Parquet file."""
        import pandas as pd

        return pd.read_parquet(io.BytesIO(self.bytes(name)))

    @contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """A local path with the content, for engines that read files."""
        output = self._output(name)
        if not self.store.exists(output.key):
            raise StoreError(self._broken(output, GONE))
        with self.store.local_file(output.key) as path:
            with path.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != output.sha256:
                    raise StoreError(self._broken(output, CHANGED))
            yield path

    def broken(self) -> str:
        """What is wrong with the first output that is gone or changed; empty if all are what the step wrote."""
        try:
            for name in sorted(self.files):
                self.bytes(name)
        except StoreError as error:
            return str(error)
        return ""

    def _output(self, name: str) -> Output:
        if name not in self.files:
            raise StoreError(f"step {self.step!r} wrote no {name!r}; it wrote {', '.join(sorted(self.files)) or 'nothing'}")
        return self.files[name]

    def _broken(self, output: Output, what: str) -> str:
        step = f"step {self.step!r} of round {self.round}"
        return f"{self.store.owner}: {output.key!r} {what}, so {step} did not happen; run it again"


@dataclass(frozen=True)
class Record:
    """A ``done.json`` in digests, for whoever records that it happened and not what it says. ``outputs``: digest by name;
    ``facts``: of all else that it says."""

    inputs: str
    outputs: Mapping[str, str]
    facts: str
    versions: Mapping[str, str]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Record:
        outputs = {name: output.sha256 for name, output in _files(raw).items()}
        rest = [raw["step"], raw["facts"], raw["versions"]]
        return cls(str(raw["inputs"]), outputs, digest_json(rest), dict(raw["versions"]))


@dataclass(frozen=True)
class Done(Outputs, Generic[F]):
    """A finished step: its files, and what it says of itself."""

    inputs: str  # digest of what it was computed from, and by what
    facts: F
    repeated: bool = False  # True: this call found the step done and changed nothing


@dataclass
class Writer:
    """Collects a step's outputs; each lies under its digest, so an earlier run's files are never overwritten."""

    store: Store
    folder: str
    files: dict[str, Output] = field(default_factory=dict)

    def bytes(self, name: str, data: bytes) -> None:
        """Writes ``data`` under ``name``; equal bytes are written once."""
        digest = digest_bytes(data)
        key = f"{self.folder}/{digest[:16]}-{name}"
        if not self.store.exists(key) or digest_bytes(self.store.read_bytes(key)) != digest:
            self.store.write_bytes(key, data)
        self.files[name] = Output(key, digest)

    def json(self, name: str, value: Any) -> None:
        """Writes a JSON file; the same bytes for the same value."""
        self.bytes(name, json.dumps(value, indent=1, sort_keys=True).encode())

    def frame(self, name: str, frame: pd.DataFrame) -> None:
        """Writes the rows as Parquet, without their index."""
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        self.bytes(name, buffer.getvalue())

    def file(self, name: str, path: Path) -> None:
        """Takes over a local file."""
        self.bytes(name, path.read_bytes())


def read_done(store: Store, round_id: str, step: Step[F]) -> Done[F] | None:
    """What the step says of itself, or None if it did not happen.

    :class:`StoreError` for a ``done.json`` of another format, or one that does not hold what this step says.
    """
    raw = _raw(store, round_id, step.name)
    if raw is None:
        return None
    try:
        facts = _facts(step.facts).validate_python(raw["facts"], extra="forbid")
        return Done(store, round_id, step.name, _files(raw), str(raw["inputs"]), facts, repeated=True)
    except WRONG as error:
        raise StoreError(_unreadable(store, round_id, step.name, type(error).__name__)) from None


def read_outputs(store: Store, round_id: str, step: str) -> Outputs | None:
    """The files of a finished step, for a room that knows its files and not what else it says; None if it did not happen."""
    raw = _raw(store, round_id, step)
    try:
        return None if raw is None else Outputs(store, round_id, step, _files(raw))
    except WRONG as error:
        raise StoreError(_unreadable(store, round_id, step, type(error).__name__)) from None


def run_step(
    store: Store, round_id: str, step: Step[F], inputs: Any, work: Callable[[Writer], F], *, closed: bool = False
) -> Done[F]:
    """Runs ``work`` unless the step is already done with equal ``inputs`` (any JSON value); returns its :class:`Done`.

    ``work`` writes its files through the :class:`Writer` and returns its facts. A step with an output that is gone or changed
    is made again, and the log says so. With ``closed`` nothing new may enter the round: :class:`RoundClosed` unless the step
    was done with the same inputs.
    """
    digest = step.digest(inputs)
    if (done := _same(store, round_id, step, digest)) is not None:
        return done
    if closed:
        raise RoundClosed(f"round {round_id} is closed; this {step.name} of {store.owner} goes to the next round")
    writer = Writer(store, f"rounds/{round_id}/{step.name}")
    facts = _facts(step.facts).dump_python(work(writer), mode="json")
    files = {name: asdict(output) for name, output in sorted(writer.files.items())}
    record = {"format": FORMAT, "step": step.name, "inputs": digest, "versions": step.versions(), "outputs": files}
    _keep_earlier(store, round_id, step.name, record | {"facts": facts})
    store.write_json(_done_key(round_id, step.name), record | {"facts": facts})
    return Done(store, round_id, step.name, writer.files, digest, _facts(step.facts).validate_python(facts))


def _same(store: Store, round_id: str, step: Step[F], digest: str) -> Done[F] | None:
    """The finished step of these very inputs, with all its outputs."""
    if (raw := _raw(store, round_id, step.name)) is None or raw.get("inputs") != digest:
        return None
    done = read_done(store, round_id, step)
    if done is None or not (broken := done.broken()):
        return done
    log.warning("%s", broken)
    return None


def _keep_earlier(store: Store, round_id: str, step: str, record: Mapping[str, Any]) -> None:
    """What the step said before, if it now says something else: a statement of it may be in the ledger, or still to come."""
    if store.exists(key := _done_key(round_id, step)):
        data = store.read_bytes(key)
        if _any_json(store, key) == record:
            return
        store.create_bytes(f"rounds/{round_id}/{step}/{digest_bytes(data)[:16]}-{DONE}", data)


def done_records(store: Store, round_id: str, step: str) -> list[Record]:
    """All that a step said of itself in a round, the newest last; whatever is none is left out."""
    folder = f"rounds/{round_id}/{step}"
    names = [name for name in store.children(folder) if name.endswith(f"-{DONE}")]
    raws = [_any_json(store, f"{folder}/{name}") for name in [*names, DONE] if store.exists(f"{folder}/{name}")]
    return list(filter(None, map(_record, raws)))


def _record(raw: Any) -> Record | None:
    try:
        return Record.of(raw) if raw["format"] == FORMAT else None
    except WRONG:
        return None


def _any_json(store: Store, key: str) -> Any:
    try:
        return store.read_json(key)
    except ValueError:
        return None


def _done_key(round_id: str, step: str) -> str:
    return f"rounds/{round_id}/{step}/{DONE}"


def _raw(store: Store, round_id: str, step: str) -> Mapping[str, Any] | None:
    if not store.exists(key := _done_key(round_id, step)):
        return None
    try:
        raw = store.read_json(key)
    except ValueError:
        raise StoreError(_unreadable(store, round_id, step, "not JSON")) from None
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise StoreError(
            f"{store.owner}: {key!r} has format {found!r}; this release reads format {FORMAT}. Use the release that wrote it, "
            f"or remove {key.removesuffix('/done.json')!r} and run the step again"
        )
    return dict(raw)


def _unreadable(store: Store, round_id: str, step: str, why: str) -> str:
    key = _done_key(round_id, step)
    return f"{store.owner}: {key!r} does not say what step {step!r} says ({why}); remove it and run the step again"


def _files(raw: Mapping[str, Any]) -> dict[str, Output]:
    return {str(name): Output(str(given["key"]), str(given["sha256"])) for name, given in raw["outputs"].items()}


def _facts(facts: type[F]) -> TypeAdapter[F]:
    """Between the dataclass of a step's facts and JSON."""
    if facts not in ADAPTERS:
        ADAPTERS[facts] = TypeAdapter(facts)
    return ADAPTERS[facts]
