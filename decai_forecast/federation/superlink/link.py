"""The coordinator's side: its authority, the SuperLink process, who is admitted, and a training over it."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from decai_forecast.errors import ConfigError
from decai_forecast.federation.ask import gather
from decai_forecast.federation.exact.grpc_relay import GrpcRelay, Tls
from decai_forecast.federation.exact.progress import Watch
from decai_forecast.federation.plan import Member, Plan
from decai_forecast.federation.run import FLOWER
from decai_forecast.federation.superlink.keys import INVITING, Authority, new_key, private_pem, write_secret
from decai_forecast.federation.superlink.passport import Admission, Passport
from decai_forecast.identity import ALGORITHM

if TYPE_CHECKING:
    from flwr.serverapp import Grid

    from decai_forecast.federation.state import RuntimeSetting

__all__ = ["Link", "OverSuperLink", "Ports"]


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

    def facts(self) -> tuple[str, str, Ports]:
        """Host, listening address and ports; :class:`ConfigError` if nothing is founded."""
        if not self._facts.exists():
            raise ConfigError(f"{self.folder}: no federation; make one with `decai federation found --host NAME`")
        raw = json.loads(self._facts.read_text())
        return raw.pop("host"), raw.pop("listen"), Ports(**raw)

    def nodes(self) -> dict[int, str]:
        """Node -> partner, of those admitted."""
        return {int(node): partner for node, partner in json.loads(self._nodes.read_text()).items()}

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

        host, _, ports = self.facts()
        authority = self._signer("authority")
        certificate = authority.sign_company(passport.partner, passport.request.encode())
        if passport.partner not in self.nodes().values():
            node = register(f"127.0.0.1:{ports.control}", self.authority, passport.node_key)
            nodes = self.nodes() | {node: passport.partner}
            self._nodes.write_text(json.dumps({str(k): v for k, v in nodes.items()}, indent=1))
        where, own = (host, ports.fleet, ports.relay, ports.link), (authority.pem.decode(), certificate.decode())
        return Admission(passport.partner, *where, *own, signing_key.hex(), ALGORITHM)


@dataclass(frozen=True)
class OverSuperLink:
    """The runtime between companies: the ServerApp runs here, each ClientApp at its company."""

    link: Link
    members: Sequence[Member]

    @contextmanager
    def open(self, plan: Plan, setting: RuntimeSetting) -> Iterator[tuple[Grid, RuntimeSetting]]:
        from decai_forecast.federation.superlink.flower import started_run

        _, listen, ports = self.link.facts()
        there = {member.partner for member in self.members}
        names = {node: partner for node, partner in self.link.nodes().items() if partner in there}
        relay = partial(_relay, f"{listen}:{ports.relay}", self.link.tls())
        control, appio = f"127.0.0.1:{ports.control}", f"127.0.0.1:{ports.appio}"
        with started_run(control, appio, self.link.authority, self.link.secret, plan.to_config()) as grid:
            gather(grid, names, plan.timeout, minimum=plan.minimum, grace=plan.grace)
            yield grid, replace(setting, names=names, relay=relay)


def _relay(address: str, tls: Tls, patience: float, watch: Watch) -> GrpcRelay:
    return GrpcRelay(address, tls, patience, watch)
