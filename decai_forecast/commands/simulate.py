"""`decai simulate`: what an outage, a strike or a rush would do to a company's network, on its last forecast."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decai_forecast.commands.risks import tell_risks
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.risks import risks_of
from decai_forecast.partner.what_if import form_scenario, last_forecast, what_if

if TYPE_CHECKING:
    from decai_forecast.simulation import Simulation
    from decai_forecast.simulation.network.supply import SupplyNetwork
    from decai_forecast.simulation.shocks import Cause, Scenario, ToldScenario

__all__ = ["simulate_command"]

SHOWN = 12  # rows of exposure
Told = Mapping[str, Any]


def simulate_command(
    partner: Annotated[str, typer.Option("--partner", help="Whose network.")],
    scenario: Annotated[
        Path | None, typer.Option(help="YAML with shocks, or JSON: a Catena-X disruption notification (CX-0157).")
    ] = None,
    risks: Annotated[
        Path | None, typer.Option(help="YAML with random events of a year, and mitigations: what they cost, what would pay.")
    ] = None,
    kind: Annotated[str, typer.Option(help="Without a file: supplier-down, site-down, capacity, lead-time, demand ...")] = "",
    node: Annotated[str, typer.Option(help="The supplier or site it happens to.")] = "",
    start: Annotated[int, typer.Option(help="Days from the forecast's first day.", min=0)] = 0,
    length: Annotated[int, typer.Option(help="Days it lasts.", min=1)] = 28,
    factor: Annotated[float | None, typer.Option(help="Share of capacity left, or times lead time or demand.")] = None,
    place: Annotated[
        list[str] | None, typer.Option(help="NUMBER=NAME: a site number of the notification, and its name.")
    ] = None,
    notify: Annotated[
        Path | None, typer.Option(help="Writes what happens at your own sites as a disruption notification (CX-0157) here.")
    ] = None,
    cause: Annotated[str, typer.Option(help="Why, in the notification: strike, natural-disaster, war, other ...")] = "other",
    round_id: Annotated[str, typer.Option("--round", help="YYYY-MM-DD; default: the last one with a forecast.")] = "",
    home: Annotated[
        Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Simulates what would happen to a company, and writes a report of it, which stays with the company.

    Without --scenario and --kind every supplier and site is down in turn, as in the night's own report.

    Examples:

      decai simulate --partner alder_foods

      decai simulate --partner alder_foods --kind supplier-down --node "Northern Mills" --length 21

      decai simulate --partner alder_foods --kind demand --factor 1.4 --start 14 --length 14

      decai simulate --partner alder_foods --scenario port-strike.yaml --json

      decai simulate --partner alder_foods --risks risks.yaml

      decai simulate --partner alder_foods --kind site-down --node south --length 14 --place BPNS00000000002B=south
      --notify strike.json --cause strike
    """
    network = Network.load(home)
    company = partner_context(network, partner)
    round = last_forecast(company, round_id)
    why = None if notify is None else _cause(cause, scenario is not None or bool(kind))
    if risks is not None:
        if scenario is not None or kind:
            raise ConfigError("--risks has events of its own; leave --scenario and --kind out")
        tell_risks(*risks_of(company, round, risks), as_json=as_json)
        return
    places = _places(place or [])
    asked = _asked(scenario, places, _form(kind, node, start, length, factor))
    path, found = "", None
    if asked is None:
        from decai_forecast.partner.simulate_step import simulated

        found = simulated(company, round, progress=_progress)
    else:
        made = what_if(company, round, asked, _progress)
        path, found = made.path, made.simulation
        if notify is not None and why is not None and found.case is not None:
            _write(notify, found.case, why, places, round.as_of)
    if as_json:
        print(json.dumps({"partner": partner, "round": round.id, "report": path, "simulation": found.to_json()}, indent=1))
    else:
        _tell(found, partner, round.id, path)


def _cause(given: str, asked: bool) -> Cause:
    """Why, of a notification; ``asked``: whether there is a scenario to tell."""
    from decai_forecast.simulation.shocks import Cause

    if not asked:
        raise ConfigError("--notify tells what happens in a scenario; give --scenario or --kind")
    if given not in set(Cause):
        raise ConfigError(f"--cause {given!r}: expected one of {', '.join(Cause)}")
    return Cause(given)


def _write(path: Path, case: ToldScenario, cause: Cause, places: Told, as_of: date) -> None:
    """The notifications of a scenario; they say what it was, and nothing of what it costs."""
    from decai_forecast.simulation.shocks import files_of, notifications

    changed = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    written = notifications(case, cause, {name: number for number, name in places.items()}, changed)
    for name, text in files_of(written, path.name).items():
        path.with_name(name).write_text(text, encoding="utf-8")
        print(f"notification: {path.with_name(name)}", file=sys.stderr)


def _form(kind: str, node: str, start: int, length: int, factor: float | None) -> Told | None:
    if not kind and (node or factor is not None):
        raise ConfigError("--node and --factor belong to --kind; say what happens, such as --kind supplier-down")
    return {"kind": kind, "node": node, "start": start, "length": length, "factor": factor} if kind else None


def _asked(path: Path | None, places: Told, form: Told | None) -> Callable[[SupplyNetwork], Scenario] | None:
    from decai_forecast.simulation.shocks import read_notification, read_scenario

    if path is not None and form is not None:
        raise ConfigError("--scenario and --kind both say what happens; give one of them")
    if path is None:
        if form is None:
            return None
        made = form_scenario(form)
        return lambda _network: made
    if path.suffix == ".json":
        return lambda network: read_notification(path, {name: name for name in network.by_name} | dict(places))
    read = read_scenario(path)
    return lambda _network: read


def _places(given: Sequence[str]) -> Told:
    if wrong := [one for one in given if "=" not in one]:
        raise ConfigError(f"--place {wrong[0]!r}: expected NUMBER=NAME, such as BPNS0000000001AB=north")
    return dict(one.split("=", 1) for one in given)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of} blocks simulated", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _tell(found: Simulation, partner: str, round_id: str, path: str) -> None:
    """Service, and who costs most."""
    from rich.table import Table

    from decai_forecast.commands.table import screen
    from decai_forecast.simulation.times import until_back, until_failure

    console = screen()
    if found.scenario and found.case:
        console.print(_words(found.case), highlight=False, markup=False)
    table = Table(title=f"{partner}, forecast of {round_id}: {found.scenario or 'every place down in turn'}", box=None,
                  title_justify="left", pad_edge=False)  # fmt: skip
    for name in ("place", "units lost", "service", "fails after", "back after"):
        table.add_column(name, justify="left" if name == "place" else "right", overflow="fold")
    for row in found.exposure.head(SHOWN).to_dict("records"):
        table.add_row(
            str(row["node"]),
            f"{row['lost_units']:,.0f}",
            f"{row['network_fill_rate']:.1%}",
            _unit(until_failure(row["tts_p50"] * found.period_days, row["followed_days"])),
            _unit(until_back(row["service_recovery_days"], row["followed_days"])),
        )
    console.print(table)
    left = len(found.exposure) - SHOWN
    more = f"{left} more places have less to lose. " if left > 0 else ""
    console.print(f"\n{more}Today {found.fill_rate:.1%} of demand is served from stock.", highlight=False)
    if path:
        console.print(f"report: {path}", highlight=False, soft_wrap=True)


def _words(case: ToldScenario) -> str:
    """What was simulated."""
    shocks = "\n".join(f"- {shock.text}" for shock in case.shocks)
    chance = "" if case.probability is None else f"\nIts probability, as given: {case.probability:.1%}."
    return f"Simulated:\n{shocks}{''.join(f'{chr(10)}Note: {note}.' for note in case.notes)}{chance}"


def _unit(text: str) -> str:
    return f"{text} days" if text[-1].isdigit() else text
