"""How layers learn statistics from data."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from normlayers.layers import counting, unfinalized
from normlayers.layers.centring import at_least_float32
from normlayers.layers.learned_weights import Learned, refuse_features
from normlayers.layers.row_weights import combined_weight
from normlayers.layers.scaling_layer import ScalingLayer
from normlayers.layers.unfinalized import Statistics
from normlayers.statistics.blocks import Missing
from normlayers.statistics.conversion import is_sparse, to_array
from normlayers.statistics.extrema import Extrema
from normlayers.statistics.moments import Moments

Array = npt.NDArray[Any]


class AdaptiveLayer(ScalingLayer):
    """A scaling layer that learns location and spread from data, at once or batch by batch.

    A subclass says which class counts the statistics, and how location and spread follow.
    """

    statistics_class: ClassVar[type[Moments] | type[Extrema]]

    def __init__(
        self,
        axis: int | Sequence[int] | None,
        given: tuple[Array, Array] | None,
        invert: bool,
        missing: Missing,
        **kwargs: Any,
    ) -> None:
        self.statistics_class(missing=missing)  # refuses an unknown `missing`
        super().__init__(axis, given, invert, **kwargs)
        self.missing = missing
        # What was counted, its last batch's shape, and the weights as they were then: where they
        # have been changed since, they are what holds.
        self._running: Statistics | None = None
        self._running_shape: tuple[int | None, ...] = ()
        self._weights_then: list[Array] = []
        self._finalized = True

    @abstractmethod
    def location_and_spread(self, statistics: Any) -> tuple[Array, Array]:
        """What was counted, as the two weights have it."""

    @abstractmethod
    def counted_before(self, learned: Learned) -> Statistics:
        """The statistics that the weights were made of, for counting to go on."""

    @abstractmethod
    def check_sparse(self, statistics: Any) -> None:
        """Raise ValueError where the layer would make sparse data dense."""

    def adapt(
        self,
        data: Any,
        batch_size: int | None = None,
        steps: int | None = None,
        sample_weight: Any = None,
        mask: Any = None,
        verbose: counting.Verbose = "auto",
    ) -> None:
        """Learn the statistics of ``data``, forgetting earlier ones.

        One pass, accumulated in float64, in constant memory.

        Args:
            data: an array, a tensor, a frame, a SciPy sparse matrix or a list of rows, of shape
                ``(rows, ...)``; batches of them: a ``tf.data.Dataset``, a
                ``keras.utils.PyDataset``, a ``DataLoader``, a list, a generator; or a Dask
                collection, as for ``normlayers.adapt``. Of batches that are tuples, such as
                ``(x, y)``, the first entry is taken. Dates and times count as seconds since
                1970-01-01 UTC (the layer's inputs have to be those too), durations as seconds,
                missing values (``None``, ``pd.NA``, ``NaT``) as NaN.
            batch_size: rows read at a time from an array; ``None`` chooses.
            steps: number of batches to read; ``None`` reads all.
            sample_weight: how much each row counts, not negative, shape ``(rows,)`` or that of the
                data's first axes, also with further axes of length 1; for data in batches, one
                array of all their rows, or as many batches of weights.
            mask: booleans, shape ``(rows, timesteps)`` or that of the data's first axes, likewise;
                what is masked out does not count.
            verbose: show progress; ``"auto"``: on a terminal, where it takes more than a second.

        Raises:
            TypeError: the data are no numbers, or no array or iterable of them.
            ValueError: NaN (unless ignored), infinite values, no data, features that change or do
                not fit the layer, weights that do not fit. The layer keeps the statistics it had.
            RuntimeError: the layer was given its statistics.
        """
        self.refuse_given("adapt")
        statistics = self.new_statistics()
        with self._errors_named("adapt"):
            shape = counting.count_all(
                statistics,
                data,
                batch_size=batch_size,
                steps=steps,
                sample_weight=sample_weight,
                mask=mask,
                verbose=verbose,
                check=self.check_features,
            )
            if is_sparse(data):
                self.check_sparse(statistics)
            self.take(statistics, shape)

    def reset_state(self) -> None:
        """Forget what was counted; ``finalize_state`` changes what the layer computes."""
        self.refuse_given("reset_state")
        self._keep(self.new_statistics(), ())

    def update_state(self, batch: Any, sample_weight: Any = None, mask: Any = None) -> None:
        """Count a batch in; ``finalize_state`` changes what the layer computes.

        What is counted goes with the layer, finalized or not, where it is pickled, deep-copied or
        saved (``model.save``); not where weights alone are (``save_weights``, ``get_weights``).

        Args:
            batch: shape ``(rows, ...)``.
            sample_weight: how much each row, or each value of the first axes, counts.
            mask: booleans of the batch's first axes, such as rows and timesteps; what is masked
                out does not count.

        Raises:
            TypeError, ValueError, RuntimeError: as ``adapt``. What was counted stays as it was.
        """
        self.refuse_given("update_state")
        with self._errors_named("update_state"):
            batch = to_array(batch)
            self.check_features(batch.shape)
            statistics = self._counted_so_far()
            statistics.update(batch, combined_weight(sample_weight, mask))
        self._keep(statistics, batch.shape)

    def merge_state(self, layers: AdaptiveLayer | Iterable[AdaptiveLayer]) -> None:
        """Count in all that other layers have counted, such as those of other shards.

        Args:
            layers: the layers, or one; of this layer's kind.

        Raises:
            TypeError: a layer is of another kind.
            ValueError: a layer has other features. What was counted stays as it was.
            RuntimeError: the layer, or one of the others, was given its statistics.
        """
        self.refuse_given("merge_state")
        merged: Any = copy.deepcopy(self._counted_so_far())
        shape = self._running_shape
        with self._errors_named("merge_state"):
            if not isinstance(layers, Iterable):
                layers = [layers]
            for layer in layers:
                if type(layer) is not type(self):
                    raise TypeError(
                        f"only a {type(self).__name__}, or several, can be merged. Received: "
                        f"{type(layer).__name__}."
                    )
                layer.refuse_given("merge_state")
                merged.merge(layer._counted_so_far())
                shape = shape or layer._running_shape or layer._built_shape()
        self._keep(merged, shape)

    def finalize_state(self) -> None:
        """Compute with what was counted.

        Raises:
            ValueError: nothing was counted, or nothing of some feature. The layer stays as it was.
            RuntimeError: the layer was given its statistics.
        """
        self.refuse_given("finalize_state")
        with self._errors_named("finalize_state"):
            self.take(self._counted_so_far(), self._running_shape or self._built_shape())

    def inverse(self) -> Self:
        """A new layer that takes this one's outputs back to its inputs.

        It has this layer's statistics as they are now, given or learned, its own weights, and
        float32 where this layer computes in half precision; of an inverting layer it is the one
        that scales. ``clip`` stays: what was cut off does not come back.

        Raises:
            RuntimeError: the layer has no statistics yet.

        Example:
            >>> import numpy as np, normlayers as nl
            >>> layer = nl.Standardize()
            >>> layer.adapt(np.array([[9.0], [11.0]]))
            >>> np.asarray(layer.inverse()(layer(np.array([[10.0], [12.0]])))).tolist()
            [[10.0], [12.0]]
        """
        self.statistics()  # which raises where there are none
        config = {**self.get_config(), "invert": not self.invert, "name": f"{self.name}_inverse"}
        if not self.invert:  # half precision does not hold every unit
            config["dtype"] = at_least_float32(self.variable_dtype)
        inverse = type(self).from_config(config)
        if self._given is None:
            inverse.build_from_config(self.get_build_config())
            # As through a file; copied, since JAX gives up the arrays of a model that it trains.
            store: dict[str, Any] = {}
            self.save_own_variables(store)
            inverse.load_own_variables({key: np.array(value) for key, value in store.items()})
        return inverse

    def save_assets(self, folder: str) -> None:
        """Save what was counted and is not finalized; Keras calls this."""
        if self._running is not None and not (self._finalized or self._weights_changed()):
            unfinalized.write(folder, self._running, self._running_shape)

    def load_assets(self, folder: str | None) -> None:
        """Take it, after the weights; Keras calls this."""
        found = unfinalized.read(folder, self.statistics_class)
        if found is not None:
            self._keep(*found)

    def new_statistics(self) -> Statistics:
        """Statistics of nothing yet, with the layer's axes."""
        return self.statistics_class(axis=self.axis, missing=self.missing)

    def check_features(self, shape: tuple[Any, ...]) -> None:
        """Raise ValueError unless data of this shape fit the inputs the layer was built for."""
        rank = len(shape)
        built_for_rows = self._layout is not None and self._layout.keeps_rows()
        if any(axis in (0, -rank) for axis in self.axis) and not built_for_rows:
            raise ValueError(
                f"axis {self.axis} holds the rows of data of shape {shape}; "
                "pass axis=None, or data, each batch of them too, of shape (rows, features)."
            )
        if self._layout is not None:
            self._layout.fitting(shape, "data")

    def check_statistics(self, statistics: Statistics) -> tuple[Array, Array]:
        """Location and spread; ValueError where the layer cannot compute with them."""
        if not statistics.rows or not np.any(statistics.count):
            raise ValueError("there are no data.")
        refuse_features(
            statistics.count == 0, "has no data: all of it is masked out, NaN or of weight 0"
        )
        with np.errstate(over="ignore"):
            location, spread = self.location_and_spread(statistics)
        self.refuse_too_large(location, spread)
        return location, spread

    def take(self, statistics: Statistics, shape: tuple[int | None, ...]) -> None:
        """Compute with these statistics, of data of this shape, if they pass the check."""
        location, spread = self.check_statistics(statistics)
        if not self.built:
            self.build((None, *shape[1:]))
        elif None not in shape:  # built since it was counted, perhaps for other features
            self.check_features(shape)
        self.set_statistics(Learned(location, spread, statistics.count, statistics.rows))
        self._keep(statistics, shape)
        self._finalized = True

    def refuse_given(self, method: str) -> None:
        """Raise RuntimeError where the statistics were given: they are not to be learned."""
        if self._given is not None:
            raise RuntimeError(
                f"{type(self).__name__}.{method}(): layer {self.name!r} was given its statistics; "
                "make it without them to learn them from data."
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "missing": self.missing}

    def _counted_so_far(self) -> Statistics:
        """What was counted last: by the layer, or by the one that its weights are from."""
        if self._running is not None and not self._weights_changed():
            return self._running
        if self.count:
            return self.counted_before(self.learned())
        return self.new_statistics()

    def _keep(self, statistics: Statistics, shape: tuple[int | None, ...]) -> None:
        self._running, self._running_shape, self._finalized = statistics, shape, False
        self._weights_then = self.weights_now()

    def _weights_changed(self) -> bool:
        """Whether someone else has set the weights since something was counted."""
        now = self.weights_now()
        if not self._weights_then:  # built since: the weights are initial ones, or were set
            return bool(self.count)
        return not all(map(np.array_equal, now, self._weights_then))

    def _built_shape(self) -> tuple[Any, ...]:
        return () if self._layout is None else self._layout.built_for

    def _errors_named(self, method: str) -> counting.NamedErrors:
        return counting.NamedErrors(f"{type(self).__name__}.{method}()")
