"""Code that prepares raw rows: learned from the training rows alone, float32.

It leaves prepared rows in `X_train` and `X_test`: the same arrays as the pipeline's
`prepare` gives.
"""

from collections.abc import Mapping
from typing import Literal

from pipelines.scaling import scaling
from spaces.params import Scalar

Kind = Literal["images", "columns", "text", "table"]


def preparing_code(
    kind: Kind, params: Mapping[str, Scalar], *, channels: bool, split: bool
) -> str:
    """Write the preparation of one kind of rows.

    Args:
        kind: What the rows are.
        params: `input_norm`, or for texts how words are chosen and weighed.
        channels: Whether images have channels.
        split: Whether `split_words` is there already.
    """
    if kind == "images":
        return _images(scaling(params), channels=channels)
    if kind == "columns":
        return _columns(scaling(params))
    if kind == "text":
        pairs = params["ngrams"] != 1
        code = "" if split else SPLIT_WORDS + "\n\n"
        code += _WORDS + (_PAIRS if pairs else "") + _WORDS_END + _VOCABULARY
        return code + (_MULTI_HOT if params["weighting"] == "multi-hot" else _TF_IDF)
    raise ValueError(kind)


def _images(kind: str, *, channels: bool) -> str:
    if kind == "raw":
        return (
            "# Pixels as they are.\n"
            'X_train, X_test = X_train.astype("float32"), X_test.astype("float32")\n'
        )
    start, size = _SCALES[kind]
    if channels:
        split = "channels = np.moveaxis(X_train, -1, 0)  # each by itself\n"
        start = f"np.array([{start.replace('X_train', 'c')} for c in channels])"
        size = f"np.array([{size.replace('X_train', 'c')} for c in channels])"
        one = "size[size == 0] = 1.0\n"
    else:
        split, one = "", "size = size or 1.0\n"
    return (
        f"# {_WORDS_OF[kind]}, over all pixels together.\n{split}"
        f"start = {start}\nsize = {size}\n{one}{_SCALE}"
    )


_WORDS_OF = {"standard": "Mean 0 and spread 1", "minmax": "From 0 to 1"}

_SCALES = {
    "standard": ('X_train.mean(dtype="float64")', 'X_train.std(dtype="float64")'),
    "minmax": (
        "float(X_train.min())",
        "float(X_train.max()) - float(X_train.min())",
    ),
}

_SCALE = '''

def scale(X):
    """Scale images, in float32."""
    return (X.astype("float32") - np.float32(start)) * np.float32(1 / size)


X_train, X_test = scale(X_train), scale(X_test)
'''


def _columns(kind: str) -> str:
    if kind == "raw":
        return (
            "# Columns as they are.\n"
            'X_train, X_test = X_train.astype("float32"), X_test.astype("float32")\n'
        )
    return _COLUMNS.replace("<<words>>", _WORDS_OF[kind]).replace(
        "<<scaler>>", "StandardScaler" if kind == "standard" else "MinMaxScaler"
    )


_COLUMNS = """\
# <<words>> in each column.
scaler = <<scaler>>().fit(X_train.astype("float64"))
X_train = scaler.transform(X_train.astype("float64")).astype("float32")
X_test = scaler.transform(X_test.astype("float64")).astype("float32")
"""

SPLIT_WORDS = r'''
SEPARATORS = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\v\f\r'
PLAIN = bytes.maketrans(SEPARATORS, b" " * len(SEPARATORS))


def split_words(text):
    """Cut a text into words as bytes, ASCII letters made lower case."""
    plain = text.encode(errors="replace").lower().translate(PLAIN)
    return [word for word in plain.split(b" ") if word]
'''.lstrip("\n")

_WORDS = '''\
known = {}


def number(word):
    """Return the number of a word: 32 bits of a hash of its bytes."""
    if word not in known:
        digest = hashlib.blake2b(word, digest_size=4).digest()
        known[word] = int.from_bytes(digest, "little") or 1
    return known[word]


def list_words(texts):
    """Return the row and the number of each word of all texts."""
    found = [
        np.array([number(word) for word in split_words(text)], np.uint64)
        for text in texts
    ]
    rows = np.repeat(np.arange(len(texts)), [len(words) for words in found])
    words = np.concatenate(found)
'''

_PAIRS = """\
    # Pairs of neighbours count as words, too: a number of 64 bits each.
    beside = rows[1:] == rows[:-1]
    pairs = (words[:-1] << np.uint64(32) | words[1:])[beside]
    rows, words = np.r_[rows, rows[1:][beside]], np.r_[words, pairs]
"""

_WORDS_END = '''\
    return rows, words


def matrix(rows, columns, shape):
    """Count how often each cell occurs."""
    counts = csr_matrix((np.ones(len(rows), "float32"), (rows, columns)), shape)
    counts.sum_duplicates()
    return counts


'''

_VOCABULARY = '''\
# The words that most training texts hold; of equally frequent ones, smaller numbers.
rows, words = list_words(texts_train)
distinct, columns = np.unique(words, return_inverse=True)
holds = matrix(rows, columns, (len(texts_train), len(distinct)))
n_texts = np.bincount(holds.indices, minlength=len(distinct))
vocabulary = distinct[np.lexsort((distinct, -n_texts))[:N_WORDS]]
order = np.argsort(vocabulary)


def count(texts):
    """Count in each text the words of the vocabulary."""
    rows, words = list_words(texts)
    places = np.searchsorted(vocabulary, words, sorter=order)
    columns = order[np.minimum(places, len(order) - 1)]
    kept = vocabulary[columns] == words
    return matrix(rows[kept], columns[kept], (len(texts), len(vocabulary)))


'''

_MULTI_HOT = """\
# 1 where a text holds a word; rows stay sparse.
X_train, X_test = count(texts_train).sign(), count(texts_test).sign()
"""

_TF_IDF = """\
# Rare words weigh more; rows stay sparse.
counts = count(texts_train)
weights = TfidfTransformer(sublinear_tf=True).fit(counts)
X_train, X_test = weights.transform(counts), weights.transform(count(texts_test))
"""
