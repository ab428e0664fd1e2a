"""The runtime between companies: a SuperLink and three SuperNodes with TLS and registered keys, and our relay beside."""

from collections.abc import Iterator
from typing import Any

import pytest
from members import OLD, SHIP, members, plan
from superlinks import Companies, companies

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation import Plan, train_shared
from decai_forecast.federation.preflight import agreement

pytestmark = pytest.mark.slow
CUTOFFS = (OLD, SHIP)
BASIS: dict[str, Any] = {"quantiles": (0.5,), "agreed": agreement("W", 13), "timeout": 120.0, "grace": 5.0}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    home = tmp_path_factory.mktemp("federation")
    with companies(home, members(home / "stores", 3, CUTOFFS)) as found:
        yield found


def exact(**changes: Any) -> Plan:
    params = dict(TREE_PARAMS) | {"num_leaves": 6}
    return plan(**BASIS | {"strategy": "exact", "exact_trees": 11, "params": params} | changes)


@pytest.mark.parametrize("which", [exact(), plan(**BASIS | {"rounds": 2})], ids=["exact", "bagging"])
def test_both_runtimes_train_the_same_model(there: Companies, which: Plan) -> None:
    """To the last byte: the same app, the same stores; what differs is how messages travel."""
    said: list[str] = []
    between = train_shared(there.members, which, runtime=there.runtime, progress=said.append)
    here = train_shared(there.members, which)
    assert dict(between.models) == dict(here.models)
    assert (dict(between.rows), dict(between.dropped)) == (dict(here.rows), {})
    if which.strategy == "exact":
        assert any("tree 11 of 11, loss " in line for line in said)
