"""Lossless federated LightGBM: companies train one model that equals training on their pooled rows, and nobody sees more
than sums. docs/explanation/federation.md has the protocol and who learns what.

Light to import; LightGBM is loaded by ``decai_forecast.federation.exact.train``.
"""
