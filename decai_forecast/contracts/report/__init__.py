"""What a check found, for people: text, JSON (``Check.to_json``) and one HTML page that needs no network."""

from decai_forecast.contracts.report.page import to_html
from decai_forecast.contracts.report.text import to_text

__all__ = ["to_html", "to_text"]
