"""The coordinator's night: roster, federate, close, comparison, notices."""
