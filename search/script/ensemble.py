"""From an ensemble's members to the sections of one script.

The script does what `search.rerun_ensemble` does: each member is trained once, with the
first seed of a rerun, and the weighted mean of their predictions is scored. A member is
trained in a function of its own, whose arguments are what members differ in; members
whose code is the same share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent

from search.errors import SettingsError
from search.script.data import data_code
from search.script.layout import Call, Name, assign, write
from search.script.measuring import metric_functions, metrics_code
from search.script.network import Api
from search.script.parts import (
    build_code,
    constants,
    is_several,
    predicting_code,
    predictions_code,
    run_code,
    train_code,
)
from search.script.sections import (
    Exported,
    Section,
    beginning,
    constants_code,
    spaced,
    used_constants,
)
from search.script.source import Source, describe_ensemble, source_of
from search.study_ensemble import Member


@dataclass(frozen=True, kw_only=True)
class _Written:
    """A member as code.

    Attributes:
        trial: Its number.
        load: What loads the data; of all members the same.
        prepare: What chooses rows and prepares them.
        learn: What builds, trains and predicts.
        constants: What they may use, by name.
    """

    trial: int
    load: str
    prepare: str
    learn: str
    constants: Mapping[str, object]


def export_ensemble(members: Sequence[Member], *, api: Api = "functional") -> Exported:
    """Write an ensemble as plain Keras code.

    Args:
        members: At least one, of one study.
        api: Which of Keras' ways builds the networks.

    Raises:
        SettingsError: Something of a member cannot be written; the message names both.
        DataError: The data is not here or is not the study's.
    """
    sources = [source_of(member.recorded) for member in members]
    written = [_write(source, api) for source in sources]
    common = _common([each.constants for each in written])
    shared = _is_shared(written, common)
    sections = [*_data(sources[0], written[0], shared=shared)]
    sections += [
        Section(
            title="Predict",
            words="In inference mode: dropout and its like are off.",
            code=predicting_code(
                sources[0], several=any(is_several(each.params) for each in sources)
            ),
        ),
        *_functions(sources[0], written, common, shared=shared),
    ]
    code = "".join(section.code for section in sections)
    settings = sources[0].settings
    return Exported(
        name=f"{settings.name}-ensemble",
        doc=describe_ensemble(sources, [member.weight for member in members]),
        classes=sources[0].pipeline.classes,
        curves={},
        sections=(
            *beginning(
                settings.backend,
                code,
                parameters=_parameters(members, written, common, code),
                words="Found by the search: each member's share of the mean, and in "
                "what members differ, by trial. `EPOCHS` is a member's common epoch.",
            ),
            *sections,
        ),
    )


def _write(source: Source, api: Api) -> _Written:
    load, choose, prepare = data_code(source)
    try:
        build = build_code(source, api)
    except SettingsError as error:
        raise SettingsError(f"trial {source.trial.number}: {error}") from None
    steps = (run_code(source.params), predictions_code(source.params))
    return _Written(
        trial=source.trial.number,
        load=load,
        prepare=choose + prepare,
        learn=f"{build}\n\n{train_code(source)}\n\n{''.join(steps)}",
        constants=constants(source),
    )


def _common(each: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the constants that all members have and that are equal."""
    first, *others = each
    return {
        name: value
        for name, value in first.items()
        # 1, 1.0 and True are equal, but are not written alike
        if all(repr(other.get(name)) == repr(value) for other in others)
    }


def _is_shared(written: Sequence[_Written], common: Mapping[str, object]) -> bool:
    """Say whether rows are prepared once for all members."""
    first = written[0]
    return (
        len({each.prepare for each in written}) == 1
        and used_constants(first.constants, first.prepare).keys() <= common.keys()
    )


def _data(source: Source, first: _Written, *, shared: bool) -> list[Section]:
    load = Section(
        title="Load",
        words="Training rows, and test rows that no search has seen.",
        code=f"# {len(source.y):,} training rows are expected.\n{first.load}",
    )
    if not shared:
        return [load]
    words = "Learned from the training rows alone; the same for all members."
    return [load, Section(title="Preprocess", words=words, code=first.prepare)]


def _functions(
    source: Source,
    written: Sequence[_Written],
    common: Mapping[str, object],
    *,
    shared: bool,
) -> list[Section]:
    """Write a function for each kind of member, their calls, and the evaluation."""
    # their raw rows are prepared under the same names
    given = not shared and source.kind in ("images", "columns")
    rows = ("X_train", "y_train", "X_test") if given else ()
    kinds: dict[str, list[_Written]] = {}
    for each in written:
        kinds.setdefault(each.learn if shared else _body(each), []).append(each)
    sections, calls = [], {}
    for body, alike in kinds.items():
        first = alike[0]
        like = "" if len(kinds) == 1 else f" like {first.trial}"
        name = "train_member" + like.replace(" ", "_")
        differing = [
            constant
            for constant in used_constants(first.constants, body)
            if constant not in common
        ]
        sections.append(
            Section(
                title=f"Member{like}",
                words="Trains a network on all training rows: "
                f"trial {', '.join(str(each.trial) for each in alike)}.",
                code=_function(
                    name, [*rows, *["*"] * bool(differing), *differing], body
                ),
            )
        )
        for each in alike:
            own = Name(f"**TRIALS[{each.trial}]")
            passed = (*map(Name, rows), *[own] * bool(differing))
            calls[each.trial] = Call(name, passed)
    trained = [calls[each.trial] for each in written]
    metrics = source.settings.metrics
    return [
        *sections,
        Section(
            title="Train",
            words="Each member once.",
            code=f"{assign('predicted', trained)}\n",
        ),
        Section(
            title="Evaluate",
            words="The weighted mean of their predictions on the test rows, once.",
            code=metric_functions(metrics)
            + _MEAN
            + metrics_code(metrics, source.pipeline.task),
        ),
    ]


def _body(member: _Written) -> str:
    return f"{member.prepare}\n\n{member.learn}"


def _function(name: str, arguments: Sequence[str], body: str) -> str:
    head = Call(f"def {name}", tuple(map(Name, arguments)))
    text = spaced(f"{_DOC}{body}return predictions\n", apart=1)
    return f"{write(head, after=':')}:\n{indent(text, '    ')}"


def _parameters(
    members: Sequence[Member],
    written: Sequence[_Written],
    common: Mapping[str, object],
    code: str,
) -> str:
    total = sum(member.count for member in members)
    weights = {
        member.trial.number: Name(f"{member.count} / {total}") for member in members
    }
    own = {
        each.trial: {
            name: value
            for name, value in used_constants(each.constants, _body(each)).items()
            if name not in common
        }
        for each in written
    }
    text = constants_code(common, code) + f"{assign('WEIGHTS', weights)}\n"
    return text + f"{assign('TRIALS', own)}\n" * any(own.values())


_DOC = '"""Train a network and return what it predicts of the test rows."""\n'

_MEAN = """\
weights = list(WEIGHTS.values())
predictions = np.average(predicted, axis=0, weights=weights).astype("float32")
"""
