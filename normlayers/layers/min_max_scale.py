"""The min-max scaling input layer."""

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
from normlayers.statistics.extrema import Extrema

Array = npt.NDArray[Any]

# The span of what should be equal and was computed in float64 along different ways, relative to it.
ROUNDING = 10 * float(np.finfo(np.float64).eps)


@keras.saving.register_keras_serializable(package="normlayers")
class MinMaxScale(AdaptiveLayer):
    """Shifts and scales inputs to a range: ``(x - min) / (max - min) * (high - low) + low``.

    The minimum and the maximum are learned from data by ``adapt``, or given. Wide inputs (float64,
    integers) are shifted in their own precision and only then rounded to the layer's type; see
    ``Standardize`` for how they reach the layer.

    A feature that is constant in the data is shifted to ``low`` and not divided. It counts as
    constant where its span is no more than rounding makes it:

    - ``max - min <= 10 * eps * max(|min|, |max|)`` with float64's ``eps``: the rounding of the
      data's own arithmetic. Integers are exact: of them only equal ones are constant;
      those beyond 2**53 as far as float64 holds their statistics.
    - ``max - min <= eps * max(|min|, |max|)`` where the layer receives float32, bfloat16 or
      float16, with that type's ``eps``: the rounding of the inputs.
    - ``max - min < 1.2e-38``, the smallest normal number of float32 (of float64, in a layer of that
      ``dtype``): the backends take smaller ones for 0. Multiply such data by a constant.

    Extrema that are given are taken as they are: only the last rule is for them too.

    Source: the min-max scaling of article A1, ``(x - min) / (max - min)``.

    Args:
        axis: the axis or axes that get statistics of their own, usually the features: ``-1``.
            ``None``: one minimum and one maximum for everything.
        feature_range: ``(low, high)``, what the minimum and the maximum become.
        minimum: the minimum, where it is known; a number or an array that fits the kept axes, from
            the last on, or that broadcasts with the inputs, such as one of shape ``(1, features)``.
        maximum: the maximum, given together with ``minimum``.
        invert: take scaled values back; in float32 at least, unless ``dtype`` says otherwise.
        clip: hold outputs within ``feature_range`` (with ``invert``, inputs).
        missing: ``"error"`` lets ``adapt`` refuse NaN; ``"ignore"`` leaves NaN out, feature by
            feature.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Attributes:
        minimum, maximum: float64 arrays in the shape that broadcasts with the inputs the layer was
            built for: of ``axis=-1`` and rank 2, ``(1, features)``.
        count: number of rows they were learned from.

    Shapes:
        inputs ``(batch, ...)``; outputs the same. The kept axes need a known length.

    Example:
        >>> import numpy as np, normlayers as nl
        >>> layer = nl.MinMaxScale(feature_range=(-1, 1))
        >>> layer.adapt(np.array([[0.0], [10.0]], "float32"))
        >>> np.asarray(layer(np.array([[0.0], [7.5], [10.0]], "float32"))).tolist()
        [[-1.0], [0.5], [1.0]]
    """

    statistics_class = Extrema
    location_name = "minimum"
    spread_name = "span"

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        feature_range: tuple[float, float] = (0.0, 1.0),
        minimum: Any = None,
        maximum: Any = None,
        invert: bool = False,
        clip: bool = False,
        missing: Missing = "error",
        **kwargs: Any,
    ) -> None:
        check_flags(clip=clip)
        try:
            low, high = map(float, feature_range)
        except (TypeError, ValueError):
            low = high = np.nan
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(
                "feature_range must be (low, high), low under high. "
                f"Received: feature_range={feature_range!r}"
            )
        super().__init__(axis, _given(minimum, maximum), invert, missing, **kwargs)
        self.feature_range = (low, high)
        self.clip = clip

    @property
    def minimum(self) -> Array:
        """The minimum; RuntimeError while there is none."""
        return self.statistics()[0]

    @property
    def maximum(self) -> Array:
        """The maximum; RuntimeError while there is none."""
        minimum, span = self.statistics()
        return minimum + span

    def location_and_spread(self, statistics: Extrema) -> tuple[Array, Array]:
        """Minimum and span."""
        return statistics.minimum, statistics.maximum - statistics.minimum

    def counted_before(self, learned: Learned) -> Extrema:
        """Extrema with this minimum, span and count."""
        return Extrema.from_state(
            {
                **Extrema(self.axis, self.missing).state(),
                "rows": learned.rows,
                "count": learned.total,
                "minimum": learned.location,
                "maximum": learned.location + learned.spread,
            }
        )

    @classmethod
    def scale_of(cls, spread: Any, library: Any) -> Any:
        """The span."""
        return spread

    @classmethod
    def is_constant(cls, values: Reading, spacing: float, integers: bool, library: Any) -> Any:
        """Where the span is within the rounding; see the class."""
        maximum = values.high + values.scale
        largest = library.maximum(library.abs(values.high), library.abs(maximum))
        constant = values.scale <= max(spacing, ROUNDING) * largest
        return library.logical_and(constant, values.scale < 1) if integers else constant

    def scaled(self, centred: Any, divisor: Any, clip: Any) -> Any:
        """From ``[0, span]`` to the feature range."""
        low, high = self.feature_range
        values = centred / divisor
        if self.feature_range != (0.0, 1.0):
            values = values * (high - low) + low
        return clip(values, low, high) if self.clip else values

    def unscaled(self, values: Any, divisor: Any, clip: Any) -> Any:
        """From the feature range to ``[0, span]``."""
        low, high = self.feature_range
        if self.clip:
            values = clip(values, low, high)
        return (values - low) / (high - low) * divisor

    def check_sparse(self, statistics: Extrema) -> None:
        """Zeros stay zeros only where they are the minimum and the range starts there."""
        if self.feature_range[0] != 0 or np.any(statistics.minimum != 0):
            raise ValueError(
                "scaling sparse data would make every zero a number to store, since "
                f"the minima are not all 0 or the range starts at {self.feature_range[0]}; use "
                "feature_range=(0, ...) and data whose minimum is 0, or data.toarray()."
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config[self.spread_name]
        given = self._given
        return {
            **config,
            "maximum": None if given is None else (given[0] + given[1]).tolist(),
            "feature_range": self.feature_range,
            "clip": self.clip,
        }


def _given(minimum: Any, maximum: Any) -> tuple[Array, Array] | None:
    if (minimum is None) != (maximum is None):
        raise ValueError(
            "minimum and maximum must be given together. "
            f"Received: minimum={minimum!r}, maximum={maximum!r}"
        )
    if minimum is None:
        return None
    # Copied: the layer reads them again when it is saved.
    minimum, maximum = np.array(minimum, float), np.array(maximum, float)
    if not np.all(np.isfinite(maximum - minimum)) or np.any(maximum < minimum):
        raise ValueError(
            "minimum and maximum must be finite, and minimum not over maximum. "
            f"Received: minimum={minimum}, maximum={maximum}"
        )
    return np.broadcast_arrays(minimum, maximum - minimum)[0], maximum - minimum
