"""docs/reference/network.md lists every key of network.yaml as the program reads it."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from network_files import loaded

from decai_forecast.code_book import CodeBook
from decai_forecast.documents.forms import allowed, form_at
from decai_forecast.network import Agreement, Assumptions, LinkTerms, MailChannel, Participant, Privacy, WebhookChannel
from decai_forecast.network.supply import Component, Lane, Site, Supplier, Supply

PAGE = Path(__file__).parents[2].joinpath("docs/reference/network.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0]: part for part in re.split("^## ", PAGE, flags=re.MULTILINE)}
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$", re.MULTILINE)
FORMS = {
    "# network.yaml": (Agreement,), "participants": (Participant,), "assumptions": (Assumptions,), "supply": (Supply,),
    "notify": (WebhookChannel, MailChannel), "privacy": (Privacy,), "link": (LinkTerms,), "code_book": (CodeBook,),
}  # fmt: skip
OWN = {"version", "kind"}  # told in words of their own


def default_of(form: type, key: str) -> str:
    field = next(field for field in fields(form) if field.name == key)
    if field.default is MISSING:
        return "needed" if field.default_factory is MISSING else "as below" if key in ("assumptions", "link") else "none"
    if field.default in (None, "", ()):
        return "none"
    listed = f"[{', '.join(field.default)}]" if isinstance(field.default, tuple) else str(field.default)
    return f"`{listed.lower() if isinstance(field.default, bool) else listed}`"


@pytest.mark.parametrize("section", FORMS)
def test_keys_types_and_defaults_are_those_of_the_program(section: str) -> None:
    """No key is missing, and none is there that is not read."""
    rows = {key: (kind, default) for key, kind, default, _ in ROW.findall(SECTIONS[section]) if key not in OWN}
    known = {key: form for form in FORMS[section] for key in (field.name for field in fields(form)) if key not in OWN}
    expected = {key: (allowed(form_at(form, (key,))[1]), default_of(form, key)) for key, form in known.items()}
    assert rows == expected


@pytest.mark.parametrize(
    ("table", "form"), [("suppliers", Supplier), ("sites", Site), ("lanes", Lane), ("bill_of_materials", Component)]
)
def test_columns_of_the_supply_tables_are_listed(table: str, form: type) -> None:
    """In their order."""
    columns = {key: meaning for key, _, _, meaning in ROW.findall(SECTIONS["supply"])}[table]
    assert columns == ", ".join(f"`{field.name}`" for field in fields(form))


def test_the_example_can_be_loaded(tmp_path: Path) -> None:
    """As it stands there."""
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    assert loaded(tmp_path, example).partners == ("acme", "bolt", "corex")
