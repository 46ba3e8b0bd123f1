"""The user's own data on the command line, from options to a finished study."""

import json
import os
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from real_command import refused, tunefold

from pipelines.spec import read_spec
from search.commands.own_data import say_beforehand, take_pipeline
from search.environment import VARIABLES
from search.errors import SettingsError
from search.request import Request, make_draft

QUICK = ["--epochs", 2, "--trials", 1, "--cv", "kfold:2", "--workers", 1]


def garden(n=90):
    """A table with missing values, categories, a date, uneven classes, a row number."""
    rng = np.random.default_rng(0)
    kind = np.array(["rose", "rose", "rose", "iris", "lily"])[np.arange(n) % 5]
    height = rng.normal(size=n) + (kind == "rose") * 4
    height[::9] = np.nan
    return pd.DataFrame(
        {
            "row": np.arange(n),
            "kind": kind,
            "height": height,
            "soil": rng.choice(["clay", "sand", None], n),
            "day": pd.date_range("2024-01-01", periods=n),
            "bed": np.arange(n) // 3,
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder that holds `garden.csv`."""
    garden().to_csv(tmp_path / "garden.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def take(typed, **options):
    return take_pipeline(typed, options), options


# Options


def test_options_become_part_of_the_word():
    options = {"target": "kind", "time": "day", "test": None, "epochs": 3}
    word, left = take("table:garden.csv", **options)
    assert read_spec(word).options == {"target": "kind", "time": "day"}
    assert left == {"epochs": 3}


@pytest.mark.parametrize(
    ("typed", "groups", "of_word", "left"),
    [
        ("table:a.csv", "bed", "bed", None),
        ("table:a.csv", "none", None, "none"),
        ("table:a.csv", "duplicates", None, "duplicates"),
        ("images:a", "bed", None, "bed"),  # refused later, like any unknown kind
        ("digits", "bed", None, "bed"),
    ],
)
def test_groups_name_a_column_or_a_kind(typed, groups, of_word, left):
    word, options = take(typed, groups=groups)
    spec = read_spec(word)
    assert (spec.options.get("groups") if spec else None) == of_word
    assert options["groups"] == left


@pytest.mark.parametrize(
    ("typed", "options", "said"),
    [
        ("digits", {"target": "y"}, r"--target: is for data .* \(table:, text:\)"),
        ("images:a", {"target": "y"}, "--target"),
        ("table:a.csv", {"image_size": "8"}, r"--image-size: .* \(images:\)"),
        ("mine:PIPELINE", {"test": "a"}, "--test"),
    ],
)
def test_an_option_of_other_data_is_refused(typed, options, said):
    with pytest.raises(SettingsError, match=said):
        take(typed, **options)


def test_only_large_files_are_spoken_of_beforehand(folder):
    assert say_beforehand("digits") is None
    assert say_beforehand("table:garden.csv?target=kind") is None
    with (folder / "garden.csv").open("ab") as file:
        file.truncate(2 << 30)
    said = say_beforehand("table:garden.csv?target=kind")
    assert said.startswith("garden.csv: 2.0 GB; reading it needs about ")


# Drafts


@pytest.fixture
def draft(folder, monkeypatch):
    """Return a function that makes a draft; its environment is not the tests'."""
    for name in ("KERAS_BACKEND", *VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    return lambda pipeline, **fields: make_draft(
        Request(pipeline=pipeline, **fields), in_process=True
    )


def test_a_study_of_a_table_records_where_it_lies_and_says_what_it_took(folder, draft):
    made = draft("table:garden.csv?target=kind")
    spec = read_spec(made.settings.pipeline)
    assert spec.path == folder / "garden.csv"
    assert made.settings.experiment == "garden"
    assert made.settings.metrics[0] == "balanced_accuracy"
    notes = "\n".join(made.notes)
    assert re.search(r"numbers: height \(\d missing\), bed", notes)
    assert "left out: row (the number of the row)" in notes
    assert len(made.jobs.y) == 72


def test_time_and_groups_choose_the_splitter(draft):
    ordered = draft("table:garden.csv?target=height&time=day").settings
    assert (ordered.cv, ordered.groups) == ("time-series:5", None)
    grouped = draft("table:garden.csv?target=height&groups=bed").settings
    assert (grouped.cv, grouped.groups) == ("group:5", "pipeline")
    assert (
        draft("table:garden.csv?target=height", cv="kfold:3").settings.cv == "kfold:3"
    )


# The real command


@pytest.mark.slow
@pytest.mark.ci
def test_a_table_from_file_to_test_score(folder):
    table = ["table:garden.csv", "--target", "kind"]
    done = tunefold("search", *table, *QUICK, cwd=folder)
    assert "garden-1: garden, all rows" in done.stderr
    assert "categories: soil (" in done.stderr
    report = json.loads(tunefold("rerun", "--seeds", 1, "--json", cwd=folder).stdout)
    assert (report["n_train"], report["n_test"]) == (72, 18)
    tunefold("resume", "--trials", 2, cwd=folder)
    frame = garden()
    frame.loc[0, "height"] = 100.0
    frame.to_csv(folder / "garden.csv", index=False)
    said = refused("rerun", "garden-1", cwd=folder, status=1)
    assert "rerun it with the data it was searched on" in said


@pytest.mark.slow
def test_texts_and_images_are_searched(folder):
    rng = np.random.default_rng(0)
    words = ["good", "bad", "film", "plot", "nice", "dull"]
    frame = pd.DataFrame(
        {
            "text": [" ".join(rng.choice(words, 8)) + f" {i}" for i in range(60)],
            "label": rng.choice(["yes", "no"], 60),
        }
    )
    frame.to_csv(folder / "reviews.csv", index=False)
    for number in range(40):
        path = folder / "pets" / ["cat", "dog"][number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(path)
    tunefold("search", "text:reviews.csv", "--target", "label", *QUICK, cwd=folder)
    tunefold("search", "images:pets", *QUICK, cwd=folder)
    for study, n_test in (("reviews-1", 12), ("pets-1", 8)):
        done = tunefold("rerun", study, "--seeds", 1, "--json", cwd=folder)
        assert json.loads(done.stdout)["n_test"] == n_test


@pytest.mark.slow
def test_a_module_is_run_only_where_its_name_is_typed(folder):
    (folder / "my_nets.py").write_text(
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from pipelines.digits import PIPELINE as DIGITS\n"
        "Path('imported').touch()\n"
        "PIPELINE = replace(DIGITS, name='mine')\n"
    )
    name = ["--pipeline", "my_nets.py:PIPELINE"]
    tunefold("search", "my_nets:PIPELINE", *QUICK, "--rows", 200, cwd=folder)
    (folder / "imported").unlink()
    for command in (["resume", "--trials", 2], ["rerun", "--seeds", 1]):
        said = refused(*command, cwd=folder, status=1)
        assert "--pipeline my_nets:PIPELINE" in said
        assert not (folder / "imported").exists()
        tunefold(*command, *name, cwd=folder)
        (folder / "imported").unlink()
    with (folder / "my_nets.py").open("a") as file:
        file.write("# another one\n")
    said = refused("resume", "--trials", 3, *name, cwd=folder, status=1)
    assert "must be the study's" in said
    assert not (folder / "imported").exists()
