"""What changed between two versions of a contract, and by how much its version has to rise."""

from decai_forecast.contracts.diff.change import Change
from decai_forecast.contracts.diff.compare import Diff, compare

__all__ = ["Change", "Diff", "compare"]
