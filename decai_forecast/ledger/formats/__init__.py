"""The log's formats, byte by byte: RFC 6962 trees, and signed notes, checkpoints, cosignatures, tiles, proofs and policies of
C2SP.

Pinned at commit ``5ba5ee830903e91240fc6f9f3a7a9293d49e69c9`` of github.com/C2SP/C2SP, since tlog-proof and tlog-policy have no
version yet. Nothing here reads a file, a clock or a network.
"""

SPECIFICATION = "5ba5ee830903e91240fc6f9f3a7a9293d49e69c9"  # commit of C2SP/C2SP

__all__ = ["SPECIFICATION"]
