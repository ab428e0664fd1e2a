"""Training the shared forecaster together, under Flower. Rows stay where they are.

Only this room imports Flower, and only when a training starts.
"""

from decai_forecast.federation.model_text import MEAN_OBJECTIVE, merge, sanitise, validate
from decai_forecast.federation.plan import Member, Plan, Shared
from decai_forecast.federation.run import train_shared

__all__ = ["MEAN_OBJECTIVE", "Member", "Plan", "Shared", "merge", "sanitise", "train_shared", "validate"]
