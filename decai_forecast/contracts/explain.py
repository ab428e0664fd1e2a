"""A contract in plain words, for somebody who signs it: a lawyer, a manager, a buyer."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from decai_forecast.contracts.availability import schedule_of
from decai_forecast.contracts.rules.expectations import ALLOWED as EXPECTATIONS
from decai_forecast.contracts.rules.expectations import in_words as expectation_in_words

__all__ = ["explain"]

WIDTH = 100  # columns
KINDS = {
    "string": "text", "integer": "whole number", "number": "number", "date": "day", "timestamp": "day and time",
    "boolean": "yes or no",
}  # fmt: skip
STATES = {
    "active": "is in force", "draft": "is a draft", "proposed": "is proposed", "deprecated": "will end",
    "retired": "has ended",
}  # fmt: skip
UNITS = {"min": "minute", "h": "hour", "d": "day", "w": "week", "m": "month", "y": "year"}
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STANDARDS = {
    "gtin": "a valid GS1 article number (GTIN)", "gln": "a valid GS1 location number (GLN)",
    "sscc": "a valid GS1 shipping unit number (SSCC)", "currency": "a currency of ISO 4217",
    "country": "a country of ISO 3166-1", "unit": "a unit of UN/ECE Recommendation 20",
}  # fmt: skip
COMPARED = {
    "<": "before or below",
    "<=": "not after or above",
    ">": "after or above",
    ">=": "not before or below",
    "=": "equal to",
    "!=": "different from",
}
LIMITS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "above {}", "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}", "minLength": "at least {} characters long", "maxLength": "at most {} characters long",
}  # fmt: skip
BOUNDS = {
    "mustBe": "must be {}", "mustNotBe": "must not be {}", "mustBeGreaterThan": "must be more than {}",
    "mustBeGreaterOrEqualTo": "must be at least {}", "mustBeLessThan": "must be less than {}",
    "mustBeLessOrEqualTo": "must be at most {}", "mustBeBetween": "must be between {} and {}",
    "mustNotBeBetween": "must not be between {} and {}",
}  # fmt: skip
METRICS = {
    "rowCount": "the number of rows", "nullValues": "the number of rows without {}",
    "missingValues": "the number of rows without {}", "invalidValues": "the number of rows with a wrong {}",
    "duplicateValues": "the number of rows that repeat {}",
}  # fmt: skip


def explain(contract: Mapping[str, Any]) -> str:
    """The parsed ODCS ``contract`` as text of at most 100 columns; the same contract always gives the same text.

    It is taken as it is: a part that the contract does not have is said to be missing, or left out.
    """
    title = textwrap.wrap(f"{contract.get('name') or contract.get('id')}, version {contract.get('version')}", WIDTH)
    lines = [*title, "=" * max(map(len, title))]
    for head, paragraphs in SECTIONS.items():
        written = [paragraph for paragraph in paragraphs(contract) if paragraph]
        lines += ["", head, *(line for paragraph in written for line in _wrapped(paragraph))] if written else []
    return "\n".join(lines) + "\n"


def _wrapped(paragraph: str) -> list[str]:
    """Indented; what begins with a dash hangs under its first word."""
    hanging = "    " if paragraph.startswith("- ") else "  "
    return textwrap.wrap(paragraph, WIDTH, initial_indent="  ", subsequent_indent=hanging, break_on_hyphens=False)


def _who(contract: Mapping[str, Any]) -> Iterator[str]:
    state = STATES.get(str(contract.get("status")), f"is in the state {contract.get('status')!r}")
    yield f"{contract.get('tenant')} provides the data. This contract {state}. Its number is {contract.get('id')}."
    for member in _list(contract.get("team") or {}, "members"):
        yield f"- {member.get('name') or member.get('username')}: {member.get('role') or 'member of the team'}"


def _what(contract: Mapping[str, Any]) -> Iterator[str]:
    table = _table(contract)
    yield str((contract.get("description") or {}).get("purpose") or "")
    yield _sentence(str(table.get("dataGranularityDescription") or table.get("description") or ""))
    columns = _list(table, "properties")
    key = sorted((c for c in columns if c.get("primaryKey")), key=lambda c: c.get("primaryKeyPosition") or 0)
    if key:
        yield f"There is at most one row for each {_and([str(c.get('name')) for c in key])}."
    zero = {"zero": "nothing happened", "unknown": "it is not known what happened"}.get(
        str(_own(contract).get("missingPeriods"))
    )
    yield f"Where a period has no row, {zero}." if zero else ""
    total = _own(contract).get("expectedDemand")
    yield f"Until there are sales, {_number(total)} units are expected in each period, of all items together." if total else ""


def _columns(contract: Mapping[str, Any]) -> Iterator[str]:
    for column in _list(_table(contract), "properties"):
        yield f"- {column.get('name')} ({_kind(column)}): {' '.join(filter(None, _promises(column)))}"


def _kind(column: Mapping[str, Any]) -> str:
    kind = KINDS.get(str(column.get("logicalType")), str(column.get("logicalType")))
    own = column.get("physicalName")
    return f"{kind}, called {own!r} by the provider" if own and own != column.get("name") else kind


def _promises(column: Mapping[str, Any]) -> Iterator[str]:
    yield _sentence(str(column.get("description") or column.get("businessName") or ""))
    yield "Always filled." if column.get("required") or column.get("primaryKey") else "May be empty."
    yield "Never the same twice." if column.get("unique") else ""
    options = column.get("logicalTypeOptions") or {}
    yield _sentence(
        _and([words.format(_number(options[key])) for key, words in LIMITS.items() if options.get(key) is not None])
    )
    yield _sentence(_form(str(options.get("pattern") or "")))
    values = [f"{e.get('value')} ({e['label']})" if e.get("label") else str(e.get("value")) for e in _list(column, "enum")]
    yield f"One of {', '.join(values)}." if values else ""
    yield from (f"Found in the data set {str(r.get('to')).partition('.')[0]}." for r in _list(column, "relationships"))
    secret = column.get("classification")
    yield f"Classified as {secret}." if secret else ""


def _form(pattern: str) -> str:
    """A pattern; in words where it is nothing but digits."""
    digits = re.fullmatch(r"\^\[0-9\]\{(\d+)\}\$", pattern)
    return f"exactly {digits[1]} digits" if digits else f"of the form {pattern}" if pattern else ""


def _number(value: Any) -> str:
    """With commas between thousands; texts and dates as they are."""
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _rules(contract: Mapping[str, Any]) -> Iterator[str]:
    table = _table(contract)
    for rule in _list(table, "quality"):
        yield _rule(rule, "the key")
    for column in _list(table, "properties"):
        yield from (_rule(rule, str(column.get("name"))) for rule in _list(column, "quality"))


def _rule(rule: Mapping[str, Any], column: str) -> str:
    weight = {"warning": " (a warning only)", "info": " (for information only)"}.get(str(rule.get("severity")), "")
    return f"- {_sentence(_tested(rule, column))[:-1]}{weight}."


def _tested(rule: Mapping[str, Any], column: str) -> str:
    given = rule.get("implementation")
    if rule.get("description"):
        return str(rule["description"])
    if isinstance(given, Mapping) and given.get("rule") in OWN_RULES:
        return OWN_RULES[given["rule"]](given)
    if isinstance(given, Mapping) and given.get("type") in EXPECTATIONS:
        return expectation_in_words(str(given["type"]), given.get("kwargs") or {})
    arguments = rule.get("arguments") or {}
    subject = _and([str(name) for name in arguments.get("properties") or [column]])
    other = f"the result of the test {rule.get('id') or rule.get('name') or rule.get('type')}"
    metric = METRICS.get(str(rule.get("metric")), other).format(subject)
    return f"{metric} {_bound(rule)}{' percent of the rows' if rule.get('unit') == 'percent' else ''}"


def _bound(rule: Mapping[str, Any]) -> str:
    key = next((key for key in BOUNDS if key in rule), "")
    values = rule[key] if key and isinstance(rule[key], Sequence) and not isinstance(rule[key], str) else [rule.get(key)]
    otherwise = "must be right" if rule.get("implementation") else "must be 0"
    return BOUNDS[key].format(*map(_number, values)) if key else otherwise


def _standard(given: Mapping[str, Any]) -> str:
    return f"every {given.get('column')} is {STANDARDS.get(str(given.get('is')), given.get('is'))}"


def _compare(given: Mapping[str, Any]) -> str:
    sign = COMPARED.get(str(given.get("operator")), str(given.get("operator")))
    return f"in every row, {given.get('left')} is {sign} {given.get('right')}"


def _balance(given: Mapping[str, Any]) -> str:
    flow = [f"plus {name}" for name in given.get("plus") or []] + [f"minus {name}" for name in given.get("minus") or []]
    tolerance = f", give or take {given['tolerance']}" if given.get("tolerance") else ""
    return f"in every row, {given.get('opening')} {' '.join(flow)} is {given.get('closing')}{tolerance}"


def _calendar(given: Mapping[str, Any]) -> str:
    period = {"D": "day", "W": "week", "M": "month"}.get(str(given.get("every")), "period")
    by = f" of a {_and(list(given['by']))}" if given.get("by") else ""
    return f"no {period} is missing between the first and the last {given.get('column')}{by}"


def _unit_slip(given: Mapping[str, Any]) -> str:
    return f"the unit of {given.get('column')} does not change from one delivery to the next, such as from pieces to cases"


def _drift(given: Mapping[str, Any]) -> str:
    return f"the new values of {given.get('column')} are spread as those of the last accepted delivery"


OWN_RULES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "standard": _standard, "compare": _compare, "balance": _balance, "calendar": _calendar, "unit_slip": _unit_slip,
    "drift": _drift,
}  # fmt: skip


def _when(contract: Mapping[str, Any]) -> Iterator[str]:
    zone = f" ({_own(contract)['timeZone']})" if _own(contract).get("timeZone") else ""
    for item in _levels(contract, "timeOfAvailability"):
        yield f"The data are fetched {_schedule(schedule_of([item]) or str(item.get('value')))}{zone}."
    for item in _levels(contract, "frequency"):
        yield f"There are new data every {_duration(item)}."
    for item in _levels(contract, "latency"):
        of = f" {str(item['element']).rpartition('.')[2]}" if item.get("element") else " row"
        yield f"When they are used, the newest{of} is at most {_duration(item)} old."
    for item in _levels(contract, "retention"):
        yield f"They are kept for {_duration(item)}."
    for item in _levels(contract, "availability"):
        yield f"They can be fetched {item.get('value')} percent of the time."
    for server in _list(contract, "servers")[:1]:
        place = server.get("path") or server.get("location") or server.get("database") or server.get("server")
        yield f"They come from {place} ({server.get('type')}{', ' + str(server['format']) if server.get('format') else ''})."


def _schedule(cron: str) -> str:
    """``0 1 * * 1`` -> every Monday at 01:00; anything less simple as it is written."""
    found = re.fullmatch(r"(\d+) (\d+) \* \* (\*|[0-7])", cron.strip())
    if not found:
        return f"at the times {cron!r} (minute, hour, day, month, weekday)"
    day = "day" if found[3] == "*" else DAYS[int(found[3])]
    return f"every {day} at {int(found[2]):02}:{int(found[1]):02}"


def _duration(item: Mapping[str, Any]) -> str:
    """``10 days``, ``day`` for one."""
    value, unit = item.get("value"), UNITS.get(str(item.get("unit")), str(item.get("unit")))
    return unit if value == 1 and item.get("property") == "frequency" else f"{value} {unit}{'' if value == 1 else 's'}"


def _bad_rows(contract: Mapping[str, Any]) -> Iterator[str]:
    yield "Every delivery is tested before a row of it is used. Rows that break a promise are set aside, and used by nobody."
    share = next((item.get("value") for item in _levels(contract, "errorRate")), 0)
    yield f"If more than {share} percent of the rows are set aside, the whole delivery is refused; so is an empty one."
    for item in _levels(contract, "timeToNotify"):
        yield f"Whoever is named below is told within {_duration(item)}."


def _use(contract: Mapping[str, Any]) -> Iterator[str]:
    described, policy = contract.get("description") or {}, _own(contract).get("usagePolicy")
    policy = policy if isinstance(policy, Mapping) else {}
    yield str(described.get("usage") or "The contract does not say what the data may be used for.")
    yield f"Limits: {described['limitations']}" if described.get("limitations") else ""
    yield f"Allowed: {_spoken(policy['permitted'])}." if policy.get("permitted") else ""
    yield f"Forbidden: {_spoken(policy['prohibited'])}." if policy.get("prohibited") else ""
    few = policy.get("minContributors")
    yield f"Results may be shown only if at least {few} parties or places contributed to them." if few else ""
    for role in _list(contract, "roles"):
        purposes = _spoken(_own(role).get("allowedPurposes") or [])
        asked = f", after {role['firstLevelApprovers']} agreed" if role.get("firstLevelApprovers") else ""
        yield f"- {role.get('role')} may {role.get('access') or 'use the data'}{f' for {purposes}' if purposes else ''}{asked}."


def _price(contract: Mapping[str, Any]) -> Iterator[str]:
    price = contract.get("price") or {}
    amount, unit = price.get("priceAmount"), re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(price.get("priceUnit") or "use")).lower()
    if amount is None:
        yield "The contract names no price."
    elif amount == 0:
        yield "Nothing is charged."
    else:
        yield f"{amount} {price.get('priceCurrency')} for each {unit}."


def _privacy(contract: Mapping[str, Any]) -> Iterator[str]:
    budget = _own(contract).get("privacyBudget")
    if not isinstance(budget, Mapping):
        yield "The contract sets no limit on how much can be learned from the data in the course of time."
        return
    period = re.sub(r"^P(\d+)D$", r" in \1 days", f"{budget.get('period') or ''}") or " in all"
    delta = f" (delta {budget['delta']})" if budget.get("delta") is not None else ""
    yield f"What can be learned about one {budget.get('unit')} is limited: epsilon {budget.get('epsilon')}{delta}{period}."
    yield "The smaller epsilon, the less. When it is used up, no further training on the data is started."


def _told(contract: Mapping[str, Any]) -> Iterator[str]:
    uses = {"notifications": "is told of refused deliveries", "issues": "takes questions and complaints",
            "announcements": "receives news", "interactive": "answers questions"}  # fmt: skip
    for channel in _list(contract, "support"):
        yield f"- {channel.get('channel')} {uses.get(str(channel.get('scope')), 'can be reached')}."


SECTIONS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "Who provides the data": _who, "What the data are": _what, "What each column means": _columns,
    "What is tested besides": _rules, "When and from where they come": _when, "What happens to bad rows": _bad_rows,
    "What may be done with the data": _use, "What they cost": _price, "How much may be learned from them": _privacy,
    "Who is told": _told,
}  # fmt: skip


def _table(contract: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(_list(contract, "schema")), {})


def _list(node: Any, key: str) -> list[Mapping[str, Any]]:
    """The mappings in the list ``node[key]``; a team may be written as a list too."""
    items = node.get(key) if isinstance(node, Mapping) else node
    return [item for item in items or [] if isinstance(item, Mapping)]


def _levels(contract: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [item for item in _list(contract, "slaProperties") if item.get("property") == name]


def _own(node: Mapping[str, Any]) -> dict[str, Any]:
    return {str(item.get("property")): item.get("value") for item in _list(node, "customProperties")}


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _spoken(words: Sequence[str]) -> str:
    return ", ".join(str(word).replace("_", " ") for word in words)


def _sentence(text: str) -> str:
    """With a capital letter and a full stop, unless it has them or is nothing."""
    text = " ".join(text.split()).rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""
