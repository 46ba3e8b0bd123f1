"""The errors that are shown to a user as one line.

```
TunefoldError              its text may be shown as it is
├── UnknownNameError       there is nothing of that name
├── SpaceError             a search space, a parameter or a value of one is wrong
├── DataError              data is missing, cut short or not what was expected
└── search.errors          what a search adds: settings, tracking, trials
```

Each message says where, the rule, the value received and what to do. The
finished text is handed to the base class, so that every error survives the way
from a worker process back to the study.
"""


class TunefoldError(Exception):
    """An error whose text is meant for the user."""

    exit_status = 1
    """Of the command: 1 when it failed, 2 when it was called wrongly."""


class UnknownNameError(TunefoldError, LookupError):
    """There is nothing of that name; the message lists what there is."""

    exit_status = 2


class SpaceError(TunefoldError, ValueError):
    """A search space, a parameter or a value of one is wrong."""

    exit_status = 2


class DataError(TunefoldError):
    """Data is missing, cut short, or not the data that was expected."""
