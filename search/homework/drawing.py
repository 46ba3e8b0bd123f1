"""Code cells that draw curves, confusions and residuals and say what was measured.

See `search.homework.cells` for names in double angle brackets. Colours: Okabe and Ito
2008, distinguishable for colour-blind readers and, with the line styles, in grey.
"""

NAMES = """
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.55"
DECIMAL = <<decimal-sign>>
NAMES = <<names>>
LABELS = <<labels>>
READINGS = <<readings>>
SAY = <<say>>
MAIN = next(iter(LABELS))  # the measure that overfitting shows in


def number(value, form=None):
    if form is None:
        limits = [(1, 4), (10, 3), (100, 2), (1000, 1)]
        form = f".{next((d for limit, d in limits if abs(value) < limit), 0)}f"
    plain = format(value, form).replace("-", "\\N{MINUS SIGN}")
    return plain.replace(".", DECIMAL)


def draw_curve(axis, curve, measure, since):
    epochs = np.arange(1, len(curve[measure]) + 1)
    axis.plot(epochs, curve[measure], "--", color=BLUE, label=<<training>>)
    axis.plot(
        epochs, curve["val_" + measure], "-o", markersize=3, color=ORANGE,
        markevery=-(-len(epochs) // 20), label=<<validation>>,
    )
    if since is not None:
        axis.axvspan(since, epochs[-1], color="0.93", zorder=0)
        axis.axvline(since, color="black", linestyle=":", label=<<overfitting>>)
    axis.set_xlabel(<<axis-epoch>>)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def show(figure, columns=4):
    \"\"\"Show a figure with one legend below and the decimal sign on its axes.\"\"\"
    pairs = [zip(*axis.get_legend_handles_labels()) for axis in figure.axes]
    shown = {label: handle for pair in pairs for handle, label in pair}
    if shown:
        figure.legend(
            shown.values(), shown.keys(), loc="outside lower center", ncols=columns
        )
    lines = [line for axis in figure.axes for line in (axis.xaxis, axis.yaxis)]
    for line in lines if DECIMAL != "." else []:
        if isinstance(line.get_major_formatter(), ScalarFormatter):  # no names
            line.set_major_formatter(lambda value, _: number(value, "g"))
    plt.show()
"""

EMBEDDED_CURVES = """
curves = {row["technique"]: row["curves"] for row in CROSS_VALIDATED["rows"]}
since = {row["technique"]: row["overfit_since"] for row in CROSS_VALIDATED["rows"]}
"""

BASELINE = """
figure, axes = plt.subplots(1, len(LABELS), figsize=(8, 3.4))
for axis, (measure, label) in zip(axes, LABELS.items()):
    draw_curve(axis, curves["baseline"], measure, since["baseline"])
    axis.set_ylabel(label)
show(figure)
"""

SAY_BASELINE = """
def say_curve(name):
    curve = curves[name]
    valid, seen = curve["val_" + MAIN], curve[MAIN]
    best = int(np.argmin(valid))
    text = SAY["not-overfits"] if since[name] is None else SAY["overfits"]
    return text.format(
        name=NAMES[name], measure=LABELS[MAIN], epoch=best + 1, epochs=len(valid),
        lowest=number(valid[best]), last=number(valid[-1]),
        before=number(seen[best]), after=number(seen[-1]),
    )


best = int(np.argmin(curves["baseline"]["val_" + MAIN]))
facts = [say_curve("baseline")]
for measure, label in list(LABELS.items())[1:]:
    valid, seen = (curves["baseline"][each] for each in ("val_" + measure, measure))
    facts.append(SAY["second"].format(
        name=NAMES["baseline"], measure=label, epoch=best + 1, epochs=len(valid),
        then=number(valid[best]), last=number(valid[-1]), after=number(seen[-1]),
    ))
display(Markdown("\\n".join(f"- {fact}" for fact in facts)))
"""

TECHNIQUES = """
columns = 3
lines = -(-len(curves) // columns)
for measure, label in LABELS.items():
    figure, axes = plt.subplots(
        lines, columns, figsize=(8, 2.3 * lines + 0.5), sharex=True, sharey=True,
        squeeze=False,
    )
    for axis in axes.flat[len(curves):]:
        axis.set_visible(False)
    for axis, name in zip(axes.flat, curves):
        if name != "baseline":
            valid = curves["baseline"]["val_" + measure]
            axis.plot(
                np.arange(1, len(valid) + 1), valid, color=GREY, linewidth=2.5,
                alpha=0.6, label=<<baseline-validation>>,
            )
        draw_curve(axis, curves[name], measure, since[name])
        axis.set_title(NAMES[name])
        axis.label_outer()
    for axis in axes.flat[len(curves) - columns:len(curves)]:
        axis.tick_params(labelbottom=True)
        axis.set_xlabel(<<axis-epoch>>)
    for axis in axes[:, 0]:
        axis.set_ylabel(label)
    show(figure)
"""

SAY_CURVES = """
display(Markdown("\\n".join(f"- {say_curve(name)}" for name in curves)))
"""

SAY_AGAINST = """
def say_against(name):
    mine, other = (row_loss(y_valid, runs[n]["final"]) for n in (name, "baseline"))
    difference = (mine - other).mean()
    error = (mine - other).std() / np.sqrt(len(mine))
    if abs(difference) < 2 * error or difference == 0:
        text = SAY["undecided"]
    else:
        text = SAY["helps"] if difference < 0 else SAY["harms"]
    return text.format(
        name=NAMES[name], measure=LABELS[MAIN], value=number(mine.mean()),
        baseline=number(other.mean()), difference=number(abs(difference)),
        error=number(error),
    )


facts = [say_curve(name) for name in runs if name != "baseline"]
facts += [say_against(name) for name in runs if name != "baseline"]
display(Markdown("\\n".join(f"- {fact}" for fact in facts)))
"""

CONFUSION = """
shown = [name for name in ("baseline", BEST_SINGLE, "combined") if name in runs]
confusion = {}
for name in shown:
    confusion[name] = 100 * metrics.confusion_matrix(
        y_valid, runs[name]["final"].argmax(axis=1),
        labels=range(len(CLASSES)), normalize="true",
    )
    side = min(2.4 + 0.4 * len(CLASSES), 12)
    figure, axis = plt.subplots(figsize=(side + 0.4, side))
    metrics.ConfusionMatrixDisplay(confusion[name], display_labels=CLASSES).plot(
        ax=axis, cmap="Blues", values_format=".0f", colorbar=False,
        include_values=len(CLASSES) <= 20, im_kw={"vmin": 0, "vmax": 100},
    )
    if max(map(len, CLASSES)) > 2:
        for word in axis.get_xticklabels():
            word.set(rotation=45, ha="right", rotation_mode="anchor")
    axis.grid(visible=False)
    axis.set_title(NAMES[name])
    axis.set_xlabel(<<axis-predicted-class>>)
    axis.set_ylabel(<<axis-true-class>>)
    show(figure)
"""

SAY_CONFUSION = """
facts = []
for name in shown:
    right = (runs[name]["final"].argmax(axis=1) == y_valid).mean()
    percent = number(100 * right, ".1f")
    facts.append(SAY["right"].format(name=NAMES[name], percent=percent))
wrong = confusion["baseline"] * (1 - np.eye(len(CLASSES)))
for place in np.argsort(-wrong, axis=None, kind="stable")[:3]:
    true, predicted = np.unravel_index(place, wrong.shape)
    if wrong[true, predicted] > 0:
        shares = [
            SAY["share"].format(
                name=NAMES[name],
                percent=number(confusion[name][true, predicted], ".0f"),
            )
            for name in shown
        ]
        facts.append(SAY["confused"].format(
            true=CLASSES[true], predicted=CLASSES[predicted], shares=", ".join(shares)
        ))
display(Markdown("\\n".join(f"- {fact}" for fact in facts)))
"""

RESIDUALS = """
shown = [name for name in ("baseline", BEST_SINGLE, "combined") if name in runs]
figure, axes = plt.subplots(
    1, len(shown), figsize=(8, 3), sharex=True, sharey=True, squeeze=False
)
for axis, name in zip(axes[0], shown):
    predicted = runs[name]["final"]
    axis.axhline(0, color="black", linewidth=1)
    axis.scatter(predicted, y_valid - predicted, s=12, color=BLUE, alpha=0.5)
    axis.set_title(NAMES[name])
    axis.set_xlabel(<<axis-predicted>> + (f" ({UNIT})" if UNIT else ""))
axes[0, 0].set_ylabel(<<axis-residual>> + (f" ({UNIT})" if UNIT else ""))
show(figure)
"""

SAY_RESIDUALS = """
def with_unit(value):
    return f"{number(value)} {UNIT}".strip()


facts = []
for name in shown:
    residuals = y_valid - runs[name]["final"]
    mae, mean = np.abs(residuals).mean(), residuals.mean()
    facts.append(SAY["residuals"].format(
        name=NAMES[name], mae=with_unit(mae), mean=with_unit(mean),
        largest=with_unit(np.abs(residuals).max()),
    ))
display(Markdown("\\n".join(f"- {fact}" for fact in facts)))
"""

BOUNDARIES = """
from matplotlib.colors import LinearSegmentedColormap

best = int(np.argmin(curves["baseline"]["val_" + MAIN])) + 1
last = len(runs["baseline"]["plane"]) - 1
panels = [("baseline", epoch) for epoch in sorted({0, best, last})]
panels += [(name, last) for name in runs if name != "baseline"]
columns = 3
lines = -(-len(panels) // columns)
figure, axes = plt.subplots(
    lines, columns, figsize=(8, 2.5 * lines + 0.4), sharex=True, sharey=True,
    squeeze=False,
)
colours = LinearSegmentedColormap.from_list("", ["#8cb9d9", "white", "#eba883"])
classes = {}
for axis, (name, epoch) in zip(axes.flat, panels):
    one = runs[name]["plane"][epoch][:, 1].reshape(len(AXES[1]), -1)
    axis.contourf(*AXES, one, levels=np.linspace(0, 1, 21), cmap=colours)
    axis.grid(visible=False)
    axis.contour(*AXES, one, levels=[0.5], colors="black", linewidths=1.2)
    for which, (marker, title) in enumerate(zip("o^", CLASSES)):
        rows = X_train[y_train == which]
        axis.scatter(
            *rows.T, s=12, marker=marker, edgecolors="black", linewidths=0.4,
            color=(BLUE, ORANGE)[which], label=title,
        )
    axis.set_title(<<panel>>.format(name=NAMES[name], epoch=epoch))
    classes[name, epoch] = one > 0.5
for axis in axes.flat[len(panels):]:
    axis.set_visible(False)
show(figure)
"""

SAY_BOUNDARIES = """
facts = []
for name, epoch in panels:
    side = classes[name, epoch]
    # Each step between neighbours of different classes is a piece of the boundary.
    pieces = (side[1:] != side[:-1]).sum() + (side[:, 1:] != side[:, :-1]).sum()
    sure = runs[name]["plane"][epoch].max(axis=1).mean()
    facts.append(SAY["boundary"].format(
        name=NAMES[name], epoch=epoch, length=number(pieces / len(side), ".2f"),
        percent=number(100 * sure, ".0f"),
    ))
display(Markdown("\\n".join(f"- {fact}" for fact in facts)))
"""

LIVE_TABLE = """
rows = {}
for name, result in runs.items():
    rows[NAMES[name]] = {
        <<col-networks>>: TECHNIQUES[name].get("members", 1),
        <<col-epochs>>: result["epochs"],
        <<col-weights>>: result["weights"],
        <<col-seconds>>: round(result["seconds"]),
    }
    for measure, label in LABELS.items():
        rows[NAMES[name]][label] = MEASURES[measure](y_valid, result["final"])
live = pd.DataFrame.from_dict(rows, orient="index").convert_dtypes()
display(live.style.format(
    precision=4, decimal=<<decimal-sign>>, thousands=<<thousands-sign>>
))
"""
