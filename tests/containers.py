"""Runs the services of a compose file as an engine would, where there is none; on Linux, as root.

Each service gets a root folder of its own made as the Dockerfile says (its COPY, ENV and USER lines; of its RUN lines
those that need no package index), namespaces for mounts, processes, host name and network, and its user without any
privilege. The host's ``/usr`` and the environment of the test stand for what ``apt`` and ``pip`` install, read-only. Named
volumes, bind mounts, secrets, health checks, restarts and names of services are as Docker has them. PostgreSQL's image is
stood for by the host's.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from compose_file import Compose, Service

CLONE_NEWNET = 0x40000000
FIRST = 2  # number of the first container on the bridge
PAUSE = 1.0  # seconds between two looks
ENVIRONMENTS = tuple(dict.fromkeys((sys.prefix, sys.base_prefix)))
ETC = (
    "passwd",
    "group",
    "shadow",
    "login.defs",
    "nsswitch.conf",
    "ssl",
    "ld.so.cache",
    "alternatives",
    "localtime",
    "mime.types",
)
POSTGRES = """
set -e
export PATH=$(ls -d /usr/lib/postgresql/*/bin):$PATH LC_ALL=C.UTF-8 PGDATA=/var/lib/postgresql/data
if [ ! -s $PGDATA/PG_VERSION ]; then
  password=$(mktemp)
  printf %s "$POSTGRES_PASSWORD" > "$password"
  initdb -U "$POSTGRES_USER" --pwfile="$password" -A trust --auth-host=scram-sha-256 >/dev/null
  echo "host all all all scram-sha-256" >> $PGDATA/pg_hba.conf
  pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -w -m fast stop >/dev/null
fi
exec postgres -c listen_addresses='*'
"""


def can_contain() -> str:
    """Why this host cannot run containers for tests; empty if it can."""
    if os.geteuid():
        return "needs root for namespaces and for other users' files"
    if missing := [name for name in ("unshare", "nsenter", "setpriv", "ip", "chroot", "useradd") if not shutil.which(name)]:
        return f"not on this host: {', '.join(missing)}"
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return "no PostgreSQL on this host"
    command = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "true"]
    tried = subprocess.run(command, capture_output=True, check=False)
    return f"this host permits no namespaces: {tried.stderr.decode().strip()}" if tried.returncode else ""


@dataclass(frozen=True)
class Image:
    """What a Dockerfile makes: a root folder, the environment, the user, the working folder."""

    root: Path
    environment: Mapping[str, str]
    user: str
    folder: str

    def owner(self) -> tuple[int, int]:
        """Uid and gid of the user."""
        lines = (line.split(":") for line in (self.root / "etc/passwd").read_text().splitlines())
        return next((int(uid), int(gid)) for name, _, uid, gid, *_ in lines if name == self.user)


def build(dockerfile: Path, root: Path) -> Image:
    """The image of a Dockerfile."""
    _skeleton(root)
    text = dockerfile.read_text().replace("\\\n", " ")
    environment, user, folder = {"PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}, "root", "/"
    for word, rest in re.findall(r"^([A-Z]+) (.+)$", text, re.M):
        match word:
            case "WORKDIR":
                folder = rest
                (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                user = rest
            case "ENV":
                environment |= dict(part.split("=", 1) for part in rest.split())
            case "COPY":
                _copy(dockerfile.parent, root / folder.lstrip("/"), rest.split())
            case "RUN" if "pip " not in rest and "apt-get" not in rest:
                _chrooted(root, rest)
    environment["PYTHONPATH"] = folder  # what the editable installation of the image does
    return Image(root, environment, user, folder)


def _skeleton(root: Path) -> None:
    for name in ("etc", "usr", "proc", "dev", "tmp", "run", "home", "root", "opt", "var/lib", "var/run/postgresql"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.chown(root / "var/run/postgresql", "postgres", "postgres")
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    for name in ETC:
        if (source := Path("/etc") / name).exists():
            subprocess.run(["cp", "-a", str(source), str(root / "etc")], check=True)
    for folder in ENVIRONMENTS:
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _copy(context: Path, folder: Path, words: list[str]) -> None:
    *sources, target = words
    for source in sources:
        there = folder / target if target not in (".", "./") else folder / source
        there.parent.mkdir(parents=True, exist_ok=True)
        command = ["cp", "-rT", "--preserve=mode", str(context / source), str(there)]
        subprocess.run(command, check=True)


def _chrooted(root: Path, line: str) -> None:
    script = f"mount --bind /usr {root}/usr && exec chroot {root} /bin/sh -ec {_quoted(line)}"
    subprocess.run(["unshare", "--mount", "sh", "-ec", script], check=True, capture_output=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


@dataclass
class Container:
    """One service at work. ``sandbox`` holds its network and host name; None: it shares those of another."""

    service: Service
    root: Path
    address: str
    hostname: str
    sandbox: subprocess.Popen[bytes] | None
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def first(self) -> psutil.Process:
        """The process that is number 1 inside."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children()[0]

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.poll() if self.process else None


@dataclass
class Engine:
    """``folder``: for root folders, volumes and logs. ``image``: of all services but PostgreSQL."""

    compose: Compose
    image: Image
    folder: Path
    profiles: tuple[str, ...] = ()
    containers: dict[str, Container] = field(default_factory=dict)

    def up(self) -> None:
        """``docker compose up -d``: starts what does not run, in order, and waits as ``depends_on`` says."""
        for service in self.compose.in_order(self.profiles):
            for other, condition in service.needs.items():
                self._wait(other, condition)
            there = self.containers.get(service.name) or self._created(service)
            if there.process is None or there.ended() is not None:
                self.start(service.name)

    def address(self, name: str) -> str:
        """That a service has, or will have."""
        return _address([one.name for one in self.compose.in_order(self.profiles)].index(name) + FIRST)

    def start(self, name: str) -> None:
        """Also again: its network is a new one then, and who shared the old one is left without."""
        container = self.containers[name]
        if container.starts and container.sandbox:
            _renew(container)
        holder = self.containers[container.service.beside or name].sandbox
        assert holder is not None
        script = container.root.parent / f"{name}.sh"
        script.write_text(self._script(container))
        inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-e", str(script)]
        command = ["nsenter", f"--net=/proc/{holder.pid}/ns/net", f"--uts=/proc/{holder.pid}/ns/uts", *inside]
        with container.log.open("ab") as log:
            container.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": os.environ["PATH"]}
            )
        container.starts += 1

    def run(self, name: str, *command: str) -> int:
        """``docker compose run``: the service once, with another command; its exit code."""
        container = self.containers[name]
        usual, container.service = container.service, replace(container.service, command=command)
        self.start(name)
        container.service = usual
        assert container.process is not None
        return container.process.wait(600)

    def stop(self, name: str, seconds: float = 10.0) -> float:
        """``docker stop``: TERM (to PostgreSQL INT, as its image says) to the first process, KILL after ``seconds``; the
        seconds that it took."""
        began, first = time.monotonic(), self.containers[name].first
        first.send_signal(signal.SIGTERM if self.containers[name].service.command else signal.SIGINT)
        _, alive = psutil.wait_procs([first], timeout=seconds)
        for process in alive:
            process.kill()
        process = self.containers[name].process
        assert process is not None
        process.wait(10)
        return time.monotonic() - began

    def kill(self, name: str) -> None:
        """As the kernel does when memory is short."""
        container = self.containers[name]
        container.first.kill()
        assert container.process is not None
        container.process.wait(10)

    def tend(self) -> None:
        """Starts again what ended and has ``restart: unless-stopped``, as the engine does all the time."""
        for name, container in self.containers.items():
            if container.service.restarts and container.ended() is not None:
                self.start(name)

    def healthy(self, name: str) -> bool:
        """One health check."""
        check = self.containers[name].service.health
        assert check is not None
        with suppress(subprocess.TimeoutExpired, psutil.Error, IndexError):
            return self.run_in(name, *check.command, seconds=check.timeout).returncode == 0
        return False

    def run_in(self, name: str, *command: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """``docker exec``."""
        container = self.containers[name]
        pid = str(container.first.pid)
        line = [
            "nsenter",
            "-t",
            pid,
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--root",
            "--wd",
            *self._user(container.service),
            *command,
        ]
        env = self._environment(container)
        return subprocess.run(line, env=env, timeout=seconds, capture_output=True, text=True, check=False)

    def down(self) -> None:
        """Ends all containers; their volumes stay."""
        for container in reversed(self.containers.values()):
            with suppress(psutil.Error, IndexError):
                container.first.kill()
            for process in (container.process, container.sandbox):
                if process:
                    process.kill()
                    process.wait()

    def _wait(self, name: str, condition: str) -> None:
        container, end = self.containers[name], time.monotonic() + 600
        check = container.service.health
        if condition == "service_healthy" and check:
            end = time.monotonic() + check.patience + 60
        while not self._meets(container, condition):
            if container.ended() not in (None, 0):
                raise AssertionError(
                    f"service {name!r} didn't complete successfully: exit {container.ended()}\n{self.tail(name)}"
                )
            assert time.monotonic() < end, f"{name}: not {condition}\n{self.tail(name)}"
            time.sleep(PAUSE)

    def _meets(self, container: Container, condition: str) -> bool:
        if condition == "service_completed_successfully":
            return container.ended() == 0
        return condition == "service_started" or self.healthy(container.service.name)

    def tail(self, name: str, lines: int = 30) -> str:
        """``docker compose logs --tail``."""
        return "\n".join(self.containers[name].log.read_text(errors="replace").splitlines()[-lines:])

    def _created(self, service: Service) -> Container:
        number, root = len(self.containers) + FIRST, self.folder / "containers" / service.name
        root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(self.image.root), str(root)], check=True)
        sandbox = None if service.beside else _sandbox()
        container = Container(
            service, root, _address(number), secrets.token_hex(6), sandbox, self.folder / f"{service.name}.log"
        )
        if sandbox:
            _connect(sandbox.pid, number, container.address, container.hostname)
        else:
            beside = self.containers[service.beside]
            container.address, container.hostname = beside.address, beside.hostname
        self.containers[service.name] = container
        hosts = [f"{one.address} {one.hostname} {name}" for name, one in self.containers.items()]
        for one in self.containers.values():  # an engine has a name server for this
            (one.root / "etc/hosts").write_text("\n".join(["127.0.0.1 localhost", *hosts, ""]))
        return container

    def _script(self, container: Container) -> str:
        root, service = container.root, container.service
        lines = ["mount --make-rprivate /", f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        lines.append(f"mount -t tmpfs -o size=64m tmpfs {root}/dev/shm")  # names of semaphores are a container's own
        for folder in ("/usr", *ENVIRONMENTS):
            lines += self._mounted(Path(folder), f"{root}{folder}", True)
        for source, target, read_only in service.mounts:
            lines += self._mounted(self._source(source, target), f"{root}{target}", read_only)
        for name in service.secrets:
            lines += self._mounted(self.compose.secrets[name], f"{root}/run/secrets/{name}", True)
        environment = " ".join(_quoted(f"{key}={value}") for key, value in self._environment(container).items())
        command = " ".join(map(_quoted, service.command or ("/bin/sh", "-c", POSTGRES)))
        enter = f"exec chroot {root} /usr/bin/env -i -C {self.image.folder} {environment}"
        return "\n".join([*lines, f"{enter} {' '.join(self._user(service))} {command}", ""])

    def _mounted(self, source: Path, target: str, read_only: bool) -> list[str]:
        make = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p $(dirname {target}); touch {target}"
        return [make, f"mount --bind {source} {target}", *([f"mount -o remount,bind,ro {target}"] if read_only else [])]

    def _source(self, source: str, target: str) -> Path:
        """A named volume is made as the image has its place: owner, mode and content."""
        if source not in self.compose.volumes:
            return Path(source)
        volume, place = self.folder / "volumes" / source, self.image.root / target.lstrip("/")
        if not volume.exists():
            volume.parent.mkdir(exist_ok=True)
            if place.exists():
                subprocess.run(["cp", "-aT", str(place), str(volume)], check=True)
            else:
                volume.mkdir()
            if target == "/var/lib/postgresql/data":
                shutil.chown(volume, "postgres", "postgres")
        return volume

    def _environment(self, container: Container) -> dict[str, str]:
        own = {"HOSTNAME": container.hostname, "HOME": f"/home/{self.image.user}"}
        return {**self.image.environment, **own, **container.service.environment}

    def _user(self, service: Service) -> list[str]:
        postgres = pwd.getpwnam("postgres")
        uid, gid = self.image.owner() if service.command else (postgres.pw_uid, postgres.pw_gid)
        return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]


def _address(number: int) -> str:
    return f"172.31.77.{number}"


def _renew(container: Container) -> None:
    assert container.sandbox is not None
    container.sandbox.kill()
    container.sandbox.wait()
    number = int(container.address.rpartition(".")[2])
    subprocess.run(
        ["ip", "link", "del", f"veth{number}"], check=False, capture_output=True
    )  # gone with its network, or left by it
    container.sandbox = _sandbox()
    _connect(container.sandbox.pid, number, container.address, container.hostname)


def _sandbox() -> subprocess.Popen[bytes]:
    """A process that holds a network and a host name."""
    return subprocess.Popen(["unshare", "--net", "--uts", "sleep", "infinity"])


def _connect(pid: int, number: int, address: str, hostname: str) -> None:
    """A cable from the container's network to the bridge, as an engine lays it."""
    inside = f"ip link set lo up; ip addr add {address}/24 dev eth0; ip link set eth0 up; hostname {hostname}"
    end = time.monotonic() + 10
    while os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        assert time.monotonic() < end
        time.sleep(0.01)
    for line in (
        f"ip link add veth{number} type veth peer name eth0 netns {pid}",
        f"ip link set veth{number} master decai0 up",
    ):
        subprocess.run(line.split(), check=True)
    subprocess.run(["nsenter", "-t", str(pid), "--net", "--uts", "sh", "-ec", inside], check=True)


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and what it starts, in a network of its own with a bridge for containers; not the host's."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as before:
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            for line in (
                "link set lo up",
                "link add decai0 type bridge",
                "addr add 172.31.77.1/24 dev decai0",
                "link set decai0 up",
            ):
                subprocess.run(["ip", *line.split()], check=True)
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)
