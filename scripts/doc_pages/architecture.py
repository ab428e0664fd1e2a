"""``docs/explanation/architecture.md``: one picture, and for every room what it is and what it knows."""

from __future__ import annotations

from doc_pages.picture import PLACES, floor
from doc_pages.rooms import PACKAGE, imports, says

__all__ = ["architecture_page"]

HEAD = """# The architecture

<!-- made by `make docs` from the import graph and the docstrings of decai_forecast -->

![The rooms of decai_forecast in layers, and which imports which](../pictures/architecture.svg)

A box is a room: a folder of `decai_forecast/`, or one file. An arrow is an import that no chain of other imports implies;
arrows only lead downwards. `partner` and `coordinator` do not import each other: what passes between them is a message of
`link`. `make check` holds all of this (`.importlinter`). Why it is built so: [the design](design.md).

"""


def architecture_page() -> str:
    """The whole page."""
    return "".join([
        HEAD,
        "## The rooms of a night\n\n", *map(_room, PLACES),
        "## What every room may use\n\n", *map(_room, floor()),
    ]).rstrip("\n") + "\n"  # fmt: skip


def _room(room: str) -> str:
    where = f"{room}/" if (PACKAGE / room).is_dir() else f"{room}.py"
    paragraph = says(room).split("\n\n")[0].replace("``", "`")
    return f"**`{where}`** {paragraph}\nKnows: {_list(imports()[room])}.\n\n"


def _list(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing else"
