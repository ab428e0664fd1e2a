from collections.abc import Callable

import pytest

from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.frame import Outcome


@pytest.fixture(params=[vectorised.run, compiled.run], ids=["vectorised", "compiled"])
def run(request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    """Each of the two engines."""
    return request.param
