"""Airflow's home, before anything imports Airflow; where another conftest has set one, it is that."""

import os
import tempfile

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-provider-flower-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
