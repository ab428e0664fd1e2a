"""One night's joint run of a network: each step of the way as a function, and the whole night in one process."""

from decai_forecast.rounds.round import Round
from decai_forecast.rounds.seat import Seat, take_seat

__all__ = ["Round", "Seat", "take_seat"]
