"""What passes between a company's house and the coordinator's: the messages, and their way by folder.

Nothing else crosses the wall: ``partner/`` and ``coordinator/`` do not know each other.
"""

from decai_forecast.link.folder import CompanyFolder, CoordinatorFolder, Inbox, PublicFolder
from decai_forecast.link.messages import (
    Closing,
    ClosingStatus,
    Comparison,
    Evaluation,
    Figures,
    ModelFile,
    Noise,
    Progress,
    Quartiles,
    SharedModels,
    SharedRound,
    SharedStatus,
    State,
    Submission,
)

__all__ = [
    "Closing",
    "ClosingStatus",
    "CompanyFolder",
    "Comparison",
    "CoordinatorFolder",
    "Evaluation",
    "Figures",
    "Inbox",
    "ModelFile",
    "Noise",
    "Progress",
    "PublicFolder",
    "Quartiles",
    "SharedModels",
    "SharedRound",
    "SharedStatus",
    "State",
    "Submission",
]
