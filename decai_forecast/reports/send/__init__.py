"""Sending a report to its own participant: into a folder of any store, to a webhook, by mail. docs/how-to/report.md."""

from decai_forecast.reports.send.book import Book, Entry, Status
from decai_forecast.reports.send.bundle import Bundle, bundle_of, outbox_key
from decai_forecast.reports.send.deliver import send_report
from decai_forecast.reports.send.settings import FILE, Settings, Target, read_settings

__all__ = [
    "FILE",
    "Book",
    "Bundle",
    "Entry",
    "Settings",
    "Status",
    "Target",
    "bundle_of",
    "outbox_key",
    "read_settings",
    "send_report",
]
