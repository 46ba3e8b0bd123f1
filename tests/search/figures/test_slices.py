from search.figures.slices import caption, compute, plots


def test_each_parameter_has_its_panel_with_all_trials(make_study):
    study = make_study(12)
    slices = compute(study)
    names = [one.axis.name for one in slices.slices]
    assert names == [
        *("n_layers", "width_1", "dropout", "l2", "l2_strength", "batch_norm")
    ]
    assert all(len(one.places) == 12 for one in slices.slices)
    assert slices.trials[slices.best] == study.ranked[0].number
    assert "diamond" in caption(slices)


def test_a_log_scale_is_named_and_ticked_with_values(make_study):
    slices = compute(make_study(12))
    labels = [one.label for one in slices.slices]
    assert "width_1 (log)" in labels
    width = plots(slices)[labels.index("width_1 (log)")]
    ticks = width["layout"]["xaxis"]["ticktext"]
    assert (ticks[0], ticks[-1]) == ("16", "256")


def test_points_name_trial_and_value(make_study):
    slices = compute(make_study(12))
    place = [one.axis.name for one in slices.slices].index("l2_strength")
    words = [word for _, word in plots(slices)[place]["data"][0]["customdata"]]
    assert "off" in words
    assert any(word != "off" for word in words)
