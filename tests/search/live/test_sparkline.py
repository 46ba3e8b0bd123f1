import math

from search.live.sparkline import BARS, sparkline


def test_a_curve_fills_its_share_of_the_width():
    half = sparkline([0.1, 0.2, 0.3, 0.4, 0.5], epochs=10, width=5)
    assert len(half) == 3  # the third column is of epochs 5 and 6
    assert len(sparkline([0.1] * 10, epochs=10, width=5)) == 5
    assert sparkline([], epochs=10, width=5) == ""


def test_the_best_epoch_stands_out_whatever_the_scale():
    values = [2.3, 0.4, 0.1, 0.3]
    assert sparkline(values, epochs=4, width=12) == "█▂▁▂"
    thousands = [1000 * value for value in values]
    assert sparkline(thousands, epochs=4, width=12) == "█▂▁▂"


def test_what_is_not_finite_is_a_gap():
    assert sparkline([0.0, math.nan, 1.0, math.inf], epochs=4, width=4) == "▁ █ "
    assert sparkline([math.nan], epochs=3, width=3) == " "


def test_a_flat_curve_is_flat():
    drawn = sparkline([0.5] * 6, epochs=6, width=6)
    assert len(set(drawn)) == 1
    assert drawn[0] in BARS
