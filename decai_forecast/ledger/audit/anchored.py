"""What was shown to somebody outside of the network, against the log: of each size the same root.

An anchor needs no signature to be compared: whoever keeps it is believed to have kept it, and a time stamp has its authority's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.anchors import anchor_faults
from decai_forecast.ledger.audit.lines import Colour, Fault, Line, line_of
from decai_forecast.ledger.audit.tree import Tree
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note

__all__ = ["AnchorCheck", "ChainCheck", "FolderCheck"]

AnchorCheck = Callable[[Tree], Line]


@dataclass(frozen=True)
class FolderCheck:
    """``folder``: of copies (``.checkpoint``), some with a time stamp (``.tsr``); ``authority``: the certificate (PEM) that the
    auditor believes, needed where there are time stamps."""

    folder: Path
    authority: Path | None = None

    def __call__(self, tree: Tree) -> Line:
        copies = sorted(self.folder.glob("*.checkpoint"))
        faults = [fault for copy in copies for fault in self._faults(copy, tree)]
        stamps = sum(copy.with_suffix(".tsr").exists() for copy in copies)
        text = f"{len(copies):,} checkpoints of {self.folder.name}, {stamps:,} with a time stamp, are those of the log"
        return line_of("anchors", text, faults) if copies else Line("anchors", Colour.NONE, f"{self.folder}: no checkpoint")

    def _faults(self, copy: Path, tree: Tree) -> Iterator[Fault]:
        try:
            checkpoint = Checkpoint.parse(Note.parse(copy.read_bytes()).text)
        except ValueError as error:
            yield Fault(copy.name, "log_checkpoint", str(error))
            return
        yield from root_faults(copy.name, checkpoint.size, checkpoint.root, tree)
        stamp = copy.with_suffix(".tsr")
        if stamp.exists() and (why := self._stamp_fault(copy, stamp)):
            yield Fault(stamp.name, "anchor_stamp", why)

    def _stamp_fault(self, copy: Path, stamp: Path) -> str:
        if self.authority is None:
            return "a time stamp is checked by its authority's certificate: name it with --authority"
        return anchor_faults(copy, stamp, self.authority)


@dataclass(frozen=True)
class ChainCheck:
    """``address``: of a node's JSON-RPC; ``contract``: its address."""

    address: str
    contract: str

    def __call__(self, tree: Tree) -> Line:
        from decai_forecast.ledger.evm import newest_size, root_there
        from decai_forecast.ledger.evm.node import Node

        node = Node(self.address)
        try:
            size = newest_size(node, self.contract)
            root = root_there(node, self.contract, size) if size else None
        except LedgerError as error:
            return line_of("anchors", f"the contract {self.contract}", [Fault(self.contract, error.code, str(error))])
        if root is None:
            return Line("anchors", Colour.NONE, f"the contract {self.contract} was told of no checkpoint")
        text = f"the newest root of the contract {self.contract}, over {size:,} entries, is that of the log"
        return line_of("anchors", text, list(root_faults(f"{self.contract}#{size}", size, root, tree)))


def root_faults(place: str, size: int, root: bytes, tree: Tree) -> Iterator[Fault]:
    """Of an anchored root, against the log that is there."""
    if size > tree.size:
        yield Fault(place, "log_rewound", f"the log has {tree.size:,} entries, and had {size:,} when it was anchored")
    elif len(tree.leaves) >= size and tree.root(size) != root:
        yield Fault(place, "anchor_contradicts", f"the first {size:,} entries are other ones than when it was anchored")
