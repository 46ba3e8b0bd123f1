"""Environment variables of a process that trains: backend, one thread, cache."""

import os

from search.compile_cache import use_compile_cache

BACKENDS = ("jax", "tensorflow")

VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    # Random bits that can be split among devices cost more: with them, a network of
    # 64-64-64 with dropout takes a quarter longer, one of 512-256 a tenth.
    "JAX_THREEFRY_PARTITIONABLE": "false",
    # TensorFlow's greeting is no message for a user
    "TF_CPP_MIN_LOG_LEVEL": "3",
}

_ONE_PRODUCT_A_KERNEL = (
    "--xla_cpu_experimental_ynn_fusion_type=LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
)
"""XLA otherwise makes all layers of a prediction one kernel, which on some processors
does their products over and over: 1,024 rows through three layers of 1,024 units took
2 s instead of .08 s. Training does not change."""


def set_environment(backend: str) -> None:
    """Choose Keras' backend, one thread and the cache, here and for child processes.

    Must run before Keras is imported and before the first worker starts: the fork
    server takes the environment once. Flags that the user gives XLA come last and win.
    """
    os.environ["KERAS_BACKEND"] = backend
    os.environ.update(VARIABLES)
    flags = os.environ.get("XLA_FLAGS", "").split()
    if _ONE_PRODUCT_A_KERNEL not in flags:
        os.environ["XLA_FLAGS"] = " ".join([_ONE_PRODUCT_A_KERNEL, *flags])
    use_compile_cache()


def plain_environment(backend: str) -> dict[str, str]:
    """Return the variables that decide about a training's last digits.

    Those of `set_environment` but for the cache, which only saves time.
    """
    return {
        "KERAS_BACKEND": backend,
        **VARIABLES,
        "XLA_FLAGS": _ONE_PRODUCT_A_KERNEL,
    }
