"""Whether anybody waits for the fold that a thread of a worker trains.

Dask cannot interrupt a thread; whoever trains in it has to ask. The scheduler forgets
the tasks of a client that is gone, and tells the worker. A worker that has lost its
scheduler closes.
"""

from collections.abc import Callable


def asker() -> Callable[[], bool]:
    """Return a function that says whether the task of this thread is still wanted.

    What is called outside of a worker always is.
    """
    from distributed import Status, get_worker

    try:
        worker = get_worker()
    except ValueError:
        return lambda: True
    key = worker.get_current_task()
    over = (Status.closing, Status.closed, Status.failed)

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        forgotten = task is None or task.state == "cancelled"
        return not forgotten and worker.status not in over

    return is_wanted
