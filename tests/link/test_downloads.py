"""Public files over HTTPS: whoever has one, or half of one, gets no more than is missing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import httpx
import pytest
from services import HASTY, Service

from decai_forecast.errors import MalformedMessage
from decai_forecast.identity import Keyring
from decai_forecast.link import SharedModels
from decai_forecast.link.client import CompanyHttps
from decai_forecast.store import digest_bytes

KEY = "shared/2026-06-29/0123456789abcdef.json"
DATA = bytes(range(256)) * 600  # more than one piece
TAG = f'"{digest_bytes(DATA)}"'
MODELS = SharedModels(date(2026, 6, 29), {0.5: "tree\n" * 400_000})


@pytest.fixture
def web(service: Service) -> Iterator[httpx.Client]:
    """A company's connection, and a file."""
    service.parties.public.write_bytes(KEY, DATA)
    files = service.company_files("a")
    with httpx.Client(base_url=f"{service.url}/v1/public/", verify=files.client(), timeout=60) as client:
        yield client


def test_a_file_comes_with_its_digest(web: httpx.Client) -> None:
    """As its entity tag (RFC 9110, 8.8.3); HEAD tells the same without the file."""
    answer, told = web.get(KEY), web.head(KEY)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, DATA, TAG)
    assert (told.status_code, told.content) == (200, b"")
    assert {**told.headers, "date": ""} == {**answer.headers, "date": ""}


def test_what_is_here_does_not_come_again(web: httpx.Client) -> None:
    """Unless it has changed."""
    assert web.get(KEY, headers={"if-none-match": TAG}).status_code == 304
    assert web.get(KEY, headers={"if-none-match": '"another"'}).content == DATA


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({"range": "bytes=1000-"}, 206, slice(1000, None)),
        ({"range": "bytes=0-9"}, 206, slice(0, 10)),
        ({"range": "bytes=153599-999999"}, 206, slice(153599, None)),
        ({"range": "bytes=1000-", "if-range": TAG}, 206, slice(1000, None)),
        ({"range": "bytes=1000-", "if-range": '"another"'}, 200, slice(None)),
        ({"range": "bytes=-5"}, 200, slice(None)),
        ({"range": "bytes=1-2,4-5"}, 200, slice(None)),
        ({"range": "lines=1-"}, 200, slice(None)),
    ],
)
def test_the_rest_of_a_file(web: httpx.Client, asked: dict[str, str], status: int, part: slice) -> None:
    """From where the reader says; all of it where the file is another, or the question is none of these."""
    answer = web.get(KEY, headers=asked)
    assert (answer.status_code, answer.content) == (status, DATA[part])
    if status == 206:
        first, last, _ = part.indices(len(DATA))
        assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(DATA)}"


@pytest.mark.parametrize("asked", ["bytes=153600-", "bytes=9-8"])
def test_there_is_nothing_behind_the_end(web: httpx.Client, asked: str) -> None:
    """The answer says how long the file is."""
    answer = web.get(KEY, headers={"range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */153600")


class Cutting:
    """Passes bytes on to the service, and breaks each of the first connections after some of the answer's bytes."""

    def __init__(self, port: int, cuts: list[int], then: Callable[[], None] = lambda: None) -> None:
        self._port, self._cuts, self._then, self.passed = port, cuts, then, list[int]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Cutting:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """When the last connection is over."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pass, args=(near, far, None), daemon=True).start()
            cut = self._cuts.pop(0) if self._cuts else None
            self.passed.append(self._pass(far, near, cut))
            self._then()

    def _pass(self, source: socket.socket, to: socket.socket, cut: int | None) -> int:
        done = 0
        try:
            while (cut is None or done < cut) and (part := source.recv(65536)):
                to.sendall(part)
                done += len(part)
        except OSError:
            pass
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        return done


def through(way: Cutting, service: Service) -> CompanyHttps:
    """A company's end that reaches the service that way."""
    keyring = Keyring(service.parties.company("a").store)
    return CompanyHttps(f"https://localhost:{way.port}", service.company_files("a"), keyring, HASTY)


def test_a_download_that_breaks_goes_on(service: Service) -> None:
    """Twice in the midst: the third connection brings only what is missing."""
    file = service.parties.coordinator.link.publish_models(MODELS)
    with Cutting(service.port, [600_000, 700_000]) as way:
        assert through(way, service).models(file) == MODELS
    assert 2_000_000 < service.parties.public.size(file.key) < sum(way.passed) < 2_600_000


def test_a_file_that_changes_in_the_midst_is_read_anew(service: Service) -> None:
    """The half that is here belongs to another one."""
    file = service.parties.coordinator.link.publish_models(MODELS)
    good = service.parties.public.read_bytes(file.key)
    service.parties.public.write_bytes(file.key, b"x" * len(good))
    with Cutting(service.port, [600_000], lambda: service.parties.public.write_bytes(file.key, good)) as way:
        assert through(way, service).models(file) == MODELS
    assert sum(way.passed) > len(good) + 500_000


def test_a_file_without_end_is_cut(service: Service) -> None:
    """A message has at most a million bytes, whatever the server says."""
    round_id = "2026-06-29"
    service.parties.public.write_bytes(f"rounds/{round_id}/closed.json", b" " * 1_000_001)
    with pytest.raises(MalformedMessage, match=r"^the coordinator sent a malformed message: \$: more than 1,000,000 bytes$"):
        service.link("a").closing(round_id)


def test_files_are_read_from_a_folder_of_the_host_only(tmp_path: Path, service: Service) -> None:
    """A link in the public folder that leads out of it is not followed."""
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    place = Path(service.parties.public.path("rounds/2026-06-29/x")).with_name("closed.json")
    place.parent.mkdir(parents=True)
    place.symlink_to(secret)
    with httpx.Client(base_url=service.url, verify=service.company_files("a").client(), timeout=60) as client:
        answer = client.get("/v1/public/rounds/2026-06-29/closed.json")
    assert (answer.status_code, answer.json()) == (500, {"code": "store"})
