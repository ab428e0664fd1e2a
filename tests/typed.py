"""`decai` as a person types it, without starting Python each time: a child of a process that has imported it once.

A command alone costs four seconds of a processor, nearly all of them to import. The child ends as the real one does: ``main``
runs to its end, and its exit code, its output and its working directory are its own.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from support import ROOT

LIMIT = 300  # seconds: only a hang takes so long
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["decai_forecast.cli", "decai_forecast.contracts.check.gx", "pandas"])


def decai(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What the command answers, and with which exit code."""
    with TemporaryDirectory() as folder:
        given = [str(argument) for argument in arguments]
        child = FORKED.Process(target=_run, args=(given, folder))
        child.start()
        child.join(LIMIT)
        assert child.exitcode is not None, f"decai {' '.join(given)} did not end"
        output, errors = (Path(folder, name).read_text() for name in ("output", "errors"))
    return subprocess.CompletedProcess(given, child.exitcode, output, errors)


def _run(arguments: list[str], folder: str) -> None:
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(Path(folder, name), os.O_CREAT | os.O_WRONLY), number)
    os.chdir(ROOT)
    sys.argv = ["decai", *arguments]
    from decai_forecast.cli import main

    main()
