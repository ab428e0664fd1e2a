"""Models that a company adds: files that its environment names, found by every process."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from panels import WEEKS, table

from decai_forecast.demand.candidates import local_candidates
from decai_forecast.demand.models import MODELS, Model
from decai_forecast.demand.models.added import EXTRA, VARIABLE, load_added
from decai_forecast.demand.models.extra import place
from decai_forecast.demand.panel import to_panel
from decai_forecast.errors import ConfigError, ModelFailed

FILE = """
import numpy as np
from decai_forecast.demand.models import Model, register
from decai_forecast.demand.models.base import with_level_errors

def seven(panel, origin):
    return with_level_errors(panel, origin, np.full((len(panel.quantity), origin + 1), 7.0))

register(Model("seven", "seven units", seven, candidate=True))
"""


@pytest.fixture
def models() -> None:
    before = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(before)


@pytest.fixture
def seven(tmp_path: Path, models: None, monkeypatch: pytest.MonkeyPatch) -> Model:
    file = tmp_path / "seven.py"
    file.write_text(FILE)
    monkeypatch.setenv(VARIABLE, str(file))
    load_added()
    return MODELS["seven"]


def test_a_file_elsewhere_gives_a_model_its_place(seven: Model) -> None:
    """As other processes find it, those of a backtest say; a second look imports nothing again."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(seven.forecast, to_panel(table(periods=60), WEEKS), 50).result()
    assert (found.mean == 7.0).all()
    load_added()
    assert MODELS["seven"] is seven
    assert len(seven.version) == 64


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "is no file; give the path of a Python file, or one of chronos, ets, nhits"),
        ("x = 1", "registers no model; end it with register(Model(...))"),
        ("import nowhere_to_be_found", "cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        (
            FILE.replace('"seven"', '"moving_average"'),
            "cannot be imported: ValueError: two models are called 'moving_average'; names in MODELS are unique",
        ),
    ],
)
def test_a_file_that_adds_nothing_is_named(tmp_path: Path, models: None, text: str | None, told: str) -> None:
    file = tmp_path / "model.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_added({VARIABLE: str(file)})
    assert str(error.value) == f"{VARIABLE}: {file} {told}"


def test_a_model_that_raises_is_named() -> None:
    """A night goes on without it."""

    def broken(panel: object, origin: int) -> object:
        raise ZeroDivisionError("nothing sold")

    given = table(periods=60)
    with pytest.raises(ModelFailed, match="model broken: ZeroDivisionError: nothing sold"):
        local_candidates([Model("broken", "", broken)], given, WEEKS, WEEKS.floor(given["date"].max().date()), given)


def test_every_extra_has_its_file() -> None:
    """And only those."""
    files = {file.stem for file in Path(place.__file__).parent.glob("*.py")} - {"__init__", "place"}
    assert files == set(EXTRA)


def test_what_a_process_needs_and_does_not_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: None) -> None:
    """The Python of its environment, then its weights, where it is used and not before."""
    load_added({VARIABLE: os.pathsep.join(["nhits", "chronos"])})
    panel = to_panel(table(periods=60), WEEKS)
    monkeypatch.delenv(place.PYTHON, raising=False)
    with pytest.raises(ModelFailed, match=f"{place.PYTHON} is not set; give the Python of an environment with its libraries"):
        MODELS["nhits"].forecast(panel, 50)
    monkeypatch.setenv(place.PYTHON, sys.executable)
    monkeypatch.setenv("DECAI_CHRONOS_WEIGHTS", str(tmp_path / "none"))
    with pytest.raises(ModelFailed, match=r"is no folder; give the one with the weights and their config.json"):
        MODELS["chronos"].forecast(panel, 50)


@pytest.mark.skipif(find_spec("statsmodels") is None, reason="statsmodels is the extra ets")
def test_ets_follows_level_and_passes_over_the_unknown(models: None) -> None:
    """A level of 100 with noise of 10 and a tenth unknown; what never moved is forecast as it is, a short series not at all."""
    load_added({VARIABLE: "ets"})
    rng = np.random.default_rng(3)
    rows = table(periods=80, items=3)
    panel = to_panel(rows, WEEKS)
    panel.quantity[0] = 100 + 10 * rng.normal(size=panel.quantity.shape[1])
    panel.quantity[0, 5::10] = np.nan
    panel.quantity[1] = 4.0
    panel.quantity[2, :65] = np.nan
    found = MODELS["ets"].forecast(panel, 78)
    assert found.mean[0] == pytest.approx(np.full(13, 100), abs=6)
    assert found.quantiles[0, 0] == pytest.approx([87.2, 100, 112.8], abs=6)
    assert (found.mean[1] == 4).all()
    assert np.isnan(found.mean[2]).all()


@pytest.mark.skipif(find_spec("statsmodels") is not None, reason="statsmodels is there")
def test_without_its_library_ets_says_what_to_install(models: None) -> None:
    with pytest.raises(ConfigError, match=r"model ets needs statsmodels; install it with pip install 'decai-forecast\[ets\]'"):
        load_added({VARIABLE: "ets"})


NEURAL = pytest.mark.skipif(
    place.PYTHON not in os.environ, reason=f"{place.PYTHON} names no environment with neuralforecast and chronos-forecasting"
)
TINY = """
import sys
from chronos.chronos_bolt import ChronosBoltModelForForecasting
from transformers import T5Config
chronos = dict(context_length=64, prediction_length=16, input_patch_size=8, input_patch_stride=8,
               quantiles=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], use_reg_token=True)
config = T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_decoder_layers=1, num_heads=2, vocab_size=2,
                  feed_forward_proj="relu", pad_token_id=0, decoder_start_token_id=0, chronos_config=chronos)
config.chronos_pipeline_class = "ChronosBoltPipeline"
config.architectures = ["ChronosBoltModelForForecasting"]
ChronosBoltModelForForecasting(config).save_pretrained(sys.argv[1])
"""


@pytest.mark.long
@NEURAL
def test_a_tiny_neural_network_forecasts_in_its_own_environment(models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-HiTS of a few steps: finite, not crossing, near the level of each series."""
    monkeypatch.setenv("DECAI_NHITS_STEPS", "20")
    load_added({VARIABLE: "nhits"})
    panel = to_panel(table(periods=120, items=3), WEEKS)
    panel.quantity[0, 40:50] = np.nan
    found = MODELS["nhits"].forecast(panel, 110)
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    level = np.nanmean(panel.quantity[:, 80:110], axis=1)
    assert (np.abs(found.quantiles[:, :, 1].mean(axis=1) - level) < level).all()


@pytest.mark.long
@NEURAL
def test_a_foundation_model_is_read_from_disk(tmp_path: Path, models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny one of random weights, saved as real ones are: its forecast is finite and the same twice."""
    subprocess.run([os.environ[place.PYTHON], "-c", TINY, str(tmp_path / "tiny")], check=True)
    monkeypatch.setenv("DECAI_CHRONOS_WEIGHTS", str(tmp_path / "tiny"))
    load_added({VARIABLE: "chronos"})
    panel = to_panel(table(periods=120, items=3), WEEKS)
    panel.quantity[0, 40:50] = np.nan
    first, second = (MODELS["chronos"].forecast(panel, 110) for _ in range(2))
    assert np.isfinite(first.quantiles).all()
    assert (np.diff(first.quantiles, axis=2) >= 0).all()
    assert np.array_equal(first.quantiles, second.quantiles)
