"""A partner's own query is somebody else's code: what may run, what is told when the contract is read, what is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import AS_OF, contract, contract_text, demand, save
from judging import with_rules

from decai_forecast.contracts import load_contract
from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.check.sandbox import UnsafeRule, run_query
from decai_forecast.contracts.check.statement import why_not
from decai_forecast.contracts.model import Rule
from decai_forecast.errors import ContractError

REFUSED = [  # (query, why it never runs)
    ("DELETE FROM demand", "only one SELECT is allowed"),
    ("DROP TABLE demand", "only one SELECT is allowed"),
    ("SELECT 1; SELECT 2", "only one SELECT is allowed"),
    ("WITH x AS (DELETE FROM demand RETURNING 1) SELECT count(*) FROM x", "only one SELECT is allowed"),
    ("COPY demand TO 'stolen.csv'", "only one SELECT is allowed"),
    ("SET enable_external_access=true", "only one SELECT is allowed"),
    ("ATTACH 'other.db'", "only one SELECT is allowed"),
    ("SELECT getenv('HOME')", "getenv may not be used"),
    ("SELECT \"getenv\"/* */('HOME')", "getenv may not be used"),
    ("SELECT count(*) FROM query ('SELECT 1')", "query may not be used"),
    ("SELECT count(*) FROM read_csv('/etc/passwd')", "read_csv may not be used"),
    ("SELEKT 1", 'not valid SQL: syntax error at or near "SELEKT"'),
]
GOOD = [
    "SELECT count(*) FROM demand WHERE item_id = 'query('",
    "SELECT count(${column}) FROM ${table} -- getenv(",
    "WITH a AS (SELECT max(date) AS d FROM demand) SELECT count(*) FROM demand, a WHERE date = d;",
]
STOPPED = [  # (query, what is said)
    ("SELECT length(repeat('x', 2000000000))", "the query needs more memory than a rule may use"),
    ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t", "stopped after 3 s"),
    ("SELECT count(*) FROM '/etc/passwd'", "Catalog Error: Table with name /etc/passwd does not exist"),
    ("SELECT * FROM demand", "the query must give one row with one number"),
    ("SELECT item_id FROM demand LIMIT 1", "the query gave 'a', not a number"),
]


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_a_query_that_is_no_select_never_runs(query: str, why: str) -> None:
    """The parsed statement decides, not its words: blanks, quotes and comments hide nothing."""
    assert why_not(query) == why


@pytest.mark.parametrize("query", GOOD)
def test_words_that_only_look_dangerous_are_good(query: str) -> None:
    """In a text or a comment they do nothing."""
    assert why_not(query) == ""


def test_a_query_that_writes_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    """Told with its place before any delivery: the whole message."""
    path = tmp_path / "demand.odcs.yaml"
    rule = '{id: r, type: sql, query: "DELETE FROM demand", mustBe: 0}'
    old, new = with_rules(rule)[0]
    path.write_text(contract_text(tmp_path).replace(old, new))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    line = next(k for k, text in enumerate(path.read_text().splitlines(), start=1) if rule in text)
    shown = f"  {line:>4} |       - {rule}\n       | {' ' * 34}^"
    assert str(error.value) == f"{path}:{line}:35: only one SELECT is allowed\n{shown}"


@pytest.mark.parametrize(("query", "said"), [*STOPPED, *REFUSED[:2]])
def test_a_query_is_stopped(tmp_path: Path, query: str, said: str) -> None:
    """By the limits of time and memory, by the lock on files, or because it gives no number."""
    rule = Rule("r", "sql", "", "", (), arguments={"query": query})
    with (
        Delivery(contract(tmp_path), save(tmp_path, demand()), AS_OF, tmp_path) as delivery,
        pytest.raises(UnsafeRule) as error,
    ):
        run_query(rule, delivery, seconds=3)
    assert str(error.value).startswith(f"rule 'r': {said}")
