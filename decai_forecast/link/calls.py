"""Requests to the coordinator's service: over TLS of the federation, tried again where that helps, with faults in words."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from decai_forecast.errors import LinkError
from decai_forecast.link.tls import TlsFiles

__all__ = ["ONCE", "USUAL", "Calls", "Passing", "Patience", "answered", "code_of_answer", "url_of"]

CODE = re.compile(r"[a-z0-9_]{1,40}")
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Seconds: until a step of one try is given up; the first pause between two tries, and the longest; all tries."""

    step: float = 30.0
    pause: float = 0.5
    longest: float = 30.0
    tries: float = 300.0


class Passing(Exception):
    """The service has a fault that may pass."""


USUAL = Patience()
ONCE = Patience(step=15.0, tries=0.0)  # of who asks again by himself


@dataclass(frozen=True)
class Calls:
    """``url``: of the coordinator's service."""

    url: str
    tls: TlsFiles
    patience: Patience = USUAL

    def tried(self, work: Callable[[httpx.Client], T]) -> T:
        """What ``work`` returns, in as many tries as patience allows; :class:`LinkError` if none succeeds."""
        patience, context = self.patience, self.tls.client()
        tries: Callable[..., T] = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, Passing)), stop=stop_after_delay(patience.tries),
            wait=wait_exponential_jitter(multiplier=patience.pause, max=patience.longest, jitter=patience.pause), reraise=True,
        )  # fmt: skip
        with self._told():
            return tries(self._once, work, context)

    def _once(self, work: Callable[[httpx.Client], T], context: ssl.SSLContext) -> T:
        with (
            _certificates_told(self.url),
            httpx.Client(base_url=self.url, verify=context, timeout=self.patience.step) as client,
        ):
            return work(client)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, Passing) as error:
            said = f"{self.url} does not answer ({_why(error)}); it is tried again the next time"
            raise LinkError("link_unreachable", said) from None


def url_of(host: str, port: int) -> str:
    """Of the coordinator's service."""
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"


def answered(answer: httpx.Response) -> httpx.Response:
    """The answer, unless the service has a fault that may pass."""
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Passing(f"answers {answer.status_code}")
    return answer


def code_of_answer(answer: httpx.Response) -> str:
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
    if isinstance(error, Passing):
        return str(error)
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "it ends the connection, as it does if it does not take the certificate"
    return type(error).__name__
