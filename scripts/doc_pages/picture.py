"""``docs/pictures/architecture.svg``: the rooms in their layers, drawn from the import graph.

A room is a box in its place of ``PLACES``, or a tile of the floor; an arrow is an import that no chain of other imports
implies. An arrow that would point upwards stops the drawing: the picture has to be thought about again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from doc_pages.rooms import imports, needed, rooms, says

__all__ = ["PLACES", "architecture_picture", "arrows", "floor"]

WIDTH = 1100
LETTERS = 5.9  # pixels of a letter of the small text, on average, taken widely


@dataclass(frozen=True)
class Box:
    """Where a room stands: the left upper corner and the size, in pixels."""

    x: int
    y: int
    width: int = 200
    height: int = 80

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


PLACES = {
    "commands": Box(310, 20, 380, 58),
    "orchestration": Box(400, 112),
    "founding": Box(880, 112),
    "one_machine": Box(400, 226),
    "partner": Box(70, 376, 240, 92),
    "link": Box(410, 376, 180, 92),
    "coordinator": Box(690, 376, 240, 92),
    "exchange": Box(950, 500, 140, 110),
    "ledger": Box(410, 512, 180, 92),
    "federation": Box(90, 556),
    "reports": Box(710, 556),
    "simulation": Box(260, 672),
    "delivery": Box(710, 672),
    "demand": Box(90, 788),
    "contracts": Box(530, 788, 550),
}
FLOOR_TOP, FLOOR_ROW, IN_A_ROW = 900, 48, 8
STYLE = """
  svg {
    color: #1d2733; --room: #ffffff; --house: #eef3f8; --link: #fff3d6; --floor: #f1f1ee; --line: #5b6b7c; --soft: #4c5a68
  }
  @media (prefers-color-scheme: dark) {
    svg {
      color: #e8edf2; --room: #1c2530; --house: #131b24; --link: #3a3116; --floor: #1a1d20; --line: #93a4b5; --soft: #b4c0cc
    }
  }
  text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: currentColor }
  .name { font-size: 15px; font-weight: 600 } .says { font-size: 11px; fill: var(--soft) }
  .small { font-size: 12px; font-weight: 600 } .house { font-size: 12px; fill: var(--soft); letter-spacing: .06em }
  .room { fill: var(--room); stroke: var(--line) } .link { fill: var(--link); stroke: var(--line) }
  .area { fill: var(--house) } .ground { fill: var(--floor) }
  .arrow { fill: none; stroke: var(--line); stroke-width: 1.4 } .head { fill: var(--line) }
"""


def floor() -> list[str]:
    """The rooms without a place of their own: what every room above may use, those first that use most themselves."""
    found = sorted(set(rooms()) - set(PLACES), key=lambda room: (-len(needed(room)), room))
    if high := [room for room in found if needed(room) & set(PLACES)]:
        raise SystemExit(f"scripts/doc_pages/picture.py: {', '.join(high)} knows rooms above the floor; put it into PLACES")
    return found


def arrows() -> list[tuple[str, str]]:
    """Imports between rooms with a place that no other import implies; everybody uses the floor."""
    found = []
    for room in PLACES:
        others = imports()[room] & set(PLACES)
        found += [(room, other) for other in sorted(others) if not any(other in needed(one) for one in others - {other})]
    if upwards := [pair for pair in found if PLACES[pair[0]].y > PLACES[pair[1]].y]:
        raise SystemExit(f"scripts/doc_pages/picture.py: {upwards} would point upwards; change PLACES")
    return found


def architecture_picture() -> str:
    """The SVG, readable in light and dark."""
    ground = {room: _on_the_floor(number) for number, room in enumerate(floor())}
    bottom = max(box.y + box.height for box in ground.values()) + 18
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 14}" role="img" aria-label="The rooms of '
        'decai_forecast in layers, and which imports which">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
        *_areas(bottom), *(_arrow(*pair) for pair in arrows()),
        *(_box(room, box) for room, box in PLACES.items()), *(_tile(room, box) for room, box in ground.items()), "</svg>", "",
    ])  # fmt: skip


def _on_the_floor(number: int) -> Box:
    row, column = divmod(number, IN_A_ROW)
    return Box(36 + 129 * column, FLOOR_TOP + 38 + FLOOR_ROW * row, 125, 36)


def _areas(bottom: int) -> Iterator[str]:
    for x, edge, anchor, title in ((50, 70, "start", "A COMPANY'S HOUSE"), (670, 930, "end", "THE COORDINATOR'S HOUSE")):
        yield f'<rect class="area" x="{x}" y="338" width="280" height="148" rx="12"/>'
        yield f'<text class="house" text-anchor="{anchor}" x="{edge}" y="362">{title}</text>'
    yield f'<rect class="ground" x="20" y="{FLOOR_TOP}" width="{WIDTH - 40}" height="{bottom - FLOOR_TOP}" rx="12"/>'
    yield f'<text class="house" x="36" y="{FLOOR_TOP + 24}">WHAT EVERY ROOM ABOVE MAY USE</text>'


def _frame(kind: str, box: Box) -> str:
    return f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>'


def _tile(room: str, box: Box) -> str:
    return f'{_frame("room", box)}<text class="small" text-anchor="middle" x="{box.middle:g}" y="{box.y + 22}">{room}</text>'


def _box(room: str, box: Box) -> str:
    said = "".join(
        f'<text class="says" x="{box.x + 12}" y="{box.y + 42 + 14 * i}">{escape(line)}</text>'
        for i, line in enumerate(_lines(room, box))
    )
    name = f'<text class="name" x="{box.x + 12}" y="{box.y + 24}">{room}</text>'
    return _frame("link" if room == "link" else "room", box) + name + said


def _lines(room: str, box: Box) -> list[str]:
    """The first sentence of a room's docstring; where it does not fit, as far as it goes before a semicolon or colon."""
    sentence = " ".join(says(room).split("\n\n")[0].split()).replace("`", "").split(". ")[0].removesuffix(".")
    for text in (sentence, sentence.split("; ")[0], sentence.split(": ")[0]):
        lines = wrap(text, int((box.width - 24) / LETTERS))
        if 42 + 14 * len(lines) <= box.height + 8:
            break
    return lines


def _arrow(start: str, end: str) -> str:
    a, b = PLACES[start], PLACES[end]
    if a.y == b.y:  # side by side
        right = a.x < b.x
        return _line(
            a.x + a.width if right else a.x, a.y + a.height / 2, b.x - 2 if right else b.x + b.width + 2, b.y + b.height / 2
        )
    x1, x2 = _ends(a, b)
    y1, y2 = a.y + a.height, b.y - 2
    bend = (y2 - y1) / 2
    return (
        f'<path class="arrow" marker-end="url(#head)" d="M{x1:g} {y1}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="arrow" marker-end="url(#head)" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>'


def _ends(a: Box, b: Box) -> tuple[float, float]:
    """Where an arrow leaves and arrives: straight down where the boxes stand above one another, else towards each other."""
    left, right = max(a.x, b.x) + 20, min(a.x + a.width, b.x + b.width) - 20
    if left <= right:
        x = min(max(a.middle, left), right)
        return x, x
    side = 0.3 if b.middle > a.middle else -0.3
    return a.middle + side * a.width, b.middle - side * b.width
