"""What a partner promises (ODCS 3.2), and whether a delivery kept it.

Importing this is light: Great Expectations, DuckDB and the JSON Schema are loaded when a delivery or a contract is checked.
"""

from decai_forecast.contracts.check import Arrival, Check, RuleResult, check_delivery
from decai_forecast.contracts.draft import draft_contract
from decai_forecast.contracts.load import lint_contract, load_contract
from decai_forecast.contracts.model import Bound, Column, Contract, Rule, Source
from decai_forecast.contracts.verdict import RuleOutcome, Verdict

__all__ = [
    "Arrival", "Bound", "Check", "Column", "Contract", "Rule", "RuleOutcome", "RuleResult", "Source", "Verdict",
    "check_delivery", "draft_contract", "lint_contract", "load_contract",
]  # fmt: skip
