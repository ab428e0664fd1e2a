"""Files as frozen types, or the error of their kind with every fault: its place, the line with a caret, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from decai_forecast.documents.document import Document, JsonDocument
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.typed import typed
from decai_forecast.errors import Problem

__all__ = ["read_as", "read_json_file", "read_yaml_file"]

T = TypeVar("T")


def read_yaml_file(path: Path, kind: Kind, form: type[T]) -> T:
    """The YAML file as a ``form``; its kind's error (:class:`~decai_forecast.errors.DocumentError`) otherwise."""
    return read_as(Document(path, kind), form)


def read_json_file(path: Path, kind: Kind, form: type[T]) -> T:
    """The JSON file as a ``form``; its kind's error (:class:`~decai_forecast.errors.DocumentError`) otherwise."""
    return read_as(JsonDocument(path, kind), form)


def read_as(document: Document, form: type[T]) -> T:
    """The document as a ``form``; its kind's error otherwise."""
    value = {key: item for key, item in document.value.items() if key != "version" or document.kind.version is None}
    read, faults = typed(value, form, document.kind.name)
    problems = [*document.repeated(), *document.misread(), *_version(document), *document.problems(faults)]
    if problems or read is None:
        raise document.error(problems)
    return read


def _version(document: Document) -> Iterator[Problem]:
    wanted, given = document.kind.version, document.value.get("version")
    if wanted is not None and (given != wanted or isinstance(given, bool)):
        yield document.problem(("version",), f"expected version: {wanted}")
