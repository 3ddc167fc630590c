"""The standardizing input layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.layers.adaptive_layer import AdaptiveLayer
from normlayers.layers.batch_norm.arguments import check_flags
from normlayers.layers.learned_weights import Learned, Reading
from normlayers.statistics.blocks import Missing
from normlayers.statistics.moments import Moments

Array = npt.NDArray[Any]

EPSILON = float(np.finfo(np.float64).eps)
# Sums of more values are summed in parts: their rounding grows no further.
MOST_ROUNDINGS = 2.0**20


@keras.saving.register_keras_serializable(package="normlayers")
class Standardize(AdaptiveLayer):
    """Shifts and scales inputs to mean 0 and standard deviation 1: ``(x - mean) / std``.

    The mean and the variance (the population's: divided by n) are learned from data by
    ``adapt``, once, before training, or given. They are not trained.

    A feature that is constant in the data is shifted and not divided. It counts as constant where
    its standard deviation is no more than rounding makes it:

    - ``std <= n * eps * |mean|`` with float64's ``eps`` and the number of values ``n``, or their
      total weight (at most 2**20): the rounding of the data's own arithmetic, the rule of
      scikit-learn. Integers are exact: of them only equal ones are constant;
      those beyond 2**53 as far as float64 holds their statistics.
    - ``std <= eps * |mean| / 2`` where the layer receives float32, bfloat16 or float16, with that
      type's ``eps``: the rounding of the inputs. Through ``keras.Input`` float64 data come in
      float32, unless it has another ``dtype``.
    - ``std < 1.2e-38``, the smallest normal number of float32 (of float64, in a layer of that
      ``dtype``): the backends take smaller ones for 0. Multiply such data by a constant.

    Statistics that are given are taken as they are: only the last rule is for them too.

    Wide inputs (float64, and integers such as timestamps and identifiers) are centred in their own
    precision and only then rounded to the layer's type, with a mean of twice a float32's digits.
    To get them to the layer unrounded, give ``keras.Input`` their ``dtype``; float64 arrays also
    have to come in a ``tf.data.Dataset`` or the like, since ``fit`` and ``predict`` turn those into
    float32. JAX has no 64-bit types unless ``jax_enable_x64`` is set: there the layer refuses
    arrays of integers beyond 32 bits, but in ``fit`` and ``predict`` Keras cuts them (and warns)
    before the layer gets them.

    It takes the place of ``keras.layers.Normalization``; of one that is adapted already, with
    ``Standardize(mean=layer.mean, variance=layer.variance)``. It may be adapted again at any time:
    a compiled model computes with the new statistics, where Keras's has to be compiled again. What
    it learned is the lengths of the kept axes; the rank of the inputs may differ from the data's.

    Exported (``model.export``), it computes the same in a SavedModel, ONNX, LiteRT and OpenVINO,
    of wide integers too. float64 inputs keep their digits in a SavedModel and ONNX only: LiteRT
    needs TensorFlow's select operations for them, and OpenVINO rounds them to float32 first.

    The weights ``mean`` and ``variance`` are the same float32 numbers, bit for bit, in whatever
    order and batches the data come, on one machine or many; the third, ``exact``, has the digits
    that float32 cuts off, of which the last may differ unless the data are small integers.

    Source: the articles' standardization, ``(x - mu) / sigma`` (A1, A3);
    with ``center=False`` their ``x / sigma`` (A4).

    Args:
        axis: the axis or axes that get statistics of their own, usually the features: ``-1``.
            ``None``: one mean and one variance for everything.
        mean: the mean, where it is known; a number or an array that fits the kept axes, from the
            last on, or that broadcasts with the inputs, such as one of shape ``(1, features)``.
        variance: the variance, given together with ``mean``.
        invert: compute ``x * std + mean`` instead, which takes standardized values back; in
            float32 at least, unless ``dtype`` says otherwise.
        center: subtract the mean.
        scale: divide by the standard deviation.
        missing: ``"error"`` lets ``adapt`` refuse NaN; ``"ignore"`` leaves NaN out of the
            statistics, feature by feature (in the layer's inputs NaN stays NaN).
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Attributes:
        mean, variance: float64 arrays in the shape that broadcasts with the inputs the layer was
            built for: of ``axis=-1`` and rank 2, ``(1, features)``. As Keras's layer has them.
        count: number of rows they were learned from.

    Shapes:
        inputs ``(batch, ...)``; outputs the same. The kept axes need a known length.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> layer = nl.Standardize()
        >>> layer.adapt(np.array([[9.0, 100.0], [11.0, 300.0]], "float32"))
        >>> layer.mean.tolist(), layer.variance.tolist()
        ([[10.0, 200.0]], [[1.0, 10000.0]])
        >>> np.asarray(layer(np.array([[10.0, 300.0]], "float32"))).tolist()
        [[0.0, 1.0]]
    """

    statistics_class = Moments
    location_name = "mean"
    spread_name = "variance"

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        center: bool = True,
        scale: bool = True,
        missing: Missing = "error",
        **kwargs: Any,
    ) -> None:
        check_flags(center=center, scale=scale)
        super().__init__(axis, _given(mean, variance), invert, missing, **kwargs)
        self.center = center
        self.scale = scale

    @property
    def mean(self) -> Array:
        """The mean; RuntimeError while there is none."""
        return self.statistics()[0]

    @property
    def variance(self) -> Array:
        """The variance; RuntimeError while there is none."""
        return self.statistics()[1]

    def location_and_spread(self, statistics: Moments) -> tuple[Array, Array]:
        """Mean and variance."""
        return statistics.mean, statistics.variance

    def counted_before(self, learned: Learned) -> Moments:
        """Moments with this mean, variance and count."""
        zero = np.zeros(learned.location.shape)
        return Moments.from_state(
            {
                **Moments(self.axis, self.missing).state(),
                "rows": learned.rows,
                "n": (learned.total, zero),
                "shift": (learned.location, zero),
                "total": (zero, zero),
                "sum_of_squares": (learned.spread * learned.total, zero),
            }
        )

    @classmethod
    def scale_of(cls, spread: Any, library: Any) -> Any:
        """The standard deviation."""
        return library.sqrt(spread)

    @classmethod
    def is_constant(cls, values: Reading, spacing: float, integers: bool, library: Any) -> Any:
        """Where the standard deviation is within the rounding; see the class."""
        count = library.minimum(values.total, MOST_ROUNDINGS)
        rounding = library.maximum(count * EPSILON, spacing / 2)
        constant = values.scale <= rounding * library.abs(values.high)
        if integers:  # one of n that differs by 1 makes more than this
            one_differs = 0.5 / library.sqrt(library.maximum(values.total, 1.0))
            constant = library.logical_and(constant, values.scale < one_differs)
        return constant

    def scaled(self, centred: Any, divisor: Any, clip: Any) -> Any:
        """Divided by the standard deviation."""
        return centred / divisor if self.scale else centred

    def unscaled(self, values: Any, divisor: Any, clip: Any) -> Any:
        """Multiplied by the standard deviation."""
        return values * divisor if self.scale else values

    def check_sparse(self, statistics: Moments) -> None:
        """Centring makes every zero a number."""
        if self.center:
            raise ValueError(
                "centring sparse data would make every zero a number to store; pass center=False "
                "to divide by the standard deviation only, or data.toarray() if they fit in memory."
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "center": self.center,
            "scale": self.scale,
        }


def _given(mean: Any, variance: Any) -> tuple[Array, Array] | None:
    if (mean is None) != (variance is None):
        raise ValueError(
            "mean and variance must be given together. "
            f"Received: mean={mean!r}, variance={variance!r}"
        )
    if mean is None:
        return None
    # Copied: the layer reads them again when it is saved.
    mean, variance = np.array(mean, float), np.array(variance, float)
    if not np.all(variance >= 0) or not np.all(np.isfinite([*mean.flat, *variance.flat])):
        raise ValueError(
            "mean and variance must be finite, and variance not negative. "
            f"Received: mean={mean}, variance={variance}"
        )
    return mean, variance
