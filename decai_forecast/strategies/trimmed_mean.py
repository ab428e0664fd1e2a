"""The trimmed mean of the coefficients that each company fits alone: more of their agreement counts than with the median."""

from dataclasses import replace

from decai_forecast.strategies import median

STRATEGY = replace(
    median.STRATEGY,
    name="trimmed_mean",
    model="additive, as Prophet's: each company fits its own, the mean is taken of each coefficient without its extremes",
    coordinator="decai_forecast.federation.coefficients:train_trimmed_mean",
)
