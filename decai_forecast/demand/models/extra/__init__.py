"""Models that need more than the product installs, loaded where ``DECAI_MODELS`` names them."""
