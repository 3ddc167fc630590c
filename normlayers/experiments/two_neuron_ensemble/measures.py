"""What two-neuron networks and larger ones do before and after training, a value per network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.dense_networks import Weights, trained_part
from normlayers.ensembles.ensemble import TrainedChunk
from normlayers.ensembles.forward_pass import Passed, blocks, measuring_program
from normlayers.ensembles.stacked_network import Architecture
from normlayers.tracking.linear_fit import LinearFit

Array = npt.NDArray[Any]

# Points along each side of the grid on which boundaries are compared.
GRID = 25


@dataclass(frozen=True)
class StackedReading:
    """What networks do on points.

    Attributes:
        active: whether a hidden neuron is active, shape ``(points, hidden neurons, networks)``;
            the neurons of all hidden layers, one layer after the other.
        logit: shape ``(points, networks)``.
    """

    active: Array
    logit: Array


def read(architecture: Architecture, weights: Weights, points: Array) -> StackedReading:
    """Send points of shape ``(points, features)`` through networks, as when predicting."""
    tensors = [{name: ops.convert_to_tensor(a) for name, a in layer.items()} for layer in weights]
    program = measuring_program(architecture, _activity, training=False, often=True)
    found = program(blocks(architecture, tensors), architecture.tensors(points)[0])
    return StackedReading(**{name: ops.convert_to_numpy(tensor) for name, tensor in found.items()})


def _activity(
    architecture: Architecture, weights: Weights, passed: Passed, x: Any
) -> dict[str, Any]:
    active = ops.concatenate([z > 0 for z in passed.pre_activations], axis=1)
    return {"active": active, "logit": passed.logits}


class StackedMeasures:
    """Measures networks of two inputs.

    - ``accuracy``: share of the points, after training;
    - ``dead_start``, ``always_on_start``, ``selective_start``, and ``_end``: share of the hidden
      neurons in that state, before and after;
    - ``states_kept``: 1 where every neuron is in the same state before and after, else 0;
    - ``activity_changed``: share of the (neuron, point) pairs active either before or after only;
    - ``exclusive_start``, ``exclusive_end``: of the points that activate any hidden neuron, the
      share that activates one only; NaN where there are none;
    - ``weights_moved``: length of the way from start to end, as a share of the length of the
      weights at the start (kernels, biases, gammas and betas together);
    - ``boundary_moved``: share of a grid over the points on which the predicted class changed;
    - ``linearity_start``, ``linearity_end``: see ``tracking.measures.linearity``;
    - ``dead_moved``: the largest change of a weight of those neurons of the first hidden layer
      that are dead at the start; NaN where there are none;
    - ``alike_start``, ``alike_end``: mean cosine between the weights (kernel and bias) of pairs of
      neurons of the first hidden layer that are both always on at the start; NaN where there are
      none.

    Of a network that has diverged, all but the measures of the start are NaN.

    Args:
        architecture: of the networks.
        x: the points, shape ``(points, 2)``.
        y: their labels, 0 or 1, shape ``(points,)`` or ``(points, 1)``.
    """

    def __init__(self, architecture: Architecture, x: Array, y: Array) -> None:
        self._architecture = architecture
        self._x, self._labels = x, np.asarray(y).reshape(-1, 1) > 0.5
        self._with_grid = np.concatenate([x, _grid_over(x)])
        self._fit = LinearFit(x)

    def of(self, chunk: TrainedChunk) -> dict[str, Array]:
        """The measures by name, each of shape ``(networks,)``, float32."""
        start, end = self._reading(chunk.start), self._reading(chunk.end)
        points = len(self._x)
        before, after = start.active[:points], end.active[:points]
        states = _states(before), _states(after)
        predicted = start.logit > 0, end.logit > 0
        found = {
            "accuracy": (predicted[1][:points] == self._labels).mean(axis=0),
            **_shares_of_states("start", states[0]),
            **_shares_of_states("end", states[1]),
            "states_kept": (states[0] == states[1]).all(axis=0),
            "activity_changed": (before != after).mean(axis=(0, 1)),
            "exclusive_start": _exclusive(before),
            "exclusive_end": _exclusive(after),
            "weights_moved": _moved(chunk.start, chunk.end),
            "boundary_moved": (predicted[0] != predicted[1])[points:].mean(axis=0),
            "linearity_start": self._fit.r_squared_of_each(start.logit[:points]),
            "linearity_end": self._fit.r_squared_of_each(end.logit[:points]),
            **self._of_first_layer(chunk, states[0]),
        }
        diverged = ~np.isfinite(end.logit).all(axis=0)
        return {
            name: np.where(diverged & (not name.endswith("_start")), np.nan, values).astype("f4")
            for name, values in found.items()
        }

    def _reading(self, weights: Weights) -> StackedReading:
        return read(self._architecture, weights, self._with_grid)

    def _of_first_layer(self, chunk: TrainedChunk, states: Array) -> dict[str, Array]:
        neurons = self._architecture.hidden[0]
        start, end = (_with_bias(weights[0]) for weights in (chunk.start, chunk.end))
        dead, always_on = states[:neurons] < 0, states[:neurons] > 0
        moved = np.where(dead, abs(end - start).max(axis=0), -np.inf).max(axis=0)
        return {
            "dead_moved": np.where(dead.any(axis=0), moved, np.nan),
            "alike_start": _alike(start, always_on),
            "alike_end": _alike(end, always_on),
        }


def _grid_over(x: Array) -> Array:
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.1 * (high - low)
    sides = np.linspace(low - margin, high + margin, GRID)
    return np.stack(np.meshgrid(sides[:, 0], sides[:, 1]), axis=-1).reshape(-1, 2)


def _states(active: Array) -> Array:
    """-1 of a dead neuron, 1 of one that is always on, else 0; shape ``(neurons, networks)``."""
    return active.all(axis=0).astype(int) - (~active).all(axis=0)


def _shares_of_states(when: str, states: Array) -> dict[str, Array]:
    names = {"dead": -1, "selective": 0, "always_on": 1}
    return {f"{name}_{when}": (states == state).mean(axis=0) for name, state in names.items()}


def _exclusive(active: Array) -> Array:
    count = active.sum(axis=1)
    any_active = (count > 0).sum(axis=0)
    return np.where(any_active, (count == 1).sum(axis=0) / np.maximum(any_active, 1), np.nan)


def _moved(start: Weights, end: Weights) -> Array:
    before, after = trained_part(start), trained_part(end)
    way = [
        {name: array - before[depth][name] for name, array in layer.items()}
        for depth, layer in enumerate(after)
    ]
    return np.sqrt(_squares(way) / _squares(before))


def _squares(weights: Weights) -> Array:
    """The squared length of each network's weights."""
    return sum(
        np.sum(array**2, axis=tuple(range(array.ndim - 1)))
        for layer in weights
        for array in layer.values()
    )


def _with_bias(layer: dict[str, Array]) -> Array:
    """A layer's weights, shape ``(inputs + 1, neurons, networks)``."""
    return np.concatenate([layer["kernel"], layer["bias"][np.newaxis]])


def _alike(weights: Array, chosen: Array) -> Array:
    """Mean cosine between the weights of the pairs of chosen neurons; NaN without a pair."""
    unit = weights / np.maximum(np.linalg.norm(weights, axis=0), np.finfo(np.float32).tiny)
    total, pairs = np.zeros(weights.shape[-1]), np.zeros(weights.shape[-1])
    for i, j in combinations(range(weights.shape[1]), 2):
        both = chosen[i] & chosen[j]
        total += np.where(both, np.sum(unit[:, i] * unit[:, j], axis=0), 0)
        pairs += both
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)
