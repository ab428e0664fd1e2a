"""Getting a delivery from the partner's own source: files, object stores, databases, HTTP interfaces."""

from decai_forecast.delivery.credentials import Connection, Credentials, EnvironmentCredentials, OwnCredentials
from decai_forecast.delivery.pull import Pulled, pull

__all__ = ["Connection", "Credentials", "EnvironmentCredentials", "OwnCredentials", "Pulled", "pull"]
