"""What was published, against what was stated of it: bytes of files, members of rounds, and who signed each model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.errors import FederationError
from decai_forecast.ledger.audit.chronicle import Chronicle, Claim
from decai_forecast.ledger.audit.lines import Fault
from decai_forecast.ledger.files import PublicSource
from decai_forecast.ledger.names import fingerprint
from decai_forecast.store import digest_bytes
from decai_forecast.strategies import strategy_of

__all__ = ["Models", "file_faults", "member_faults"]

NO_CLAIM = ("progress.json",)  # written anew while a training runs
FOLDERS = ("rounds", "shared")


def file_faults(public: PublicSource, chronicle: Chronicle, round_id: str) -> list[Fault]:
    """Of files that are gone, or not those that were stated, or of which nothing was stated."""
    faults = list[Fault]()
    for key, claims in sorted(chronicle.files.items()):
        faults += _of_file(public.read(key), key, [claim for claim in claims if round_id in ("", claim.round)])
    return faults + [
        Fault(key, "file_unstated", "it was published, and no statement of the coordinator names it")
        for key in _keys(public, round_id)
        if key not in chronicle.files
    ]


def member_faults(chronicle: Chronicle, round_id: str) -> list[Fault]:
    """Of companies that trained in a round, and of which nothing is in the log."""
    return [
        Fault(f"round {one}", "member_silent", f"{member} trained in it, and no submission of it is in the log")
        for one, members in sorted(chronicle.members.items())
        for member in members
        if round_id in ("", one) and member not in chronicle.heard[one]
    ]


def _of_file(data: bytes | None, key: str, claims: list[Claim]) -> Iterator[Fault]:
    for claim in claims:
        if data is None:
            yield Fault(key, "file_missing", f"not there; entry {claim.entry} states it")
        elif digest_bytes(data) != claim.digest:
            yield Fault(key, "file_changed", f"its bytes are not those that entry {claim.entry} states")


def _keys(public: PublicSource, round_id: str) -> Iterator[str]:
    for folder in FOLDERS:
        for name in public.names(folder):
            of_round = folder == "shared" or round_id in ("", name.split("/")[0])
            if of_round and not name.endswith(NO_CLAIM):
                yield f"{folder}/{name}"


class Models:
    """The models of published files: each is signed by all who grew it, where its strategy has them sign."""

    def __init__(self, public: PublicSource, chronicle: Chronicle, keys: Mapping[str, list[bytes]]) -> None:
        self.models = self.signed = 0
        self.faults = list[Fault]()
        self._public, self._chronicle = public, chronicle
        self._keys = {name: some for name, some in keys.items() if some}

    def check(self, round_id: str) -> None:
        """All that are named in the round; in all rounds, if it is empty."""
        for key, (strategy, minimum) in sorted(self._named(round_id).items()):
            self._check_file(key, strategy, minimum)

    def _named(self, round_id: str) -> dict[str, tuple[str, int]]:
        """Model files -> by which strategy they were trained, and how many companies must have signed them; by the first round
        that names them."""
        named = dict[str, tuple[str, int]]()
        for key in sorted(self._chronicle.files):
            if key.endswith("/shared.json") and round_id in ("", key.split("/")[1]):
                for file, terms in self._of_round(key):
                    named.setdefault(file, terms)
        return named

    def _of_round(self, key: str) -> Iterator[tuple[str, tuple[str, int]]]:
        try:
            shared = json.loads(json.loads(self._public.read(key) or b"")["body"])
            strategy, minimum = str(shared["strategy"]), int(shared["minimum"])
            for file in shared["models"].values():
                yield str(file["key"]), (strategy, minimum)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.faults.append(Fault(key, "file_malformed", "it is no message on a shared forecaster"))

    def _check_file(self, key: str, strategy: str, minimum: int) -> None:
        data = self._public.read(key)
        if data is None:
            self.faults.append(Fault(key, "file_missing", "not there; a round names it"))
            return
        try:
            models = json.loads(data)
            texts = _texts(models)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.faults.append(Fault(key, "file_malformed", "it holds no models"))
            return
        for name, text, certificate in texts:
            self.models += 1
            self._check_model(key, name, text, certificate, _must_sign(strategy), minimum)

    def _check_model(self, key: str, name: str, text: str, certificate: Any, must: bool, minimum: int) -> None:
        if certificate is None:
            if must or any(one.model == name for one in self._chronicle.certificates[key]):
                self.faults.append(Fault(f"{key} {name}", "model_unsigned", "no company has signed this model"))
            return
        stated = [one for one in self._chronicle.certificates[key] if one.model == name]
        if not any(one.text == digest_bytes(text.encode()) for one in stated):
            self.faults.append(Fault(f"{key} {name}", "model_unstated", "no statement names this model and its certificate"))
        try:
            self._check_certificate(key, name, text, certificate, minimum)
            self.signed += 1
        except FederationError as error:
            self.faults.append(Fault(f"{key} {name}", "model_certificate", str(error)))

    def _check_certificate(self, key: str, name: str, text: str, certificate: Any, minimum: int) -> None:
        """:class:`FederationError` if not all who are named signed this text."""
        from decai_forecast.federation.exact.certificate import Certificate

        Certificate.from_json(certificate).vouches(name, text, self._keys_then(key), minimum)

    def _keys_then(self, file: str) -> dict[str, list[bytes]]:
        """Without the keys that counted no more when the file was published."""
        entry = min((claim.entry for claim in self._chronicle.files.get(file, ())), default=0)
        counted = self._chronicle.times.counted
        return {name: [key for key in some if counted(fingerprint(key), entry)] for name, some in self._keys.items()}


def _texts(models: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Name, text and certificate of each model of a file."""
    cutoff, certificates = models["cutoff"], models["certificates"]
    texts = [(f"{cutoff}/{float(q)}", str(text), certificates.get(q)) for q, text in sorted(models["models"].items())]
    mean = [(f"{cutoff}/mean", str(models["mean"]), models.get("mean_certificate"))] if models.get("mean") else []
    return texts + mean


def _must_sign(strategy: str) -> bool:
    """Whether those who train by this strategy sign what they grow; one that is not known here signs nothing."""
    try:
        return bool(strategy) and strategy_of(strategy).needs_keys
    except Exception:
        return False
