"""Everything that can go wrong on purpose.

::

    DecaiError
     +-- ConfigError          network.yaml, a source table or an option is wrong
     |    +-- ContractError   a contract file is wrong; knows file and line
     +-- StoreError           a path outside the participant's own store, or a missing object
     +-- DeliveryError        the partner's source could not be read
     +-- NotEnoughData        a partner's accepted rows do not reach for training or a forecast
     +-- ModelTextError       a model text from outside is malformed or unsafe to load
     +-- FederationError      the shared training could not finish
     +-- BelowQuorum          fewer partners delivered than the network needs
     +-- RoundClosed          an input arrived for a round that is already closed

``code`` is what may cross a company's border; the message may name files and rows and stays at home.
"""

from __future__ import annotations

from pathlib import Path


class DecaiError(Exception):
    """Base class: an expected failure with a message for a person and a code for everybody else."""

    code = "error"


class ConfigError(DecaiError):
    """A setting, a network file or an input table is wrong."""

    code = "config"


class ContractError(ConfigError):
    """A contract file cannot be used; raised with its file and line."""

    code = "contract"

    def __init__(self, path: Path | str, line: int, problem: str) -> None:
        self.path, self.line, self.problem = Path(path), line, problem
        super().__init__(f"{path}:{line}: {problem}")


class StoreError(DecaiError):
    """A path leaves the participant's own store, or an object is not there."""

    code = "store"


class DeliveryError(DecaiError):
    """The partner's source could not be read as its contract says."""

    code = "delivery"


class NotEnoughData(DecaiError):
    """The accepted rows do not reach for training or for a forecast."""

    code = "not_enough_data"


class ModelTextError(DecaiError):
    """A model text from outside is malformed; loading it could abort the interpreter."""

    code = "model_text"


class FederationError(DecaiError):
    """The shared training could not finish."""

    code = "federation"


class BelowQuorum(DecaiError):
    """Fewer partners delivered than the network needs; the last shared forecaster stays in use."""

    code = "below_quorum"


class RoundClosed(DecaiError):
    """The round is closed: this input goes to the next round."""

    code = "round_closed"
