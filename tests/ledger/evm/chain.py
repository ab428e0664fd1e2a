"""A chain in this process (eth-tester on py-evm) behind JSON-RPC, as a node with two accounts has it; prints its address."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed

CHAIN = EthereumTester(PyEVMBackend())


def plain(given: dict[str, str]) -> dict[str, object]:
    """eth-tester wants numbers, JSON-RPC has them in hexadecimal digits."""
    return {name: int(value, 16) if name in ("gas", "value") else value for name, value in given.items()}


def receipt(digest: str) -> dict[str, object]:
    found = CHAIN.get_transaction_receipt(digest)
    return {
        "status": hex(found["status"]),
        "contractAddress": found["contract_address"],
        "blockNumber": hex(found["block_number"]),
    }


METHODS = {
    "eth_accounts": lambda: list(CHAIN.get_accounts()[:2]),
    "eth_sendTransaction": lambda given: CHAIN.send_transaction(plain({"gas": hex(1_000_000)} | given)),
    "eth_call": lambda given, block: CHAIN.call(plain({"from": CHAIN.get_accounts()[0]} | given), block),
    "eth_getTransactionReceipt": receipt,
    "eth_getCode": CHAIN.get_code,
}


class Node(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            answer = {"result": METHODS[asked["method"]](*asked["params"])}
        except TransactionFailed as error:
            answer = {"error": {"code": 3, "message": f"execution reverted: {error}"}}
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"]} | answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Node)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
