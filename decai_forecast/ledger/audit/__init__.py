"""The audit of a log: by its files, a policy and nothing else. One line a check, in the order in which one rests on the
other."""

from decai_forecast.ledger.audit.audit import Auditing, audit
from decai_forecast.ledger.audit.lines import Colour, Line, exit_code, shown

__all__ = ["Auditing", "Colour", "Line", "audit", "exit_code", "shown"]
