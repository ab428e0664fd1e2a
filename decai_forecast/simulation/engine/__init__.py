"""The engine: base-stock networks simulated for many items and replications at once, event order as in stockpyl."""
