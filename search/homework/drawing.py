"""Code cells that draw and say what was measured, live or embedded.

See `search.homework.cells` for names in double angle brackets. Colours: Okabe and Ito
2008, distinguishable for colour-blind readers and, with the line styles, in grey.
"""

NAMES = """
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.55"
NAMES = <<names>>
LABELS = <<labels>>
MAIN = next(iter(LABELS))  # the measure that overfitting shows in


def number(value, digits=None):
    if digits is None:
        limits = [(1, 4), (10, 3), (100, 2), (1000, 1)]
        digits = next((d for limit, d in limits if abs(value) < limit), 0)
    plain = f"{value:.{digits}f}".replace("-", "\\N{MINUS SIGN}")
    return plain.replace(".", <<decimal-sign>>)


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


def legend_below(figure, columns=4):
    pairs = [zip(*axis.get_legend_handles_labels()) for axis in figure.axes]
    shown = {label: handle for pair in pairs for handle, label in pair}
    figure.legend(
        shown.values(), shown.keys(), loc="outside lower center", ncols=columns
    )
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
legend_below(figure)
plt.show()
"""

SAY_BASELINE = """
def say_curve(name):
    curve = curves[name]
    valid, seen = curve["val_" + MAIN], curve[MAIN]
    best = int(np.argmin(valid))
    text = <<say-not-overfits>> if since[name] is None else <<say-overfits>>
    return text.format(
        name=NAMES[name], measure=LABELS[MAIN], epoch=best + 1, epochs=len(valid),
        lowest=number(valid[best]), last=number(valid[-1]),
        before=number(seen[best]), after=number(seen[-1]),
    )


best = int(np.argmin(curves["baseline"]["val_" + MAIN]))
facts = [say_curve("baseline")]
for measure, label in list(LABELS.items())[1:]:
    valid, seen = (curves["baseline"][each] for each in ("val_" + measure, measure))
    facts.append(<<say-second>>.format(
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
        lines, columns, figsize=(8, 2.3 * lines + 0.5), sharex=True, sharey=True
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
    legend_below(figure)
    plt.show()
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
        text = <<say-undecided>>
    else:
        text = <<say-helps>> if difference < 0 else <<say-harms>>
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
    plt.show()
"""

SAY_CONFUSION = """
facts = []
for name in shown:
    right = (runs[name]["final"].argmax(axis=1) == y_valid).mean()
    facts.append(<<say-right>>.format(name=NAMES[name], percent=number(100 * right, 1)))
wrong = confusion["baseline"] * (1 - np.eye(len(CLASSES)))
for place in np.argsort(-wrong, axis=None, kind="stable")[:3]:
    true, predicted = np.unravel_index(place, wrong.shape)
    if wrong[true, predicted] > 0:
        shares = [
            <<say-share>>.format(
                percent=number(confusion[name][true, predicted], 0), name=NAMES[name]
            )
            for name in shown
        ]
        facts.append(<<say-confused>>.format(
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
plt.show()
"""

SAY_RESIDUALS = """
def with_unit(value):
    return f"{number(value)} {UNIT}".strip()


facts = []
for name in shown:
    residuals = y_valid - runs[name]["final"]
    mae, mean = np.abs(residuals).mean(), residuals.mean()
    facts.append(<<say-residuals>>.format(
        name=NAMES[name], mae=with_unit(mae), mean=with_unit(mean),
        largest=with_unit(np.abs(residuals).max()),
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

TABLE = """
rows = []
for row in CROSS_VALIDATED["rows"]:
    cells = {
        <<col-technique>>: NAMES[row["technique"]],
        <<col-setting>>: ", ".join(f"{k} = {v:g}" for k, v in row["setting"].items()),
    }
    for measure in LABELS:
        for reading, word in READINGS.items():
            cells[<<col-measure>>.format(measure=LABELS[measure], reading=word)] = (
                np.mean(row["scores"][reading][measure])
            )
    rows.append(cells | {
        <<col-best-epoch>>: row["epoch"],
        <<col-fits>>: row["fits"],
        <<col-seconds>>: round(row["seconds"]),
        <<col-weights>>: row["weights"],
    })
table = pd.DataFrame(rows).set_index(<<col-technique>>)
table.index.name = None
display(table.style.format(
    precision=4, decimal=<<decimal-sign>>, thousands=<<thousands-sign>>
))
"""

EFFECTS = """
effects = CROSS_VALIDATED["effects"]
order = [name for name in NAMES if name != "baseline"]
styles = {"last": (BLUE, "o", 0.14), "best": (ORANGE, "s", -0.14)}
figure, axis = plt.subplots(figsize=(7.5, 1.4 + 0.5 * len(order)))
axis.axvline(0, color="black", linewidth=1)
for effect in effects:
    colour, marker, shift = styles[effect["reading"]]
    place = len(order) - 1 - order.index(effect["technique"]) + shift
    if effect["low"] is not None:
        axis.plot([effect["low"], effect["high"]], [place, place], color=colour)
    decided = effect["verdict"] in ("better", "worse")
    axis.plot(
        effect["difference"], place, marker, color=colour, markersize=6,
        markerfacecolor=colour if decided else "white",
    )
for reading, (colour, marker, _) in styles.items():
    axis.plot([], [], marker, color=colour, linestyle="-", label=READINGS[reading])
axis.plot([], [], "o", color=GREY, label=<<effect-decided>>)
axis.plot([], [], "o", color=GREY, markerfacecolor="white", label=<<effect-open>>)
axis.set_yticks(range(len(order)), [NAMES[name] for name in reversed(order)])
axis.set_xlabel(<<axis-effect>>.format(measure=LABELS[MAIN]))
legend_below(figure, columns=2)
plt.show()
"""

CAPACITY = """
networks = CROSS_VALIDATED["capacities"]
figure, axes = plt.subplots(
    1, len(networks), figsize=(max(3.2, 8 * len(networks) / 4), 3.2), sharey=True,
    squeeze=False,
)
for axis, network in zip(axes[0], networks):
    draw_curve(axis, network["curves"], MAIN, network["overfit_since"])
    axis.set_title("\\n".join(network["title"]))
axes[0, 0].set_ylabel(LABELS[MAIN])
legend_below(figure, columns=2)
plt.show()
"""

TEST = """
tested = CROSS_VALIDATED["test"]
names = list(dict.fromkeys(each["technique"] for each in tested))
styles = {"last": (BLUE, "o", 0.14), "best": (ORANGE, "s", -0.14)}
figure, axes = plt.subplots(
    1, len(LABELS), figsize=(8, 1.6 + 0.6 * len(names)), sharey=True
)
for axis, measure in zip(axes, LABELS):
    for each in tested:
        colour, marker, shift = styles[each["reading"]]
        place = len(names) - 1 - names.index(each["technique"]) + shift
        axis.plot(each["intervals"][measure], [place, place], color=colour)
        scores = each["scores"][measure]
        axis.plot(np.mean(scores), place, marker, color=colour, markersize=6)
        axis.plot(scores, [place] * len(scores), "|", color="black", markersize=9)
    axis.set_xlabel(<<axis-test>>.format(measure=LABELS[measure]))
    axis.set_yticks(range(len(names)), [NAMES[name] for name in reversed(names)])
for reading, (colour, marker, _) in styles.items():
    axes[0].plot([], [], marker, color=colour, linestyle="-", label=READINGS[reading])
axes[0].plot([], [], "|", color="black", label=<<each-seed>>)
legend_below(figure)
plt.show()
"""
