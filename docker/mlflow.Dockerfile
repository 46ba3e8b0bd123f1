# The tracking server alone: MLflow in the tested version, nothing of TensorFlow.
FROM python:3.11-slim

COPY constraints.txt /tmp/constraints.txt
RUN pip install --no-cache-dir -c /tmp/constraints.txt mlflow

# A new volume mounted here takes over the owner of this folder.
RUN useradd --system --uid 10001 --create-home mlflow \
    && install -d -o mlflow -g mlflow /mlflow
USER mlflow
WORKDIR /mlflow
EXPOSE 5000
