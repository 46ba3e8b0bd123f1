from pipelines.digits import PIPELINE as DIGITS
from pipelines.fashion_mnist import PIPELINE as FASHION_MNIST
from spaces.learning_curve import learning_curve


def test_the_grid_holds_each_width_with_each_number_of_rows():
    space = learning_curve(widths=(8, 64), rows=(100, 200, 400))
    points = list(space.grid())
    assert [(point["width"], point["rows"]) for point in points] == [
        (width, rows) for width in (8, 64) for rows in (100, 200, 400)
    ]
    rest = [{k: v for k, v in p.items() if k not in ("width", "rows")} for p in points]
    assert rest == [rest[0]] * 6
    assert rest[0]["n_layers"] == 2


def test_the_rows_of_the_pipelines_are_there_in_three_folds():
    for pipeline, n_train in ((DIGITS, 1437), (FASHION_MNIST, 60_000)):
        rows = pipeline.spaces["learning_curve"].params["rows"].options
        assert max(rows) <= n_train * 2 // 3
        assert (
            min(rows)
            >= pipeline.spaces["learning_curve"].params["batch_size"].options[0]
        )
