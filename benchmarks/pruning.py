"""What pruning saves and what it costs, replayed on the curve table.

    .venv/bin/python benchmarks/pruning.py --seeds 100

Each sampler searches the table of `make bench-curves` with each pruner and without
one, from the same seeds. "Found" is the score of the best complete trial, its
difference to the same search without pruning paired by seed, with standard error.
"""

import argparse
import sys
from statistics import fmean

import numpy as np
from curve_table import whole_table
from replay import search

PRUNERS = (
    "none",
    "forgiving",
    "aggressive",
    "wilcoxon",
    "median",
    "asha",
    "forgiving+median",
    "forgiving+asha",
)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--samplers", nargs="+", default=["random", "tpe"])
    asked.add_argument("--pruners", nargs="+", default=PRUNERS)
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--trials", type=int, nargs="+", default=[40, 100])
    words = asked.parse_args()
    table = whole_table()
    print("| sampler | trials | pruner | found | against none | fits | fewer | time |")
    print("|---|---|---|---|---|---|---|---|")
    for sampler in words.samplers:
        for n_trials in words.trials:
            plain = None
            for pruner in words.pruners:
                done = [
                    search(
                        table,
                        sampler=sampler,
                        pruner=pruner,
                        seed=seed,
                        n_trials=n_trials,
                    )
                    for seed in range(words.seeds)
                ]
                print(f"{sampler} {n_trials} {pruner} done", file=sys.stderr)
                found = np.array([each.best for each in done])
                fits, seconds = (
                    fmean(each.fits for each in done),
                    fmean(each.seconds for each in done),
                )
                plain = plain or (found, fits, seconds)
                change = found - plain[0]
                error = change.std(ddof=1) / len(change) ** 0.5
                print(
                    f"| {sampler} | {n_trials} | {pruner} | {found.mean():.4f} | "
                    f"{change.mean():+.5f} ±{error:.5f} | {fits / plain[1]:.0%} | "
                    f"{plain[1] / fits:.2f}x | {plain[2] / seconds:.2f}x |"
                )


if __name__ == "__main__":
    main()
