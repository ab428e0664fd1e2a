"""A contract file that is no contract: told with its place before anything is built from it, also at parse time."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.contracts import load_contract
from decai_forecast.errors import ContractError

LAUGH = "a: &a [x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MALFORMED = "id: acme\nstatus: [active\ntenant: acme\n"

HOSTILE = [  # (the file, the whole message)
    (LAUGH, "{}:2:8: an alias (*a) is not allowed in a contract; write the value out\n"
            "     2 | b: &b [*a,*a,*a,*a,*a]\n       |        ^"),
    ("a: &a\n  b: *a\n", "{}:2:6: an alias (*a) is not allowed in a contract; write the value out\n"
                         "     2 |   b: *a\n       |      ^"),
    ("a: " + "[" * 60, "{}:1:53: more than 50 lists and mappings inside each other; a contract has fewer\n"
                       f"     1 | a: {'[' * 60}\n       | {' ' * 52}^"),
    (MALFORMED, "{}:3:7: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence, opened at line 2)\n"
                "     3 | tenant: acme\n       |       ^"),
    ("id: a\nname: b\0c\n", "{}:2:8: not valid YAML: the character U+0000 is not allowed\n"
                            "     2 | name: b?c\n       |        ^"),
    ("id: !!timestamp 2026-02-30\n", "{}:1:5: not valid YAML: day is out of range for month\n"
                                     "     1 | id: !!timestamp 2026-02-30\n       |     ^"),
    ("- id: a\n", "{}:1:1: expected an ODCS data contract (a mapping with apiVersion, kind, id, ...)\n"
                  "     1 | - id: a\n       | ^"),
]  # fmt: skip


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("text", "said"), HOSTILE)
def test_the_whole_message(tmp_path: Path, text: str, said: str, *, strict: bool) -> None:
    """File, line, column, what is wrong, the line and a caret."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text)
    with pytest.raises(ContractError) as error:
        load_contract(path, strict=strict)
    assert str(error.value) == said.format(path)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    """Before it is parsed: that it nests too deep is not told."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text("[" * 3_000_000)
    with pytest.raises(ContractError, match="the file has 3,000,000 characters; a contract has at most 2,000,000"):
        load_contract(path)
