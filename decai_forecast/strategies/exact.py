"""One model as if all rows lay in one place: sums under masks, over a relay. docs/explanation/federation.md says how."""

from decai_forecast.strategies import ASKED, TREES, Disclosure, Strategy

STRATEGY = Strategy(
    name="exact",
    model="that of the pooled rows",
    discloses=(
        Disclosure(
            "sums over rows of the shared trees' bins and leaves, under masks that cancel only in the sum of all companies",
            "all companies that train; the relay passes them on and cannot open them",
            ("relay",),
        ),
        Disclosure(
            "number of training rows, public key, versions, digests of column names and agreement",
            "coordinator; the key, to all that train",
            (*ASKED, "key"),
        ),
        Disclosure(
            "the finished model, its digest and the signatures of all",
            "coordinator; all participants",
            ("digest", "model", "certificate"),
        ),
    ),
    coordinator="decai_forecast.federation.exact.coordinate:train_exactly",
    company="decai_forecast.federation.exact.answer:answer",
    rounds=TREES,
    first_trees_are_a_model=True,
    shows_only_sums=True,
    needs_keys=True,
    meets_at_relay=True,
    trains_the_mean=True,
    takes_privacy=True,
    takes_early_stopping=True,
    takes_code_book=True,
)
