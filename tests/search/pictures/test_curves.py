from drawn import read_picture, share_of

from search.pictures.curves import draw_curves


def test_curves_have_a_panel_per_metric(path, make_trial):
    reruns = [{"accuracy": [0.5, 0.7, 0.9], "loss": [1.0, 0.6, 0.4]}] * 2
    draw_curves(
        path, trial=make_trial(), reruns=reruns, metrics=("accuracy", "log_loss")
    )
    pixels = read_picture(path)
    assert pixels.shape[:2] == (675, 1500)
    for half in (pixels[:, :750], pixels[:, 750:]):
        assert share_of("#0072B2", half) > 0.001  # training, thin lines
        assert share_of("#D55E00", half) > 0.001  # validation


def test_curves_of_one_metric_and_one_fold(path, make_trial):
    draw_curves(path, trial=make_trial(n_folds=1), reruns=[], metrics=("log_loss",))
    assert read_picture(path).shape[:2] == (675, 750)
