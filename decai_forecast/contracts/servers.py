"""What a contract says of its source, held against what the delivery reads: a fault shows at once, not in the second night."""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.contracts.model import Column
from decai_forecast.contracts.profile import format_of, location_of, own_properties
from decai_forecast.contracts.rules.values import a_kind
from decai_forecast.contracts.vocabulary import (
    DELIMITERS,
    FORMATS,
    INCREMENTAL,
    PAGING,
    PAGING_STYLES,
    SERVER_PROPERTIES,
    SERVERS,
    ServerType,
)
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where
from decai_forecast.documents.spelling import near

__all__ = ["server_complaints"]

AT: Where = ("servers", 0)


def server_complaints(raw: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
    """Complains about the first server; the others are for people."""
    if not raw.get("servers"):
        complain((), "missing required key 'servers' in the contract: where does the delivery come from?")
        return
    server = raw["servers"][0]
    _place(server, str(server.get("type")), complain)
    form = format_of(server)
    if form not in FORMATS:
        message = f"format {form!r} is not supported{near(form, FORMATS)}; use one of {', '.join(FORMATS)}"
        complain((*AT, "format"), message)
    if not _is_encoding(encoding := server.get("encoding") or "UTF-8"):
        complain((*AT, "encoding"), f"encoding {encoding!r} is not known; use UTF-8, cp1252, latin-1, ...")
    _Own(server, columns, complain).read()


def _place(server: Mapping[str, Any], kind: str, complain: Complaints) -> None:
    location, key = location_of(server), "path" if server.get("path") else "location"
    if kind not in SERVERS:
        names = [str(name) for name in ServerType]
        message = f"server type {kind!r} is not supported{near(kind, names)}; use one of {', '.join(names)}"
        complain((*AT, "type"), f"{message} (custom for any other store or database)")
    elif SERVERS[kind].located and not location:
        complain(AT, f"a {kind} server needs {'path' if kind == 'local' else 'location'}")
    elif (schemes := SERVERS[kind].schemes) and location.partition("://")[0].lower() not in schemes:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        complain((*AT, key), f"the {key} of a server of type {kind} begins with {wanted}, not {location!r}")
    elif kind == "local" and "://" in location:
        complain((*AT, key), f"{location!r} is not a path; use one below the network's home")
    elif kind == "local" and posixpath.normpath(location).startswith(".."):
        message = "leads out of the network's home; use a path below it, or an absolute one in a folder of source_folders"
        complain((*AT, key), f"{location} {message} (network.yaml)")


def _is_encoding(name: Any) -> bool:
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


class _Own:
    """The server's ``customProperties``; every complaint knows its place."""

    def __init__(self, server: Mapping[str, Any], columns: Sequence[Column], complain: Complaints) -> None:
        self.server, self.columns, self.complain = server, columns, complain
        self.own = own_properties(server)
        self.places = {
            str(item.get("property")): (*AT, "customProperties", k)
            for k, item in enumerate(server.get("customProperties") or [])
            if isinstance(item, Mapping)
        }

    def fail(self, name: str, text: str, *more: str | int, key: bool = False) -> None:
        self.complain((*self.places[name], "value", *more), text, key=key)

    def read(self) -> None:
        for name in self.own:
            if name not in SERVER_PROPERTIES:
                message = near(name, SERVER_PROPERTIES) or f"; known are {', '.join(SERVER_PROPERTIES)}"
                self.complain((*self.places[name], "property"), f"unknown property {name!r} of a server{message}")
        for name in ("connection", "table", "format"):
            if name in self.own and (not isinstance(self.own[name], str) or not self.own[name]):
                self.fail(name, f"{name} must be text, not {self.own[name]!r}")
        self._number("maxBytes", self.own.get("maxBytes", 1))
        if len(delimiter := str(self.own.get("delimiter", ","))) != 1 and delimiter not in DELIMITERS:
            message = f"delimiter must be one of {', '.join(DELIMITERS)} or one character, not {delimiter!r}"
            self.fail("delimiter", message + near(str(delimiter), set(DELIMITERS)))
        self._paging()
        self._incremental()

    def _number(self, name: str, value: Any, *more: str, least: int = 1) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fail(name, f"{more[-1] if more else name} must be a whole number of at least {least}, not {value!r}", *more)

    def _mapping(self, name: str, known: Sequence[str], example: str) -> Mapping[str, Any]:
        given = self.own.get(name, {})
        if not isinstance(given, Mapping):
            self.fail(name, f"{name} must be a mapping such as {example}, not {given!r}")
            return {}
        for key in given:
            if key not in known:
                hint = near(key, known) or f"; known are {', '.join(known)}"
                self.fail(name, f"unknown key {key!r} of {name}{hint}", key, key=True)
        return given

    def _paging(self) -> None:
        given = self._mapping("paging", PAGING, "{style: offset, limit: 5000}")
        if "paging" in self.own and self.server.get("type") != "api":
            self.fail("paging", f"paging is for a server of type api, not {self.server.get('type')}")
        if (style := given.get("style", "none")) not in PAGING_STYLES:
            message = f"style must be one of {', '.join(PAGING_STYLES)}, not {style!r}{near(str(style), PAGING_STYLES)}"
            self.fail("paging", message, "style")
        self._number("paging", given.get("limit", 1), "limit")
        self._number("paging", given.get("first", 1), "first", least=0)

    def _incremental(self) -> None:
        given = self._mapping("incremental", INCREMENTAL, "{watermark: changed_at, lookback: 7 d}")
        names = {column.source_name: column for column in self.columns}
        if not given:
            return
        if (mark := given.get("watermark")) is None:
            self.fail("incremental", "incremental needs watermark, the delivery's column that grows with every change")
        elif mark not in names:
            message = f"watermark {mark!r} is not a contracted column as the source calls it{near(str(mark), set(names))}"
            self.fail("incremental", f"{message}; there are {', '.join(names)}", "watermark")
        elif "lookback" in given and names[mark].logical_type not in ("date", "timestamp"):
            message = f"lookback needs a watermark that is a date or a timestamp; {mark} is {a_kind(names[mark].logical_type)}"
            self.fail("incremental", message, "lookback")
        if not re.fullmatch(r"\d+ ?[hdw]", str(given.get("lookback", "1 d"))):
            message = f"lookback must be a whole number and h, d or w, such as 7 d, not {given['lookback']!r}"
            self.fail("incremental", message, "lookback")
