"""The kind of file that a contract is."""

from decai_forecast.documents.kind import Kind
from decai_forecast.errors import ContractError

__all__ = ["CONTRACT"]

CONTRACT = Kind("a contract", "expected an ODCS data contract (a mapping with apiVersion, kind, id, ...)", ContractError)
