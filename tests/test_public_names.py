"""What the rooms offer to each other, pinned: a change here is a decision."""

from __future__ import annotations

import importlib

import pytest

PUBLIC = {
    "contracts": "Arrival Bound Check Column Contract Rule RuleOutcome RuleResult Source Verdict check_delivery draft_contract "
    "lint_contract load_contract",
    "delivery": "Connection Credentials EnvironmentCredentials OwnCredentials Pulled pull",
    "demand": "FEATURES LEVELS MAX_TRAINING_ROWS TRAINED TREES TREE_PARAMS Calibration Choice Own Prepared Scores "
    "SharedOrigin SharedTreeCount TreeCount all_candidates build_table calibrate candidate_models candidates "
    "choose choose_groups choose_shared_tree_count choose_tree_count chosen finished fit fit_mean implied_mean "
    "local_candidates mark_censored predict predict_on_top predict_own prepare score to_levels train_local "
    "train_own unconstrain wape",
    "documents": "Document Fault Kind Where near",
    "federation": "Member Plan Shared merge sanitise train_shared validate",
    "founding": "Columns add_partner found_simulated from_table",
    "reports": "Delivery Fan Left Planning Quality ReportFacts RosterFacts build_report manifest render_html stock_targets_csv",
}


@pytest.mark.parametrize("room", sorted(PUBLIC))
def test_a_room_offers_these_names(room: str) -> None:
    """`__all__` is exactly this, and every name is there."""
    module = importlib.import_module(f"decai_forecast.{room}")
    assert sorted(module.__all__) == sorted(PUBLIC[room].split())
    assert all(hasattr(module, name) for name in module.__all__)
