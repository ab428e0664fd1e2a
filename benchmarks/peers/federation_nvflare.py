"""NVFlare's federated XGBoost (histogram-based, horizontal) on the companies' rows, in NVFlare's simulator.

    python federation_nvflare.py FOLDER PARTIES TREES LEAVES MAX_BIN

``FOLDER`` holds ``<k>.npz`` (X, y) of each company. Prints one JSON object: ``train_s`` from the last company's rows being
loaded to the model being saved, ``whole_s`` with NVFlare's start, ``cpu`` of all processes. Its histograms are not encrypted:
that needs a plug-in which the package does not contain.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import nvflare
import xgboost as xgb
from nvflare.app_opt.xgboost.data_loader import XGBDataLoader
from nvflare.app_opt.xgboost.recipes.histogram import XGBHorizontalRecipe
from nvflare.recipe import SimEnv, set_per_site_config


class Loader(XGBDataLoader):
    """One company's rows; ``site-1`` has the file 0."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def load_data(self) -> tuple[xgb.DMatrix, xgb.DMatrix]:
        given = np.load(Path(self.folder) / f"{int(self.client_id.removeprefix('site-')) - 1}.npz")
        data = xgb.DMatrix(given["X"], given["y"], nthread=1)
        few = xgb.DMatrix(given["X"][:100], given["y"][:100], nthread=1)  # NVFlare wants a validation set
        Path(self.folder, f"loaded-{self.client_id}").write_text(str(time.time()))
        return data, few


def main() -> None:
    folder, (parties, trees, leaves, max_bin) = sys.argv[1], map(int, sys.argv[2:])
    shape = {"max_leaves": leaves, "max_depth": 0, "grow_policy": "lossguide", "max_bin": max_bin, "min_child_weight": 20}
    params = {"objective": "reg:squarederror", "eval_metric": "rmse", "eta": 0.1, "lambda": 0.0, "tree_method": "hist"}
    began = time.time()
    with TemporaryDirectory() as workspace:
        recipe = XGBHorizontalRecipe("bench", parties, trees, trees, xgb_params=params | shape | {"nthread": 1})
        sites = {f"site-{k + 1}": {"data_loader": Loader(folder)} for k in range(parties)}
        set_per_site_config(recipe, sites)
        run = recipe.execute(SimEnv(clients=list(sites), num_threads=parties, workspace_root=workspace))
        models = list(Path(workspace).rglob("model.json"))
        if not models:
            raise SystemExit(f"NVFlare made no model: {run.get_status()}")
        ended, size = max(model.stat().st_mtime for model in models), len(models[0].read_bytes())
    loaded = max(float(file.read_text()) for file in Path(folder).glob("loaded-*"))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    facts = {"train_s": ended - loaded, "whole_s": time.time() - began, "cpu": sum(u.ru_utime + u.ru_stime for u in used)}
    print(json.dumps(facts | {"model_bytes": size, "nvflare": nvflare.__version__, "xgboost": xgb.__version__}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
