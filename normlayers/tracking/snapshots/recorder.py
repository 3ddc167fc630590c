"""A snapshot of each observation, for the view of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.explorer.records import FORMAT, snapshot_value
from normlayers.explorer.snapshot import encode
from normlayers.tracking import measures
from normlayers.tracking.boundary import Boundary
from normlayers.tracking.findings import Findings
from normlayers.tracking.reading.probe import SMALL, Probe, Reading
from normlayers.tracking.reading.wiring import Wiring
from normlayers.tracking.snapshots.input_weights import input_weights
from normlayers.tracking.snapshots.predictions import prediction_of
from normlayers.tracking.snapshots.sampling import Sample, budget_of, sample
from normlayers.tracking.tracked_points import TrackedPoints

Array = npt.NDArray[Any]

_GRID_SIDE = 51
# Of a position, as parts of what the points span.
_FINEST = 1e-5
# Beyond as many, what is whole numbers may be prices or somebody's numbers, and no classes.
_NAMED_CLASSES = 1_000
_DRAWN_ON = ("boundary/input", "boundary/plane")


class SnapshotRecorder:
    """Makes the snapshots of a run.

    Args:
        points: what models are read on.
        snapshots: as for ``ActivationTracker``.
        tolerance: as for ``measures.states``.
        unit: what steps are counted in.
        findings: of the same model; those there are, are part of what describes a run.

    Attributes:
        budget: bytes of a snapshot; 0 for none.

    Raises:
        ValueError: ``snapshots`` is none of what it may be.
    """

    def __init__(
        self,
        points: TrackedPoints,
        snapshots: Any,
        tolerance: float,
        unit: str,
        findings: Findings | None = None,
    ) -> None:
        self.budget = budget_of(snapshots)
        self._points, self._tolerance, self._unit = points, tolerance, unit
        self._findings = findings
        self._told: tuple[int, dict[str, Any]] = 0, {}
        self._drawn: Boundary | None = None
        self._points_of: Sample | None = None
        self._described_as: dict[str, Any] = {}

    def choose(self, points: int, neurons: dict[str, int], outputs: int) -> Sample:
        """What is read for the snapshots, see ``sample``."""
        return sample(points, neurons, outputs, self.budget)

    def values(
        self,
        probe: Probe,
        reading: Reading,
        boundaries: Mapping[str, Boundary],
        step: int,
        file: int,
    ) -> list[Any]:
        """The summary value of an observation, or none where nothing is recorded.

        Args:
            probe: of the model.
            reading: of the model as it is, by the probe.
            boundaries: by tag, as ``Survey.read`` returns them.
            step: of the observation.
            file: the number of the event file that it goes to, of which the first describes the
                run.
        """
        if not self.budget or not reading.sampled:
            return []
        wiring, chosen = probe.wiring, probe.sample
        drawn = next((boundaries[tag] for tag in _DRAWN_ON if tag in boundaries), None)
        if drawn is not None and self._drawn is None:
            self._drawn, self._points_of = drawn, None
        weights = self._weights(reading, wiring, chosen)
        meta = self._described(probe, reading)
        news = (file, meta) != self._told
        self._told = file, meta
        exact = self._exact(reading, wiring, chosen) | weights
        quantized = {
            f"value/{name}": found["value"]
            for name, found in reading.sampled.items()
            if np.isfinite(found["value"]).all()
        }
        grid = _grid(drawn) if drawn is not None and chosen.grid else {}
        if any(section.max() > 255 for section in grid.values()):  # of so many classes
            exact, grid = exact | grid, {}
        extent = drawn.extent if drawn is not None else None
        ranges = {"boundary": (0.0, 1.0)}
        snapshot = encode(step, exact, quantized | grid, extent, ranges)
        return [snapshot_value(snapshot, meta if news else None)]

    def _exact(self, reading: Reading, wiring: Wiring, chosen: Sample) -> dict[str, Array]:
        sections: dict[str, Array] = {}
        for name, found in reading.sampled.items():
            summary = reading.summaries[name]
            share = np.asarray(summary["share"], float)
            sections[f"active/{name}"] = found["active"]
            sections[f"share/{name}"] = share[chosen.columns[name]]
            states = np.full(4, np.nan)
            if summary["finite"]:
                if name in wiring.roles.neurons:
                    told = measures.state_shares(share, self._tolerance)
                    states[:3] = [told[state] for state in ("dead", "always_on", "selective")]
                states[3] = summary.get("saturation", np.nan)
            sections[f"state/{name}"] = states
        if chosen.predictions and len(reading.output) > chosen.rows[-1]:
            sections["prediction"] = np.asarray(reading.output[chosen.rows], float)
        return sections

    def _weights(self, reading: Reading, wiring: Wiring, chosen: Sample) -> dict[str, Array]:
        sections: dict[str, Array] = {}
        for name in reading.sampled:
            kernel = bias = None
            layer = wiring.dense.get(name)
            if layer is not None:
                # A quantized kernel is of whole numbers, which mean nothing without their scale.
                if layer.quantization_mode or np.prod(layer.kernel.shape) > SMALL**2:
                    continue
                kernel = _number(layer.kernel)
                bias = np.zeros(kernel.shape[1]) if layer.bias is None else _number(layer.bias)
            elif "pre_activation" in reading.sampled[name] and self._features is not None:
                pre_activation = reading.sampled[name]["pre_activation"]
                found = input_weights(self._features[chosen.rows], pre_activation)
                kernel, bias = found or (None, None)
            if kernel is not None and bias is not None:
                sections[f"kernel/{name}"] = kernel[:, chosen.columns[name]]
                sections[f"bias/{name}"] = bias[chosen.columns[name]]
        return sections

    @property
    def _features(self) -> Array | None:
        x = self._points.x
        few = isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[1] <= SMALL
        return x if few else None

    def _described(self, probe: Probe, reading: Reading) -> dict[str, Any]:
        wiring, chosen = probe.wiring, probe.sample
        names = list(chosen.columns)
        before = dict(zip(names, ["", *names], strict=False))
        # Their weights are told as of layers on the input.
        before |= {n: "" for n in names if "pre_activation" in reading.sampled[n]}
        layers = [
            {
                "name": name,
                "activation": wiring.activations.get(name, ""),
                "neurons": wiring.neurons[name],
                "shown": chosen.columns[name].tolist(),
                "role": "output" if name in wiring.roles.outputs else "hidden",
                "inputs": wiring.sources.get(name, before[name]),
                # None where it is not known; earlier versions wrote no such key.
                "fed_by": wiring.fed_by.get(name),
                **({"positions": True} if name in wiring.by_position else {}),
            }
            for name in names
        ]
        found = self._findings.rows if self._findings else []
        return {
            **({"findings": found} if found else {}),
            "format": FORMAT,
            "unit": self._unit,
            "layers": layers,
            "layers_total": len(wiring.names),
            "tolerance": float(self._tolerance),
            "prediction": prediction_of(
                probe.model, wiring.ends_in, reading.output.shape[1], self._points.labels
            ),
            "points": self._described_points(chosen),
        }

    def _described_points(self, chosen: Sample) -> dict[str, Any]:
        if self._points_of is not chosen:
            self._points_of, self._described_as = chosen, self._describe_points(chosen.rows)
        return self._described_as

    def _describe_points(self, rows: Array) -> dict[str, Any]:
        x, labels, drawn = self._points.x, self._points.labels, self._drawn
        pairs = isinstance(x, np.ndarray) and x.shape[1:] == (2,)
        at, axes = x if pairs else None, (self._points.names if pairs else None) or ["x0", "x1"]
        if drawn is not None:
            at = drawn.points
            # Of a plane through the inputs, which has axes of its own.
            axes = axes if drawn.points is x else list(drawn.axis_labels)
        classes = 0 if labels is None else int(labels.max()) + 1
        position = None if at is None else _as_drawn(np.asarray(at, float), rows)
        return {
            "total": len(keras.tree.flatten(x)[0]),
            "shown": rows.tolist(),
            "position": position,
            "axes": axes,
            **_described_inputs(self._points),
            "labels": None if labels is None else labels[rows].tolist(),
            "classes": [*map(str, range(classes))] if 0 < classes <= _NAMED_CLASSES else None,
        }


def _described_inputs(points: TrackedPoints) -> dict[str, Any]:
    """How many features the one input of a model has, ``None`` of several or of images."""
    parts = keras.tree.flatten(points.x)
    flat = len(parts) == 1 and parts[0].ndim <= 2
    few = points.names is not None and len(points.names) <= SMALL**2
    return {
        "features": points.features if flat else None,
        **({"feature_names": points.names} if few else {}),
    }


def _grid(drawn: Boundary) -> dict[str, Array]:
    """The boundary as probabilities of class 1, or, of several classes, the one predicted."""
    by = max(1, (drawn.logit.shape[0] - 1) // (_GRID_SIDE - 1))
    logit = drawn.logit[::by, ::by]
    if logit.ndim == 3 and logit.shape[2] > 2:
        return {"classes": logit.argmax(axis=2).astype(float)} if drawn.classes else {}
    if logit.ndim == 3:
        if not drawn.classes:
            return {}
        logit = logit[..., 1] - logit[..., 0]
    with np.errstate(over="ignore"):
        probability = 1 / (1 + np.exp(-logit))
    return {"boundary": probability} if np.isfinite(probability).all() else {}


def _number(variable: Any) -> Array:
    # A copy, for a variable that is mirrored over devices converts to no number itself.
    return np.asarray(ops.convert_to_numpy(ops.copy(variable)), float)


def _as_drawn(at: Array, rows: Array) -> list[list[float]]:
    """Positions in no more digits than a drawing tells apart, however far from 0 they are."""
    span = np.maximum(np.ptp(at, axis=0), np.finfo(float).tiny)
    digits = np.clip(-np.floor(np.log10(_FINEST * span)), -300, 300).astype(int)
    columns = zip(at[rows].T.tolist(), digits.tolist(), strict=True)
    rounded = [[round(value, digit) for value in column] for column, digit in columns]
    return [list(point) for point in zip(*rounded, strict=True)]
