"""`decai roles ...`: who may see what, in an Airflow that several participants log in to."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.network import Network

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Roles: a login per participant in an Airflow that several log in to.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Logins = Annotated[
    Path | None,
    typer.Option(help="Also makes the logins that are missing, admin among them; their passwords are kept in this JSON file."),
]


@app.command("sync")
def sync(logins: Logins = None, home: Home = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Makes one role per participant, with exactly its DAGs, their runs and its pages; nobody else's role is touched.

    Run it with the environment of Airflow's processes, once after `airflow db migrate` and whenever a participant came or left.
    A participant that has left loses every right. It needs the extra `roles`.

    Examples:

      decai roles sync

      decai roles sync --logins /run/secrets/airflow_passwords
    """
    from decai_forecast.orchestration.roles.sync import sync_roles

    changes = sync_roles(Network.load(home), logins)
    if as_json:
        print(json.dumps([asdict(one) for one in changes], indent=1))
        return
    for one in changes:
        owns = ", ".join(one.dags) or "nothing; it is no participant here"
        login = f"; login {one.login}" if one.login else ""
        print(f"{one.partner}: {owns} ({one.given} rights given, {one.taken} taken){login}")
