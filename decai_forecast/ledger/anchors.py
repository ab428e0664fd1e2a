"""Anchors: a checkpoint is shown to somebody outside of the network, so that not all participants together can change it.

One protocol, four kinds: ``none``; ``file``, a copy at another place, once for each size; ``rfc3161``, signed with its time by
a time stamp authority (RFC 3161), whose answer ``openssl ts -verify`` checks; ``evm``, a contract on a chain (``evm/``).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from decai_forecast.conditional_put import whole_file
from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.store import Store

__all__ = ["Anchor", "FileAnchor", "NoAnchor", "TimeStampAnchor", "anchor_faults"]

SECONDS = 30.0  # until an authority that does not answer is given up
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class Anchor(Protocol):
    """Somebody outside."""

    def publish(self, note: Note) -> str:
        """Shows the checkpoint; where the receipt lies, empty if there is none. The same again changes nothing.
        :class:`LedgerError` if it is not taken."""


class NoAnchor:
    """Nobody outside."""

    def publish(self, note: Note) -> str:
        del note
        return ""


@dataclass(frozen=True)
class FileAnchor:
    """A place that the network's participants cannot write to again: ``store``, such as a bucket with a lock."""

    store: Store

    def publish(self, note: Note) -> str:
        checkpoint = Checkpoint.parse(note.text)
        key = f"{checkpoint.size:012}.checkpoint"
        if not self.store.create_bytes(key, note.to_bytes()):
            there = Note.parse(self.store.read_bytes(key))
            if there.text != note.text:
                text = f"{self.store.owner}: {key} has another root than the log's checkpoint over {checkpoint.size} entries"
                raise LedgerError("anchor_contradicts", text)
        return key


@dataclass(frozen=True)
class TimeStampAnchor:
    """``address``: of a time stamp authority; ``folder``: for checkpoints (``.checkpoint``) and its answers (``.tsr``)."""

    address: str
    folder: Path

    def publish(self, note: Note) -> str:
        size = Checkpoint.parse(note.text).size
        answer = self.folder / f"{size:012}.tsr"
        if not answer.exists():
            stamp = self._asked(note.to_bytes())
            _put(answer.with_suffix(".checkpoint"), note.to_bytes())
            _put(answer, stamp)  # last, and whole: where it is, nobody is asked again
        return str(answer)

    def _asked(self, data: bytes) -> bytes:
        import httpx

        try:
            reply = httpx.post(self.address, content=_query(data), headers={"content-type": QUERY}, timeout=SECONDS)
        except httpx.TransportError as error:
            text = f"{self.address} does not answer ({type(error).__name__}); the next run tries again"
            raise LedgerError("anchor_unreachable", text) from None
        if reply.status_code != httpx.codes.OK or reply.headers.get("content-type", "").split(";")[0] != REPLY:
            raise LedgerError("anchor_unreachable", f"{self.address} answers {reply.status_code}, and no time stamp")
        if not _is_granted(reply.content):
            raise LedgerError("anchor_unreachable", f"{self.address} grants no time stamp; the next run asks again")
        return reply.content


def anchor_faults(checkpoint: Path, answer: Path, authority: Path) -> str:
    """What is wrong with a time stamp of a checkpoint, as ``openssl ts -verify`` says it; empty if it holds. ``authority``: the
    certificate (PEM) that the auditor believes."""
    command = ["ts", "-verify", "-data", str(checkpoint), "-in", str(answer), "-CAfile", str(authority)]
    done = _openssl(command)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-1]


def _put(path: Path, data: bytes) -> None:
    with whole_file(path, data) as part:
        os.replace(part, path)


def _query(data: bytes) -> bytes:
    """The question of RFC 3161 for the SHA-256 of ``data``, which asks for the authority's certificate, too."""
    with tempfile.TemporaryDirectory(prefix="decai-anchor-") as folder:
        path = Path(folder) / "data"
        path.write_bytes(data)
        done = _openssl(["ts", "-query", "-data", str(path), "-sha256", "-cert"])
    if done.returncode != 0:
        raise LedgerError("anchor_openssl", "openssl made no question for a time stamp; is it installed, version 1.1 or later?")
    return done.stdout


def _is_granted(answer: bytes) -> bool:
    """An authority may also answer that it refuses, in the same form."""
    with tempfile.TemporaryDirectory(prefix="decai-anchor-") as folder:
        path = Path(folder) / "answer"
        path.write_bytes(answer)
        done = _openssl(["ts", "-reply", "-in", str(path), "-text"])
    return done.returncode == 0 and b"Status: Granted." in done.stdout


def _openssl(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["openssl", *arguments], capture_output=True, check=False, timeout=SECONDS)
    except FileNotFoundError:
        raise LedgerError("anchor_openssl", "openssl is not installed; the anchor rfc3161 needs it") from None
