"""Every command line in the documentation names a command that is there, with options that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click import Command
from doc_pages.commands import commands
from doc_texts import PAGES, ROOT, code_of

COMMANDS = commands()


def wrong(line: str) -> Iterator[str]:
    """What of a line that begins with `decai` or `make` is not there; `decai round run | show` names two commands."""
    program, *words = re.split(r"\s#\s|\s\| jq", line)[0].split()
    if program == "decai":
        while "|" in words:
            place = words.index("|")
            yield from _wrong_decai([*words[: place - 1], words[place + 1]])
            del words[place : place + 2]
        yield from _wrong_decai(words)
    else:
        yield from (f"make {word}" for word in words[:1] if not _is_target(word))


def _wrong_decai(words: Sequence[str]) -> Iterator[str]:
    name, rest = "decai", list(words)
    while rest and hasattr(COMMANDS[name], "commands") and not rest[0].startswith(("-", "...")):
        if f"{name} {rest[0]}" not in COMMANDS:
            yield f"{name} {rest[0]}"
            return
        name = f"{name} {rest.pop(0)}"
    yield from _wrong_options(name, COMMANDS[name], rest)


def _wrong_options(name: str, command: Command, words: Sequence[str]) -> Iterator[str]:
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    given = [word.split("=")[0] for word in words if word.startswith("--")]
    yield from (f"{name} {option}" for option in given if option not in known)


def _is_target(word: str) -> bool:
    targets = re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return any(re.fullmatch(target.replace("%", r"[a-z-]+"), word) for target in targets)


def lines_of(page: Path) -> list[str]:
    """The command lines of a page; a prompt and the environment's folder are left out."""
    lines = (re.sub(r"^((\w+)?\$ |sudo )?(\.venv/bin/)?", "", line) for line in code_of(page))
    return [line for line in lines if re.match(r"(decai|make) [a-z|-]", line) and "..." not in line.split(" ")[1]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_command_lines_of_a_page_can_be_typed(page: Path) -> None:
    """Commands, sub commands, options and make targets exist."""
    assert [(line, fault) for line in lines_of(page) for fault in wrong(line)] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("decai rounds run", "decai rounds"),
        ("decai round start --home x", "decai round start"),
        ("decai round run --night 2026-01-01", "decai round run --night"),
        ("decai round run | shows", "decai round shows"),
        ("make tests", "make tests"),
    ],
)
def test_a_wrong_command_line_is_seen(line: str, fault: str) -> None:
    """The test above can fail."""
    assert list(wrong(line)) == [fault]
