"""A company's answer to a call to train exactly: it joins the others at the relay; its digest of the model leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from decai_forecast.federation.asked import Asked
from decai_forecast.federation.disclosure import record_disclosure
from decai_forecast.federation.exact.node import Call, Connect, connect_here, connect_over_tls, train_on_call
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.identity import Keyring

__all__ = ["answer"]


def answer(asked: Asked) -> Mapping[str, Any]:
    """Trains one model together with everybody on the roster; the model goes to the coordinator if it asks for it here."""
    rows, plan, call = asked.rows, asked.plan, Call.from_config(asked.values)
    records, keyring = TrainingRecords(asked.store, plan.round_id), Keyring(asked.store)
    trained = train_on_call(
        call, plan, asked.cutoff, rows.X, rows.target, rows.weight, rows.newest, records, keyring, _recorded(asked), asked.node
    )
    digest = {"digest": hashlib.sha256(trained.text.encode()).digest()}
    if call.speaker != asked.partner:
        return digest
    return digest | {"model": trained.text.encode(), "certificate": trained.certificate.to_bytes()}


def _recorded(asked: Asked) -> Connect:
    """The way to the relay, which is written down before the first sum leaves."""
    node = asked.node
    connect = partial(connect_over_tls, str(node["relay"]), Path(str(node["keys"]))) if "relay" in node else connect_here

    def joined(*call: Any) -> Any:
        record_disclosure(asked.store, asked.plan.round_id, asked.plan.strategy)
        return connect(*call)

    return joined
