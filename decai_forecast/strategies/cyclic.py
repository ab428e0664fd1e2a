"""One company's tree after the other's, each upon the score so far, in an order drawn from seed and cut-off."""

from decai_forecast.strategies import ASKED, TREES, Disclosure, Strategy

STRATEGY = Strategy(
    name="cyclic",
    model="one company's tree after the other's, each upon the score so far",
    discloses=(
        Disclosure(
            "a sanitised tree in each of its turns (no counts, ranges or weights of rows)",
            "coordinator; as it is, to all participants",
            ("trees-*",),
        ),
        Disclosure(
            "number of training rows, versions, digests of column names and agreement, and the q10, q50 and q90 of the "
            "scale-free targets",
            "coordinator",
            (*ASKED, "starts"),
        ),
    ),
    coordinator="decai_forecast.federation.boosting:train_cyclic",
    company="decai_forecast.federation.own_trees:answer",
    rounds=TREES,
    first_trees_are_a_model=True,
    needs_common_start=True,
    takes_code_book=True,
)
