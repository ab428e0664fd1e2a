"""What can be wrong with a file as such; whoever reads it says whose file it is."""

from __future__ import annotations

__all__ = ["FileFault", "FileUnsafe"]


class FileFault(Exception):
    """The file is not what it should be; the message names the file, the place and what to do."""


class FileUnsafe(FileFault):
    """The file is too large, or becomes too large."""
