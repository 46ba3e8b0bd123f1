"""Load a rerun's model in another process, as a user does."""

import subprocess
import sys

import numpy as np
from real_command import environment

LOAD_MODEL = """
import sys
import mlflow
import numpy as np

uri, address, check, target = sys.argv[1:]
mlflow.set_tracking_uri(uri)
model = mlflow.keras.load_model(address, load_model_kwargs={"safe_mode": True})
with np.load(check) as file:
    np.save(target, model.predict(file["rows"], verbose=0))
"""


def check_model(recorded, report, folder):
    """The logged model predicts what was scored, in another process."""
    client, run_id = recorded.client, report["run_id"]
    check = client.download_artifacts(run_id, "model_check.npz")
    target = folder / "predicted.npy"
    subprocess.run(
        [
            sys.executable,
            "-c",
            LOAD_MODEL,
            recorded.uri,
            report["model"],
            check,
            target,
        ],
        check=True,
        env=environment(KERAS_BACKEND=recorded.study.data.tags["backend"]),
        cwd=folder,
        capture_output=True,
    )
    with np.load(check) as file:
        stored = file["predictions"]
    found = np.load(target).reshape(stored.shape)
    assert stored.std() > 0.01
    # float32: other cores and another number of rows sum up in another order
    np.testing.assert_allclose(found, stored, rtol=1e-4, atol=1e-5)
