"""What is AutoKeras' own; the contract of engines is tested in `test_contract.py`."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from search.engines.autokeras import N_RANDOM, TESTED, AutoKerasEngine, first_points
from search.errors import SettingsError
from search.types import Trial, TrialState
from spaces.nas import NAS_IMAGES
from spaces.params import Float, Int
from spaces.space import SearchSpace

TREE = SearchSpace(
    {f"{block}/{name}": Int(low=0, high=999) for block in "ab" for name in "xyz"}
)


def ended(number, params, told):
    return Trial(
        number=number, params=params, state=TrialState.COMPLETE, epochs=5, told=told
    )


def run(engine, n, value):
    points = []
    for number in range(n):
        points.append(engine.ask(number).params)
        engine.tell(ended(number, points[-1], value(points[-1])))
    return points


def make(space=NAS_IMAGES, *, seed=0, sampler="greedy"):
    return AutoKerasEngine(space, seed=seed, sampler=sampler, epochs=5)


@pytest.mark.parametrize("sampler", ["greedy", "hyperband", "random"])
def test_every_point_is_one_of_the_space(sampler):
    points = run(make(sampler=sampler), 24, value=lambda point: len(point))
    for point in points:
        assert list(NAS_IMAGES.check(point)) == list(point)
    assert len({point["block"] for point in points}) >= 2
    # Hyperband trains some points again, for longer
    assert len({repr(point) for point in points}) > 15


def test_greedy_begins_with_every_kind_of_network():
    points = run(make(), N_RANDOM, value=lambda point: 0.0)
    blocks = [point["block"] for point in points]
    assert blocks[:4] == list(NAS_IMAGES.params["block"].options)
    assert blocks[4:8] == blocks[:4]
    assert points == first_points(NAS_IMAGES, 0)


def test_greedy_changes_a_parameter_a_block_or_everything():
    points = run(make(TREE), 60, value=lambda point: -sum(point.values()))
    changes = []
    for i in range(N_RANDOM, 60):
        best = min(points[:i], key=lambda point: sum(point.values()))
        changes.append({name for name in TREE if points[i][name] != best[name]})
    # Of a thousand values none is drawn twice, with this seed.
    assert {len(changed) for changed in changes} == {1, 3, 6}
    blocks = [{f"{block}/{name}" for name in "xyz"} for block in "ab"]
    assert all(changed in blocks for changed in changes if len(changed) == 3)
    assert all(block in changes for block in blocks)


def test_greedy_goes_on_from_what_another_engine_found():
    space = SearchSpace({f"a/{name}": Float(low=0, high=1) for name in "wxyz"})
    engine = make(space)
    good = {f"a/{name}": 0.5 for name in "wxyz"}
    for number in range(N_RANDOM):
        params = good if number == 3 else dict.fromkeys(space, 0.25)
        engine.tell(ended(number, params, float(number == 3)))
    kept = [
        sum(engine.ask(number).params[name] == 0.5 for name in space)
        for number in range(N_RANDOM, N_RANDOM + 12)
    ]
    assert kept.count(3) >= 4  # all but one parameter are the best trial's


def test_numpys_global_generator_is_left_alone():
    engine = make()
    np.random.seed(5)  # noqa: NPY002
    wanted = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    run(engine, N_RANDOM + 5, value=lambda point: 0.0)
    assert np.random.random() == wanted  # noqa: NPY002


def test_the_seed_decides_and_zero_is_one():
    runs = {
        seed: [
            run(make(seed=seed), N_RANDOM + 6, value=lambda point: len(point))
            for _ in range(2)
        ]
        for seed in (0, 1)
    }
    assert all(one == again for one, again in runs.values())
    assert runs[0] != runs[1]


class Broken:
    """A module of versions that do not go together."""

    def __getattr__(self, name):
        raise AttributeError(f"module 'keras.src' has no attribute '{name}'")


@pytest.mark.parametrize("module", [None, Broken()], ids=["missing", "broken"])
def test_what_cannot_be_imported_is_one_clear_line(module, monkeypatch):
    monkeypatch.setitem(sys.modules, "autokeras.tuners.greedy", module)
    with pytest.raises(SettingsError) as error:
        make()
    text = str(error.value)
    assert text.startswith("engine autokeras: cannot be imported (")
    for part in (f"autokeras {version('autokeras')}", "tested with", "tunefold doctor"):
        assert part in text
    assert "\n" not in text


def test_the_tested_versions_are_those_of_the_pins():
    pins = Path(__file__).parents[3].joinpath("constraints.txt").read_text()
    for name, tested in TESTED.items():
        assert f"{name}=={tested}\n" in pins


@pytest.mark.slow
def test_tensorflow_is_not_imported_for_it():
    code = (
        "import sys\n"
        "from search.engines.registry import make_engine\n"
        "from spaces.nas import NAS_IMAGES\n"
        "make_engine('autokeras', 'greedy', NAS_IMAGES, seed=0, epochs=5).ask(0)\n"
        "print('autokeras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == ["True", "False"]
