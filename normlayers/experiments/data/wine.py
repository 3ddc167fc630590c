"""Wines that come with scikit-learn (Aeberhard and Forina 1991)."""

from __future__ import annotations

from normlayers.experiments.data.data_set import DataSet


def wine() -> DataSet:
    """178 wines of three cultivars; 13 features with standard deviations from 0.12 to 314.

    Example:
        >>> data = wine()
        >>> data.x.shape, data.features[-1]
        ((178, 13), 'proline')
    """
    from sklearn.datasets import load_wine

    found = load_wine()
    names = [name.replace("_", " ") for name in found.feature_names]
    return DataSet(found.data.astype("float32"), found.target, names)
