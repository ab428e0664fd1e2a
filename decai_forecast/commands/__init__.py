"""Everything that is typed: ``decai ...``."""
