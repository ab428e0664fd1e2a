"""`decai doctor`, `decai prepare`, `decai backup` and `decai restore`: keeping an installation well."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.network import default_home
from decai_forecast.upkeep import back_up, diagnose
from decai_forecast.upkeep import restore as restore_home

__all__ = ["backup", "doctor", "prepare", "restore"]

Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Archive = Annotated[Path, typer.Argument(help="The file of the backup, such as acme-2026-12-01.tar.gz.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")]


def doctor(home: Home = None, as_json: Json = False) -> None:
    """Says what is missing for a night on this host: home, disk, owner, clock, database, Flower, settings. Changes nothing.

    Exit code 1 if anything is wrong.

    Example: decai doctor --home .decai/acme
    """
    findings = diagnose((home or default_home()).absolute())
    if as_json:
        print(json.dumps([asdict(one) for one in findings], indent=1))
    for one in [] if as_json else findings:
        print(f"{'wrong' if one.fault else 'ok':<6}{one.name:<10} {one.fault or one.detail}")
    raise typer.Exit(int(any(one.fault for one in findings)))


def prepare(home: Home = None) -> None:
    """Before the processes of an Airflow start: checks as `decai doctor`, migrates its database, makes logins and roles.

    Containers and services run it at every start; after an upgrade it brings the database to the new version. Passwords in the
    file that DECAI_PASSWORDS_FILE names hold from then on.

    Example: decai prepare
    """
    from decai_forecast.orchestration.prepare import prepare as prepare_airflow

    if logins := prepare_airflow((home or default_home()).absolute()):
        print(f"the administrator and each company can log in; their first passwords: {logins}")


def backup(archive: Archive, home: Home = None) -> None:
    """Writes a home into one file, with its keys and passwords: keep it as you keep those. Nights may go on meanwhile.

    Example: decai backup acme-2026-12-01.tar.gz --home .decai/acme
    """
    count = back_up((home or default_home()).absolute(), archive.absolute())
    print(f"{archive}: {count} files, {archive.stat().st_size / 1e6:.1f} MB; it has private keys in it")


def restore(archive: Archive, home: Home = None) -> None:
    """Makes a home from a backup, where none is. Every file is checked first.

    Example: decai restore acme-2026-12-01.tar.gz --home .decai/acme
    """
    home = (home or default_home()).absolute()
    print(f"{home}: {restore_home(archive, home)} files; `decai doctor --home {home}` says whether all is well")
