"""A writer of a log that is forked for each line of its input, to be killed at a system call: python killed_writer.py.

A line: the folder of the log, a pipe with a name, a seed. The writer appends, publishes and has checkpoints cosigned for ever,
and tells through the pipe up to which entry all are kept. The process that forks makes none of the calls of ``CALLS`` itself.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from decai_forecast.ledger.files import StoreFiles
from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.keeper import Keeper
from decai_forecast.ledger.log import Log
from decai_forecast.ledger.watching import watch_log
from decai_forecast.ledger.witness import Witness
from decai_forecast.store import Store

__all__ = ["CALLS", "files_in", "keeper_in"]

CALLS = ("write", "fsync", "link,linkat", "rename,renameat,renameat2", "unlink,unlinkat", "mkdir,mkdirat")
KEY, WITNESS = (Ed25519PrivateKey.from_private_bytes(letter * 32) for letter in (b"k", b"w"))


def files_in(folder: Path) -> StoreFiles:
    return StoreFiles(Store(folder / "public", "public"))


def keeper_in(folder: Path) -> Keeper:
    """The log of ``folder`` with one witness, who is its quorum."""
    log = Log("o/log", KEY, Store(folder / "own", "own"), files_in(folder))
    witness = VerifierKey("o/log/w", SignatureKind.COSIGNATURE, WITNESS.public_key().public_bytes_raw())
    return Keeper(log, log._files, Policy((log.verifier,), {"w": witness}, {}, "w"))


def write(folder: Path, pipe: str, seed: str) -> None:
    """Until it is killed: batches of one to 300 entries, so that tiles become full; not every one is published, not every
    checkpoint is cosigned."""
    keeper, chance = keeper_in(folder), random.Random(seed)
    own = Witness("o/log/w", WITNESS, {"o/log": (keeper.log.verifier,)}, Store(folder / "witness", "w"))
    told = os.open(pipe, os.O_WRONLY)
    while True:
        at = keeper.log.size
        keeper.log.append([b"%d" % number for number in range(at, at + chance.choice((1, 2, 7, 60, 300)))])
        os.write(told, b"%d\n" % keeper.log.size)
        if chance.random() < 0.5:
            keeper.log.publish()
        if chance.random() < 0.5 and (seen := watch_log(own, "o/log", keeper.files)) is not None:
            keeper.cosigned(seen.checkpoint.size, [str(seen.line)])


def main() -> None:
    for line in sys.stdin:
        folder, pipe, seed = line.split()
        if os.fork() == 0:
            try:
                write(Path(folder), pipe, seed)
            finally:
                os._exit(3)  # it must be killed, and not end
        if os.waitstatus_to_exitcode(os.wait()[1]) != -signal.SIGKILL:
            sys.exit(1)  # it ended by itself


if __name__ == "__main__":
    main()
