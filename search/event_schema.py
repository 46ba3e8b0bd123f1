"""What the events of a journal look like, checked where they are read.

A line that fits its checksum may still be another version's, or somebody's. What is
checked here need not be asked again by those who read trials from events.
"""

import json
from dataclasses import fields
from functools import cache
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # Pydantic asks for it before Python 3.12

from search.metrics import METRICS
from search.types import Settings

Scalar = str | int | float | bool


class StudyEvent(TypedDict):
    """The first line; what it was begun with."""

    event: Literal["study"]
    settings: dict[str, Any]
    facts: NotRequired[dict[str, str]]
    began: NotRequired[float]
    budget: NotRequired[dict[str, float | None]]
    warm: NotRequired[list[dict[str, Any]]]


class SessionEvent(TypedDict):
    """A process takes the study up."""

    event: Literal["session"]
    began: float
    budget: dict[str, float | None]


class EngineEvent(TypedDict):
    """From here on another engine proposes."""

    event: Literal["engine"]
    engine: str
    sampler: str


class AskedEvent(TypedDict):
    """A trial was proposed."""

    event: Literal["asked"]
    number: int
    params: dict[str, Scalar]
    epochs: int
    rung: NotRequired[bool]
    continues: NotRequired[int | None]
    engine: NotRequired[str]
    sampler: NotRequired[str]
    tags: NotRequired[dict[str, str]]


class FoldEvent(TypedDict):
    """A fold is finished; null stands for what is not finite."""

    event: Literal["fold"]
    number: int
    fold: int
    curves: dict[str, list[float | None]]
    n_parameters: int
    seconds: float
    epoch_seconds: list[float]
    measure_seconds: float
    peak_memory_mb: float
    ended: float


class EndedEvent(TypedDict):
    """A trial ended."""

    event: Literal["ended"]
    number: int
    state: Literal["complete", "stopped", "failed"]
    score: float | None
    epoch: int | None
    told: float | None
    reason: str | None
    copy_of: int | None
    n_parameters: NotRequired[int | None]
    n_folds: NotRequired[int]
    told_also: NotRequired[list[float]]


class ToldEvent(TypedDict):
    """The engine was told of a trial."""

    event: Literal["told"]
    number: int


class StoppedEvent(TypedDict):
    """Why the loop ended."""

    event: Literal["stopped"]
    reason: str


class EventChecker:
    """Checks the events of one journal in their order."""

    def __init__(self) -> None:
        self._curves: set[str] | None = None  # what each fold must have
        self._epochs: dict[int, int] = {}  # asked for, by trial

    def check(self, event: dict[str, Any]) -> None:
        """Take in the next event.

        Raises:
            ValueError: It cannot stand here; the message says what is wrong.
        """
        kind = event["event"]
        adapter = _adapters().get(kind) if isinstance(kind, str) else None
        if adapter is None:
            raise ValueError(f"there is no event {kind!r}")
        adapter.validate_python(event, strict=True)
        if (kind == "study") != (self._curves is None):
            raise ValueError("the event 'study' must be the first, and no other")
        if kind == "study":
            self._begin(event["settings"])
        elif kind == "asked":
            self._ask(event)
        elif kind in ("fold", "ended"):
            if event["number"] not in self._epochs:
                raise ValueError(f"trial {event['number']} was not asked for")
            check = self._fold if kind == "fold" else self._end
            check(event)

    def _begin(self, settings: dict[str, Any]) -> None:
        # as JSON: there, lists may stand for tuples
        checked = _settings().validate_json(json.dumps(settings), strict=True)
        more = set(settings) - {field.name for field in fields(Settings)}
        if more:
            raise ValueError(f"there is no setting {min(more)!r}")
        unknown = [name for name in checked.metrics if name not in METRICS]
        if unknown or not checked.metrics:
            raise ValueError(f"there is no metric {unknown[:1]}")
        names = {"loss", *(METRICS[name].curve for name in checked.metrics)}
        self._curves = names | {f"val_{name}" for name in names}

    def _ask(self, event: dict[str, Any]) -> None:
        if event["number"] != len(self._epochs) or event["epochs"] < 1:
            raise ValueError(f"trial {event['number']} cannot come next")
        self._epochs[event["number"]] = event["epochs"]

    def _fold(self, event: dict[str, Any]) -> None:
        curves, epochs = event["curves"], self._epochs[event["number"]]
        missing = (self._curves or set()) - set(curves)
        if missing or not all(1 <= len(curve) <= epochs for curve in curves.values()):
            raise ValueError(f"its curves are not those of at most {epochs} epochs")
        if not event["fold"] >= 0:
            raise ValueError(f"there is no fold {event['fold']}")

    def _end(self, event: dict[str, Any]) -> None:
        number, copy = event["number"], event["copy_of"]
        if copy is not None and copy not in self._epochs:
            raise ValueError(f"trial {copy} was not asked for")
        if event.get("n_folds", 0) < 0:
            raise ValueError(f"trial {number} cannot have {event['n_folds']} folds")
        complete = event["state"] == "complete"
        has = event["score"] is not None and event["epoch"] is not None
        if complete != has or (has and not 1 <= event["epoch"] <= self._epochs[number]):
            raise ValueError(f"trial {number} cannot have ended so")


@cache
def _settings() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


@cache
def _adapters() -> dict[str, Any]:
    from pydantic import TypeAdapter

    kinds = {
        "study": StudyEvent,
        "session": SessionEvent,
        "engine": EngineEvent,
        "asked": AskedEvent,
        "fold": FoldEvent,
        "ended": EndedEvent,
        "told": ToldEvent,
        "stopped": StoppedEvent,
    }
    return {name: TypeAdapter(kind) for name, kind in kinds.items()}
