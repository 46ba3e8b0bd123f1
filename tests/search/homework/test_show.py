"""The table of techniques as it is printed and as cells for other programs."""

import io

import pytest
from made_results import make_results
from rich.console import Console

from search.homework.show import results_cells, show_results


@pytest.mark.parametrize("regression", [False, True])
def test_cells_are_those_of_the_table(regression):
    results = make_results(regression=regression)
    columns, rows = results_cells(results)
    assert [row[0] for row in rows] == [entry.technique for entry in results.entries]
    assert {len(row) for row in rows} == {len(columns)}
    assert columns[1] == (
        "mse (k$²), last epoch" if regression else "log_loss, last epoch"
    )
    out = io.StringIO()
    show_results(results, Console(file=out, width=200))
    printed = out.getvalue()
    for row in rows:
        # the first that begins with it: sentences come after the table
        line = next(
            line for line in printed.splitlines() if line.split()[:1] == [row[0]]
        )
        assert all(cell in line for cell in row if cell)
