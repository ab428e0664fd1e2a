"""The one door for what comes from outside: YAML and JSON, read into frozen types, every fault with its place and advice."""
