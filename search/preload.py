"""What a worker needs before its first fold; imported while another one trains.

Importing must not run an operation: the fork server forks after it, and thread
pools do not survive a fork.
"""

from search.quiet import quiet_stderr

with quiet_stderr():
    import keras  # noqa: F401
    import sklearn.metrics
    import sklearn.model_selection  # noqa: F401

    import search.fold  # noqa: F401
