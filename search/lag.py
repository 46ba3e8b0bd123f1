"""How much of a study a proposal may not know, so that no slot waits for another."""

MANY_WORKERS = 16
"""From so many on, two trials for each may be open: with fewer, measured with 16 slots
and racing, a third of all folds would be trained by slots that help."""

SPARE_TRIALS = 2
"""Trials beyond those that run which a proposal need not know. Measured with two slots
on recorded trials: 5 % of their time is spent waiting without them, 3 % with two; with
more, racing knows less and trains more folds."""


def lag_of(workers: int) -> int:
    """Return how many of the latest trials a proposal does not know.

    Those that may run beside it and a few more: a slot whose trial has ended need not
    wait for the last fold of an older one. Many slots need twice the room: trials that
    are stopped early and trials that are not end so far apart that with less most slots
    would wait or help with others' folds, for which each compiles
    (`benchmarks/scale.py slots`).
    """
    if workers == 1:
        return 0
    room = SPARE_TRIALS if workers < MANY_WORKERS else workers
    return workers - 1 + room
