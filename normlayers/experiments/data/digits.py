"""Handwritten digits that come with scikit-learn (Alpaydin and Kaynak 1998)."""

from __future__ import annotations

from normlayers.experiments.data.data_set import DataSet


def digits() -> DataSet:
    """1,797 images of 8 x 8 pixels, each from 0 to 16, in ten classes.

    Example:
        >>> data = digits()
        >>> data.x.shape, float(data.x.max())
        ((1797, 64), 16.0)
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    names = [f"pixel ({row}, {column})" for row in range(8) for column in range(8)]
    return DataSet(x.astype("float32"), y, names, bound=16)
