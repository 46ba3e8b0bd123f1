"""Code that loads the user's own texts."""

from functools import partial

from pipelines.labelled_rows import label_rows, read_rows
from pipelines.spec import Spec
from pipelines.text_file import MOST_WORDS, equal_texts, text_column
from search.script.layout import write
from search.script.own_rows import cut_code, frame_code
from search.script.preparing import SPLIT_WORDS


def text_code(spec: Spec) -> str:
    """Write what loads texts.

    Raises:
        DataError: The file is not there, or not as it was.
    """
    raw = read_rows(spec)
    column, _ = text_column(spec, raw)
    group_by = partial(equal_texts, column)
    rows = label_rows(spec, raw, needed=[column], group_by=group_by)
    code = frame_code(spec, needed=[column])
    code += _TEXTS
    alone = "groups" not in spec.options and "test" not in spec.options
    if rows.groups is not None and alone:
        code = SPLIT_WORDS + "\n\n" + code + _EQUAL
    code += cut_code(spec, rows) + _TEXT_PARTS
    return code.replace("<<column>>", write(column))


_TEXTS = f"""\
texts = [text.lower().split() for text in data[<<column>>].astype(str)]
texts = [" ".join(words[:{MOST_WORDS}]) for words in texts]
"""

_EQUAL = """\
# Texts of equal words stay together.
same = [b" ".join(split_words(text.lower())) for text in data[<<column>>].astype(str)]
groups = pd.factorize(np.array(same, dtype=object))[0]
"""

_TEXT_PARTS = """\
texts_train, y_train = [texts[row] for row in train], y[train]
texts_test, y_test = [texts[row] for row in test], y[test]
"""
