# One image for all processes, from the same pinned requirements as everything else: Airflow's environment is the image's own
# Python, Flower's lies in /usr/local/node, where Airflow's tasks find it.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm
FROM ${PYTHON_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1=12.2.0-14* curl=7.88.1-10* \
    && rm -rf /var/lib/apt/lists/*
# a named volume takes its owner from the place in the image that it is mounted on
RUN useradd --create-home --uid 50000 airflow && mkdir -p /opt/decai /var/lib/decai/airflow /var/lib/decai/network \
    && chown -R airflow /opt/decai /var/lib/decai
WORKDIR /opt/decai
COPY requirements/airflow.txt requirements/node.txt requirements/
RUN python -m venv --without-pip /usr/local/node \
    && pip --python /usr/local/node/bin/python install --no-cache-dir --no-deps --require-hashes -r requirements/node.txt \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements/airflow.txt
COPY pyproject.toml README.md LICENSE ./
COPY decai_forecast decai_forecast
COPY dags dags
COPY plugins plugins
COPY data_contracts data_contracts
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index -e . \
    && pip --python /usr/local/node/bin/python install --no-cache-dir --no-deps --no-build-isolation --no-index -e .
USER airflow
ENV DECAI_HOME=/var/lib/decai/network AIRFLOW_HOME=/var/lib/decai/airflow OMP_NUM_THREADS=1 MPLBACKEND=Agg
ENTRYPOINT []
CMD ["airflow", "version"]
