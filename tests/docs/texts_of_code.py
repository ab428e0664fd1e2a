"""The texts of the code: every string of ``decai_forecast``, with what is filled in left open."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

__all__ = ["OPEN", "TextsOfCode", "strings_of", "tokens"]

OPEN = "\0"  # stands for whatever is filled in
MOST_TRIED = 200  # texts that share most words with a message; of a hint at its end, which is short, all that share one
LONGEST_FILLING = 3  # tokens: a name, a type, a number with its unit


def strings_of(source: str) -> Iterator[str]:
    """Strings and f-strings of Python source, joined where the code joins them; docstrings are none."""
    tree = ast.parse(source)
    inner = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.BinOp)
        for part in ast.iter_child_nodes(node)
    }
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) not in inner | notes and (text := _text(node)).strip(OPEN + " "):
            yield text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else OPEN for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return OPEN


def tokens(text: str) -> list[str]:
    """Words, signs, and what is filled in."""
    return re.findall(rf"{OPEN}|\w+|[^\w\s]", text)


def words(found: Sequence[str]) -> set[str]:
    """Of these tokens those that tell texts apart."""
    return {one for one in found if len(one) > 2}


class TextsOfCode:
    """Answers whether the code can say what a page says it does."""

    def __init__(self, strings: Iterable[str]) -> None:
        self.texts = sorted({tuple(tokens(text)) for text in strings})
        self.by_word = dict[str, set[int]]()
        for number, text in enumerate(self.texts):
            for word in words(text):
                self.by_word.setdefault(word, set()).add(number)

    @classmethod
    def of(cls, folder: Path) -> TextsOfCode:
        """Of all Python files below ``folder``."""
        return cls(text for file in sorted(folder.rglob("*.py")) for text in strings_of(file.read_text(encoding="utf-8")))

    def __contains__(self, code: str) -> bool:
        return (code,) in self.texts

    def missing(self, message: str) -> list[str]:
        """The parts of ``message``, between ``...``, that no text of the code can give; ``<what varies>`` fits all."""
        parts = (tokens(re.sub(r"<[^>]*>", f" {OPEN} ", part)) for part in message.split("..."))
        return [" ".join(part).replace(OPEN, "<>") for part in parts if words(part) and not self.can_say(part)]

    def can_say(self, part: Sequence[str]) -> bool:
        """Whether ``part`` lies in a text of the code, or runs on from its end, or what it leaves open, into another."""
        hints = cache(lambda rest: any(_fits(rest, self.texts[one], None) for one in self._likely(rest, None)))
        return any(_fits(tuple(part), self.texts[one], hints) for one in self._likely(part, MOST_TRIED))

    def _likely(self, part: Sequence[str], most: int | None) -> list[int]:
        """Texts that share words with ``part``, those that share most first."""
        shared = Counter(number for word in words(part) for number in self.by_word.get(word, ()))
        return [number for number, _ in shared.most_common(most)]


def _fits(part: tuple[str, ...], text: tuple[str, ...], hints: Callable[[tuple[str, ...]], bool] | None) -> bool:
    """Whether ``part`` lies in ``text``, or from where that is open or ends on in one of ``hints``; a hint itself has none, and
    begins where ``part`` does."""
    allowed = len(part) // 3

    @cache
    def fits(i: int, j: int, filled: int, here: int) -> bool:
        """From token ``i`` of the part and ``j`` of the text on; ``filled`` tokens were fillings, ``here`` in this one."""
        if i == len(part):
            return True
        if j == len(text):
            return len(part) - i < 2 or (hints is not None and hints(part[i:]))
        if part[i] == OPEN and (fits(i + 1, j, filled, here) or (text[j] != OPEN and fits(i, j + 1, filled, 0))):
            return True
        if text[j] == OPEN:
            more = filled < allowed and here < LONGEST_FILLING and fits(i + 1, j, filled + 1, here + 1)
            return more or fits(i, j + 1, filled, 0) or (i > 0 and hints is not None and hints(part[i:]))
        return part[i] == text[j] and fits(i + 1, j + 1, filled, 0)

    starts = [0] if hints is None else [j for j, one in enumerate(text) if one in (part[0], OPEN) or part[0] == OPEN]
    return any(fits(0, j, 0, 0) for j in starts)
