"""Every command of the pages is run, in their order, with smaller budgets.

`tunefold` is a shim in front of the real command: it adds a small budget behind what
was typed, and of an option that is given twice the last one counts.
"""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
from pages import ROOT, blocks_of
from PIL import Image
from real_command import COMMAND, Recorded, environment

from search.homework.execution import run_cells

BUDGETS = {
    "search": ["--trials", "2", "--epochs", "1"],
    "resume": ["--trials", "3"],
    "rerun": ["--workers", "2"],
}
ROWS = ["--rows", "300"]
"""For data of many rows."""

RUN = ("tunefold", "for", "done", "TUNEFOLD_DATA=")
"""What the commands of a block that is run begin with."""

NOT_RUN = (
    *("git", "make", "python", "python3", "pip", ".venv/bin/pip", "cp"),  # setting up
    *("!git", "!python3", "mlflow"),  # the same in a notebook; a server that stays
    *(".venv/bin/python", "bash", "pytest"),  # benchmarks, scripts, tests
)
"""A block with one of these is not run."""

ELSEWHERE = {
    "homework": "tests/search/homework",
    "check": "tests/search/homework",
    "ui": "tests/search/test_ui.py",
    "watch": "tests/search/live",
}
"""Commands that are run by tests of their own: they take minutes, or stay."""

SHIM = f"""\
import os, sys
words = sys.argv[1:]
if words and words[0] in {ELSEWHERE!r}:
    sys.exit(0)
words += {BUDGETS!r}.get(words[0], []) if words else []
if words[:1] == ["search"] and any("fashion" in word for word in words):
    words += {ROWS!r}
os.execv({str(COMMAND)!r}, ["tunefold", *words])
"""

PAGES = [
    "README.md",
    *(
        f"docs/{name}.md"
        for name in (
            *("ensembles", "export", "report", "honest-number", "techniques"),
            *("compare", "own-data", "own-pipeline", "own-space"),
        )
    ),
]
NEED_A_STUDY = ("docs/ensembles.md", "docs/export.md", "docs/report.md")
"""They speak of a study `digits-1` that is there already."""


@pytest.fixture
def folder(tmp_path):
    """A working folder with the data that the pages name, and the shim."""
    shim = tmp_path / "bin" / "tunefold"
    shim.parent.mkdir()
    shim.write_text(f"#!{sys.executable}\n{SHIM}")
    shim.chmod(0o755)
    write_data(tmp_path)
    return tmp_path


def write_data(folder):
    rng = np.random.default_rng(0)
    n = 90
    frame = pd.DataFrame({"weight": rng.normal(size=n), "bill": rng.normal(size=n)})
    frame["species"] = np.where(frame.weight > 0, "gentoo", "chinstrap")
    frame.to_csv(folder / "penguins.csv", index=False)
    days = pd.date_range("2024-01-01", periods=n)
    weather = {"date": days, "wind": rng.normal(size=n), "temp_max": rng.normal(size=n)}
    pd.DataFrame(weather).to_csv(folder / "weather.csv", index=False)
    words = ["good", "bad", "film", "plot", "nice", "dull"]
    texts = [f"{' '.join(rng.choice(words, 8))} {i}" for i in range(n)]
    reviews = {"text": texts, "label": rng.choice(["yes", "no"], n)}
    pd.DataFrame(reviews).to_csv(folder / "reviews.csv", index=False)
    for number in range(40):
        path = folder / "photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(path)
    (folder / "mine.py").write_text(
        "from dataclasses import replace\n"
        "from pipelines.digits import PIPELINE as DIGITS\n"
        "PIPELINE = replace(DIGITS, name='mine')\n"
    )


def run(script, folder):
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done


def runnable(block):
    """Return the block as a script; None for one that is not run."""
    lines = [line for line in block.lines if not line.lstrip().startswith("#")]
    firsts = [line.split()[0] for line in lines if not line.startswith(" ")]
    if block.language or not firsts:
        return None
    if any(first in NOT_RUN for first in firsts):
        return None
    if not firsts[0].startswith(RUN):
        return None  # what is printed, or tables
    assert all(first.startswith(RUN) for first in firsts), firsts
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_work_in_its_order(page, folder):
    if page in NEED_A_STUDY:
        words = "--engine random --cv kfold:3 --trials 6 --pruner none --name digits-1"
        run(f"{COMMAND} search digits --epochs 2 {words}", folder)
    n_run = 0
    for block in blocks_of(ROOT / page):
        if block.file_name:
            (folder / block.file_name).write_text(block.text)
            continue
        script = runnable(block)
        if script is None or "--sampler gp" in script:  # wants PyTorch
            continue
        script = script.replace("/media/stick", str(folder / "stick"))
        # not all sets: some would be downloaded
        script = script.replace("data fetch --to", "data fetch fashion_mnist --to")
        if run_id := re.search(r"\b[0-9a-f]{32}\b", script):
            known = Recorded(folder, "digits-1").trial(0).info.run_id
            script = script.replace(run_id[0], known)
        run(script, folder)
        n_run += 1
    assert n_run > 0


@pytest.mark.slow
def test_the_cells_of_the_notebook_page_run(folder):
    bin_folder = folder / "tunefold" / ".venv" / "bin"
    bin_folder.parent.mkdir(parents=True)
    bin_folder.symlink_to(folder / "bin")
    cells = [
        nbformat.v4.new_code_cell(block.text)
        for block in blocks_of(ROOT / "docs" / "colab.md")
        if block.language == "python"
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    run_cells(notebook, folder, backend="jax")
    shown = [out for cell in notebook.cells for out in cell.outputs]
    assert any("image/png" in out.get("data", {}) for out in shown)
    assert (folder / "first-report.html").is_file()
    assert list(folder.glob("first-*.ipynb"))


@pytest.mark.slow
@pytest.mark.ci
def test_the_engine_of_its_page_keeps_the_contract(tmp_path):
    (engine,) = (
        block for block in blocks_of(ROOT / "docs" / "own-engine.md") if block.file_name
    )
    (tmp_path / "climb.py").write_text(engine.text)
    (tmp_path / "with_climb.py").write_text(
        "import climb, sys\n"
        "from search.engines.registry import MODULES, SAMPLERS\n"
        "sys.modules['search.engines.climb'] = climb\n"
        "SAMPLERS['climb'] = ('hill',)\n"
        "MODULES['climb'] = ('search.engines.climb', 'ClimbEngine')\n"
    )
    words = ["-p", "with_climb", "tests/search/engines/test_contract.py", "-k", "climb"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words],
        cwd=ROOT,
        env=environment(PYTHONPATH=tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.slow
def test_pictures_of_the_mlflow_pages(folder):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs Chromium and its driver")
    run("tunefold search digits --name digits-1 --pruner none", folder)
    script = ROOT / "scripts" / "ui_pictures.py"
    run(f"{sys.executable} {script} digits-1 --to pictures", folder)
    names = {"page", "table", "curves", "parameters", "figures"}
    pictures = {path.stem: path for path in (folder / "pictures").iterdir()}
    assert set(pictures) == names
    for path in pictures.values():
        shown = np.asarray(Image.open(path).convert("L"))
        # an empty or failed page has hardly any ink
        assert (shown < 128).mean() > 0.002, path


@pytest.mark.slow
def test_every_name_in_mlflow_is_in_the_reference(folder):
    run("tunefold search digits --name a --pruner none --tag course=one", folder)
    run("tunefold rerun a --seeds 2", folder)
    page = (
        (ROOT / "docs" / "reference.md").read_text().partition("## Names in MLflow")[2]
    )
    documented = set(re.findall(r"`([^`]+)`", page))
    study = Recorded(folder, "a")
    metrics = {"accuracy", "log_loss"}
    client = study.client
    (experiment,) = {run.info.experiment_id for run in study.runs.values()}
    for run_of in client.search_runs([experiment]):
        for name in run_of.data.metrics:
            general = re.sub(r"/(fold|seed)_\d+$", lambda m: f"/{m[1]}_K", name)
            assert general_name(general, metrics) in documented, name


def general_name(name, metrics):
    """Return a metric's name as the reference writes it."""
    curve, _, place = name.partition("/")
    if place == "fold_K":
        return "seconds/fold_K" if curve == "seconds" else ".../fold_K"
    if place == "seed_K":
        return f"{'METRIC' if curve in metrics else curve}/seed_N"
    if curve == "score" and place:
        return "score/METRIC"
    if "_average_of_seeds" in name:
        return "test_METRIC_average_of_seeds..."
    for metric in metrics:
        name = re.sub(rf"^((?:val_|test_)?){metric}(?=$|_)", r"\1METRIC", name)
    return name
