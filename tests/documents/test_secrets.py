"""A secret in a contract is refused, and no message shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text

from decai_forecast.contracts import lint_contract, load_contract
from decai_forecast.errors import ContractError

SAID = "does not belong into a contract; name a connection under customProperties"
LOCAL = (
    '    type: local\n    path: "sources/demand.parquet"  # relative to the network\'s home, or absolute\n    format: parquet\n'
)
API = "    type: api\n    location: {}\n    customProperties:\n      - {{property: format, value: csv, vendor: decai}}\n"

SECRETS = [  # (the server, what is refused)
    (LOCAL + "    password: hunter2\n", f"password {SAID}"),
    (LOCAL + "    customProperties: [{property: api_key, value: hunter2, vendor: decai}]\n", f"api_key {SAID}"),
    (LOCAL + "    customProperties: [{value: hunter2, property: token}]\n", f"token {SAID}"),
    (LOCAL + "    customProperties: [{property: paging, value: {token: hunter2}}]\n", f"token {SAID}"),
    (API.format("https://me:hunter2@h/sales.csv"), f"a password in location {SAID}"),
    (API.format("https://h/sales.csv?api_key=hunter2&limit=5"), f"api_key in location {SAID}"),
    (API.format("https://h/sales.csv?x=1&token=hunter2"), f"token in location {SAID}"),
    (API.format("https://h/s?X-Amz-Signature=hunter2"), f"X-Amz-Signature in location {SAID}"),
]  # fmt: skip


@pytest.mark.parametrize(("server", "said"), SECRETS)
def test_a_secret_is_refused_and_not_shown(tmp_path: Path, server: str, said: str) -> None:
    """Whether it stands in a key of its own or inside an address."""
    text = contract_text(tmp_path)
    assert LOCAL in text
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text.replace(LOCAL, server))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    assert said in [problem.text for problem in lint_contract(path)]
    assert "hunter2" not in str(error.value)


def test_the_line_is_shown_with_stars(tmp_path: Path) -> None:
    """As many as the secret has characters, so that the caret stays where it belongs."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path).replace(LOCAL, API.format("https://me:hunter2@h/sales.csv")))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    shown = f"  18 |     location: https://me:*******@h/sales.csv\n       | {' ' * 14}^"
    assert str(error.value) == f"{path}:18:15: a password in location {SAID}\n  {shown}"


def test_an_address_without_a_secret_is_good(tmp_path: Path) -> None:
    """A port, a query, a page token as the name of a parameter."""
    server = API.format("https://h:8080/sales?year=2026&format=csv") + (
        "      - {property: paging, value: {style: cursor, cursorParameter: pageToken, nextField: token}, vendor: decai}\n"
    )
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path).replace(LOCAL, server))
    assert lint_contract(path) == ()
