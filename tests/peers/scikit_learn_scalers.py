"""Our layers with the methods and attributes of scikit-learn's scalers, for its own tests."""

import keras
import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

import normlayers as nl


class Scaler(TransformerMixin, BaseEstimator):
    """What both have; NaN is missing to them, and they compute in the type of the data."""

    def fit(self, x, y=None, sample_weight=None):
        self.counting_ = self.make_layer(_float_type(x))
        self.counting_.adapt(x, sample_weight=sample_weight)
        self.counted_more_ = False
        return self

    def partial_fit(self, x, y=None, sample_weight=None):
        if getattr(self, "counting_", None) is None:
            self.counting_ = self.make_layer(_float_type(x))
        self.counting_.update_state(x, sample_weight=sample_weight)
        self.counted_more_ = True
        return self

    @property
    def layer_(self):
        """The layer, computing with all that was counted."""
        if self.counted_more_:
            self.counting_.finalize_state()
            self.counted_more_ = False
        return self.counting_

    def transform(self, x, copy=True):
        return self._through(self.layer_, x, copy)

    def inverse_transform(self, x):
        return self._through(self.layer_.inverse(), x)

    def _through(self, layer, x, copy=True):
        if sparse.issparse(x):
            layer.check_sparse(layer.new_statistics())
            return type(x)(_computed(layer, x.toarray()))
        y = _computed(layer, np.asarray(x))
        if not copy:
            x[...] = y
        return y if copy else x

    @property
    def n_samples_seen_(self):
        """How much was counted of each feature; one number where that is the same."""
        count = self.counting_._counted_so_far().count
        same = np.ptp(count) == 0
        whole = np.all(count == np.round(count))
        count = count.astype(int) if whole else count
        return count.flat[0] if same else count


class StandardScaler(Scaler):
    """``Standardize`` as scikit-learn's class of this name."""

    def __init__(self, *, copy=True, with_mean=True, with_std=True):
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std

    def make_layer(self, dtype):
        return nl.Standardize(
            center=self.with_mean, scale=self.with_std, missing="ignore", dtype=dtype
        )

    @property
    def mean_(self):
        return self.layer_.mean.ravel() if self.with_mean or self.with_std else None

    @property
    def var_(self):
        return self.layer_.variance.ravel() if self.with_std else None

    @property
    def scale_(self):
        """What the layer divides by, as its inverse shows: 1 comes back as that."""
        if not self.with_std:
            return None
        back = self.layer_.inverse()
        back.center = False
        return _computed(back, np.ones((1, self.mean_.size)))[0].astype(float)


class MinMaxScaler(Scaler):
    """``MinMaxScale`` as scikit-learn's class of this name."""

    def __init__(self, feature_range=(0, 1), *, copy=True, clip=False):
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip

    def make_layer(self, dtype):
        return nl.MinMaxScale(
            feature_range=self.feature_range, clip=self.clip, missing="ignore", dtype=dtype
        )

    @property
    def data_min_(self):
        return self.layer_.minimum.ravel()

    @property
    def data_max_(self):
        return self.layer_.maximum.ravel()

    @property
    def data_range_(self):
        return self.data_max_ - self.data_min_

    @property
    def scale_(self):
        low, high = self.feature_range
        return (high - low) / np.where(self.data_range_ > 0, self.data_range_, 1.0)

    @property
    def min_(self):
        return self.feature_range[0] - self.data_min_ * self.scale_


def _computed(layer, x):
    rows = len(x)
    # A power of two of them: JAX compiles anew for every number of rows.
    padded = np.pad(x, [(0, 2 ** (rows - 1).bit_length() - rows), (0, 0)], mode="edge")
    return keras.ops.convert_to_numpy(layer(padded))[:rows]


def _float_type(x):
    dtype = getattr(x, "dtype", np.dtype(float))
    return dtype.name if dtype.kind == "f" else "float64"
