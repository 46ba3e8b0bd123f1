"""How scores are written: as many digits as tell something, whatever the unit."""


def write_score(value: float, *, sign: bool = False, like: float | None = None) -> str:
    """Write a score with five significant digits, at most four behind the point.

    Args:
        value: The score.
        sign: Whether a plus is written.
        like: Take the decimals of this score: a spread has those of its mean.

    Example:
        >>> write_score(0.91234), write_score(12.34567), write_score(43181.4787)
        ('0.9123', '12.346', '43,181')
        >>> write_score(0.02, sign=True)
        '+0.0200'
    """
    size = abs(value if like is None else like)
    decimals = sum(size < limit for limit in (10, 100, 1_000, 10_000))
    return f"{value:{'+' if sign else ''},.{decimals}f}"


def write_mean(mean: float, error: float | None) -> str:
    """Write the mean over folds with its standard error, None for a single fold.

    Example:
        >>> write_mean(0.91234, 0.0123), write_mean(0.91234, None)
        ('0.9123 ±0.0123', '0.9123')
    """
    if error is None:
        return write_score(mean)
    return f"{write_score(mean)} ±{write_score(error, like=mean)}"


def with_unit(metric: str, unit: str) -> str:
    """Return a metric's name with the unit of its values.

    Args:
        metric: Its name.
        unit: Of the target; empty for none.

    Example:
        >>> with_unit("mae", "k$"), with_unit("mse", "k$"), with_unit("accuracy", "")
        ('mae (k$)', 'mse (k$²)', 'accuracy')
    """
    if not unit or metric not in ("mae", "rmse", "mse"):
        return metric
    return f"{metric} ({unit}{'²' if metric == 'mse' else ''})"
