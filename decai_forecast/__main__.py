"""`python -m decai_forecast` is `decai`."""

from decai_forecast.cli import main

main()
