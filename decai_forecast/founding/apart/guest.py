"""What a company keeps between its answer and its admission, below ``federation/<company>/invitation/`` for itself."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.keys import write_secret
from decai_forecast.federation.superlink.passport import Files
from decai_forecast.founding.apart.papers import Invitation
from decai_forecast.link.calls import Calls, Patience, url_of
from decai_forecast.link.invited import InvitedHttps
from decai_forecast.link.tls import TlsFiles

__all__ = ["Guest"]


@dataclass(frozen=True)
class Guest:
    """A company that was invited and is not admitted yet; ``files``: its own."""

    files: Files

    @property
    def folder(self) -> Path:
        return self.files.folder / "invitation"

    @property
    def answer(self) -> Path:
        """As it was made; without a secret."""
        return self.folder / "answer.json"

    @property
    def _paper(self) -> Path:
        return self.folder / "invitation.json"

    def is_expected(self) -> bool:
        """Whether an answer waits for its admission."""
        return self._paper.exists()

    def invitation(self) -> Invitation:
        """The one that was answered; :class:`ConfigError` if there is none."""
        if not self.is_expected():
            raise ConfigError(f"{self.files.folder}: no invitation was answered here; `decai federation join FILE` does it")
        return Invitation.read(self._paper)

    def keep(self, path: Path, invitation: Invitation) -> None:
        """The invitation in ``path``, and what of it TLS reads from files. An answer to an earlier one goes."""
        if self.is_expected() and self.invitation().serial != invitation.serial:
            self.forget()
        write_secret(self._paper, path.read_bytes())
        for file, text in zip(_parts(self.folder), _texts(invitation), strict=True):
            write_secret(file, text.encode())

    def forget(self) -> None:
        """The company has a certificate of its own now: the invitation's key is of no use any more."""
        shutil.rmtree(self.folder)

    def link(self, patience: Patience) -> InvitedHttps:
        """The way to the coordinator's desk."""
        invitation = self.invitation()
        return InvitedHttps(Calls(url_of(invitation.host, invitation.link_port), TlsFiles(*_parts(self.folder)), patience))


def _parts(folder: Path) -> tuple[Path, Path, Path, Path]:
    """Key, certificate, the authority of the server, that of invitations."""
    return folder / "tls.key", folder / "tls.crt", folder / "authority.crt", folder / "inviting.crt"


def _texts(invitation: Invitation) -> tuple[str, str, str, str]:
    return invitation.key, invitation.certificate, invitation.authority, invitation.inviting
