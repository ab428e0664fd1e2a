"""The median of the coefficients that each company fits alone: one message, and few wrong companies cannot move it far."""

from decai_forecast.strategies import ASKED, Disclosure, Strategy

COEFFICIENTS = (
    Disclosure(
        "coefficients of an additive model of the scale-free targets: how they go over year and week, and after which past",
        "coordinator; averaged, to all participants",
        ("coefficients-*",),
    ),
    Disclosure("number of training rows, versions, digests of column names and agreement", "coordinator", ASKED),
)
STRATEGY = Strategy(
    name="median",
    model="additive, as Prophet's: each company fits its own, the median is taken of each coefficient",
    discloses=COEFFICIENTS,
    coordinator="decai_forecast.federation.coefficients:train_median",
    company="decai_forecast.federation.own_coefficients:answer",
    rounds=1,
    trees_per_round=0,
)
