"""Train the curve table: 200 random configurations x 5 folds x 20 epochs, an hour.

    make bench-curves

Rows are 20,000 of Fashion-MNIST. It is a search like any other, by the command, in
`benchmarks/work`; stopped, it goes on where it was. What the replays need of it is
kept as one small file beside this one.
"""

import subprocess
import sys
from pathlib import Path

from curve_table import FILE, CurveTable

WORK = Path(__file__).parent / "work"
NAME = "curve-table"
TUNEFOLD = Path(sys.executable).with_name("tunefold")
SEARCH = [
    *("fashion_mnist", "--engine", "random", "--trials", "200", "--cv", "kfold:5"),
    *("--epochs", "20", "--rows", "20000", "--set", "n_layers=1..4"),
    *("--pruner", "none", "--name", NAME),
]


def main() -> None:
    WORK.mkdir(exist_ok=True)
    journal = WORK / "tunefold-studies" / NAME / "journal.jsonl"
    words = ["resume", NAME] if journal.exists() else ["search", *SEARCH]
    store = ["--tracking-uri", f"sqlite:///{NAME}.db"]
    subprocess.run([TUNEFOLD, *words, *store], cwd=WORK, check=True)
    table = CurveTable.from_journal(journal)
    table.save(FILE)
    n_trials, n_folds, n_epochs = table.accuracy.shape
    hours = table.seconds.sum() / 3600
    print(
        f"{FILE.name}: {n_trials} configurations x {n_folds} folds x {n_epochs} epochs,"
        f" {FILE.stat().st_size / 1e3:.0f} kB, {hours:.1f} hours of one core"
    )


if __name__ == "__main__":
    main()
