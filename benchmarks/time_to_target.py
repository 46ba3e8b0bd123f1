"""Time until a search holds a configuration as good as random search's best of 40.

    .venv/bin/python benchmarks/time_to_target.py --ratio 5 --seeds 100

Replayed on the curve table. The peer trains 40 random configurations of it, every
fold to its end, and its clock stops when it has; `--ratio` is how many times as many
folds a minute this project trains (`benchmarks/folds.py`). The search begins from
another seed, on two slots, and stops with the first complete trial whose
cross-validated score is at least the best of the peer's.
"""

import argparse

import numpy as np
from curve_table import whole_table
from replay import search

PEER_TRIALS, SLOTS = 40, 2


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--ratio", type=float, required=True)
    asked.add_argument("--samplers", nargs="+", default=["random", "tpe"])
    asked.add_argument("--pruners", nargs="+", default=["none", "forgiving"])
    asked.add_argument("--seeds", type=int, default=100)
    words = asked.parse_args()
    table = whole_table()
    of_trial = table.trial_seconds / SLOTS
    print("| sampler | pruner | trials, median | times faster: median | 10 % to 90 % |")
    print("|---|---|---|---|---|")
    for sampler in words.samplers:
        for pruner in words.pruners:
            ratios, trials = [], []
            for seed in range(words.seeds):
                rng = np.random.default_rng([seed, 40])
                theirs = rng.permutation(table.n_random)[:PEER_TRIALS]
                target = float(table.scores[theirs].max())
                done = search(
                    table,
                    sampler=sampler,
                    pruner=pruner,
                    seed=seed,
                    n_trials=table.n_random,
                    workers=SLOTS,
                    until=target - 1e-9,
                )
                clock = words.ratio * of_trial[theirs].sum()
                ratios.append(clock / done.found(target - 1e-9))
                trials.append(len(done.trials))
            low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
            print(
                f"| {sampler} | {pruner} | {np.median(trials):.0f} | {middle:.1f}x | "
                f"{low:.1f}x to {high:.1f}x |"
            )


if __name__ == "__main__":
    main()
