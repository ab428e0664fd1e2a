"""The application of Airflow's api-server in a process of its own, with all routes written down first.

`python served_airflow.py PORT FILE`, with the environment of a stack. What Airflow keeps of people, and its API cannot make, is
put into its database here.
"""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.cli.commands.dag_command import dag_reserialize
from airflow.models.errors import ParseImportError
from airflow.providers.fab.auth_manager.models import User
from airflow.utils.session import create_session
from sqlalchemy import select
from starlette.routing import Mount


def routes_of(routes: Any, prefix: str = "") -> Iterator[str]:
    """``GET /path/{parameter}`` of each route, those of mounted applications too."""
    for route in routes:
        if isinstance(route, Mount):
            yield from routes_of(getattr(route.app, "routes", ()), prefix + route.path)
        else:
            yield from (f"{method} {prefix}{route.path}" for method in route.methods if method != "HEAD")


def flask_routes() -> Iterator[str]:
    """Those of Flask-AppBuilder's own pages."""
    for rule in get_auth_manager().flask_app.url_map.iter_rules():
        path = "/auth" + rule.rule.replace("<", "{").replace(">", "}")
        yield from (f"{method} {path}" for method in rule.methods - {"HEAD", "OPTIONS"})


def granted() -> dict[str, dict[str, list[Any]]]:
    """Login -> kind -> the ids that Airflow's manager grants of things that no route divides by participant."""
    manager, kinds = get_auth_manager(), ("assets", "connections", "pools", "variables")
    with create_session() as session:
        users = session.scalars(select(User)).unique().all()
        return {
            user.username: {kind: sorted(getattr(manager, f"get_authorized_{kind}")(user=user)) for kind in kinds}
            for user in users
        }


def main(port: int, written: Path) -> None:
    dag_reserialize(Namespace(bundle_name=None))
    with create_session() as session:
        session.add(ParseImportError(filename="shop_0.py", bundle_name="dags-folder", stacktrace="secret_of_shop_0"))
    app = create_app(apps="all")
    routes = sorted({*routes_of(app.routes), *flask_routes()})
    written.write_text(json.dumps({"routes": routes, "granted": granted()}))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
