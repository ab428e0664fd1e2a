"""The exchange: offers whose terms are enforced, grants, uses that are checked and metered at the owner's node.

A participant's own exchange is a :class:`~decai_forecast.exchange.desk.Desk`. Taken file by file: the database is loaded when
an exchange is opened, and by nothing that Airflow parses.
"""

__all__: list[str] = []
