"""What a participant approved between rounds: kept where it was decided, stated with the participant's next round.

::

    <own store>/ledger/approvals/<matter>-<digest>.json   what, and when
    <own store>/ledger/approvals/stated/<the same>        that it is signed
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from decai_forecast.ledger.admission import moment, written
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Approved, Approver, Matter, public_subject
from decai_forecast.store import Store, digest_json

__all__ = ["note_approval", "state_approvals"]

FOLDER = "ledger/approvals"


def note_approval(store: Store, matter: Matter, what: str, digest: str) -> None:
    """An operator of the owner of ``store`` approved ``what`` (such as ``keys/acme``), of this SHA-256; once for each."""
    note = {"matter": matter.value, "what": what, "digest": digest}
    key = f"{FOLDER}/{matter}-{digest_json(note)[:16]}.json"
    if not store.exists(key):
        store.write_json(key, note | {"at": written(datetime.now(UTC))})


def state_approvals(notebook: Notebook) -> None:
    """Signs those that no round has stated yet, each with the time of the approval."""
    for name in notebook.store.children(FOLDER):
        mark = f"{FOLDER}/stated/{name}"
        if not name.endswith(".json") or notebook.store.exists(mark):
            continue
        note = notebook.store.read_json(f"{FOLDER}/{name}")
        then = replace(notebook, clock=partial(moment, note["at"]))
        subject = public_subject(note["what"], note["digest"])
        then.state(Approved, (subject,), matter=Matter(note["matter"]), approver=Approver.OPERATOR)
        notebook.store.create_bytes(mark, notebook.round.encode())  # last: a kill before it states it in two rounds
