"""Checks a log with aics-tlog, and nothing of this project: python with_aics.py FOLDER VERIFIER_KEY PACKAGES.

PACKAGES: the folder that aics-tlog is installed into. Prints GREEN or RED and why; exit code 0 or 1.
"""

import sys
from pathlib import Path

sys.path.insert(0, sys.argv[3])

from aics_tlog import FileSystemTileReader, audit_tiles, parse_checkpoint, parse_note, parse_vkey, verify_checkpoint

try:
    note = parse_note(Path(sys.argv[1], "checkpoint").read_bytes())
    if not verify_checkpoint(note, parse_vkey(sys.argv[2])).ok:
        raise ValueError("the checkpoint is not signed by the log")
    checkpoint = parse_checkpoint(note.text)
    audited = audit_tiles(FileSystemTileReader(sys.argv[1]), checkpoint.size, checkpoint.root)
    if not getattr(audited, "ok", audited):
        raise ValueError(str(audited))
except Exception as error:
    print("RED", type(error).__name__, error)
    sys.exit(1)
print("GREEN", checkpoint.origin, checkpoint.size)
