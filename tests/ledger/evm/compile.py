"""Compiles the contract with Vyper and prints what decai_forecast/ledger/evm/anchor.json must hold: python compile.py FILE."""

import json
import sys
from pathlib import Path

import vyper
from vyper import compile_code
from vyper.compiler.settings import Settings

EVM = "paris"  # without opcodes that some chains do not have yet


def main(path: Path) -> None:
    made = compile_code(path.read_text(), output_formats=["bytecode", "method_identifiers"], settings=Settings(evm_version=EVM))
    print(
        json.dumps(
            {
                "compiler": f"vyper {vyper.__version__.split('+')[0]}",
                "evm_version": EVM,
                "methods": made["method_identifiers"],
                "bytecode": made["bytecode"],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
