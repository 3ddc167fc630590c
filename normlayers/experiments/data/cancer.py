"""Breast cancer samples that come with scikit-learn (Wolberg, Street and Mangasarian 1995)."""

from __future__ import annotations

from normlayers.experiments.data.data_set import DataSet


def cancer() -> DataSet:
    """569 samples, malignant (0) or benign (1); 30 features of very different scales.

    Example:
        >>> cancer().x.shape
        (569, 30)
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    return DataSet(found.data.astype("float32"), found.target, list(found.feature_names))
