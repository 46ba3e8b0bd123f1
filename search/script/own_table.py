"""Code that loads and prepares the user's own tables."""

from collections.abc import Mapping

from pipelines.labelled_rows import label_rows, read_rows
from pipelines.scaling import scaling
from pipelines.spec import Spec
from pipelines.table_columns import CATEGORIES, DATES, NUMBERS, take_columns
from search.script.layout import assign
from search.script.own_rows import cut_code, date_form, frame_code
from spaces.params import Scalar


def table_code(spec: Spec, params: Mapping[str, Scalar]) -> tuple[str, str]:
    """Write what loads a table, and what prepares it.

    Raises:
        DataError: The file is not there, or not as it was.
    """
    options = spec.options
    rows = label_rows(spec, read_rows(spec))
    taken = take_columns(
        rows.frame.drop(
            columns=[options[name] for name in ("target", "groups") if name in options]
        ),
        rows.cut.train,
        keep=[options["time"]] if "time" in options else [],
        row_numbers=rows.row_numbers,
    ).names
    dates = {
        name: date_form(rows.frame[name], rows.frame[name].iloc[rows.cut.train])
        for name in taken.get(DATES, ())
    }
    load = frame_code(spec, needed=()) + cut_code(spec, rows)
    load += "y_train, y_test = y[train], y[test]\n"
    lines = []
    if NUMBERS in taken:
        lines.append(assign("NUMBERS", taken[NUMBERS]))
    if dates:
        lines.append(assign("DATES", dates))
    if CATEGORIES in taken:
        lines.append(assign("CATEGORIES", taken[CATEGORIES]))
    named = "".join(f"{line}\n" for line in lines)
    return load, named + _prepare(taken, scaling(params))


def _prepare(taken: Mapping[str, list[str]], kind: str) -> str:
    scalers = {
        "standard": "StandardScaler()",
        "minmax": "MinMaxScaler()",
        "raw": "FunctionTransformer()",
    }
    code = blocks = ""
    if NUMBERS in taken:
        code += _READ_NUMBERS
        blocks += "    (filled(), read_all(read_numbers, NUMBERS)),\n"
    if DATES in taken:
        code += _READ_DATES
        blocks += "    (filled(cycles), read_all(read_days, DATES)),\n"
    if CATEGORIES in taken:
        code += _READ_CATEGORIES
        blocks += "    (encoder, read_all(read_categories, CATEGORIES)),\n"
    code += _READ_ALL
    if NUMBERS in taken or DATES in taken:
        code += _FILLED.replace("<<scaler>>", scalers[kind])
    if CATEGORIES in taken:
        code += _ENCODER
    return "\n\n" + code.rstrip() + "\n\n" + _BLOCKS.replace("<<blocks>>", blocks)


_READ_NUMBERS = r'''
def read_numbers(column):
    """Return numbers, those written as text, too; what is none is missing."""
    if not pd.api.types.is_numeric_dtype(column):
        text = column.astype("str").str.strip()
        thousands = text.str.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", na=False)
        text = text.where(~thousands, text.str.replace(",", ""))
        column = pd.to_numeric(text, errors="coerce")
    values = column.to_numpy("float64", na_value=np.nan)
    return np.where(np.isinf(values), np.nan, values)


'''.lstrip("\n")

_READ_DATES = '''\
def read_days(column):
    """Return days since 1970; what is no date is missing."""
    form = DATES[column.name]
    if form == "number":  # such as 19580329
        column = column.round().astype("Int64").astype("str")
        form = "%Y%m%d"
    if form != "datetime":
        text = column.astype("str").str.strip()
        column = pd.to_datetime(text, format=form, errors="coerce", utc=True)
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    seconds = column.to_numpy("datetime64[s]")
    days = seconds.astype("int64").astype("float64") / 86_400.0
    return np.where(np.isnat(seconds), np.nan, days)


def with_cycles(days):
    """Add each date's place in year, week and day."""
    angles = [2 * np.pi * days / length for length in (365.2425, 7.0, 1.0)]
    waves = [f(angle) for angle in angles for f in (np.sin, np.cos)]
    return np.hstack([days, *waves])


cycles = FunctionTransformer(with_cycles)


'''

_READ_CATEGORIES = '''\
def read_categories(column):
    """Return words; a missing one is an empty one."""
    return column.astype("str").str.strip().fillna("").to_numpy(object)


'''

_READ_ALL = '''\
def read_all(read, names):
    """Return columns beside each other."""
    return np.stack([read(data[name]) for name in names], axis=1)


'''

_FILLED = '''\
def filled(*steps):
    """Fill with medians, scale, and say beside it what was missing."""
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    scaled = make_pipeline(imputer, *steps, <<scaler>>)
    return make_union(scaled, MissingIndicator(error_on_new=False))


'''

_ENCODER = """\
encoder = OneHotEncoder(
    handle_unknown="infrequent_if_exist",
    min_frequency=3,
    max_categories=51,
    sparse_output=False,
    dtype=np.float32,
)
"""

_BLOCKS = """\
blocks = [
<<blocks>>]
parts = []
for block, values in blocks:  # learned from the training rows alone
    block.fit(values[train])
    parts.append((block.transform(values[train]), block.transform(values[test])))
X_train, X_test = (np.hstack(part).astype("float32") for part in zip(*parts))
"""
