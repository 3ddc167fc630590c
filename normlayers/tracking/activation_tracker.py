"""The callback that shows in TensorBoard which neurons fire."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from normlayers.pictures.boundary import BoundaryPicture
from normlayers.pictures.film import write_gif
from normlayers.pictures.network import NetworkPicture
from normlayers.tracking import measures
from normlayers.tracking.boundary import boundary_over
from normlayers.tracking.event_log import EventLog
from normlayers.tracking.probe import Probe, Reading, dense_logit

# Layers up to this size have their neurons shown one by one.
SMALL_LAYER = 16
# Points that light the neurons of the network's picture.
LIT_POINTS = 6


class ActivationTracker(keras.callbacks.Callback):
    """Writes what a model's neurons do on fixed points to TensorBoard while it trains.

    It observes the model before the first epoch, after every ``every`` epochs and after the last.
    Training itself is not touched. What callbacks do when training has ended (as ``EarlyStopping``
    that restores the best weights) is not observed. The tags:

    - ``activity/<layer>/dead``, ``/always_on``, ``/selective``: share of the layer's neurons that
      are active on none, all, part of the points; ``activity/<layer>/overlap``: mean over neuron
      pairs of the share of the points that activates both;
    - ``activity/<layer>/neuron_<i>``: share of the points that activates neuron i (layers of up
      to 16 neurons);
    - ``linearity``: R² of the model's logit against its best linear fit: 1 is a logistic
      regression;
    - ``activations/<layer>``: histogram of the layer's outputs;
    - ``boundary/input``: picture of the decision boundary (models of two inputs and one output);
      ``boundary/<layer>``: the same in the space of a layer of two neurons before the output;
    - ``network``: picture of the network, its neurons lit by a few of the points (layers of up to
      16 neurons);
    - ``epoch_loss`` and the other training logs, after every epoch.

    Args:
        log_dir: folder of this run, under the folder that TensorBoard is opened on.
        x: the points, shape ``(points, ...)`` as the model takes them; some hundreds will do.
        y: their labels, 0 or 1, shape ``(points,)`` or ``(points, 1)``; they colour the pictures.
        layers: names of the layers to watch; ``None``: all that have an activation.
        every: epochs from one observation to the next.
        boundary: ``"auto"`` draws decision boundaries where the model allows it, ``True``
            insists, ``False`` draws none.
        tolerance: share of the points up to which a neuron counts as dead, and from 1 minus
            which as always on.
        passes_per_epoch: passes over the data in what Keras calls an epoch. ``fit`` is much
            faster where ``steps_per_epoch`` (and ``steps_per_execution``) span several passes;
            steps in TensorBoard are counted in passes.
        films: when training ends, also write each picture's course as ``<log_dir>/<tag>.gif``
            (with ``_`` for ``/``).

    Attributes:
        history: ``"step"`` and, by tag, the scalars measured at each observation; NaN where the
            model has diverged.

    Raises:
        ValueError: an argument is out of range, or (when training begins) the model cannot be
            read, does not take ``x``, or has no boundary to draw though ``boundary=True``.

    Example:
        >>> import tempfile, numpy as np, normlayers as nl
        >>> x = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
        >>> y = (x[:, :1] > 0).astype("float32")
        >>> model = keras.Sequential([
        ...     keras.Input((2,)),
        ...     keras.layers.Dense(2, "relu", name="hidden"),
        ...     keras.layers.Dense(1, "sigmoid", name="output"),
        ... ])
        >>> model.compile(loss="binary_crossentropy")
        >>> tracker = nl.ActivationTracker(tempfile.mkdtemp(), x, y)
        >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker])
        >>> tracker.history["step"], len(tracker.history["activity/hidden/neuron_0"])
        ([0, 1, 2], 3)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        x: Any,
        y: Any = None,
        layers: Sequence[str] | None = None,
        every: int = 1,
        boundary: Literal["auto"] | bool = "auto",
        tolerance: float = 0.0,
        passes_per_epoch: int = 1,
        films: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("every", every), ("passes_per_epoch", passes_per_epoch)):
            if value < 1 or value != int(value):
                raise ValueError(f"{name} must be a whole number from 1 on. Received: {value}")
        if isinstance(layers, str):
            raise ValueError(f"layers must be a list of names. Received: {layers!r}")
        if boundary not in ("auto", True, False):
            raise ValueError(
                f'boundary must be "auto", True or False. Received: boundary={boundary!r}'
            )
        measures.states(np.zeros(0), tolerance)  # refuses a tolerance out of range
        self.log_dir = Path(log_dir)
        if self.log_dir.exists() and not self.log_dir.is_dir():
            raise ValueError(f"log_dir must be a folder. Received: the file {log_dir}")
        self.x = _points(x)
        self.labels = _labels(y, len(self.x))
        self.layers = layers
        self.every = every
        self.boundary = boundary
        self.tolerance = tolerance
        self.passes_per_epoch = passes_per_epoch
        self.films = films
        self.history: dict[str, list[Any]] = {"step": []}
        self._log = EventLog(self.log_dir)
        self._probe: Probe | None = None
        self._boundaries: dict[str, BoundaryPicture] = {}
        self._network: NetworkPicture | None = None
        self._frames: dict[str, list[bytes]] = {}
        self._epoch: int | None = None

    # What Keras calls

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Get ready to read the model."""
        self._prepare(self.model)
        self._epoch = None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Observe the model before its first epoch."""
        if self._epoch is None:
            self._observe(epoch * self.passes_per_epoch)
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the training logs, and observe the model where it is due."""
        step = (epoch + 1) * self.passes_per_epoch
        self._log.write(step, {f"epoch_{name}": value for name, value in (logs or {}).items()})
        if (epoch + 1) % self.every == 0:
            self._observe(step)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Observe the model as it ends, write the films, close the event file."""
        if self._epoch is not None:
            self._observe((self._epoch + 1) * self.passes_per_epoch)
        for tag, frames in self._frames.items():
            write_gif(frames, self.log_dir / f"{tag.replace('/', '_')}.gif")
        self._log.close()

    # What it does

    def _prepare(self, model: keras.Model) -> None:
        if self._probe is not None and self._probe.model is model:
            return
        if isinstance(model, keras.Sequential) and not getattr(model, "inputs", None):
            model.build((None, *self.x.shape[1:]))
        probe = Probe(model, self.layers)
        expected = tuple(model.inputs[0].shape[1:])
        if not _fits(self.x.shape[1:], expected):
            raise ValueError(
                f"x must have the shape (points, {', '.join(map(str, expected))}) that the model "
                f"takes. Received: x of shape {self.x.shape}."
            )
        self._probe = probe
        # The whole shape of things is known from one point.
        reading = probe.read(self.x[:1])
        spaces = self._boundary_spaces(reading)
        self._boundaries = {
            tag: BoundaryPicture(self.labels, axis_labels) for tag, axis_labels in spaces.items()
        }
        sizes = [int(np.prod(self.x.shape[1:]))]
        sizes += [active.shape[1] for active in reading.active.values()]
        # Only the whole of a network of Dense layers is drawn: nothing in it has positions.
        dense = all(len(active) == 1 for active in reading.active.values())
        self._network = None
        if probe.is_chain and dense and max(sizes) <= SMALL_LAYER:
            self._network = NetworkPicture(sizes, [_caption(x) for x in self.x[self._lit]])

    def _boundary_spaces(self, reading: Reading) -> dict[str, tuple[str, str]]:
        """Tags of the boundaries to draw, with the names of their axes."""
        drawable = self.x.ndim == 2 and self.x.shape[1] == 2 and reading.logit.shape[1:] == (1,)
        if self.boundary is True and not drawable:
            raise ValueError(
                "boundary=True needs a model of two inputs and one output. Received: points of "
                f"shape {self.x.shape}, outputs of shape {reading.output.shape}."
            )
        if not (self.boundary and drawable):
            return {}
        assert self._probe is not None
        spaces = {"boundary/input": ("x0", "x1")}
        layer = self._probe.before_output
        if layer is not None and reading.activations[layer].shape[1] == 2:
            spaces[f"boundary/{layer}"] = (f"{layer} neuron 0", f"{layer} neuron 1")
        return spaces

    @property
    def _lit(self) -> Any:
        return np.linspace(0, len(self.x) - 1, min(LIT_POINTS, len(self.x))).astype(int)

    def _observe(self, step: int) -> None:
        if step in self.history["step"][-1:]:
            return
        assert self._probe is not None
        reading = self._probe.read(self.x)
        scalars = self._scalars(reading)
        finite = {name: a for name, a in reading.activations.items() if np.isfinite(a).all()}
        # A model that has diverged has no picture; its scalars are NaN in the history.
        whole = len(finite) == len(reading.activations) and np.isfinite(reading.logit).all()
        images = self._images(reading, f"{self.log_dir.name} · epoch {step}") if whole else {}
        histograms = {f"activations/{name}": values for name, values in finite.items()}
        told = {tag: value for tag, value in scalars.items() if not np.isnan(value)}
        self._log.write(step, told, histograms, images)
        for tag, value in {"step": step, **scalars}.items():
            self.history.setdefault(tag, []).append(value)
        if self.films:
            for tag, png in images.items():
                self._frames.setdefault(tag, []).append(png)

    def _scalars(self, reading: Reading) -> dict[str, float]:
        scalars: dict[str, float] = {}
        for name, active in reading.active.items():
            share = measures.active_share(active)
            found = {**measures.state_shares(share, self.tolerance)}
            if len(share) > 1:
                found["overlap"] = measures.overlap(active)
            if len(share) <= SMALL_LAYER:
                found |= {f"neuron_{i}": float(part) for i, part in enumerate(share)}
            if not np.isfinite(reading.activations[name]).all():
                found = dict.fromkeys(found, float("nan"))
            scalars |= {f"activity/{name}/{tag}": value for tag, value in found.items()}
        finite = np.isfinite(reading.logit).all()
        linearity = measures.linearity(self.x, reading.logit) if finite else float("nan")
        return {**scalars, "linearity": linearity}

    def _images(self, reading: Reading, title: str) -> dict[str, bytes]:
        assert self._probe is not None
        images = {}
        for tag, picture in self._boundaries.items():
            if tag == "boundary/input":
                drawn = boundary_over(self.x, self._probe.logit)
            else:
                activations = reading.activations[tag.removeprefix("boundary/")]
                drawn = boundary_over(activations, partial(dense_logit, self._probe.last_dense))
            picture.draw(drawn.points, drawn.extent, drawn.logit, title)
            images[tag] = picture.png()
        if self._network is not None:
            lit = [active[self._lit] for active in reading.active.values()]
            self._network.draw(lit, title)
            images["network"] = self._network.png()
        return images


def _points(x: Any) -> Any:
    x = np.asarray(x)
    if x.dtype.kind not in "biuf" or x.ndim < 2 or len(x) == 0:
        raise ValueError(
            "x must be an array of points, shape (points, ...), of numbers. "
            f"Received: {x.dtype} of shape {x.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError("x must be finite. Received: NaN or infinite values")
    return x


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        wanted in (None, length) for length, wanted in zip(shape, expected, strict=True)
    )


def _labels(y: Any, points: int) -> Any:
    if y is None:
        return None
    y = np.asarray(y)
    if y.shape not in ((points,), (points, 1)):
        raise ValueError(
            f"y must have one label a point, {points} in all. Received: y of shape {y.shape}"
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError("y must be 0 or 1; it colours the points. Received: other values")
    return y.reshape(-1).astype(bool)


def _caption(point: Any) -> str:
    values = np.asarray(point, float).ravel()
    if len(values) > 2:
        return ""
    return "(" + ", ".join(f"{value:.1f}" for value in values) + ")"
