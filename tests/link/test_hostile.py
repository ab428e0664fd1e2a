"""The service against clients that mean harm, or break: a clear code, nothing half-written, and the others go on."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from parties import ROUND, Parties, submission
from services import HASTY, Service, authority, key, running, wait_until

from decai_forecast.errors import LinkError
from decai_forecast.identity import Identity, Keyring
from decai_forecast.link.connection import Limits
from decai_forecast.link.envelope import Kind, sealed
from decai_forecast.link.folder import LARGEST
from decai_forecast.link.reception import MOST_ROUNDS
from decai_forecast.link.tls import TlsFiles, caller_of
from decai_forecast.network import FILE, Participant

PATH = f"/v1/rounds/{ROUND.id}/submission"
PLACE = f"a/{ROUND.id}/submission.json"


def client(service: Service, name: str = "a") -> httpx.Client:
    """With a company's certificate, and nothing else of ours."""
    return httpx.Client(base_url=service.url, verify=service.company_files(name).client(), timeout=60)


def envelope(parties: Parties, partner: str = "a", kind: Kind = Kind.SUBMISSION, round_id: str = ROUND.id) -> bytes:
    identity = Keyring(parties.company(partner).store).identity()
    return sealed(submission(partner, round=round_id), kind, round_id, identity)


def assert_the_service_works(service: Service, name: str = "b") -> None:
    """For another company."""
    service.link(name).submit(submission(name))
    assert service.parties.coordinator.link.submissions(ROUND.id).submissions[name] == submission(name)


@contextmanager
def connected(service: Service, name: str = "a") -> Iterator[ssl.SSLSocket]:
    """A connection by hand, with the company's certificate."""
    plain = socket.create_connection(("127.0.0.1", service.port), 60)
    with service.company_files(name).client().wrap_socket(plain, server_hostname="localhost") as secure:
        yield secure


def head(*lines: str) -> bytes:
    return "\r\n".join((f"PUT {PATH} HTTP/1.1", "host: localhost", *lines, "", "")).encode()


def heard(connection: ssl.SSLSocket) -> bytes:
    """All that comes until the service ends the connection."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except (ConnectionError, ssl.SSLError):
        pass
    return b"".join(parts)


# who is it


def test_without_a_certificate_there_is_no_answer(service: Service) -> None:
    """Not even to a question for what is public."""
    context = ssl.create_default_context(cafile=service.tls.authority)
    with httpx.Client(base_url=service.url, verify=context, timeout=60) as stranger, pytest.raises(httpx.TransportError):
        stranger.get(f"/v1/public/rounds/{ROUND.id}/closed.json")
    assert_the_service_works(service)


def foreign(service: Service) -> TlsFiles:
    """A certificate for ``a``, of another authority of the same name."""
    return replace(service.company_files("a", authority("another")), authority=service.tls.authority)


def of_the_server(service: Service) -> TlsFiles:
    return service.tls


def of_tomorrow(service: Service) -> TlsFiles:
    """As for a company whose certificate was made by a clock that is a day ahead."""
    files, begins = service.company_files("a"), datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    old, signer = x509.load_pem_x509_certificate(files.certificate.read_bytes()), authority()
    ends, number = begins + datetime.timedelta(days=9), x509.random_serial_number()
    built = x509.CertificateBuilder(old.issuer, old.subject, key().public_key(), number, begins, ends, list(old.extensions))
    files.certificate.write_bytes(built.sign(signer.key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM))
    return files


@pytest.mark.parametrize("shown", [foreign, of_the_server, of_tomorrow])
def test_the_service_takes_only_certificates_of_companies(service: Service, shown: Callable[[Service], TlsFiles]) -> None:
    """Not of another authority, for another use, of another day."""
    files = shown(service)
    context = ssl.create_default_context(cafile=service.tls.authority)
    context.load_cert_chain(files.certificate, files.key)
    with httpx.Client(base_url=service.url, verify=context, timeout=60) as found, pytest.raises(httpx.TransportError):
        found.put(PATH, content=envelope(service.parties))
    assert service.parties.inbox.children() == []
    assert_the_service_works(service)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (foreign, "the certificate does not hold: it is not signed by the authority in "),
        (of_tomorrow, r"the certificate does not hold: it holds from .* to .*, and it is .* \(UTC\) by this clock$"),
    ],
)
def test_a_company_hears_that_its_own_certificate_does_not_hold(
    service: Service, shown: Callable[[Service], TlsFiles], said: str
) -> None:
    """At once, and which file it is."""
    with pytest.raises(LinkError, match=said) as error:
        service.link("a", tls=shown(service)).submit(submission("a"))
    assert (error.value.code, str(service.folder / "a.crt") in str(error.value)) == ("link_certificate", True)


def test_a_certificate_that_is_refused_without_a_word_is_told(service: Service) -> None:
    """In TLS of this server a client hears nothing: the message says that it may be that."""
    link = service.link("a", replace(HASTY, tries=0.2), replace(service.tls, authority=service.tls.authority))
    with pytest.raises(LinkError, match="it ends the connection, as it does if it does not take the certificate") as error:
        link.submit(submission("a"))
    assert error.value.code == "link_unreachable"


def other_authority(service: Service) -> None:
    """Another federation's server at the same address, with a certificate for the same name."""
    certificate = authority("another").sign_server(key(), "localhost")
    service.tls = replace(service.files("other", certificate), authority=service.tls.authority)


def of_another_host(service: Service) -> None:
    """A server of the federation, but with a company's certificate."""
    service.tls = service.company_files("b")


@pytest.mark.parametrize("change", [other_authority, of_another_host])
def test_another_server_is_not_talked_to(service: Service, change: Callable[[Service], None]) -> None:
    """No message leaves, and no second try is made."""
    link = service.link("a")
    service.stop()
    change(service)
    service.start()
    with pytest.raises(LinkError, match=f"^{service.url}: its certificate does not hold: ") as error:
        link.submit(submission("a"))
    assert error.value.code == "link_certificate"
    assert service.parties.inbox.children() == []


def test_a_participant_that_is_no_partner_is_nobody(service: Service) -> None:
    """Though the authority vouches for it."""
    with client(service, "eve") as eve:
        answer = eve.put(PATH, content=envelope(service.parties))
    assert (answer.status_code, answer.json()) == (403, {"code": "unknown_sender"})
    assert service.parties.inbox.keys("a") == []


def test_who_joins_while_the_service_runs_is_somebody(service: Service) -> None:
    """By network.yaml as it is then: eve's message is looked at, and is none of hers. A broken file changes nothing."""
    network = service.parties.network
    replace(network, participants=(*network.participants, Participant("eve"))).save()
    for _ in range(2):
        with client(service, "eve") as eve:
            answer = eve.put(PATH, content=envelope(service.parties))
        assert (answer.status_code, answer.json()) == (403, {"code": "other_sender"})
        (network.home / FILE).write_text("quorum: [")


def test_a_company_cannot_write_under_anothers_name(service: Service) -> None:
    """With its own certificate and the other's message, or with its own message and the other's certificate."""
    with client(service) as a:
        answer = a.put(PATH, content=envelope(service.parties, "b"))
    assert (answer.status_code, answer.json()) == (403, {"code": "other_sender"})
    with pytest.raises(LinkError, match=f"does not take the submission for round {ROUND.id}: other_sender") as error:
        service.link("a", tls=service.company_files("b")).submit(submission("a"))
    assert error.value.code == "other_sender"
    assert service.parties.inbox.keys("a") == []


@pytest.mark.parametrize("name", ["decai.company", "decai-company", "x-client-cert", "x-forwarded-for", "forwarded"])
def test_no_header_gives_another_name(service: Service, name: str) -> None:
    """Only the certificate does."""
    with client(service) as a:
        assert a.put(PATH, content=envelope(service.parties), headers={name: "b"}).status_code == 204
        assert a.put(PATH, content=envelope(service.parties, "b"), headers={name: "b"}).status_code == 403
    assert service.parties.inbox.keys("a") == [PLACE]


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (None, ""),
        ({}, ""),
        ({"subject": ((("commonName", "a"),),)}, "a"),
        ({"subject": ((("organizationName", "x"),), (("commonName", "a"),))}, "a"),
        ({"subject": ((("commonName", "a"),), (("commonName", "b"),))}, ""),
    ],
)
def test_a_certificate_is_of_one_company(certificate: dict[str, object] | None, name: str) -> None:
    """One with two names is of nobody."""
    assert getattr(caller_of(certificate), "name", "") == name


# what is it


def unsigned(parties: Parties) -> bytes:
    return json.dumps(json.loads(envelope(parties)) | {"signature": ""}).encode()


def forged(parties: Parties) -> bytes:
    return sealed(submission("a"), Kind.SUBMISSION, ROUND.id, Identity.create("a"))


def of_another_round(parties: Parties) -> bytes:
    return envelope(parties, round_id="2026-06-22")


def of_another_kind(parties: Parties) -> bytes:
    return envelope(parties, kind=Kind.FIGURES)


def of_another_format(parties: Parties) -> bytes:
    return envelope(parties).replace(b"decai-link/1", b"decai-link/9")


def of_nothing(parties: Parties) -> bytes:
    return b"{"


MESSAGES = [
    (unsigned, "unsigned"),
    (forged, "wrong_signature"),
    (of_another_round, "other_round"),
    (of_another_kind, "other_kind"),
    (of_another_format, "other_format"),
    (of_nothing, "malformed"),
]


@pytest.mark.parametrize(("made", "code"), MESSAGES)
def test_what_does_not_hold_is_not_written(service: Service, made: Callable[[Parties], bytes], code: str) -> None:
    """The sender hears the code and nothing else; what it sent before stays."""
    before = envelope(service.parties)
    with client(service) as a:
        assert a.put(PATH, content=before).status_code == 204
        answer = a.put(PATH, content=made(service.parties))
    assert (answer.status_code, answer.json()) == (422, {"code": code})
    assert service.parties.inbox.read_bytes(PLACE) == before
    assert service.parties.inbox.keys("a") == [PLACE]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/public/../inbox/x", "/v1/public/..%2finbox%2fx", "/v1/public/%2e%2e/identity/key.json", "/v1/public//etc/passwd",
        "/v1/public/rounds/../../identity/key.json", "/v1/public/rounds/2026-06-29/../2026-06-29/closed.json",
        "/v1/public/rounds/2026-06-29/closed.json%00", "/v1/public/", "/v1/public/rounds", "/v1/public/identity/key.json",
        "/v1/public/..\\identity\\key.json", "/", "/docs", "/openapi.json", "/v1/rounds/2026-06-29/submission",
    ],
)  # fmt: skip
def test_nothing_but_public_files_is_read(service: Service, path: str) -> None:
    """However the path is written."""
    with connected(service) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'{"code":"not_there"}')


@pytest.mark.parametrize("round_id", ["..", "..%2f..%2fpublic", "x", "2026-06-29.1", "%2fetc", "2026-06-29%00"])
def test_nothing_is_written_outside_of_rounds(service: Service, round_id: str) -> None:
    """However the round is written."""
    with connected(service) as connection:
        line = f"PUT /v1/rounds/{round_id}/submission HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        data = envelope(service.parties)
        connection.sendall(f"{line}content-length: {len(data)}\r\n\r\n".encode() + data)
        answer = heard(connection)
    assert answer.split()[1] in (b"404", b"422")
    assert service.parties.inbox.children() == []


# how much, how slow


@pytest.mark.parametrize("lines", [("content-length: 1000000000",), ("transfer-encoding: chunked",)])
def test_a_body_of_a_gigabyte_is_cut_early(service: Service, lines: tuple[str, ...]) -> None:
    """Whether its length is told or not: the service ends the connection long before."""
    piece, sent = b"10000\r\n" + b" " * 0x10000 + b"\r\n", 0
    with connected(service) as connection:
        connection.sendall(head(*lines))
        try:
            while sent < 1_000_000_000:
                connection.sendall(piece)
                sent += len(piece)
        except (ConnectionError, ssl.SSLError):
            pass
    assert sent < 20_000_000  # what the buffers of the two sides hold
    assert service.parties.inbox.keys("a") == []
    assert_the_service_works(service)


def test_a_message_that_is_too_large_has_its_code(service: Service) -> None:
    """One byte more than the largest."""
    with client(service) as a:
        assert a.put(PATH, content=b" " * LARGEST).json() == {"code": "malformed"}
        answer = a.put(PATH, content=b" " * (LARGEST + 1))
    assert (answer.status_code, answer.json()) == (413, {"code": "too_large"})


def test_a_company_does_not_fill_the_disk_with_rounds(service: Service) -> None:
    """After so many new ones are not taken; what it sends for those that are there still is, and others' are."""
    for number in range(MOST_ROUNDS):
        Path(service.parties.inbox.path(f"a/{number:05}")).mkdir(parents=True)
    with pytest.raises(LinkError) as error:
        service.link("a").submit(submission("a"))
    assert error.value.code == "too_many"
    Path(service.parties.inbox.path(f"a/{ROUND.id}")).mkdir()
    service.link("a").submit(submission("a"))
    service.link("b").submit(submission("b"))


def test_half_a_body_is_none(service: Service) -> None:
    """The next try goes on as if nothing had come."""
    data = envelope(service.parties)
    with connected(service) as connection:
        connection.sendall(head(f"content-length: {len(data)}") + data[: len(data) // 2])
    wait_until(lambda: not service.server.server_state.connections)
    assert service.parties.inbox.children() == []
    assert_the_service_works(service, "a")


def test_a_header_that_is_too_long_is_refused(service: Service) -> None:
    """Before anything reads it: by h11 where it comes in pieces, and where it comes at once by its length."""
    with connected(service) as connection:
        connection.sendall(head("x-long: " + "x" * 100_000))
        assert not heard(connection).startswith(b"HTTP/1.1 2")  # 400 or 431, if it arrives before the connection ends
    assert service.parties.inbox.children() == []
    assert_the_service_works(service)


@pytest.mark.parametrize("begun", [b"", b"PUT /v1/rounds"])
def test_who_sends_no_header_is_let_go(parties: Parties, tmp_path: Path, begun: bytes) -> None:
    """Nor the rest of one."""
    with running(parties, tmp_path / "tls", Limits(header=0.3)) as service:
        with connected(service) as connection:
            with suppress(OSError):  # it may be over already
                connection.sendall(begun)
            assert heard(connection) == b""  # comes to an end by the service alone
        assert_the_service_works(service)


@pytest.mark.parametrize("begun", [b"", b"{"])
def test_who_sends_half_a_body_is_let_go(parties: Parties, tmp_path: Path, begun: bytes) -> None:
    """Or none; it hears that it was too slow."""
    with running(parties, tmp_path / "tls", Limits(header=60, body=0.3)) as service:
        with connected(service) as connection:
            connection.sendall(head("content-length: 10") + begun)
            answer = heard(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert answer.endswith(b'{"code":"too_slow"}')
        assert parties.inbox.children() == []


def test_a_client_that_does_not_read_is_let_go(parties: Parties, tmp_path: Path) -> None:
    """Its answer is given up; the others' are not held up."""
    name = "shared/2026-06-29/0123456789abcdef.json"
    parties.public.write_bytes(name, b" " * 50_000_000)
    with (
        running(parties, tmp_path / "tls", Limits(header=60, request=0.5)) as service,
        connected(service) as connection,
    ):
        connection.sendall(f"GET /v1/public/{name} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        wait_until(lambda: not service.server.server_state.connections)
        assert_the_service_works(service)


def test_many_connections_of_one_company_leave_room_for_the_others(parties: Parties, tmp_path: Path) -> None:
    """Those too many are ended."""
    with running(parties, tmp_path / "tls", Limits(header=60, of_one=2)) as service:
        with connected(service), connected(service), connected(service) as third:
            assert heard(third) == b""
            assert_the_service_works(service)
        wait_until(lambda: not service.server.server_state.connections)
        assert_the_service_works(service, "a")


# the service fails


def test_the_service_may_be_away_for_a_while(service: Service) -> None:
    """What is sent meanwhile arrives when it is back."""
    link = service.link("a")
    service.stop()
    sending = threading.Thread(target=link.submit, args=(submission("a"),))
    sending.start()
    service.start()
    sending.join(60)
    assert service.parties.coordinator.link.submissions(ROUND.id).submissions == {"a": submission("a")}


def test_a_service_that_stays_away_is_told(service: Service) -> None:
    """After all tries, with its address."""
    link = service.link("a", replace(HASTY, tries=0.2))
    service.stop()
    with pytest.raises(LinkError) as error:
        link.submit(submission("a"))
    assert (error.value.code, str(error.value)) == (
        "link_unreachable",
        f"{service.url} does not answer (ConnectError); it is tried again the next time",
    )
    service.start()


def test_a_fault_of_the_service_is_tried_again_and_told(service: Service) -> None:
    """And neither its text nor its path comes to the company."""
    store = service.parties.coordinator.store
    store.write_bytes("identity/pinned.json", b"{")
    with pytest.raises(LinkError, match=r"does not answer \(answers 500\)") as error:
        service.link("a", replace(HASTY, tries=0.2)).submit(submission("a"))
    assert error.value.code == "link_unreachable"
    assert str(service.parties.network.home) not in str(error.value)
