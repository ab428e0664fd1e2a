"""What the rooms offer to each other, pinned: a change here is a decision."""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

PUBLIC = {
    "contracts": "Arrival Bound Check Column Contract Rule RuleOutcome RuleResult Source Verdict check_delivery draft_contract "
    "lint_contract load_contract",
    "delivery": "Connection Credentials EnvironmentCredentials OwnCredentials Pulled pull",
    "demand": "FEATURES LEVELS MAX_TRAINING_ROWS TRAINED TREES TREE_PARAMS Calibration Choice Own Prepared Scores "
    "SharedOrigin SharedTreeCount TreeCount all_candidates build_table calibrate candidate_models candidates "
    "choose choose_groups choose_shared_tree_count choose_tree_count chosen finished fit fit_mean fit_shared_mean implied_mean "
    "local_candidates mark_censored predict predict_on_top predict_own prepare score short_history to_levels train_local "
    "train_own unconstrain wape with_shared_mean",
    "documents": "Document Fault Kind Where near",
    "federation": "MEAN_OBJECTIVE Member Plan Shared merge sanitise train_shared validate",
    "founding": "Columns add_participant add_partner found_named found_simulated from_table",
    "founding.apart": "Answer Answers Entry Exchange FoundingDesk Guest Invitation fingerprint_of_members home_of in_words "
    "invite join opened_answer",
    "link": "Closing ClosingStatus CompanyFolder CompanyLink Comparison CoordinatorFolder CoordinatorLink Cosignature "
    "Evaluation Figures Inbox Members ModelCertificate ModelFile Noise Progress PublicLink Quartiles Revocation SharedModels "
    "SharedRound SharedStatus State Statements Submission Succession",
    "partner.combine": "can_forecast combine",
    "reports": (
        "Delivery Fan Left Planning Quality ReportFacts RosterFacts build_report "
        "erp_files manifest orders_csv render_html stock_targets_csv"
    ),
    "simulation": "FAILURE_LEVEL RECOVERY_LEVEL REPLICATIONS Simulation days_of_supply hhi simulate standard_error",
    "strategies": "ASKED DEFAULT MEAN_POWER MINIMUM_QUORUM TREES Disclosure Strategy all_strategies strategy_of",
}
TAKEN = {  # of the rooms that are joined only by whoever runs a round, file by file
    "coordinator.close": "close note_of_round",
    "coordinator.context": "CoordinatorContext coordinator_context reception",
    "coordinator.coordinate": "coordinate",
    "coordinator.federate": "federate published training_over",
    "coordinator.heartbeat": "TrainingElsewhere",
    "coordinator.notify": "notify",
    "coordinator.roster": "read_roster round_of settle",
    "coordinator.round_status": "round_status rounds_of",
    "coordinator.statements": "keep_log record_round",
    "coordinator.summary": "coordinator_summary",
    "coordinator.training_process": "federate_apart",
    "one_machine.audited": "auditing own_policy",
    "one_machine.introduce": "introduce",
    "one_machine.run": "run_round",
    "one_machine.seal": "seal",
    "one_machine.summary": "gains_in_words privacy_in_words summarise",
    "one_machine.take_over": "follow take_over",
    "partner.apart": "NotPublished run_apart",
    "partner.awaited": "awaited_rounds",
    "partner.check": "check",
    "partner.combine": "can_forecast combine",
    "partner.context": "PartnerContext partner_context",
    "partner.expiry": "ends_soon",
    "partner.facts": "CHECK COMBINE CombineFacts SIMULATE TRAIN TrainFacts",
    "partner.finished": "accepted_frame required_step",
    "partner.notices": "Notice known_channels tell",
    "partner.own_past": "carriers_of ordering_of panic_of",
    "partner.own_records": "own_records own_rehearsal",
    "partner.own_round": "is_served round_of_company",
    "partner.own_submission": "kept_submission",
    "partner.opened_tree": "LARGEST judge open_tree read_opened",
    "partner.pull": "pull",
    "partner.quality": "history mark_late score",
    "partner.receipts": "write_receipts",
    "partner.report": "REPORT_FILES hand_over outbox_key",
    "partner.round_summary": "company_rounds company_summary",
    "partner.simulate_step": "simulate simulated",
    "partner.spending": "Cost",
    "partner.statements": "record witness_of",
    "partner.submit": "give_up ready submit",
    "partner.summary": "PartnerSummary partner_summary",
    "partner.train": "train",
    "partner.watch": "note_of_alarms watch",
    "partner.risks": "risks_of",
    "partner.what_if": "WHAT_IF_FILES form_scenario last_forecast what_if what_if_key what_ifs",
    "partner.whole_round": "delivered reported",
}
JOINED = ("coordinator", "one_machine", "partner")


@pytest.mark.parametrize("room", sorted(PUBLIC))
def test_a_room_offers_these_names(room: str) -> None:
    """`__all__` is exactly this, and every name is there."""
    module = importlib.import_module(f"decai_forecast.{room}")
    assert sorted(module.__all__) == sorted(PUBLIC[room].split())
    assert all(hasattr(module, name) for name in module.__all__)


def test_other_rooms_take_these_names_of_a_house() -> None:
    """Nothing else of a company's house, of the coordinator's and of the one-machine runner is used outside of it."""
    taken: dict[str, set[str]] = {}
    for file, name in imports():
        taken.setdefault(file, set()).add(name)
    assert taken == {file: set(names.split()) for file, names in TAKEN.items()}


def imports() -> Iterator[tuple[str, str]]:
    """(file of a joined room, name) of every import from another room, wherever in the code it stands."""
    folders = ("decai_forecast", "dags", "plugins")
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        own = path.relative_to(ROOT).parts[1]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("decai_forecast."):
                file = str(node.module).removeprefix("decai_forecast.")
                if file.split(".")[0] in JOINED and file.split(".")[0] != own:
                    yield from ((file, one.name) for one in node.names)


def test_files_of_tests_have_names_of_their_own() -> None:
    """pytest imports them by name, whatever folder they lie in."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
