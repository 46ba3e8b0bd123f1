"""Code cells that show and draw the embedded table of cross-validated results.

See `search.homework.cells` for names in double angle brackets, and
`search.homework.drawing` for the functions that they call.
"""

TABLE = """
rows = []
for row in CROSS_VALIDATED["rows"]:
    cells = {
        <<col-technique>>: NAMES[row["technique"]],
        <<col-setting>>: ", ".join(
            name if value is True else f"{name} = {value}"
            for name, value in row["setting"].items()
        ),
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
show(figure, columns=2)
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
show(figure, columns=2)
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
show(figure)
"""
