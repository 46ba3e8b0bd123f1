"""What can go wrong in a search, divided by what the caller should do.

```
TunefoldError (spaces.errors)
└── SearchError
    ├── SettingsError      the user changes an option and starts again
    ├── MissingExtraError  the user installs an optional package
    ├── TrialError         the trial is recorded as failed, the study goes on
    │   └── ModelTooLargeError  it was refused before it was trained
    ├── UnfitWorkerError   a worker is left out, the study goes on with others
    ├── FatalError         the study stops; what is finished is kept
    └── TrackingError      the tracking store cannot be used
        └── UnknownStudyError  it can, but holds no study of that name
```
"""

from spaces.errors import TunefoldError


class SearchError(TunefoldError):
    """A search cannot do what was asked."""


class SettingsError(SearchError, ValueError):
    """An option or setting is wrong; nothing was started."""

    exit_status = 2


class MissingExtraError(SearchError, ImportError):
    """An optional package is needed; the message holds the line to install it."""


class TrialError(SearchError):
    """One trial failed; the study records the reason and goes on."""


class ModelTooLargeError(TrialError):
    """A model has more weights than a trial may have.

    Attributes:
        n_parameters: Its weights, trainable or not.
    """

    def __init__(self, n_parameters: int, limit: int) -> None:
        # both stay in `args`: that is what crosses the border of a process
        super().__init__(n_parameters, limit)
        self.n_parameters = n_parameters

    def __str__(self) -> str:
        n_parameters, limit = self.args
        return f"too large: at most {limit:,} weights, got {n_parameters:,}"


class UnfitWorkerError(SearchError):
    """A worker cannot train the study; the message says what it lacks."""


class FatalError(SearchError):
    """The study must stop; everything finished so far is kept."""


class TrackingError(SearchError):
    """The tracking store cannot be reached or refuses what was sent."""


class UnknownStudyError(TrackingError, LookupError):
    """The tracking store holds other studies, none of that name."""

    exit_status = 2
