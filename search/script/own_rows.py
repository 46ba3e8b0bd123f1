"""Code that loads the user's own tables and texts: files, targets, and the two parts.

What the pipeline finds out by looking at a file is found out again here and written
down: separator, kinds of columns, forms of dates.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.labelled_rows import LabelledRows
from pipelines.pipeline import Task
from pipelines.spec import Spec
from pipelines.table_dates import FORMS, read_dates
from pipelines.table_files import MISSING, read_table
from pipelines.table_opening import ENCODING, is_parquet
from search.script.layout import Call, Name, assign, write


def frame_code(spec: Spec, *, needed: Sequence[str]) -> str:
    """Write what reads the file, and the test file behind it, into `data`.

    Rows without target, time, group or what else is needed are left out.

    Args:
        spec: Names files and columns.
        needed: Further columns without which a row is of no use.
    """
    lines = [assign("data", _reading(spec, Path(spec.place)))]
    own = "test" in spec.options
    if own:
        lines += [
            assign("more", _reading(spec, Path(spec.options["test"]))),
            "is_own = np.arange(len(data) + len(more)) < len(data)",
            "data = pd.concat([data, more[list(data)]], ignore_index=True)",
        ]
    options = spec.options
    named = [options[n] for n in ("target", "time", "groups") if n in options]
    complete = Call("data.dropna", (), {"subset": [*named, *needed]})
    lines.append(assign("data", complete))
    if own:
        lines.append("is_own = is_own[data.index]")
    lines.append("data = data.reset_index(drop=True)")
    return "".join(f"{line}\n" for line in lines)


def cut_code(spec: Spec, rows: LabelledRows) -> str:
    """Write what sets `y`, `train` and `test` from `data`.

    Args:
        spec: Names target, time and groups.
        rows: The same rows as the pipeline has them.
    """
    options, task = spec.options, rows.target.task
    code = ""
    if "time" in options:
        code += (
            f"{assign('times', _times(rows.frame, options['time']))}\n"
            'order = np.argsort(times, kind="stable")\n'
            "data, times = data.iloc[order].reset_index(drop=True), times[order]\n"
            + ("is_own = is_own[order]\n" if "test" in options else "")
        )
    column = rows.frame[options["target"]]
    code += _target(options["target"], column, task)
    if "test" in options:
        return code + "train, test = np.flatnonzero(is_own), np.flatnonzero(~is_own)\n"
    if "time" in options:
        return code + _LATEST
    if rows.groups is not None:
        kind = "StratifiedGroupKFold" if task == "classification" else "GroupKFold"
        groups = ""
        if "groups" in options:
            named = Call("pd.factorize", (Name(f"data[{write(options['groups'])}]"),))
            groups = assign("groups", named, after="[0]") + "\n"
        return groups + code + _GROUPED.replace("<<kind>>", kind)
    sizes = ("len(np.unique(y))", "y") if task == "classification" else ("1", "None")
    return code + _DRAWN.replace("<<least>>", sizes[0]).replace("<<y>>", sizes[1])


def date_form(column: pd.Series, known: pd.Series) -> str:
    """Return the form in which a column of dates was written.

    Returns:
        A format of pandas; `datetime` for what is no text, `number` for 19580329.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return "datetime"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    text = known.astype("str").str.strip().drop_duplicates()
    for form in FORMS:
        try:
            pd.to_datetime(text, format=form, utc=True)
        except ValueError:
            continue
        return form
    raise ValueError(f"{column.name}: not read as dates")


def _reading(spec: Spec, path: Path) -> Call:
    if is_parquet(path):
        return Call("pd.read_parquet", (str(path),))
    encoding = spec.options.get("encoding")
    raw = read_table(path, encoding=encoding)
    options = {
        "sep": raw.separator,
        "decimal": raw.decimal,
        "encoding": encoding or ENCODING,
        "index_col": False,
        "low_memory": False,
        "na_values": MISSING,
    }
    if raw.decimal == ".":
        del options["decimal"]
    return Call("pd.read_csv", (str(path),), options)


def _times(frame: pd.DataFrame, name: str) -> Call:
    column = frame[name]
    data = Name(f"data[{write(name)}]")
    if pd.api.types.is_numeric_dtype(column):
        return Call(f"{data}.to_numpy", ("float64",))
    if pd.api.types.is_datetime64_any_dtype(column):
        return Call(f"{data}.to_numpy", ("datetime64[ns]",))
    text = column.astype("str").str.strip()
    assert read_dates(text, text) is not None  # the pipeline has read them
    read = Call(
        "pd.to_datetime",
        (Name(f"{data}.str.strip()"),),
        {"format": date_form(column, column), "utc": True},
    )
    return Call(f"{write(read)}.dt.tz_localize(None).to_numpy", ("datetime64[ns]",))


def _target(name: str, column: pd.Series, task: Task) -> str:
    data = f"data[{write(name)}]"
    if task == "regression":
        return f'y = pd.to_numeric({data}).to_numpy("float64")\n'
    types = pd.api.types
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        values = f'{data}.to_numpy("float64")'
    else:
        values = f"{data}.astype(str).to_numpy(object)"
    return f"values = {values}\nclasses, y = np.unique(values, return_inverse=True)\n"


_LATEST = """\
# The latest fifth is the test, cut between two different times.
changes = np.flatnonzero(times[1:] != times[:-1]) + 1
n_train = changes[np.abs(changes - 0.8 * len(times)).argmin()]
train, test = np.arange(n_train), np.arange(n_train, len(times))
"""

_GROUPED = """\
# A fifth of the groups is the test.
n_splits = min(5, len(np.unique(groups)))
cutter = <<kind>>(n_splits=n_splits, shuffle=True, random_state=0)
train, test = next(cutter.split(np.arange(len(y)), y, groups))
train, test = np.sort(train), np.sort(test)
"""

_DRAWN = """\
# A fifth of the rows is the test.
train, test = train_test_split(
    np.arange(len(y)),
    test_size=max(<<least>>, len(y) // 5),
    random_state=0,
    stratify=<<y>>,
)
train, test = np.sort(train), np.sort(test)
"""
