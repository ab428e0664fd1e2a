"""The few messages of Flower's Control interface that this provider sends and reads, by the numbers of their fields.

Taken from ``flwr/proto/control.proto``, ``run.proto`` and ``fab.proto``; the same in Flower 1.32 and 1.42. They live in a pool
of their own, so that they meet no others where Flower is installed, too. What is not named here is skipped when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

__all__ = ["MESSAGES", "Value", "put_config", "read_config"]

PACKAGE = "airflow_flower"
Value = str | int | float | bool
"""What a setting of a Flower app may be."""

FIELDS: Mapping[str, tuple[tuple[str, int, str], ...]] = {  # message: name, number and type of each field; []: repeated
    "Fab": (("hash_str", 1, "string"), ("content", 2, "bytes")),
    "Scalar": (("double", 1, "double"), ("sint64", 8, "sint64"), ("bool", 13, "bool"), ("string", 14, "string")),
    "Setting": (("key", 1, "string"), ("value", 2, "Scalar")),
    "StartRunRequest": (("fab", 1, "Fab"), ("override_config", 2, "Setting[]"), ("federation", 5, "string")),
    "StartRunResponse": (("run_id", 1, "uint64"),),
    "ListRunsRequest": (("run_id", 1, "uint64"), ("limit", 2, "uint64")),
    "ListRunsResponse": (("run_dict", 1, "RunEntry[]"),),
    "RunEntry": (("key", 1, "uint64"), ("value", 2, "Run")),
    "Run": (
        ("run_id", 1, "uint64"),
        ("override_config", 4, "Setting[]"),
        ("fab_hash", 5, "string"),
        ("status", 10, "RunStatus"),
    ),
    "RunStatus": (("status", 1, "string"), ("sub_status", 2, "string"), ("details", 3, "string")),
    "StopRunRequest": (("run_id", 1, "uint64"),),
    "StopRunResponse": (("success", 1, "bool"),),
}
SINGLE = ("Scalar", "StartRunResponse", "ListRunsRequest")  # messages whose fields say whether they are there
KINDS = {
    name: getattr(FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("string", "bytes", "double", "sint64", "uint64", "bool")
}


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    base, many = kind.removesuffix("[]"), kind.endswith("[]")
    label = FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL
    if base in KINDS:
        return FieldDescriptorProto(name=name, number=number, label=label, type=KINDS[base])
    made = FieldDescriptorProto(name=name, number=number, label=label, type=FieldDescriptorProto.TYPE_MESSAGE)
    made.type_name = f".{PACKAGE}.{base}"
    return made


def _message(name: str, fields: Iterable[tuple[str, int, str]]) -> DescriptorProto:
    made = DescriptorProto(name=name, field=[_field(*field) for field in fields])
    if name in SINGLE:  # proto3's `optional`, which is a oneof of one
        for index, field in enumerate(made.field):
            field.proto3_optional, field.oneof_index = True, index
            made.oneof_decl.add(name=f"_{field.name}")
    return made


def _made() -> dict[str, Any]:
    pool = DescriptorPool()
    messages = [_message(name, fields) for name, fields in FIELDS.items()]
    pool.Add(FileDescriptorProto(name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto3", message_type=messages))
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in FIELDS}


MESSAGES: Mapping[str, Any] = _made()
"""Name -> class; protobuf's classes have no types of their own."""


def put_config(settings: Any, config: Mapping[str, Value]) -> None:
    """Adds ``config`` to a repeated field of settings; :class:`TypeError` for a value that no Flower app can have."""
    for key, value in config.items():
        kind = {bool: "bool", int: "sint64", float: "double", str: "string"}.get(type(value))
        if kind is None:
            raise TypeError(f"run_config: {key!r} is a {type(value).__name__}; expected text, a number or a truth value")
        setattr(settings.add(key=key).value, kind, value)


def read_config(settings: Any) -> dict[str, Value]:
    """The settings of a run, by their keys; of a kind that is not known here, none."""
    return {one.key: getattr(one.value, kind.name) for one in settings for kind, _ in one.value.ListFields()}
