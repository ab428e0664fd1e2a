"""`decai round ...`: running, showing and listing rounds without Airflow."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.commands.membership import news_of_members
from decai_forecast.commands.proposals import news_of_proposal
from decai_forecast.commands.table import print_summary, screen
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.role import WHOLE, Installation, Role
from decai_forecast.orchestration.summaries import last_rounds, round_ids, round_summary
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.expiry import ends_soon
from decai_forecast.round import Round, round_at

__all__ = ["app", "chosen_round", "waits_until"]

AFTER_CLOSING = timedelta(hours=2)  # a training that began before the round is closed may still run
ANOTHER_DAY = timedelta(hours=1)  # a round of another night than this one is waited for

app = typer.Typer(no_args_is_help=True, help="Rounds: one night's joint run of a network.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
RoundOption = Annotated[str, typer.Option("--round", help="YYYY-MM-DD, or YYYY-MM-DD.2 for a further one of that night.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Data cut-off, exclusive (YYYY-MM-DD); default: the round's day.")]
Wait = Annotated[
    float, typer.Option(help="Minutes to wait at most; default: until the round is closed.", min=0, show_default=False)
]
At = Annotated[str, typer.Option("--partner", help="As this company sees it, from its own store.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def chosen_round(network: Network, round_id: str, as_of: str, *, apart: bool = False) -> Round:
    """The round the options name; without any, the one a replay is for, else that of this day.

    Who is ``apart`` joins the round that is closed next, as in every house: before midnight that of the next day.
    """
    if round_id:
        return Round.of(round_id, as_of)
    if as_of:
        return Round.of(as_of)
    if network.replay_as_of:
        return Round.of(network.replay_as_of)
    now = datetime.now(UTC)
    return network.windows.round_for(now) if apart else round_at(network.zone, now)


@app.command("run")
def run(
    round_id: RoundOption = "",
    as_of: AsOf = "",
    partner: Annotated[str, typer.Option(help="Only this company's part; the coordinator is somewhere else.")] = "",
    wait: Wait = 0.0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Runs a round in this process: deliver, train together, close, report; of all companies, or of one.

    With --partner it is the whole night of one company whose coordinator is somewhere else: it delivers, answers, takes part
    in the training, waits for what is published, and reports. Whoever is killed runs it again, and it goes on.

    Examples:

      decai round run --round 2022-01-03

      decai round run --partner acme

    Exit code 1 if the round is below quorum, or nothing was published in time. Repeating a round changes nothing.
    """
    network = Network.load(home)
    round = chosen_round(network, round_id, as_of, apart=bool(partner))
    if partner:
        raise typer.Exit(_run_company(network, partner, round, waits_until(network, round, wait, AFTER_CLOSING)))
    from decai_forecast.one_machine.run import run_round

    closing = run_round(network, round, progress=_tell)
    _show(summarise(network, round), as_json)
    raise typer.Exit(0 if closing.status == "closed" else 1)


@app.command("coordinate")
def coordinate(
    round_id: RoundOption = "", as_of: AsOf = "", wait: Wait = 0.0, home: Home = None, as_json: Json = False
) -> None:
    """The coordinator's part of a round whose companies are somewhere else: wait for them, train together, close.

    It waits for the quorum, then for the rest as long as the grace of network.yaml lasts; `decai coordinator serve` takes what
    companies send meanwhile. It ends when everybody has answered, at the latest at the time of closing.

    Examples:

      decai round coordinate

      decai round coordinate --round 2026-12-07 --wait 30

    Exit code 1 if the round is below quorum. Repeating a round changes nothing.
    """
    from decai_forecast.coordinator.coordinate import coordinate as step

    network = Network.load(home)
    round = chosen_round(network, round_id, as_of, apart=True)
    closing = step(coordinator_context(network), round, waits_until(network, round, wait, timedelta()), _tell)
    if as_json:
        print(json.dumps(asdict(closing) | {"as_of": closing.as_of.isoformat()}, indent=1))
    raise typer.Exit(0 if closing.status == "closed" else 1)


@app.command("show")
def show(round_id: RoundOption = "", partner: At = "", home: Home = None, as_json: Json = False) -> None:
    """Shows a round: per partner verdict, rows, errors, worst exposure and report. Default: the newest one.

    Where companies are apart, the coordinator sees what they told it; a company sees its own part with --partner.

    Examples:

      decai round show --json | jq .partners

      decai round show --partner acme
    """
    network = Network.load(home)
    here = _here(network, partner)
    known = round_ids(network, here)
    chosen = round_id if round_id in known else "" if round_id else next(iter(known), "")
    if not chosen:
        raise ConfigError(f"no round {round_id or 'yet'}; there are {', '.join(known) or 'none'}")
    _show(round_summary(network, here, chosen), as_json)


@app.command("list")
def listing(partner: At = "", home: Home = None, as_json: Json = False) -> None:
    """Lists the rounds, newest first: id, how it ended, and its note.

    Example: decai round list
    """
    network = Network.load(home)
    shown = last_rounds(network, _here(network, partner))
    rows = [{key: one[key] for key in ("round", "as_of", "status", "note")} for one in shown]
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            print(f"{row['round']}  {row['status']:<13}  {row['note']}")


def _here(network: Network, partner: str) -> Installation:
    """Whose stores are read."""
    if partner:
        network.participant(partner)
        return Installation(Role.PARTNER, partner)
    return Installation(Role.COORDINATOR) if network.link.way == "https" else WHOLE


def _news(network: Network, partner: str) -> Iterator[str]:
    """What the company's operator should know before the night, and nothing in it waits for."""
    yield from news_of_members(network, partner)
    yield from news_of_proposal(network, partner)
    yield from ends_soon(partner_context(network, partner))


def _run_company(network: Network, partner: str, round: Round, until: datetime) -> int:
    """The exit code."""
    from decai_forecast.commands.own_node import taking_part
    from decai_forecast.partner.apart import NotPublished, run_apart

    for line in _news(network, partner):
        _tell(line)
    try:
        run_apart(partner_context(network, partner), round, taking_part(network, partner, _tell), until, _tell)
    except NotPublished as error:
        _tell(f"error: {error}")
        return 1
    return 0


def waits_until(network: Network, round: Round, minutes: float, more: timedelta) -> datetime:
    """Until when somebody who is apart waits: so many minutes, else until the round is closed and ``more``."""
    now = datetime.now(UTC)
    if minutes:
        return now + timedelta(minutes=minutes)
    tonight = round == network.windows.round_for(now)
    return (network.windows.closes_after(now) if tonight else now + ANOTHER_DAY) + more


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(summary: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, indent=1))
    else:
        print_summary(summary, screen())
