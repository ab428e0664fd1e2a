"""A company's end of the link over HTTPS: it connects outwards, tries again what passes, and goes on with half a download."""

from __future__ import annotations

import httpx

from decai_forecast.errors import LinkError, MalformedMessage, StoreError
from decai_forecast.identity import Keyring
from decai_forecast.link.calls import USUAL, Calls, Passing, Patience, answered, code_of_answer
from decai_forecast.link.envelope import Kind, sealed
from decai_forecast.link.messages import Cosignature, Figures, Statements, Submission
from decai_forecast.link.protocol import CompanyLink
from decai_forecast.link.published import PublicReader, is_public, largest_public
from decai_forecast.link.tls import TlsFiles
from decai_forecast.link.vouched import vouched_keys
from decai_forecast.network import COORDINATOR

__all__ = ["CompanyHttps"]


class CompanyHttps(PublicReader, CompanyLink):
    """``url``: of the coordinator's service; ``keyring``: the company's own, to sign with, and with the coordinator's key."""

    def __init__(self, url: str, tls: TlsFiles, keyring: Keyring, patience: Patience = USUAL) -> None:
        self._calls, self._keyring = Calls(url, tls, patience), keyring

    def submit(self, submission: Submission) -> None:
        self._send(submission, Kind.SUBMISSION, submission.round)

    def give_figures(self, round_id: str, figures: Figures) -> None:
        self._send(figures, Kind.FIGURES, round_id)

    def give_statements(self, round_id: str, statements: Statements) -> None:
        self._send(statements, Kind.STATEMENTS, round_id)

    def give_cosignature(self, round_id: str, cosignature: Cosignature) -> None:
        self._send(cosignature, Kind.COSIGNATURE, round_id)

    def _send(self, message: object, kind: Kind, round_id: str) -> None:
        data = sealed(message, kind, round_id, self._keyring.identity())
        answer = self._calls.tried(lambda client: answered(client.put(f"/v1/rounds/{round_id}/{kind}", content=data)))
        if answer.status_code != httpx.codes.NO_CONTENT:
            code = code_of_answer(answer)
            raise LinkError(code, f"{self._calls.url} does not take the {kind} for round {round_id}: {code}")

    def _read(self, key: str) -> bytes | None:
        if not is_public(key):
            raise StoreError(f"public: {key!r} is outside this participant's store; use a relative key")
        return self._calls.tried(_Download(key).go_on)

    def _exists(self, key: str) -> bool:
        return self._read(key) is not None

    def _coordinator_key(self) -> bytes | None:
        return self._keyring.pinned().get(COORDINATOR)

    def _vouched_keys(self, key: str, data: bytes) -> tuple[bytes, ...]:
        return vouched_keys(self._keyring, key, data)


class _Download:
    """A public file, of which half may be here already."""

    def __init__(self, key: str) -> None:
        self._path, self._tag, self._data = f"/v1/public/{key}", "", bytearray()
        self._largest = largest_public(key)

    def go_on(self, client: httpx.Client) -> bytes | None:
        """All of it; None if it is not there."""
        with client.stream("GET", self._path, headers=self._wanted()) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answered(answer).status_code == httpx.codes.FORBIDDEN:
                answer.read()
                raise LinkError(code := code_of_answer(answer), f"{self._path}: the coordinator does not show it: {code}")
            if not self._goes_on(answer):
                self._data.clear()
            self._tag = answer.headers.get("etag", "")
            for part in answer.iter_raw():
                self._data += part
                if len(self._data) > self._largest:
                    raise MalformedMessage(f"the {COORDINATOR} sent a malformed message: $: more than {self._largest:,} bytes")
        return bytes(self._data)

    def _wanted(self) -> dict[str, str]:
        rest = {"range": f"bytes={len(self._data)}-", "if-range": self._tag} if self._data and self._tag else {}
        return {"accept-encoding": "identity"} | rest

    def _goes_on(self, answer: httpx.Response) -> bool:
        """Whether what comes follows what is here."""
        if answer.status_code == httpx.codes.OK:
            return False
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            raise LinkError("link_unreachable", f"{self._path}: the service answers {answer.status_code}")
        if not answer.headers.get("content-range", "").startswith(f"bytes {len(self._data)}-"):
            self._data.clear()
            raise Passing("another part of the file than the one that was asked for")
        return True
