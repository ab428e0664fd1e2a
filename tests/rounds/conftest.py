"""Fixtures of the rounds' tests."""

from conftest_rounds import after, finished, founded, network

__all__ = ["after", "finished", "founded", "network"]
