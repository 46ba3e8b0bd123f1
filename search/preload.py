"""What a worker needs before its first fold; imported while another one trains.

Importing must not run an operation: the fork server forks after it, and thread
pools do not survive a fork.
"""

import gc

from search.quiet import quiet_stderr

with quiet_stderr():
    import keras  # noqa: F401
    import sklearn.metrics
    import sklearn.model_selection  # noqa: F401

    import search.fold  # noqa: F401

# What is imported lives as long as the process. Left out of the garbage collector's
# rounds it costs none of them (a third of the time in which JAX traces a training
# step), and stays in memory once for all workers.
gc.collect()
gc.freeze()
