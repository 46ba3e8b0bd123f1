import numpy as np
import pytest
from drawn import read_picture, share_of

from search.pictures.boundaries import WORDS, Panel, draw_boundaries, over_time
from search.plane import Plane

AXES = (np.linspace(-1, 1, 50, dtype="f4"), np.linspace(-2, 2, 50, dtype="f4"))


def make_plane(probabilities, *, epoch=0, n_rows=20):
    """A plane of one epoch; the classes take turns."""
    n_classes = probabilities.shape[2]
    rows = np.random.default_rng(0).uniform(-1, 1, (n_rows, 2)).astype("f4")
    return Plane(
        rows=rows,
        y=np.arange(n_rows) % n_classes,
        axes=AXES,
        by_epoch={epoch: probabilities.astype("f4")},
    )


def halves(share):
    """Two classes: the second lies where the first input is above 0."""
    second = np.where(AXES[0] > 0, share, 1 - share) * np.ones((50, 1))
    return np.stack([1 - second, second], axis=2)


def draw(path, plane, **options):
    panel = Panel(title="t", plane=plane, epoch=0)
    draw_boundaries(path, [panel], classes=("a", "b"), **options)
    return read_picture(path)


def test_areas_have_the_colours_of_their_classes(path):
    pixels = draw(path, make_plane(halves(1.0)))
    columns = np.arange(pixels.shape[1])
    blue = (pixels[..., 2] - pixels[..., 0] > 0.2) @ np.ones(pixels.shape[1])
    assert blue.max() > 0
    where_blue = columns[(pixels[..., 2] - pixels[..., 0] > 0.2).sum(axis=0) > 100]
    where_orange = columns[(pixels[..., 0] - pixels[..., 2] > 0.2).sum(axis=0) > 100]
    assert where_blue.max() <= where_orange.min() + 10  # the line and its blur
    assert len(where_blue) == pytest.approx(len(where_orange), rel=0.1)


def test_what_is_not_sure_is_pale(path):
    def coloured(share):
        pixels = draw(path, make_plane(halves(share)))
        return (pixels.max(axis=2) - pixels.min(axis=2)).mean()

    assert coloured(0.99) > 4 * coloured(0.55)


def test_a_boundary_is_drawn_where_there_is_one(path):
    black = share_of("#000000", draw(path, make_plane(halves(0.9))))
    one_class = np.stack([np.full((50, 50), 0.9), np.full((50, 50), 0.1)], axis=2)
    without = share_of("#000000", draw(path, make_plane(one_class)))
    # a line of some 330 x 2 pixels of 480 x 480, paler at its sides
    assert black > without + 0.0005


@pytest.mark.parametrize(("n_panels", "shape"), [(1, (480, 480)), (5, (960, 1440))])
def test_panels_stand_three_in_a_row(path, n_panels, shape):
    panel = Panel(title="t", plane=make_plane(halves(0.9)), epoch=0)
    draw_boundaries(path, [panel] * n_panels, classes=("a", "b"))
    assert read_picture(path).shape[:2] == shape


def test_more_classes_than_colours(path):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), (50, 50))
    panel = Panel(title="t", plane=make_plane(probabilities), epoch=0)
    draw_boundaries(path, [panel], classes=tuple("0123456789"))
    read_picture(path)


def test_a_networks_panels_over_time():
    plane = make_plane(halves(0.9))

    def said(**epochs):
        panels = over_time(plane, **epochs)
        return [(panel.title, panel.epoch) for panel in panels]

    assert said(best=7, last=20) == [
        ("start", 0),
        ("best epoch: 7", 7),
        ("last epoch: 20", 20),
    ]
    assert said(best=20, last=20) == [("start", 0), ("best and last epoch: 20", 20)]
    czech = over_time(plane, best=7, last=20, words=WORDS | {"start": "začátek"})
    assert czech[0].title == "začátek"
