"""`decai forecast ...`: what a planner knows and the model does not, kept and scored; and the demand over a lead time."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decai_forecast.columns import SERIES
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.facts import COMBINE, SIMULATE, CombineFacts
from decai_forecast.round import in_time
from decai_forecast.steps import Done, read_done

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand.overrides import Override

__all__ = ["forecast_app"]

override_app = typer.Typer(no_args_is_help=True, help="A planner's overrides of the forecast: kept, applied and scored.")
forecast_app = typer.Typer(no_args_is_help=True, help="A company's own forecast.")
forecast_app.add_typer(override_app, name="override")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Partner = Annotated[str, typer.Option("--partner", help="Whose forecast.")]
Reason = Annotated[str, typer.Option(help="Why; shown beside the forecast, and when it is scored.")]
Who = Annotated[str, typer.Option(help="Who says so.", show_default="your login name")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@override_app.command("add")
def add(
    partner: Partner,
    item: Annotated[str, typer.Option(help="The item, as the forecast names it.")],
    reason: Reason,
    first: Annotated[str, typer.Option(help="The first day (YYYY-MM-DD): from the period that holds it on.")],
    last: Annotated[str, typer.Option(help="The last day; default: only the period of --first.")] = "",
    location: Annotated[str, typer.Option(help="The site; not needed where the item is sold at one only.")] = "",
    quantity: Annotated[float | None, typer.Option(help="Units per period, as the median.")] = None,
    factor: Annotated[float | None, typer.Option(help="Times the model's forecast, such as 1.3.")] = None,
    who: Who = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Says what an item will sell; from the next night on the shipped forecast follows it.

    Give --quantity or --factor. The model's own numbers stay beside it. Of several overrides of a period the latest counts.

    Examples:

      decai forecast override add --partner alder_foods --item item-003 --location north --first 2026-12-01 --last 2026-12-24
      --factor 1.4 --reason "Advent promotion, agreed with the chain"

      decai forecast override add --partner birch_markets --item item-011 --first 2027-01-04 --quantity 0 --reason "delisted"
    """
    from decai_forecast.demand.overrides import Override, record_override

    company, (round_id, combined) = _company_with_forecast(home, partner)
    known = combined.frame("forecast.parquet")[SERIES].drop_duplicates()
    begin = company.calendar.floor(_day(first, "--first"))
    override = Override(
        location or _only_site(known, item), item, begin, _day(last, "--last") if last else begin, reason, _who(who), _now(),
        value=quantity, factor=factor,
    )  # fmt: skip
    record_override(company.store, override, known)
    covered = _covered(combined, override)
    if as_json:
        print(json.dumps(override.as_json() | {"id": override.id, "forecast_of": round_id, "periods": covered}, indent=1))
        return
    print(f"override {override.id}: {_told(override)}")
    print(_effect(combined, override, covered))


@override_app.command("list")
def listing(partner: Partner, home: Home = None, as_json: Json = False) -> None:
    """Lists the overrides, the newest first: in force, over or withdrawn, and what each was worth as far as it is sold.

    Example: decai forecast override list --partner alder_foods
    """
    rows = list(reversed(_rows(partner_context(Network.load(home), partner))))
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['id']}  {row['state']:<9}  {row['told']}")
        worth = "not judged yet" if row["value_added"] is None else _worth(row["value_added"], row["judged"])
        print(f"  {row['reason']} ({row['who']}, {row['when'][:10]}); {worth}{row['gone']}")
    if not rows:
        print(f"no override of {partner}'s forecast yet; `decai forecast override add --help` shows how to make one")


@override_app.command("withdraw")
def withdraw(
    override: Annotated[str, typer.Argument(help="The override's id, as `list` shows it.")],
    partner: Partner,
    reason: Reason,
    who: Who = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Takes an override back, from the next night on. It stays in the list, and the nights that it changed are still scored.

    Example: decai forecast override withdraw 5f2a90c1d3e4b687 --partner alder_foods --reason "promotion called off"
    """
    from decai_forecast.demand.overrides import withdraw as take_back

    done = take_back(partner_context(Network.load(home), partner).store, override, who=_who(who), when=_now(), reason=reason)
    if as_json:
        print(json.dumps({"override": override, "withdrawn": True, "new": done}))
    else:
        print(
            f"override {override} is withdrawn from the next night on" if done else f"override {override} was withdrawn before"
        )


@forecast_app.command("lead-time")
def lead_time(
    partner: Partner,
    item: Annotated[str, typer.Option(help="Only this item.", show_default="all")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Shows what will be asked for until the order after the next one can arrive: mean and quantiles of the sum, in units.

    Sums of quantiles are no quantiles of sums: these come from whole paths of demand, as stock targets do.

    Example: decai forecast lead-time --partner alder_foods --item item-003
    """
    round_id, rows = _lead_time_demand(partner_context(Network.load(home), partner))
    rows = rows[rows["item_id"] == item] if item else rows
    if rows.empty:
        raise ConfigError(f"item {item!r} has no lead-time demand in the forecast of {round_id}; leave --item out to see all")
    if as_json:
        print(json.dumps({"partner": partner, "round": round_id, "rows": rows.to_dict("records")}, indent=1))
        return
    print(f"{partner}, forecast of {round_id}: demand over review and lead time, in units")
    print(rows.round(1).to_string(index=False))


def _lead_time_demand(company: PartnerContext) -> tuple[str, pd.DataFrame]:
    """The newest night that simulated it, and its lead-time demand."""
    for round_id in reversed(in_time(company.store.children("rounds"))):
        done = read_done(company.store, round_id, SIMULATE)
        if done is not None and "lead_time.parquet" in done:
            return round_id, done.frame("lead_time.parquet")
    raise ConfigError(f"{company.partner} has no lead-time demand yet; run a round first (`decai round run`)")


def _company_with_forecast(home: Path | None, partner: str) -> tuple[PartnerContext, tuple[str, Done[CombineFacts]]]:
    """The company's context, and its newest forecast with the round it is of."""
    company = partner_context(Network.load(home), partner)
    found = _newest(company)
    if found is None:
        raise ConfigError(f"{partner} has no forecast yet that could be overridden; run a round first (`decai round run`)")
    return company, found


def _newest(company: PartnerContext) -> tuple[str, Done[CombineFacts]] | None:
    """The newest night with a forecast, and its combination."""
    for round_id in reversed(in_time(company.store.children("rounds"))):
        done = read_done(company.store, round_id, COMBINE)
        if done is not None:
            return round_id, done
    return None


def _only_site(known: Any, item: str) -> str:
    sites = sorted(known[known["item_id"] == item]["location_id"])
    if len(sites) > 1:
        raise ConfigError(f"item {item!r} is sold at {len(sites)} sites ({', '.join(sites[:5])}); say which with --location")
    return str(sites[0]) if sites else str(known["location_id"].iloc[0])


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text!r} is not a day; write it as 2026-12-24") from None


def _who(given: str) -> str:
    try:
        return given or getpass.getuser()
    except (KeyError, OSError):  # a container under a number without a name; OSError from Python 3.13 on
        raise ConfigError("your login has no name; give one with --who") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _told(override: Override) -> str:
    site = f" at {override.location_id}" if override.location_id != "all" else ""
    said = f"{override.value:g} units a period" if override.value is not None else f"the model times {override.factor:g}"
    until = f" to {override.last}" if override.last != override.first else ""
    return f"item {override.item_id}{site}, {override.first}{until}: {said}"


def _covered(combined: Done[CombineFacts], override: Override) -> list[str]:
    """The period starts of the newest forecast that the override covers."""
    rows = combined.frame("forecast.parquet")["date"].drop_duplicates()
    days = [day.date() for day in sorted(rows)]
    return [day.isoformat() for day in days if override.first <= day <= override.last]


def _effect(combined: Done[CombineFacts], override: Override, covered: list[str]) -> str:
    from decai_forecast.demand.overrides import apply_overrides

    if not covered:
        return "the newest forecast has none of these periods: it waits for a night that forecasts them"
    forecast = combined.frame("forecast.parquet")
    rows = forecast[(forecast["item_id"] == override.item_id) & (forecast["location_id"] == override.location_id)]
    model = rows.assign(**{name: rows[f"model_{name}"] for name in ("mean", "q10", "q50", "q90")})
    after = apply_overrides(model, [override])
    mine = (after["override"] == override.id).to_numpy()
    before, said = float(model["q50"][mine].sum()), float(after["q50"][mine].sum())
    count = f"{len(covered)} period{'' if len(covered) == 1 else 's'} of the newest forecast"
    return f"{count}: {before:,.4g} units by the model, {said:,.4g} with it. It ships from the next night on."


def _rows(company: PartnerContext) -> list[dict[str, Any]]:
    from decai_forecast.demand.overrides import read_overrides, withdrawals

    gone, newest = withdrawals(company.store), _newest(company)
    scores = {score.override: score for score in newest[1].facts.override_scores} if newest else {}
    now = newest[1].facts.cutoff if newest else date.min
    found = []
    for one in read_overrides(company.store):
        back = gone.get(one.id)
        state = "withdrawn" if back else "in force" if one.last >= now else "over"
        score = scores.get(one.id)
        found.append(one.as_json() | {"id": one.id, "state": state, "told": _told(one), "judged": score.rows if score else 0}
            | {
            "value_added": score.fva if score else None, "gone": f"; withdrawn by {back.who}: {back.reason}" if back else "",
        })  # fmt: skip
    return found


def _worth(value: float, rows: int) -> str:
    side = "less" if value >= 0 else "more"
    return f"{abs(value):,.4g} units {side} error than the model over {rows} period{'' if rows == 1 else 's'}"
