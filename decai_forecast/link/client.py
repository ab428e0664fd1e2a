"""A company's end of the link over HTTPS: it connects outwards, tries again what passes, and goes on with half a download."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from decai_forecast.documents.message import LARGEST_MESSAGE
from decai_forecast.errors import LinkError, MalformedMessage, StoreError
from decai_forecast.identity import Keyring
from decai_forecast.link.envelope import Kind, sealed
from decai_forecast.link.messages import Figures, Submission
from decai_forecast.link.protocol import CompanyLink
from decai_forecast.link.published import LARGEST_MODELS, PublicReader, is_public
from decai_forecast.link.tls import TlsFiles
from decai_forecast.network import COORDINATOR

__all__ = ["CompanyHttps", "Patience"]

CODE = re.compile(r"[a-z0-9_]{1,40}")
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Seconds: until a step of one try is given up; the first pause between two tries, and the longest; all tries."""

    step: float = 30.0
    pause: float = 0.5
    longest: float = 30.0
    tries: float = 300.0


class _Passing(Exception):
    """The service has a fault that may pass."""


class CompanyHttps(PublicReader, CompanyLink):
    """``url``: of the coordinator's service; ``keyring``: the company's own, to sign with, and with the coordinator's key."""

    def __init__(self, url: str, tls: TlsFiles, keyring: Keyring, patience: Patience = Patience()) -> None:
        self._url, self._tls, self._keyring, self._patience = url, tls, keyring, patience

    def submit(self, submission: Submission) -> None:
        self._send(submission, Kind.SUBMISSION, submission.round)

    def give_figures(self, round_id: str, figures: Figures) -> None:
        self._send(figures, Kind.FIGURES, round_id)

    def _send(self, message: Submission | Figures, kind: Kind, round_id: str) -> None:
        data = sealed(message, kind, round_id, self._keyring.identity())
        answer = self._tried(lambda client: _answered(client.put(f"/v1/rounds/{round_id}/{kind}", content=data)))
        if answer.status_code != httpx.codes.NO_CONTENT:
            code = _code(answer)
            raise LinkError(code, f"{self._url} does not take the {kind} for round {round_id}: {code}")

    def _read(self, key: str) -> bytes | None:
        if not is_public(key):
            raise StoreError(f"public: {key!r} is outside this participant's store; use a relative key")
        return self._tried(_Download(key).go_on)

    def _exists(self, key: str) -> bool:
        return self._read(key) is not None

    def _coordinator_key(self) -> bytes | None:
        return self._keyring.pinned().get(COORDINATOR)

    def _tried(self, work: Callable[[httpx.Client], T]) -> T:
        """What ``work`` returns, in as many tries as patience allows; :class:`LinkError` if none succeeds."""
        patience, context = self._patience, self._tls.client()
        tries: Callable[..., T] = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, _Passing)), stop=stop_after_delay(patience.tries),
            wait=wait_exponential_jitter(multiplier=patience.pause, max=patience.longest, jitter=patience.pause), reraise=True,
        )  # fmt: skip
        with self._told():
            return tries(self._once, work, context)

    def _once(self, work: Callable[[httpx.Client], T], context: ssl.SSLContext) -> T:
        with (
            _certificates_told(self._url),
            httpx.Client(base_url=self._url, verify=context, timeout=self._patience.step) as client,
        ):
            return work(client)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, _Passing) as error:
            said = f"{self._url} does not answer ({_why(error)}); it is tried again the next time"
            raise LinkError("link_unreachable", said) from None


class _Download:
    """A public file, of which half may be here already."""

    def __init__(self, key: str) -> None:
        self._path, self._tag, self._data = f"/v1/public/{key}", "", bytearray()
        self._largest = LARGEST_MODELS if key.startswith("shared/") else LARGEST_MESSAGE

    def go_on(self, client: httpx.Client) -> bytes | None:
        """All of it; None if it is not there."""
        with client.stream("GET", self._path, headers=self._wanted()) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            _answered(answer)
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
            raise _Passing("another part of the file than the one that was asked for")
        return True


def _answered(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise _Passing(f"answers {answer.status_code}")
    return answer


def _code(answer: httpx.Response) -> str:
    """The code that the service names; whatever else it sends is no code."""
    try:
        code = str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    return code if CODE.fullmatch(code) else "link_unreachable"


@contextmanager
def _certificates_told(url: str) -> Iterator[None]:
    """A server's certificate that does not hold will not hold at the next try."""
    try:
        yield
    except httpx.TransportError as error:
        if why := _of_certificate(error):
            said = f"{url}: its certificate does not hold: {why}; compare clocks, host name and federation"
            raise LinkError("link_certificate", said) from None
        raise


def _of_certificate(error: BaseException | None) -> str:
    """What is wrong with the server's certificate; empty if the error is another."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""


def _why(error: Exception) -> str:
    if isinstance(error, _Passing):
        return str(error)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "it ends the connection, as it does if it does not take the certificate"
    return type(error).__name__
