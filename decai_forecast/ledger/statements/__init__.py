"""Signed statements: what is claimed (``forms.py``), by whom and in which bytes (``statement.py``), and what stays hidden
(``salts.py``)."""

from decai_forecast.ledger.statements.forms import (
    BY_COMPANIES,
    BY_COORDINATOR,
    Approved,
    Approver,
    Certified,
    Closed,
    Disclosed,
    Evaluated,
    Event,
    Head,
    Matter,
    Membership,
    PrivacySpent,
    Published,
    ReportSent,
    StepDone,
    Submitted,
    TakenOver,
)
from decai_forecast.ledger.statements.salts import Salts
from decai_forecast.ledger.statements.statement import Statement, public_subject, read_statement, sealed_statement, signer_of

__all__ = [
    "BY_COMPANIES",
    "BY_COORDINATOR",
    "Approved",
    "Approver",
    "Certified",
    "Closed",
    "Disclosed",
    "Evaluated",
    "Event",
    "Head",
    "Matter",
    "Membership",
    "PrivacySpent",
    "Published",
    "ReportSent",
    "Salts",
    "Statement",
    "StepDone",
    "Submitted",
    "TakenOver",
    "public_subject",
    "read_statement",
    "sealed_statement",
    "signer_of",
]
