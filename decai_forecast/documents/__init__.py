"""The one door for what comes from outside: YAML and JSON, read into frozen types, every fault with its place and advice."""

from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.spelling import near

__all__ = ["Document", "Fault", "Kind", "Where", "near"]
