"""Getting a delivery from the partner's own source."""

from decai_forecast.delivery.pull import Pulled, pull

__all__ = ["Pulled", "pull"]
