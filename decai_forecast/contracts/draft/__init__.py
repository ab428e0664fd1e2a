"""Drafting a contract, for a person to read and to sharpen: for our own files, or from a partner's sample."""

from decai_forecast.contracts.draft.founded import draft_contract
from decai_forecast.contracts.draft.from_sample import Draft, draft_from_sample
from decai_forecast.contracts.draft.profile import ColumnProfile, Profile, profile

__all__ = ["ColumnProfile", "Draft", "Profile", "draft_contract", "draft_from_sample", "profile"]
