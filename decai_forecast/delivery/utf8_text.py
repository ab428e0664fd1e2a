"""The text files of a delivery as UTF-8; see ``contracts/files``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decai_forecast.contracts.files import FileFault, FileUnsafe, as_utf8
from decai_forecast.delivery.errors import SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request

__all__ = ["named_faults", "utf8_text"]


def utf8_text(request: Request, path: Path) -> Path:
    """``path`` itself, if it is UTF-8 text; else a decompressed, recoded copy in the scratch folder."""
    encoding = str(request.contract.source.server.get("encoding") or "utf-8-sig")
    with named_faults(request):
        return as_utf8(path, request.scratch, encoding=encoding, say="in servers[0].encoding", max_bytes=request.max_bytes)


@contextmanager
def named_faults(request: Request) -> Iterator[None]:
    """A fault of a file becomes one of the partner's delivery."""
    try:
        yield
    except FileUnsafe as fault:
        raise SourceUnsafe(f"{request.name}: {fault}") from None
    except FileFault as fault:
        raise SourceUnreadable(f"{request.name}: {fault}") from None
