"""An exported trial as a notebook: the script's parts as cells, and two figures."""

from dataclasses import replace
from typing import Any

from search.script.layout import assign
from search.script.sections import Exported, Section, spaced


def as_notebook(exported: Exported) -> Any:
    """Return the notebook as nbformat's node, its cells not run."""
    import nbformat

    cells = [nbformat.v4.new_markdown_cell(_title(exported))]
    cells[0].id = "title"
    for section in (*exported.sections, *_figures(exported)):
        name = section.title.lower().replace(" ", "-")
        text = nbformat.v4.new_markdown_cell(f"## {section.title}\n\n{section.words}")
        code = nbformat.v4.new_code_cell(spaced(section.code).rstrip())
        text.id, code.id = f"{name}-text", name
        cells += [text, code]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return notebook


def _title(exported: Exported) -> str:
    first, _, rest = exported.doc.strip().partition("\n")
    return f"# {first}\n\n" + rest.strip().replace("\n", "  \n")


def _figures(exported: Exported) -> list[Section]:
    figures = [_learning(exported)] if exported.curves else []
    figures.append(_on_test(exported))
    first, *others = figures
    return [replace(first, code=_PLT + first.code), *others]


def _learning(exported: Exported) -> Section:
    curves = {
        name: [round(value, 4) for value in values]
        for name, values in exported.curves.items()
    }
    return Section(
        title="Learning curves",
        words="Of cross-validation: means over the folds after each epoch, of training "
        "and of validation rows. The line stands at the epoch the network above was "
        "trained for.",
        code=f"{assign('CURVES', curves)}\n{_CURVES}",
    )


def _on_test(exported: Exported) -> Section:
    if exported.classes:
        names = assign("CLASSES", list(exported.classes))
        return Section(
            title="Confusion matrix",
            words="Of the test rows: true classes down, predicted ones across.",
            code=f"{names}\n{_CONFUSION}",
        )
    return Section(
        title="Residuals",
        words="Of the test rows: how far predictions are off, by what is true.",
        code=_RESIDUALS,
    )


_PLT = "import matplotlib.pyplot as plt\n\n"

_CURVES = """\
figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
for name, values in CURVES.items():
    axes.plot(range(1, len(values) + 1), values, label=name)
axes.axvline(EPOCHS, color="grey", linestyle=":")
axes.set(xlabel="epoch", ylabel="loss")
axes.legend()
plt.show()
"""

_CONFUSION = """\
figure, axes = plt.subplots(figsize=(6, 6), layout="constrained")
metrics.ConfusionMatrixDisplay.from_predictions(
    y_test,
    predictions.argmax(axis=1),
    labels=range(N_CLASSES),
    display_labels=CLASSES,
    xticks_rotation="vertical",
    colorbar=False,
    ax=axes,
)
plt.show()
"""

_RESIDUALS = """\
figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
axes.scatter(y_test, predictions - y_test, s=8)
axes.axhline(0, color="grey", linewidth=1)
axes.set(xlabel="true value", ylabel="predicted minus true")
plt.show()
"""
