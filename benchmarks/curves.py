"""Train the curve table: 200 random configurations x 5 folds x 20 epochs, an hour.

    make bench-curves

Rows are 20,000 of Fashion-MNIST. It is a search like any other, by the command, in
`benchmarks/runs`; stopped, it goes on where it was. What the space begins with is
trained beside it, a minute more. Two searches of three epochs take the seconds, some
minutes in which nothing else should run. What the replays need is kept as two small
files beside this one.
"""

import subprocess
import sys
from pathlib import Path

from curve_table import FILE, INITIAL, CurveTable
from work import WORK

from spaces.dense import DENSE
from spaces.params import write_scalar

TUNEFOLD = Path(sys.executable).with_name("tunefold")
SEARCH = ["fashion_mnist", "--engine", "random", "--rows", "20000", "--pruner", "none"]
CURVES = ["--cv", "kfold:5", "--epochs", "20"]
SECONDS = ["--cv", "holdout:0.2", "--epochs", "3"]
RANDOM = ["--trials", "200", "--set", "n_layers=1..4"]
FIRST = ["--trials", "1"]
for _name, _value in DENSE.initial().items():
    FIRST += ["--set", f"{_name}={write_scalar(_value)}"]


def search(name: str, words: list[str]) -> Path:
    """Begin a search or go on with it; return its journal."""
    journal = WORK / "tunefold-studies" / name / "journal.jsonl"
    begin = ["search", *words, "--name", name]
    command = ["resume", name] if journal.exists() else begin
    store = ["--tracking-uri", f"sqlite:///{name}.db"]
    subprocess.run([TUNEFOLD, *command, *store], cwd=WORK, check=True)
    return journal


def main() -> None:
    WORK.mkdir(exist_ok=True)
    initial = CurveTable.from_journals(
        search("curve-initial", [*SEARCH, *FIRST, *CURVES]),
        search("curve-initial-seconds", [*SEARCH, *FIRST, *SECONDS]),
    )
    initial.save(INITIAL)
    table = CurveTable.from_journals(
        search("curve-table", [*SEARCH, *RANDOM, *CURVES]),
        search("curve-seconds", [*SEARCH, *RANDOM, *SECONDS]),
    )
    table.save(FILE)
    n_trials, n_folds, n_epochs = table.accuracy.shape
    hours = table.trial_seconds.sum() / 3600
    print(
        f"{FILE.name}: {n_trials} configurations x {n_folds} folds x {n_epochs} epochs,"
        f" {FILE.stat().st_size / 1e3:.0f} kB, {hours:.1f} hours of one core"
    )


if __name__ == "__main__":
    main()
