"""What a shared forecaster comes from: its model files, the rounds that grew them, and the deliveries of those rounds, without
the name of any company.

A delivery is shown as the salted digest that its company signed. Whoever has the log finds the statement and checks it; to
anybody else it is a number that says nothing, and another one each round.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.audit.chronicle import Chronicle, Claim
from decai_forecast.ledger.files import PublicSource

__all__ = ["Ancestor", "Forecaster", "ancestry"]


@dataclass(frozen=True)
class Ancestor:
    """A file of models: ``round`` grew it, ``entry`` of the log states it. ``signed``: how many of its models all who grew them
    have signed; ``deliveries``: salted digests, of the companies that trained in that round, in no order of theirs."""

    file: str
    sha256: str
    round: str
    entry: int
    signed: int
    deliveries: tuple[str, ...]


@dataclass(frozen=True)
class Forecaster:
    """Of ``round``: trained by ``strategy``; ``ancestors``: the newest last."""

    round: str
    entry: int
    strategy: str
    ancestors: tuple[Ancestor, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"the forecaster of round {self.round} (entry {self.entry}), strategy {self.strategy}"
        for one in self.ancestors:
            yield f"  {one.file}, grown in round {one.round} (entry {one.entry}), SHA-256 {one.sha256}"
            yield f"    {one.signed} models signed by all who grew them; from {len(one.deliveries)} deliveries:"
            yield from (f"      {digest}" for digest in one.deliveries)


def ancestry(public: PublicSource, chronicle: Chronicle, round_id: str) -> Forecaster:
    """By a log that was audited (``chronicle``). :class:`LedgerError` (``round_unstated``) where it has no forecaster of the
    round."""
    key = f"rounds/{round_id}/shared.json"
    claims = chronicle.files.get(key)
    if not claims:
        raise LedgerError("round_unstated", f"the log has no shared forecaster of round {round_id}; name one that was closed")
    try:
        shared = json.loads(json.loads(public.read(key) or b"")["body"])
        files = sorted({str(file["key"]) for file in shared["models"].values()})
        ancestors = [_ancestor(chronicle, file) for file in files]
        strategy = str(shared["strategy"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LedgerError("file_malformed", f"{key}: it is no message on a shared forecaster; get the file again") from None
    return Forecaster(round_id, claims[0].entry, strategy, tuple(sorted(ancestors, key=lambda one: (one.round, one.file))))


def _ancestor(chronicle: Chronicle, file: str) -> Ancestor:
    first: Claim = min(chronicle.files[file], key=lambda claim: claim.entry)
    members, deliveries = chronicle.members.get(first.round, ()), chronicle.heard.get(first.round, {})
    hidden = sorted(deliveries[name] for name in members if name in deliveries)
    signed = len({one.model for one in chronicle.certificates.get(file, ())})
    return Ancestor(file, first.digest, first.round, first.entry, signed, tuple(hidden))
