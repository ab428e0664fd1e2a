"""Roots on a chain: append only, by one keeper. The contract runs in py-evm (eth-tester), behind JSON-RPC as a node has it.

``make test-long`` installs eth-tester, py-evm and Vyper into an environment of their own (``.venv/evm``), since they pin
libraries that this project uses otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from made import ORIGIN, made
from support import ROOT

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.audit import Colour
from decai_forecast.ledger.audit.anchored import ChainCheck
from decai_forecast.ledger.evm import EvmAnchor, deploy, root_there
from decai_forecast.ledger.evm.anchor import ANCHOR, CONTRACT, _data
from decai_forecast.ledger.evm.node import Node
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note

OWN = Path(__file__).with_name("evm")
PYTHON = Path(os.environ.get("DECAI_EVM", ROOT / ".venv/evm")) / "bin/python"


def note(size: int, letter: bytes = b"r") -> Note:
    return Checkpoint(ORIGIN, size, letter * 32).note()


def needed() -> str:
    if not PYTHON.exists():
        missing = f"{PYTHON}: eth-tester is not installed; `make test-long` does it"
        # whoever has not installed it may go on; CI installs it, and there its absence is a fault
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return str(PYTHON)


@pytest.fixture(scope="module")
def chain() -> Iterator[Node]:
    """A node with two accounts."""
    with subprocess.Popen([needed(), str(OWN / "chain.py")], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield Node(running.stdout.readline().strip())
        running.kill()


@pytest.fixture
def anchor(chain: Node) -> EvmAnchor:
    """A new contract of the first account."""
    keeper = chain.call("eth_accounts")[0]
    return EvmAnchor(chain, deploy(chain, keeper), keeper)


@pytest.mark.long
def test_a_root_is_kept_once_and_read_by_anybody(anchor: EvmAnchor) -> None:
    """The same again sends nothing; what was not told is not there."""
    assert anchor.publish(note(14)) == anchor.publish(note(14)) == f"{anchor.contract}#14"
    assert root_there(anchor.node, anchor.contract, 14) == b"r" * 32
    assert root_there(anchor.node, anchor.contract, 15) is None
    assert anchor.publish(note(20, b"s")).endswith("#20")
    assert root_there(anchor.node, anchor.contract, 14) == b"r" * 32


@pytest.mark.long
def test_it_only_grows(anchor: EvmAnchor) -> None:
    """Another root of the same size contradicts; a smaller size is reverted by the contract itself."""
    anchor.publish(note(14))
    with pytest.raises(LedgerError, match="another root"):
        anchor.publish(note(14, b"s"))
    with pytest.raises(LedgerError, match="not larger"):
        anchor.publish(note(13))
    sent = {"from": anchor.account, "to": anchor.contract, "data": _data(ANCHOR, 14, b"s" * 32)}
    digest = anchor.node.call("eth_sendTransaction", sent)
    assert anchor.node.call("eth_getTransactionReceipt", digest)["status"] == "0x0"
    assert root_there(anchor.node, anchor.contract, 14) == b"r" * 32


@pytest.mark.long
def test_a_stranger_anchors_nothing(anchor: EvmAnchor) -> None:
    """The second account of the same node."""
    stranger = EvmAnchor(anchor.node, anchor.contract, anchor.node.call("eth_accounts")[1])
    with pytest.raises(LedgerError, match="not the keeper"):
        stranger.publish(note(14))
    assert root_there(anchor.node, anchor.contract, 14) is None


@pytest.mark.long
def test_an_audit_compares_the_chain_with_the_log(anchor: EvmAnchor, tmp_path: Path) -> None:
    """The same root is green, another one or a log that is shorter is red; an empty contract says nothing."""
    log = made(tmp_path)
    check = ChainCheck(anchor.node.address, anchor.contract)
    assert log.lines(anchors=(check,))["anchors"].colour is Colour.NONE
    anchor.publish(Note.parse(log.files.read("checkpoint") or b""))
    assert log.lines(anchors=(check,))["anchors"].colour is Colour.GREEN
    anchor.publish(note(20))
    assert log.red(anchors=(check,)) == {"anchors": [(f"{anchor.contract}#20", "log_rewound")]}


@pytest.mark.long
def test_the_bytes_are_those_of_the_source() -> None:
    """Compiled once more by Vyper."""
    command = [needed(), str(OWN / "compile.py"), str(CONTRACT.with_name("anchor.vy"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == json.loads(CONTRACT.read_text(encoding="utf-8"))


@pytest.mark.long
def test_another_address_is_no_contract(chain: Node) -> None:
    """Of an account, such as one that was typed wrongly."""
    with pytest.raises(LedgerError, match="is it the address of the contract"):
        root_there(chain, chain.call("eth_accounts")[1], 14)


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"error": "x"}', b'{"id": 1}'])
def test_what_is_no_node_is_named(body: bytes) -> None:
    """With its address and status."""

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(LedgerError, match="answers 404, and no JSON-RPC"):
        Node(f"http://127.0.0.1:{server.server_port}").call("eth_accounts")
    server.shutdown()
    server.server_close()
    with pytest.raises(LedgerError, match="does not answer"):
        Node("http://127.0.0.1:9").call("eth_accounts")
