import os

import numpy as np
import pandas as pd
import pytest

from pipelines.table_files import column_names, read_table
from pipelines.table_memory import memory_line
from spaces.errors import DataError

ROWS = [(i % 7, "ab"[i % 2], i / 2) for i in range(30)]


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file."""

    def write(text, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def table(separator=",", decimal="."):
    lines = [separator.join(map(str, row)).replace(".", decimal) for row in ROWS]
    return "\n".join([separator.join("aby"), *lines])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_plain_table_is_read_whatever_separates_it(write, separator, encoding):
    path = write(table(separator), encoding=encoding)
    raw = read_table(path)
    assert column_names(path) == list(raw.frame) == ["a", "b", "y"]
    assert [tuple(row) for row in raw.frame.itertuples(index=False)] == ROWS
    assert bool(raw.notes) == (separator != ",")


def test_decimal_commas_are_numbers_and_it_says_so(write):
    raw = read_table(write(table(";", decimal=",")))
    assert raw.frame["y"].tolist() == [y for _, _, y in ROWS]
    assert any("decimal comma in y" in note for note in raw.notes)
    # without semicolons a comma separates: nothing is guessed
    quoted = write('a,b\n"1,5",1\n"2,5",2\n')
    assert read_table(quoted).frame["a"].tolist() == ["1,5", "2,5"]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_packed_files_and_parquet(tmp_path, suffix):
    frame = pd.DataFrame(ROWS, columns=list("aby"))
    packed, parquet = tmp_path / f"t.csv{suffix}", tmp_path / "t.parquet"
    frame.to_csv(packed, index=False)
    frame.to_parquet(parquet)
    for path in (packed, parquet):
        assert column_names(path) == ["a", "b", "y"]
        assert read_table(path).frame.equals(frame)


def test_usual_marks_of_missing_values(write):
    frame = read_table(write("a,b\nNA,x\n?,\n1,?\n")).frame
    assert frame["a"].isna().tolist() == [True, True, False]
    assert frame["b"].isna().tolist() == [False, True, True]
    assert frame["a"].dtype == np.float64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty file"),
        ("\n\n", "got a blank line"),
        ("a,b\n", "only a header"),
        ("a,a,b\n1,2,3\n", "column names must differ, got 'a'"),
        (table() + "\n1,2\n", "line 32: must have 3 fields like the header, got 2"),
        (table() + "\n1,2,3,4\n", "line 32: must have 3 fields like the header, got 4"),
        ('a,b\n1,"2\n3,4\n', "EOF inside string starting at row 1"),
        ("a,b\n1,\0\n", "bytes of zero"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(write, text, said):
    path = write(text)

    def read():
        return column_names(path), read_table(path)

    with pytest.raises(DataError, match=said) as error:
        read()
    assert "\n" not in str(error.value)
    assert "t.csv" in str(error.value)


def test_another_encoding_is_named(write):
    path = write(table().replace("a", "á"), encoding="latin-1")
    with pytest.raises(DataError, match=r"UTF-8.*at byte 0.*--encoding latin-1"):
        read_table(path)
    assert read_table(path, encoding="latin-1").frame.columns[0] == "á"
    with pytest.raises(DataError, match="no encoding 'latin-x'"):
        read_table(path, encoding="latin-x")
    with pytest.raises(DataError, match="--encoding utf-16"):
        read_table(write(table(), encoding="utf-16"))


def test_a_missing_file_names_its_neighbour(write):
    path = write(table(), "penguins.csv")
    with pytest.raises(DataError, match=r"did you mean 'penguins\.csv'"):
        read_table(path.with_name("pengiuns.csv"))
    with pytest.raises(DataError, match="got a folder"):
        read_table(path.parent)
    with pytest.raises(DataError, match="no folder"):
        read_table(path.parent / "no" / "t.csv")
    with pytest.raises(DataError, match="no Parquet file"):
        read_table(write("a", "t.parquet"))


def test_what_does_not_fit_into_memory_is_not_read(write):
    path = write(table())
    assert memory_line(path) is None
    os.truncate(path, 1 << 40)  # a hole: it takes no room on the disk
    said = memory_line(path)
    assert "1,024.0 GB" in said
    assert "free" in said
    with pytest.raises(DataError, match=r"needs about [\d,.]+ GB of memory"):
        read_table(path)
