"""An invited company's end of the link: it hands over its answer, and asks what became of it."""

from __future__ import annotations

import httpx

from decai_forecast.errors import LinkError, MalformedMessage
from decai_forecast.link.calls import Calls, answered, code_of_answer
from decai_forecast.network import COORDINATOR

__all__ = ["InvitedHttps"]

LARGEST = 64_000  # bytes of an admission: it has four thousand


class InvitedHttps:
    """``calls``: with the invitation's certificate, by which the coordinator knows who was invited."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def give_answer(self, data: bytes) -> None:
        """Hands over the envelope; :class:`LinkError` with the code of why it is not taken."""
        answer = self._calls.tried(lambda client: answered(client.put("/v1/founding/answer", content=data)))
        if answer.status_code != httpx.codes.NO_CONTENT:
            self._refused(answer)

    def admission(self) -> bytes | None:
        """The envelope with the admission; None while there is none."""
        return self._calls.tried(self._asked)

    def _asked(self, client: httpx.Client) -> bytes | None:
        with client.stream("GET", "/v1/founding/admission") as answer:
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
        raise LinkError(code, f"{self._calls.url} does not take the invitation or its answer: {code}")
