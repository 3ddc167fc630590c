"""The min-max scaling input layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.layers.adaptive_layer import AdaptiveLayer
from normlayers.statistics.blocks import Missing
from normlayers.statistics.extrema import Extrema

Array = npt.NDArray[Any]


@keras.saving.register_keras_serializable(package="normlayers")
class MinMaxScale(AdaptiveLayer):
    """Shifts and scales inputs to a range: ``(x - min) / (max - min) * (high - low) + low``.

    The minimum and the maximum are learned from data by ``adapt``, or given. A feature that is
    constant in the data is shifted to ``low`` and not divided. Wide inputs (float64, integers) are
    shifted in their own precision and only then rounded to the layer's type.

    Source: the min-max scaling of article A1, ``(x - min) / (max - min)``.

    Args:
        axis: the axis or axes that get statistics of their own, usually the features: ``-1``.
            ``None``: one minimum and one maximum for everything.
        feature_range: ``(low, high)``, what the minimum and the maximum become.
        minimum: the minimum, where it is known; a number or an array that fits the kept axes.
        maximum: the maximum, given together with ``minimum``.
        invert: take scaled values back.
        clip: hold outputs within ``feature_range`` (with ``invert``, inputs).
        missing: ``"error"`` lets ``adapt`` refuse NaN; ``"ignore"`` leaves NaN out, feature by
            feature.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Attributes:
        minimum, maximum: float64 arrays in the shape of the kept axes.
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
        try:
            low, high = feature_range
        except (TypeError, ValueError):
            low = high = np.nan
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(
                "feature_range must be (low, high), low under high. "
                f"Received: feature_range={feature_range}"
            )
        super().__init__(axis, _given(minimum, maximum), invert, missing, **kwargs)
        self.feature_range = (float(low), float(high))
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

    def counted_before(self, location: Array, spread: Array, rows: int) -> Extrema:
        """Extrema with this minimum and span."""
        return Extrema.from_dict(
            {
                **Extrema(self.axis, self.missing).to_dict(),
                "rows": rows,
                "count": np.full(location.shape, float(rows)),
                "minimum": location,
                "maximum": location + spread,
            }
        )

    def divisor(self, spread: Array) -> Array:
        """The span; 1 for a constant."""
        return np.where(spread > 0, spread, 1.0)

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
        return {
            **config,
            "maximum": None if self._given is None else self.maximum.tolist(),
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
    minimum, maximum = np.asarray(minimum, float), np.asarray(maximum, float)
    if not np.all(np.isfinite(maximum - minimum)) or np.any(maximum < minimum):
        raise ValueError(
            "minimum and maximum must be finite, and minimum not over maximum. "
            f"Received: minimum={minimum}, maximum={maximum}"
        )
    return np.broadcast_arrays(minimum, maximum - minimum)[0], maximum - minimum
