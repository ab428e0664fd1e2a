"""The report as one HTML page: no script, no font, no image from anywhere."""

from __future__ import annotations

from pathlib import Path

from decai_forecast.contracts.check.result import Check
from decai_forecast.contracts.report.text import level, share
from decai_forecast.contracts.verdict import Verdict

__all__ = ["to_html"]

TITLES = {
    Verdict.ACCEPTED: "Accepted",
    Verdict.ACCEPTED_IN_PART: "Accepted in part",
    Verdict.REFUSED: "Refused",
    Verdict.NOT_CHECKED: "Could not be checked",
}


def to_html(check: Check) -> str:
    """A complete document; everything from the delivery is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    here = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return here.get_template("page.html.j2").render(check=check, title=TITLES[check.verdict], level=level, share=share)
