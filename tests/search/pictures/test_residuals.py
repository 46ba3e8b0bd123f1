import numpy as np
import pytest
from drawn import read_picture, share_of

from search.pictures.residuals import draw_residuals


@pytest.mark.parametrize("n_rows", [3, 20_000])
def test_any_number_of_points_can_be_seen(path, n_rows):
    rng = np.random.default_rng(0)
    y = rng.normal(20, 5, n_rows)
    predictions = (y + rng.normal(0, 2, n_rows)).astype(np.float32)
    draw_residuals(path, y=y, predictions=predictions, unit="k$", title="t")
    pixels = read_picture(path)
    assert pixels.shape[:2] == (675, 1500)
    for half in (pixels[:, :750], pixels[:, 750:]):
        blue = half[..., 2] - half[..., 0]  # points may be pale
        assert (blue > 0.05).mean() > 0.0002


def test_perfect_predictions_lie_on_the_lines(path):
    y = np.linspace(0, 50, 200, dtype=np.float32)

    def blue(predictions):
        draw_residuals(path, y=y, predictions=predictions, unit="", title="")
        pixels = read_picture(path)[60:600, 750:]
        return (pixels[..., 2] - pixels[..., 0] > 0.05).any(axis=1).sum()

    # rows of pixels that hold a point: of one straight line, or of a cloud
    assert blue(y) < 20
    noise = np.random.default_rng(0).normal(0, 1, 200)
    assert blue((y + noise).astype(np.float32)) > 200


def test_a_constant_prediction_is_drawn_without_a_warning(path):
    draw_residuals(
        path, y=np.ones(5), predictions=np.ones(5, np.float32), unit="", title=""
    )
    assert share_of("#000000", read_picture(path)) > 0
