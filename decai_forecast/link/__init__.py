"""What passes between a company's house and the coordinator's: the messages, their envelopes, and their ways.

Nothing else crosses the wall: ``partner/`` and ``coordinator/`` do not know each other.
"""

from decai_forecast.link.folder import CompanyFolder, CoordinatorFolder
from decai_forecast.link.messages import (
    Closing,
    ClosingStatus,
    Comparison,
    Cosignature,
    Evaluation,
    Figures,
    Members,
    ModelCertificate,
    ModelFile,
    Noise,
    Progress,
    Quartiles,
    Revocation,
    SharedModels,
    SharedRound,
    SharedStatus,
    State,
    Statements,
    Submission,
    Succession,
)
from decai_forecast.link.protocol import CompanyLink, CoordinatorLink, Inbox, PublicLink

__all__ = [
    "Closing",
    "ClosingStatus",
    "CompanyFolder",
    "CompanyLink",
    "Comparison",
    "CoordinatorFolder",
    "CoordinatorLink",
    "Cosignature",
    "Evaluation",
    "Figures",
    "Inbox",
    "Members",
    "ModelCertificate",
    "ModelFile",
    "Noise",
    "Progress",
    "PublicLink",
    "Quartiles",
    "Revocation",
    "SharedModels",
    "SharedRound",
    "SharedStatus",
    "State",
    "Statements",
    "Submission",
    "Succession",
]
