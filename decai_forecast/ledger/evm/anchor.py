"""The contract ``anchor.vy``, from outside: put there once, told of each checkpoint, asked for a root by anybody.

``anchor.json`` is made from it by Vyper (``tests/ledger/evm/compile.py``). Its calls have words of 32 bytes only, so that no
library is needed to write them: four bytes that name the method, then size and root.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.evm.node import Node
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note

__all__ = ["EvmAnchor", "deploy", "newest_size", "root_there"]

CONTRACT = Path(__file__).with_name("anchor.json")
NOTHING = bytes(32)  # what a chain has where nothing was written
ANCHOR, ROOTS, SIZE = "anchor(uint64,bytes32)", "roots(uint64)", "size()"


def deploy(node: Node, account: str) -> str:
    """Puts the contract on the chain; its address. Only ``account`` can anchor there."""
    receipt = node.sent({"from": account, "data": str(_contract()["bytecode"])})
    return str(receipt["contractAddress"])


def root_there(node: Node, contract: str, size: int) -> bytes | None:
    """The root that the contract has over ``size`` entries; None if it was not told. :class:`LedgerError` if no such contract
    is there."""
    root = _word(node, contract, _data(ROOTS, size))
    return None if root == NOTHING else root


def newest_size(node: Node, contract: str) -> int:
    """How many entries the newest checkpoint has that the contract was told of; 0 before the first."""
    return int.from_bytes(_word(node, contract, str(_contract()["methods"][SIZE])), "big")


def _word(node: Node, contract: str, data: str) -> bytes:
    answer = node.call("eth_call", {"to": contract, "data": data}, "latest")
    try:
        word = bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError:
        word = b""
    if len(word) != len(NOTHING):
        raise LedgerError("anchor_refused", f"{node.address}: {contract} has no roots; is it the address of the contract?")
    return word


@dataclass(frozen=True)
class EvmAnchor:
    """``contract``: its address; ``account``: of the node, which pays and must be the one that deployed it."""

    node: Node
    contract: str
    account: str

    def publish(self, note: Note) -> str:
        """Where it is: ``<contract>#<size>``."""
        checkpoint = Checkpoint.parse(note.text)
        there = root_there(self.node, self.contract, checkpoint.size)
        if there is None:
            data = _data(ANCHOR, checkpoint.size, checkpoint.root)
            self.node.sent({"from": self.account, "to": self.contract, "data": data})
        elif there != checkpoint.root:
            text = f"{self.contract} has another root than the log's checkpoint over {checkpoint.size} entries"
            raise LedgerError("anchor_contradicts", text)
        return f"{self.contract}#{checkpoint.size}"


def _data(method: str, size: int, root: bytes = b"") -> str:
    return str(_contract()["methods"][method]) + size.to_bytes(32, "big").hex() + root.hex()


def _contract() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return value
