"""What a worker needs before its first fold; imported while another one trains.

Importing must not run an operation: the fork server forks after it, and thread
pools do not survive a fork.
"""

import keras  # noqa: F401, TID253  (this module exists to be slow at a good moment)
import sklearn.metrics
import sklearn.model_selection  # noqa: F401

import search.fold  # noqa: F401
