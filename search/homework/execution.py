"""Running a notebook's cells in a fresh kernel, and showing the result as HTML."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipelines.atomic_file import replacing
from pipelines.prepared import VARIABLE
from search.errors import FatalError

CELL_SECONDS = 3600
"""A cell that takes longer has hung: all of them should take ten minutes."""

_KERNEL = "homework"
_OPTIONS = ["-f", "{connection_file}", "--log-level=ERROR"]

_GREETING = re.compile(
    r"WARNING: All log messages before absl|[IW]\d{4} \d\d|To enable the following"
)
"""What TensorFlow says on import, whatever log level it is asked for."""


def run_cells(notebook: Any, folder: Path, *, backend: str) -> None:
    """Run all cells from top to bottom; their outputs are put into the notebook.

    The kernel is this Python, whatever kernels the machine has registered.

    Args:
        notebook: nbformat's node, changed in place, also where a cell fails.
        folder: Working folder of the kernel.
        backend: Keras backend.

    Raises:
        FatalError: A cell failed.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    with tempfile.TemporaryDirectory(prefix="tunefold-kernel-") as kernels:
        _write_kernel(Path(kernels))
        manager = AsyncKernelManager(
            kernel_name=_KERNEL,
            kernel_spec_manager=KernelSpecManager(
                kernel_dirs=[kernels], ensure_native_kernel=False
            ),
        )
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
        )
        environment = {
            "DATA_DIR": os.environ.get(VARIABLE, "."),  # what tunefold itself reads
            **os.environ,
            "KERAS_BACKEND": backend,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        try:
            # TensorFlow greets on stderr, before it looks at its own log level.
            client.execute(env=environment, cleanup_kc=True, stderr=subprocess.DEVNULL)
            _drop_greetings(notebook)
        except CellExecutionError as error:
            raise FatalError(
                f"notebook: a cell failed with {error.ename}: {error.evalue}; the "
                "results are kept, and the written notebook shows where"
            ) from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise FatalError(
                f"notebook: its kernel did not end ({str(error).splitlines()[0]}); the "
                "results are kept; run the notebook where there is more memory or time"
            ) from None


def write_html(notebook: Any, path: Path, *, language: str) -> None:
    """Write the notebook with its outputs as one HTML file."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(language_code=language)
    resources = {"metadata": {"name": path.stem}}
    body, _ = exporter.from_notebook_node(notebook, resources=resources)
    with replacing(path) as file:
        file.write(body.encode())


def _drop_greetings(notebook: Any) -> None:
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        outputs[:] = [
            output
            for output in outputs
            if output.get("name") != "stderr"
            or not all(map(_GREETING.match, output["text"].splitlines()))
        ]


def _write_kernel(folder: Path) -> None:
    kernel = folder / _KERNEL
    kernel.mkdir()
    command = [sys.executable, "-m", "ipykernel_launcher", *_OPTIONS]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
