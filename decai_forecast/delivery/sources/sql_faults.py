"""What a database's refusal means, by its state, its number or, at the login, its English words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from decai_forecast.delivery.errors import SourceAbsent, SourceRefused, SourceUnreachable
from decai_forecast.errors import DeliveryError

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["meaning_of"]

LOGIN = "the database refuses the login; is the connection's password right?"
NO_DATABASE = "there is no database of that name; see servers[0] and the connection"
NO_RIGHT = "the connection's user may not read the table"
NO_TABLE = "there is no such table or column; see servers[0]"
WRITES = "the table is a view that writes; a delivery is only read"
STATES = {  # SQLSTATE -> meaning
    "28000": (SourceRefused, LOGIN),
    "28P01": (SourceRefused, LOGIN),
    "3D000": (SourceRefused, NO_DATABASE),
    "42501": (SourceRefused, NO_RIGHT),
    "42P01": (SourceAbsent, NO_TABLE),
    "25006": (SourceRefused, WRITES),
}
NUMBERS = {  # MySQL -> meaning
    1044: (SourceRefused, NO_DATABASE),
    1045: (SourceRefused, LOGIN),
    1049: (SourceRefused, NO_DATABASE),
    1142: (SourceRefused, NO_RIGHT),
    1146: (SourceAbsent, NO_TABLE),
}
CONNECTION_FAULTS = {  # psycopg2 tells no state of a connection that did not come about
    r"authentication failed|no pg_hba\.conf entry|no password supplied|role \".*\" does not exist": (SourceRefused, LOGIN),
    r"database \".*\" does not exist": (SourceRefused, NO_DATABASE),
}
CANCELLED = "57014"


def meaning_of(error: sa.exc.DBAPIError, seconds: int) -> tuple[type[DeliveryError], str] | None:
    """Kind of fault and sentence; None where nothing particular is known. ``seconds`` is the statement's limit."""
    original = error.orig
    state = getattr(original, "pgcode", None) or getattr(original, "sqlstate", None)
    if state == CANCELLED:
        return SourceUnreachable, f"the database did not finish within {seconds} s and gave up"
    if state in STATES:
        return STATES[state]
    arguments = getattr(original, "args", ())
    if arguments and arguments[0] in NUMBERS:
        return NUMBERS[arguments[0]]
    return next((meaning for words, meaning in CONNECTION_FAULTS.items() if re.search(words, str(original))), None)
