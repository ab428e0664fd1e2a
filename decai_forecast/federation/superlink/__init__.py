"""The runtime between companies: a SuperLink at the coordinator, a SuperNode and an executor at every company.

``keys`` and ``passport``: who may connect. ``flower``: the one file that knows Flower's internals. ``link``: the
coordinator's side. ``node``: a company's side.
"""
