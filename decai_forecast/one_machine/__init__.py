"""A whole round of all companies in one process, and how it stands."""
