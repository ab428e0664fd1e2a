"""Founding a federation of companies apart: one invitation and one answer for each company, and one number that all compare.

``papers``: what passes. ``invite``, ``desk`` and ``admit``: the coordinator's side. ``join`` and ``enter``: a company's side.

Afterwards keys change: ``exchange`` (a company's side), ``approve`` (the coordinator's), ``follow`` (everybody else's).
"""

from decai_forecast.founding.apart.admit import Answers
from decai_forecast.founding.apart.desk import FoundingDesk
from decai_forecast.founding.apart.enter import Entry
from decai_forecast.founding.apart.exchange import Exchange
from decai_forecast.founding.apart.guest import Guest
from decai_forecast.founding.apart.invite import invite
from decai_forecast.founding.apart.join import home_of, join
from decai_forecast.founding.apart.papers import Answer, Invitation, fingerprint_of_members, opened_answer
from decai_forecast.founding.apart.terms import in_words

__all__ = [
    "Answer", "Answers", "Entry", "Exchange", "FoundingDesk", "Guest", "Invitation", "fingerprint_of_members", "home_of",
    "in_words", "invite", "join", "opened_answer",
]  # fmt: skip
