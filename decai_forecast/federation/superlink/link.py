"""The coordinator's side: its authority, the SuperLink process, who is admitted, and a training over it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation.exact.grpc_relay import GrpcRelay, Tls
from decai_forecast.federation.exact.progress import Watch
from decai_forecast.federation.plan import Member, Plan
from decai_forecast.federation.run import FLOWER
from decai_forecast.federation.superlink.expiry import Expiry, of_coordinator
from decai_forecast.federation.superlink.keys import INVITING, Authority, Key, ends_of, new_key, private_pem, write_secret
from decai_forecast.federation.superlink.passport import Admission, Passport
from decai_forecast.federation.superlink.register import Certificates
from decai_forecast.identity import ALGORITHM
from decai_forecast.pins import OVERLAP

if TYPE_CHECKING:
    from flwr.serverapp import Grid

    from decai_forecast.federation.state import RuntimeSetting

__all__ = ["Link", "OverSuperLink", "Ports", "TrainingRuns"]


class TrainingRuns(FederationError):
    """Another process trains over this federation's SuperLink."""

    code = "training_runs"


@dataclass(frozen=True)
class Ports:
    """``fleet``, ``relay`` and ``link`` are for companies; ``control`` and ``appio`` for this host only, whoever reaches them
    commands the SuperLink."""

    fleet: int = 9092
    relay: int = 9095
    link: int = 9096
    control: int = 9093
    appio: int = 9091


@dataclass(frozen=True)
class Link:
    """What the coordinator keeps, in one folder that only it reads."""

    folder: Path

    @property
    def _facts(self) -> Path:
        return self.folder / "link.json"

    @property
    def _nodes(self) -> Path:
        return self.folder / "nodes.json"

    @property
    def certificates(self) -> Certificates:
        """Those that were signed for companies."""
        return Certificates(self.folder)

    def found(self, host: str, ports: Ports, *, listen: str = "127.0.0.1") -> None:
        """Makes the authorities and the servers' certificate. ``host``: the name by which companies reach this machine;
        ``listen``: the address that fleet and relay are bound to."""
        if self._facts.exists():
            raise ConfigError(f"{self.folder}: there is a federation already; its companies know its certificate")
        authority, inviting, key = Authority.create("decai federation"), Authority.create(INVITING), new_key()
        write_secret(self.folder / "authority.key", private_pem(authority.key))
        write_secret(self.folder / "inviting.key", private_pem(inviting.key))
        write_secret(self.folder / "server.key", private_pem(key))
        write_secret(self.folder / "executor.secret", secrets.token_bytes(32))
        (self.folder / "authority.crt").write_bytes(authority.pem)
        (self.folder / "inviting.crt").write_bytes(inviting.pem)
        (self.folder / "server.crt").write_bytes(authority.sign_server(key, host))
        self._nodes.write_text("{}")
        self._facts.write_text(json.dumps({"host": host, "listen": listen} | asdict(ports), indent=1))

    @property
    def is_founded(self) -> bool:
        """Whether there is a federation."""
        return self._facts.exists()

    def facts(self) -> tuple[str, str, Ports]:
        """Host, listening address and ports; :class:`ConfigError` if nothing is founded."""
        if not self._facts.exists():
            raise ConfigError(f"{self.folder}: no federation; make one with `decai federation found --host NAME`")
        raw = json.loads(self._facts.read_text())
        return raw.pop("host"), raw.pop("listen"), Ports(**raw)

    def nodes(self) -> dict[int, str]:
        """Node -> partner, of those admitted; for a while two of a company that exchanged its keys."""
        now, nodes = datetime.now(UTC), json.loads(self._nodes.read_text())
        there = {node: one if isinstance(one, dict) else {"partner": one} for node, one in nodes.items()}
        return {
            int(node): one["partner"]
            for node, one in there.items()
            if "until" not in one or now < datetime.fromisoformat(one["until"])
        }

    @property
    def authority(self) -> bytes:
        return (self.folder / "authority.crt").read_bytes()

    @property
    def secret(self) -> bytes:
        return (self.folder / "executor.secret").read_bytes()

    @property
    def inviting(self) -> Authority:
        """Signs invitations."""
        return self._signer("inviting")

    def _signer(self, name: str) -> Authority:
        return Authority.load(*((self.folder / f"{name}.{end}").read_bytes() for end in ("key", "crt")))

    def tls(self) -> Tls:
        return Tls((self.folder / "server.key").read_bytes(), (self.folder / "server.crt").read_bytes(), self.authority)

    @contextmanager
    def training(self, round_id: str) -> Iterator[None]:
        """In which no other training of this federation runs: it would take the relay's port from this one.

        :class:`TrainingRuns` says at once which one runs. A process that ends, however it ends, leaves nothing behind.
        """
        with (self.folder / "training.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                which = file.read().strip() or "another training"
                raise TrainingRuns(f"{which} runs already; wait until it has ended, then run `federate` again") from None
            since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            file.truncate(0)
            file.write(f"the training of round {round_id} (process {os.getpid()}, since {since})\n")
            file.flush()
            yield

    def command(self) -> list[str]:
        """The SuperLink's command line: TLS, registered nodes only, state on disk, no code of others."""
        _, listen, ports = self.facts()
        files = {"ca-certfile": "authority.crt", "certfile": "server.crt", "keyfile": "server.key"}
        certificates = [part for name, file in files.items() for part in (f"--ssl-{name}", str(self.folder / file))]
        here = {"control": ports.control, "serverappio": ports.appio}
        bound = [part for name, port in here.items() for part in (f"--{name}-api-address", f"127.0.0.1:{port}")]
        return [
            str(Path(sys.executable).with_name("flower-superlink")), *certificates, *bound,
            "--fleet-api-address", f"{listen}:{ports.fleet}", "--enable-supernode-auth", "--isolation", "process",
            "--disable-runtime-dependency-installation", "--database", str(self.folder / "state.db"),
            "--superexec-auth-secret-file", str(self.folder / "executor.secret"),
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | FLOWER | {"FLWR_HOME": str(self.folder / "flower")}

    def admit(self, passport: Passport, signing_key: bytes) -> Admission:
        """Registers the company's node with the running SuperLink, unless an earlier call did and ended there, and signs its
        certificate; ``signing_key``: the public key of the coordinator's identity."""
        from decai_forecast.federation.superlink.flower import register

        _, _, ports = self.facts()
        if passport.partner not in self.nodes().values():
            node = register(f"127.0.0.1:{ports.control}", self.authority, passport.node_key)
            self._write_nodes({**self._kept_nodes(passport.partner, None), str(node): passport.partner})
        return self._signed(passport, signing_key)

    def renew(self, passport: Passport, signing_key: bytes, *, exchanged: bool) -> Admission:
        """Signs another certificate for a company that is admitted. ``exchanged``: all its keys are new; then the ones before
        are taken for ``OVERLAP`` more, and the SuperLink must be running, to register the new node."""
        from decai_forecast.federation.superlink.flower import register

        _, _, ports = self.facts()
        if passport.partner not in self.nodes().values():
            raise ConfigError(f"{passport.partner} is not admitted; invite it")
        if exchanged:
            node, until = register(f"127.0.0.1:{ports.control}", self.authority, passport.node_key), datetime.now(UTC) + OVERLAP
            self._write_nodes({**self._kept_nodes(passport.partner, until), str(node): passport.partner})
        admission = self._signed(passport, signing_key)
        if exchanged:
            self.certificates.end(passport.partner, until, but=admission.certificate.encode())
        return admission

    def revoke(self, partner: str) -> None:
        """From now on no certificate and no node of the company is taken; it may be invited anew."""
        self.certificates.end(partner, datetime.now(UTC))
        self._write_nodes(self._kept_nodes(partner, None))

    def renew_server(self) -> datetime:
        """Signs another certificate for the servers; when it ends. Services take it when they are started again."""
        host, _, _ = self.facts()
        key = serialization.load_pem_private_key((self.folder / "server.key").read_bytes(), None)
        if not isinstance(key, Key):
            raise ConfigError(
                f"{self.folder / 'server.key'}: no key that `decai federation found` makes; put it back from a backup"
            )
        certificate = self._signer("authority").sign_server(key, host)
        part = self.folder / "server.crt.part"
        part.write_bytes(certificate)
        part.replace(self.folder / "server.crt")
        return ends_of(certificate)

    def expiries(self) -> list[Expiry]:
        """When the certificates end that the coordinator has, and those of the companies."""
        admitted = set(self.nodes().values())
        companies = {partner: until for partner, until in self.certificates.ends().items() if partner in admitted}
        return list(of_coordinator(self.folder / "server.crt", self.folder / "authority.crt", companies))

    def _signed(self, passport: Passport, signing_key: bytes) -> Admission:
        host, _, ports = self.facts()
        authority = self._signer("authority")
        certificate = authority.sign_company(passport.partner, passport.request.encode())
        self.certificates.add(passport.partner, certificate)
        where, own = (host, ports.fleet, ports.relay, ports.link), (authority.pem.decode(), certificate.decode())
        return Admission(passport.partner, *where, *own, signing_key.hex(), ALGORITHM)

    def _kept_nodes(self, partner: str, until: datetime | None) -> dict[str, Any]:
        """All nodes; those of ``partner`` end at ``until``, or are left out."""
        kept = dict[str, Any]()
        for node, one in json.loads(self._nodes.read_text()).items():
            if (one["partner"] if isinstance(one, dict) else one) != partner or (until and isinstance(one, dict)):
                kept[node] = one
            elif until:
                kept[node] = {"partner": partner, "until": until.isoformat()}
        return kept

    def _write_nodes(self, nodes: Mapping[str, Any]) -> None:
        part = self._nodes.with_suffix(".part")
        part.write_text(json.dumps(nodes, indent=1))
        part.replace(self._nodes)


@dataclass(frozen=True)
class OverSuperLink:
    """The runtime between companies: the ServerApp runs here, each ClientApp at its company."""

    link: Link
    members: Sequence[Member]

    @contextmanager
    def open(self, plan: Plan, setting: RuntimeSetting) -> Iterator[tuple[Grid, RuntimeSetting]]:
        from decai_forecast.federation.ask import gather
        from decai_forecast.federation.superlink.flower import started_run

        _, listen, ports = self.link.facts()
        there = {member.partner for member in self.members}
        names = {node: partner for node, partner in self.link.nodes().items() if partner in there}
        relay = partial(_relay, f"{listen}:{ports.relay}", self.link.tls(), self.link.certificates)
        control, appio = f"127.0.0.1:{ports.control}", f"127.0.0.1:{ports.appio}"
        with (
            self.link.training(plan.round_id),
            started_run(control, appio, self.link.authority, self.link.secret, plan.to_config()) as grid,
        ):
            gather(grid, names, plan.timeout, minimum=plan.minimum, grace=plan.grace)
            admitted = partial(_admitted, self.link)
            yield grid, replace(setting, names=names, relay=relay, admitted=admitted)


def _admitted(link: Link) -> frozenset[str]:
    return frozenset(link.nodes().values())


def _relay(address: str, tls: Tls, certificates: Certificates, patience: float, watch: Watch) -> GrpcRelay:
    return GrpcRelay(address, tls, patience, watch, certificates.is_taken)
