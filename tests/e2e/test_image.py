"""The Dockerfile built by an engine, without privileges: Debian's buildah, run by a user that may do nothing else.

Where no registry is reached, Debian's own Python stands for the base image; every line of the Dockerfile is run.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

NEEDED = ("buildah", "mmdebstrap", "newuidmap", "setpriv")
BASE, IMAGE = "localhost/python-base", "localhost/decai-forecast:test"
MIRROR, SUITE = "http://deb.debian.org/debian", "bookworm"
LONGEST = 3600  # seconds: 190 packages are fetched


def builder() -> str:
    """A user without privileges that has numbers of further users; empty if there is none."""
    table = Path("/etc/subuid")
    names = [line.split(":")[0] for line in table.read_text().splitlines()] if table.exists() else []
    if os.geteuid():
        return next((name for name in names if name == pwd.getpwuid(os.geteuid()).pw_name), "")
    return next((name for name in names if name != "root"), "")


def cannot_build() -> str:
    """Why this host builds no image; empty if it does."""
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        return f"not on this host: {', '.join(missing)}"
    return "" if builder() else "no user of this host has subordinate user ids (/etc/subuid)"


# an engine is no part of what a stranger's machine has
pytestmark = [pytest.mark.soak, pytest.mark.skipif(bool(cannot_build()), reason=cannot_build())]


class Workshop:
    """A folder of the builder's, with the checkout in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.user = folder, pwd.getpwnam(builder())
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
        for name in filter(None, files):
            target = folder / "context" / os.fsdecode(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / os.fsdecode(name), target)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def run(self, *command: str) -> str:
        """What it printed; the end of its complaints where it failed."""
        user = self.user
        identity = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups"]
        places = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "TMPDIR"), str(self.folder))
        own = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "STORAGE_DRIVER": "vfs",
            "BUILDAH_ISOLATION": "chroot",
            "USER": user.pw_name,
        }
        line = [*(identity if os.geteuid() == 0 else ()), *command]
        done = subprocess.run(
            line, cwd=self.folder, env=places | own, capture_output=True, text=True, check=False, timeout=LONGEST
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """With a base image that has Python and pip."""
    folder = tmp_path_factory.mktemp("workshop")
    for parent in [one for one in folder.parents if one.owner() == "root"]:
        parent.chmod(parent.stat().st_mode | 0o011)
    made = Workshop(folder)
    packages = "python3,python3-pip,ca-certificates"
    made.run("mmdebstrap", "--mode=unshare", "--variant=minbase", f"--include={packages}", SUITE, "base.tar", MIRROR)
    work = made.run("buildah", "from", "scratch")
    made.run("buildah", "add", work, "base.tar", "/")
    as_upstream = "rm -f /usr/lib/python3*/EXTERNALLY-MANAGED; ln -sf python3 /usr/bin/python"
    made.run("buildah", "run", work, "--", "sh", "-c", as_upstream)
    made.run("buildah", "commit", "--rm", work, BASE)
    yield made
    made.run("buildah", "rm", "--all")
    made.run("buildah", "rmi", "--all", "--force")


def test_the_image_is_built_without_privileges_and_runs(workshop: Workshop) -> None:
    """Airflow of the pinned version, our commands, the user without privileges, folders that it may write."""
    certificates = "/etc/ssl/certs:/etc/ssl/certs:ro"  # of a proxy between this host and the index
    arguments = ("--build-arg", f"PYTHON_IMAGE={BASE}", "-v", certificates, "-t", IMAGE)
    workshop.run("buildah", "bud", *arguments, "context")
    inside = workshop.run("buildah", "from", IMAGE)
    assert workshop.run("buildah", "run", inside, "--", "airflow", "version").splitlines()[-1] == "3.3.2"
    assert "decai" in workshop.run("buildah", "run", inside, "--", "decai", "--help")
    script = "id -u; touch $AIRFLOW_HOME/x $DECAI_HOME/x && echo written; touch /opt/x 2>/dev/null || echo refused"
    assert workshop.run("buildah", "run", inside, "--", "sh", "-c", script).split() == ["50000", "written", "refused"]
    assert workshop.run("buildah", "run", inside, "--", "curl", "--version").startswith("curl ")
