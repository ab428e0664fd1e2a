"""A company's night: pull, check, train, watch, take part, combine, simulate, report; what-ifs and overrides."""
