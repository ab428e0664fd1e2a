"""Averages of trees that each company grows on its own rows, for links that cannot carry some hundred messages per tree."""

from decai_forecast.strategies import ASKED, Disclosure, Strategy

STRATEGY = Strategy(
    name="bagging",
    model="an average, weighted by rows, of trees that each company grows on its own rows",
    discloses=(
        Disclosure(
            "sanitised trees of each boosting round (no counts, ranges or weights of rows)",
            "coordinator; averaged, to all participants",
            ("trees-*",),
        ),
        Disclosure(
            "number of training rows, versions, digests of column names and agreement, and the q10, q50 and q90 of the "
            "scale-free targets",
            "coordinator",
            (*ASKED, "starts"),
        ),
    ),
    coordinator="decai_forecast.federation.boosting:train_bagging",
    company="decai_forecast.federation.own_trees:answer",
    rounds=12,
    trees_per_round=5,  # more rounds of fewer trees cost messages, fewer rounds of more trees drift apart
    needs_common_start=True,
    takes_code_book=True,
)
