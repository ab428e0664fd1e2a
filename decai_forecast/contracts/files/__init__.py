"""Reading a partner's text file: one reader for the sample that a contract is drafted from and for every delivery."""

from decai_forecast.contracts.files.faults import FileFault, FileUnsafe
from decai_forecast.contracts.files.header import Header, header_of, ordered_names
from decai_forecast.contracts.files.lines import read_lines
from decai_forecast.contracts.files.utf8 import RATIO, SUSPICIOUS, as_utf8, ending_of

__all__ = [
    "RATIO",
    "SUSPICIOUS",
    "FileFault",
    "FileUnsafe",
    "Header",
    "as_utf8",
    "ending_of",
    "header_of",
    "ordered_names",
    "read_lines",
]  # fmt: skip
