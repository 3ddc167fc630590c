"""A model's decision boundaries: logits on a grid over the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.tracking.plane import Plane, eigenvectors, plane_through, principal_plane
from normlayers.tracking.reading.activation_names import activation_of
from normlayers.tracking.reading.probe import Probe, Reading
from normlayers.tracking.snapshots.predictions import predicts_classes

Array = npt.NDArray[Any]
Wanted = Literal["auto", "principal"] | bool | Sequence[int]

RESOLUTION = 101
# A plane's grid goes through the whole of a model that may be large.
PLANE_RESOLUTION = 51
# A plane's grid of so many numbers is kept where the model is.
KEPT = 2**24
# Tags after ``boundary/`` that are those of no layer.
_OF_INPUTS = ("input", "plane")


@dataclass(frozen=True)
class Boundary:
    """Logits on a grid over points; a decision boundary is where one is 0.

    Attributes:
        points: the points the grid was laid over, shape ``(points, 2)``.
        extent: the grid's ``(left, right, bottom, top)``, in the points' units.
        logit: shape ``(resolution, resolution)``; rows run from bottom to top; of several outputs
            ``(resolution, resolution, outputs)``.
        axis_labels: names of the two axes.
        classes: whether several logits are those of classes, the largest of which is predicted.
    """

    points: Array
    extent: tuple[float, float, float, float]
    logit: Array
    axis_labels: tuple[str, str] = ("x0", "x1")
    classes: bool = False


def boundary_over(
    points: Array,
    logit_of: Callable[[Array], Array],
    resolution: int = RESOLUTION,
    axis_labels: tuple[str, str] = ("x0", "x1"),
    classes: bool = False,
) -> Boundary:
    """Evaluate a model on a square grid over points and a margin about them.

    Args:
        points: shape ``(points, 2)``: inputs, or a layer's two activations.
        logit_of: takes float32 points of shape ``(n, 2)`` and returns their logits, shape
            ``(n,)`` or ``(n, outputs)``.
        resolution: grid points along each side.
        axis_labels: names of the two axes.
        classes: whether several logits are those of classes.

    Raises:
        ValueError: the points are not pairs.

    Example:
        >>> boundary = boundary_over(np.array([[0.0, 0.0], [1.0, 2.0]]), lambda x: x[:, 0])
        >>> boundary.extent
        (-0.1, 1.1, -0.2, 2.2)
    """
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"a boundary is drawn over pairs. Received: points of shape {points.shape}"
        )
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    # Points on a line, such as a dead neuron's zeros or a saturated one's all but equal values,
    # still get an area.
    told_apart = 64 * np.finfo(np.float32).eps * np.maximum(abs(low), abs(high))
    margin = np.where(high - low > told_apart, 0.1 * (high - low), 0.5)
    (left, bottom), (right, top) = low - margin, high + margin
    across, up = np.meshgrid(
        np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    )
    grid = np.stack([across.ravel(), up.ravel()], axis=1).astype("float32")
    logit = np.asarray(logit_of(grid), float).reshape(resolution, resolution, -1)
    logit = logit[..., 0] if logit.shape[-1] == 1 else logit
    extent = (float(left), float(right), float(bottom), float(top))
    return Boundary(points, extent, logit, axis_labels, classes)


class Survey:
    """The boundaries that a model has to show, and how they run.

    - ``boundary/input``: over the inputs, of a model of two;
    - ``boundary/plane``: over a plane through inputs of more, where one is asked for;
    - ``boundary/<layer>``: in the space of a layer of two neurons, where the Dense layer after it
      has its own neurons' boundaries; ``boundary/layer/<layer>`` of one named as the two above.

    Args:
        probe: reads the model.
        x: the points, shape ``(points, ...)``, or a structure of several inputs.
        wanted: ``"auto"``: what there is but a plane; ``True``: the same, or an error;
            ``False``: nothing; ``"principal"``: the plane of the two first principal components;
            three indices: the plane through those points.

    Raises:
        ValueError: what is wanted cannot be drawn.
    """

    def __init__(self, probe: Probe, x: Any, wanted: Wanted) -> None:
        self._probe, self._x = probe, x
        self._layers = {name for name, n in probe.wiring.neurons.items() if n == 2} & {
            *probe.wiring.next_dense
        }
        single = isinstance(x, np.ndarray)
        self._plane: Plane | None = None
        self._grid: Array | None = None  # on the plane, which stays where it is
        asks_plane = wanted == "principal" or not isinstance(wanted, bool | str)
        pairs = single and x.shape[1:] == (2,)
        if (asks_plane and not single) or (wanted is True and not pairs):
            shape = x.shape if single else "several inputs"
            raise ValueError(
                "boundary=True needs a model of two inputs; of one with more, ask for "
                'boundary="principal" or for a plane through three points by their indices. '
                f"Received: points of shape {shape}."
            )
        if asks_plane:
            flat = x.reshape(len(x), -1)
            self._plane = (
                principal_plane(flat, _device_eigenvectors)
                if isinstance(wanted, str)
                else plane_through(flat, list(wanted))  # type: ignore[arg-type]
            )
            self._projected = self._plane.project(flat)
        if not wanted:
            self._layers = set()
        # Of whole numbers, such as words, there may be none between.
        between = pairs and (wanted is True or x.dtype.kind == "f")
        self._over_inputs = bool(wanted) and not asks_plane and between

    def read(self, reading: Reading) -> dict[str, Boundary]:
        """The boundaries of the model as it is, by tag."""
        found = {}
        classes = predicts_classes(self._probe.model, self._probe.wiring.ends_in)
        if self._over_inputs:
            found["boundary/input"] = boundary_over(self._x, self._probe.logit, classes=classes)
        plane = self._plane
        if plane is not None:
            found["boundary/plane"] = boundary_over(
                self._projected,
                lambda grid: self._probe.logit(self._on_plane(plane, grid)),
                PLANE_RESOLUTION,
                plane.axis_labels,
                classes=classes,
            )
        for name in sorted(self._layers & reading.activations.keys()):
            dense = self._probe.wiring.next_dense[name]
            # No layer's name has a slash, so that no other's tag is this one.
            tag = f"boundary/layer/{name}" if name in _OF_INPUTS else f"boundary/{name}"
            found[tag] = boundary_over(
                reading.activations[name],
                partial(dense_logit, dense),
                axis_labels=(f"{name} neuron 0", f"{name} neuron 1"),
                classes=activation_of(dense) == "softmax",
            )
        return found

    def _on_plane(self, plane: Plane, grid: Array) -> Array:
        """The grid's points as the model takes them: the same array at every call."""
        if self._grid is not None:
            return self._grid
        # Between whole numbers there are others.
        dtype = self._x.dtype if self._x.dtype.kind == "f" else np.float32
        lifted = plane.lift(grid).reshape(-1, *self._x.shape[1:]).astype(dtype)
        if lifted.size <= KEPT:
            self._grid = lifted
        return lifted


def _device_eigenvectors(rows: Array) -> Array:
    """``eigenvectors``, computed where models are.

    NumPy's threads wait for each other, and for the backend's: where other processes keep the
    cores busy, for seconds of 784 rows.
    """
    if keras.backend.backend() == "jax":  # which has no float64 unless it is asked for
        return eigenvectors(rows)
    tensor = ops.convert_to_tensor(rows, "float64")
    _, vectors = ops.eigh(tensor @ ops.transpose(tensor))
    return np.asarray(ops.convert_to_numpy(vectors))


def dense_logit(layer: keras.layers.Dense, features: Array) -> Array:
    """A Dense layer's output before its activation, in float64, from its inputs."""
    kernel = np.asarray(ops.convert_to_numpy(ops.copy(layer.kernel)), float)
    logit = features.astype(float) @ kernel
    if layer.bias is None:
        return logit
    return logit + np.asarray(ops.convert_to_numpy(ops.copy(layer.bias)), float)
