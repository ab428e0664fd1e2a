"""Where a participant wants its report: ``contracts/<participant>/report.yaml``, its own file.

::

    version: 1
    compare: true          # give service and forecast error, two numbers, for quartiles of five companies or more
    send:
      - {name: archive, kind: folder, url: s3://acme-reports, connection: acme_s3}
      - {name: erp, kind: webhook, url: "https://erp.acme.example/reports", connection: acme_erp}
      - {name: planners, kind: mail, to: [planning@acme.example], connection: acme_smtp}

Passwords come from the connection that is named, never from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from decai_forecast.documents.constraints import MailAddress, Text
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.files import read_yaml_file
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.secrets import secret_faults

__all__ = ["FILE", "Settings", "SettingsForm", "Target", "read_settings"]

FILE = "report.yaml"
EXPECTED = "expected a mapping with version, compare and send; docs/how-to/report.md shows one"
REPORT_SETTINGS = Kind("a file of report settings", EXPECTED, version=1)
NO_SECRET = f"does not belong into {REPORT_SETTINGS.name}; name a connection"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError
    return value


TargetName = Annotated[str, AfterValidator(_name), Field(description="1-40 of a-z, 0-9, _ and -")]


@dataclass(frozen=True)
class Target:
    """One place to send to; ``connection`` names where its password lies."""

    name: str
    kind: str  # folder, webhook or mail
    url: str = ""
    to: tuple[str, ...] = ()
    connection: str = ""


@dataclass(frozen=True)
class Settings:
    """Without a file: nothing is sent anywhere, nothing is given for comparison; the report lies in the outbox."""

    compare: bool = False
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True)
class FolderForm:
    """A folder or a bucket, one folder per round below it."""

    kind: Literal["folder"]
    url: Text
    connection: Text = ""
    name: TargetName = "folder"


@dataclass(frozen=True)
class WebhookForm:
    """An address that takes the report; the connection's password signs it."""

    kind: Literal["webhook"]
    url: Text
    connection: Text
    name: TargetName = "webhook"


@dataclass(frozen=True)
class MailForm:
    """Mail addresses, reached through the server of the connection."""

    kind: Literal["mail"]
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    connection: Text
    name: TargetName = "mail"


TargetForm = Annotated[FolderForm | WebhookForm | MailForm, Field(discriminator="kind")]


@dataclass(frozen=True)
class SettingsForm:
    """The keys of ``report.yaml`` beside ``version``."""

    compare: bool = False
    send: tuple[TargetForm, ...] = ()

    def faults(self) -> Iterator[Fault]:
        """Names that stand there twice, and passwords in addresses."""
        names = [target.name for target in self.send]
        for number, target in enumerate(self.send):
            if target.name in names[:number]:
                yield Fault(("send", number), f"a second target {target.name!r}; give each a name of its own")
            if not isinstance(target, MailForm):
                yield from secret_faults(target.url, ("send", number, "url"), NO_SECRET)


def read_settings(path: Path) -> Settings:
    """The settings in ``path``; :class:`ConfigError` with file, line and column of every fault."""
    if not path.exists():
        return Settings()
    form = read_yaml_file(path, REPORT_SETTINGS, SettingsForm)
    return Settings(form.compare, tuple(_target(given) for given in form.send))


def _target(given: FolderForm | WebhookForm | MailForm) -> Target:
    if isinstance(given, MailForm):
        return Target(given.name, given.kind, "", given.to, given.connection)
    return Target(given.name, given.kind, given.url, (), given.connection)
