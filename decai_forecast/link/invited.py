"""A company's end of the coordinator's desk: it hands over a paper about its keys, and asks what became of it."""

from __future__ import annotations

from functools import partial

import httpx

from decai_forecast.errors import LinkError, MalformedMessage
from decai_forecast.link.calls import Calls, answered, code_of_answer
from decai_forecast.network import COORDINATOR

__all__ = ["InvitedHttps", "KeysHttps"]

LARGEST = 64_000  # bytes of an admission: it has four thousand


class _Papers:
    """``what``: of which a refusal speaks."""

    what = ""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def _give(self, path: str, data: bytes) -> None:
        """Hands over the envelope; :class:`LinkError` with the code of why it is not taken."""
        answer = self._calls.tried(lambda client: answered(client.put(path, content=data)))
        if answer.status_code != httpx.codes.NO_CONTENT:
            self._refused(answer)

    def _asked(self, path: str, client: httpx.Client) -> bytes | None:
        with client.stream("GET", path) as answer:
            if answered(answer).status_code == httpx.codes.NOT_FOUND:
                return None
            data = b""
            for part in answer.iter_raw():
                if len(data := data + part) > LARGEST:
                    raise MalformedMessage(f"the {COORDINATOR} sent a malformed message: $: more than {LARGEST:,} bytes")
        if answer.status_code != httpx.codes.OK:
            self._refused(httpx.Response(answer.status_code, content=data))
        return data

    def _refused(self, answer: httpx.Response) -> None:
        code = code_of_answer(answer)
        raise LinkError(code, f"{self._calls.url} does not take {self.what}: {code}")


class InvitedHttps(_Papers):
    """``calls``: with the invitation's certificate, by which the coordinator knows who was invited."""

    what = "the invitation or its answer"

    def give_answer(self, data: bytes) -> None:
        """Hands over the envelope; :class:`LinkError` with the code of why it is not taken."""
        self._give("/v1/founding/answer", data)

    def admission(self) -> bytes | None:
        """The envelope with the admission; None while there is none."""
        return self._calls.tried(partial(self._asked, "/v1/founding/admission"))


class KeysHttps(_Papers):
    """``calls``: with the company's own certificate."""

    what = "what is asked about keys"

    def ask(self, data: bytes) -> None:
        """Asks for another certificate, or exchanges keys; :class:`LinkError` with the code of why it is not taken."""
        self._give("/v1/keys/request", data)

    def package(self) -> bytes | None:
        """The envelope with the admission; None while there is none."""
        return self._calls.tried(partial(self._asked, "/v1/keys/package"))

    def take_back(self, data: bytes) -> None:
        """Takes the own key back; :class:`LinkError` with the code of why that is not taken."""
        self._give("/v1/keys/revocation", data)
