"""decai_forecast: competitors forecast demand together and stay in possession of their data.

Every night each company's delivery is checked against its own contract and used where it lies; the companies then train
one shared demand forecaster without moving a row, each keeps whichever of shared and own serves it best, and each
receives a resilience report. The rooms follow the way of the data; see ``docs/explanation/design.md``.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
