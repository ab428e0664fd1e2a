"""Pages that are made from the code are what `make docs` makes."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from doc_pages import PAGES, ROOT
from doc_pages.picture import PLACES, architecture_picture, arrows, floor
from doc_pages.rooms import rooms


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_up_to_date(name: str) -> None:
    """The committed page is the one that the code gives; if not, `make docs` writes it anew."""
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), f"{name} is not up to date: run `make docs`"


def test_every_room_stands_once_in_the_picture() -> None:
    """The picture is well-formed and names each room exactly once."""
    picture = ElementTree.fromstring(architecture_picture())
    names = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text") if text.get("class") in ("name", "small")]
    assert sorted(filter(None, names)) == rooms()


def test_no_boxes_overlap() -> None:
    """No two rooms of the picture lie on one another."""
    boxes = list(PLACES.values())
    assert not [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
    ]


def test_the_houses_meet_in_the_link_only() -> None:
    """A company's house and the coordinator's both point to the link, and not to each other."""
    found = set(arrows())
    assert {("partner", "link"), ("coordinator", "link")} <= found
    assert not {("partner", "coordinator"), ("coordinator", "partner")} & found
    assert "errors" in floor()
