from dataclasses import replace

import numpy as np
import pytest
from drawn import read_picture
from made_results import make_results

from pipelines.moons import PIPELINE as MOONS
from pipelines.part import digest
from search.homework.boundaries import draw_boundaries, train_planes
from search.homework.studies import Workplace
from search.pictures.boundaries import WORDS
from search.plane import Plane
from search.workers import make_slots

NAMES = {"baseline": "Baseline", "dropout": "Dropout", "combined": "Combined"}


def chosen(results, *names):
    return [replace(results.entry(name), epoch=3) for name in names]


def make_plane(best=3):
    grid = np.full((20, 20, 2), 0.5, np.float32)
    return Plane(
        rows=np.zeros((2, 2), np.float32),
        y=np.array([0, 1]),
        axes=(np.arange(20, dtype="f4"), np.arange(20, dtype="f4")),
        by_epoch={0: grid, best: grid, 12: grid},
    )


@pytest.mark.parametrize(
    ("names", "inches"),
    [(("baseline",), 3.2), (tuple(NAMES), 6.4)],
)
def test_the_baseline_has_three_panels_and_each_technique_one(tmp_path, names, inches):
    path = tmp_path / "boundaries.png"
    entries = chosen(make_results(), *names)
    planes = {name: make_plane() for name in names}
    draw_boundaries(path, planes, entries, classes=("a", "b"), names=NAMES)
    assert read_picture(path).shape[:2] == (150 * inches, 1440)


def test_the_labels_may_be_of_another_language(tmp_path):
    paths = [tmp_path / "en.png", tmp_path / "cs.png"]
    entries = chosen(make_results(), "baseline")
    for path, words in zip(paths, [WORDS, WORDS | {"start": "začátek"}], strict=True):
        draw_boundaries(
            path,
            {"baseline": make_plane()},
            entries,
            classes=("a", "b"),
            names=NAMES,
            words=words,
        )
    assert paths[0].read_bytes() != paths[1].read_bytes()


@pytest.mark.slow
def test_each_configuration_is_trained_and_none_sees_a_test_row(
    add_pipeline, monkeypatch, tmp_path
):
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)

    def load(part):
        assert part == "train", "the test rows were opened"
        return MOONS.load(part)

    pipeline = add_pipeline(replace(MOONS, name="moons_without_test", load=load))
    data = load("train")
    results = make_results(params={"width_1": 16, "width_2": 8})
    plan = replace(
        results.plan,
        pipeline=pipeline.name,
        data_digest=digest(data),
        epochs=4,
        n_rows=None,
        backend="jax",
    )
    (slot,) = make_slots(1, backend="jax", in_process=True)
    place = Workplace(
        homework="h",
        pipeline=pipeline,
        data=data,
        slots=[slot],
        store=None,
        experiment="moons",
        console=None,
    )
    entries = chosen(results, "baseline", "dropout")
    planes = train_planes(place, plan, entries)
    assert list(planes) == ["baseline", "dropout"]
    assert [list(plane.by_epoch) for plane in planes.values()] == [[0, 3, 4]] * 2
    without, with_dropout = (plane.by_epoch[4] for plane in planes.values())
    assert np.abs(without - with_dropout).max() > 1e-3
    path = tmp_path / "boundaries.png"
    draw_boundaries(path, planes, entries, classes=MOONS.classes, names=NAMES)
    assert read_picture(path).shape[1] == 1440
