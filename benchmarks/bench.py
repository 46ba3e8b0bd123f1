"""All benchmarks against peers, one after the other; a rerun goes on where it was.

Each part is written into the README as soon as it is measured.

    .venv/bin/python benchmarks/bench.py short   # make bench
    .venv/bin/python benchmarks/bench.py full    # make bench-full
"""

import sys

import folds
import holdout
import machine
import report
import target


def main(size: str) -> None:
    for part in (machine, folds, holdout, target):
        part.measure(size)
        report.write(size)
    print(report.text(size))


if __name__ == "__main__":
    main(sys.argv[1])
