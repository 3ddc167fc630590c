"""The callback that shows in TensorBoard which neurons fire."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt

from normlayers.tracking import measures, tracker_arguments
from normlayers.tracking.boundary import Wanted
from normlayers.tracking.findings import Findings
from normlayers.tracking.guard import Guard
from normlayers.tracking.history import History
from normlayers.tracking.model_measures import ModelMeasures
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.snapshots.recorder import SnapshotRecorder
from normlayers.tracking.snapshots.run_view import RunView
from normlayers.tracking.snapshots.sampling import Snapshots
from normlayers.tracking.step_numbers import StepNumbers, whole_step
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.writing.own_run import OwnRun
from normlayers.tracking.writing.run_folder import IfExists, RunFolder, local_folder
from normlayers.tracking.writing.run_pictures import RunPictures


class ActivationTracker(OwnRun, RunView, keras.callbacks.Callback):
    """Writes what a model's neurons do on fixed points to TensorBoard while it trains.

    It observes the model before training, after every ``every`` epochs or steps and at the end.
    Training itself is not touched. What callbacks do when training has ended (as ``EarlyStopping``
    that restores the best weights) is not observed. In a loop of your own call ``observe``. Any
    Keras model will do; layers that are called inside a compiled loop, or under
    ``keras.RematScope``, cannot be read. A model that is not built is built by ``x``, which must
    then be shaped as what it trains on; one whose layers or activations are exchanged is traced
    anew. A copy, of a pickle too, has the arguments, the history so far, and a run of its own.
    The tags, each with a description in TensorBoard that says what is good and what is bad:

    - ``overview/dead_worst``, ``/dead_mean``, and so ``always_on`` and ``saturation``: the worst
      hidden layer and the mean over them; ``/input_offset_…`` and ``/input_scale_…``: of what the
      first layer with a kernel takes; ``/gradient_norm`` and ``_smallest``, of a weight matrix
      at inference (with ``y`` and a loss of Keras's); ``/update_norm``: how far weights have moved
      since the last observation, of their size; ``/notes``: a text on what is left out, and why;
    - ``activity/<layer>/dead``, ``/always_on``, ``/selective``: share of the layer's neurons that
      are active on none, all, part of the points; ``/overlap``: mean over neuron pairs of the
      share of the points that activates both; ``/entropy``: mean over neurons, in bits. Of hidden
      layers, and no softmax or linear ones (as an attention's projections) but what ``layers``
      names;
    - ``activity/<layer>/duplicates``: share of the neurons that repeat another (layers of up to
      128); ``/saturation`` and ``/zero_gradient``: share of the neurons' values at which the
      activation's derivative is below 0.01, and 0, where it is known; of rectifiers the latter,
      for both are one; ``/neuron_<i>``: share of the points that activates neuron i (layers of up
      to 16 neurons);
    - ``linearity``: R² of the logit against its best linear fit: 1 is a logistic regression;
    - ``activations/<layer>``: histogram of the layer's outputs;
    - ``boundary/input``: picture of the decision boundary (models of two inputs);
      ``boundary/plane``: the same on a plane through inputs of more; ``boundary/<layer>``: what
      the next Dense layer tells apart in the space of a layer of two neurons;
    - ``network``: the network, lit by a few points (Dense layers of up to 16 neurons);
    - ``heat_map/<layer>``, ``distribution/<layer>``: pictures of every activation, and of their
      quantiles' course (``pictures=True``);
    - ``epoch_loss`` and the other training logs, after every epoch.

    Args:
        log_dir: folder of this run, under the folder that TensorBoard is opened on; ``~`` is the
            home folder. Of this machine: no ``gs://`` and the like.
        x: the points, numbers, shape ``(points, ...)`` as the model takes them, or a structure of
            several inputs; some hundreds will do.
        y: their classes, 0, 1 and so on, shape ``(points,)`` or ``(points, 1)``; they colour the
            pictures, and give the loss its targets.
        layers: names of the layers to watch, and sum up; ``None``: all that have an activation.
        every: Keras's epochs, or steps, from one observation to the next.
        boundary: ``"auto"`` draws decision boundaries where the model allows it, ``True``
            insists, ``False`` draws none; ``"principal"`` draws the plane of the points' first
            two principal components, three indices the plane through those points.
        tolerance: share of the points up to which a neuron counts as dead, and from 1 minus
            which as always on.
        unit: what ``every``, and steps in TensorBoard, are counted in: ``"epoch"`` or ``"step"``
            (a batch; with ``steps_per_execution`` it observes after the execution that a step is
            due in).
        passes_per_epoch: passes over the data in what Keras calls an epoch. ``fit`` is much
            faster where ``steps_per_epoch`` (and ``steps_per_execution``) span several passes;
            epochs in TensorBoard are then counted in passes.
        pictures: ``"auto"`` draws small networks, ``True`` each layer's heat map and distribution
            too, ``False`` nothing but boundaries.
        films: when training ends, also write each picture's course as ``<log_dir>/<tag>.gif``
            (with ``_`` for ``/``), and as ``.mp4`` where ffmpeg is installed.
        keep_history: keep what ``history`` returns; without it, and without ``films``, memory does
            not grow.
        strict: raise what goes wrong while it watches, instead of one warning after which
            training goes on unwatched. Where warnings are errors, those of a training go to stderr.
        details: layers with tags of their own: names, or how many (evenly from first to last,
            linear ones left out first). ``None``: those that ``layers`` names, or 12.
        if_exists: what to do where ``log_dir`` holds event files of an earlier run, with which
            curves would run backwards. ``"new"``, the default, as it loses nothing and keeps both
            runs to compare: write to ``<log_dir>-2``, ``-3`` and so on (see ``log_dir``);
            ``"append"``: go on after that run's last step; ``"replace"``: delete the event files
            that a tracker wrote there (no others, and nothing through a link) when the first
            observation is written. A warning says which.
        snapshots: what the tab "Neurons", and ``write_page``, show of each observation: which
            points activate which neurons, predictions, small layers' weights; of wide layers and
            many points a sample. ``"auto"``: in up to 48 kB each; or a number of bytes; or False.
        diagnose: also write, at the start and on changes, what ``normlayers.diagnose`` finds.

    Raises:
        ValueError: an argument is out of range. What is found out only when training begins (the
            model cannot be read, does not take ``x``, has no boundary to draw though one is
            asked for) or later (a full disk) is a warning, or with ``strict`` an error.

    Example:
        >>> import tempfile, numpy as np, normlayers as nl
        >>> x = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
        >>> y = (x[:, :1] > 0).astype("float32")
        >>> hidden = keras.layers.Dense(2, "relu", name="hidden")
        >>> model = keras.Sequential([keras.Input((2,)), hidden, keras.layers.Dense(1, "sigmoid")])
        >>> model.compile(loss="binary_crossentropy")
        >>> tracker = nl.ActivationTracker(tempfile.mkdtemp(), x, y)
        >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker])
        >>> tracker.history["step"].tolist(), tracker.history["activity/hidden/dead"].shape
        ([0, 1, 2], (3,))
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        x: Any,
        y: Any = None,
        layers: Sequence[str] | None = None,
        every: int = 1,
        boundary: Wanted = "auto",
        tolerance: float = 0.0,
        unit: Literal["epoch", "step"] = "epoch",
        passes_per_epoch: int = 1,
        pictures: Literal["auto"] | bool = "auto",
        films: bool = False,
        keep_history: bool = True,
        strict: bool = False,
        details: int | Sequence[str] | None = None,
        if_exists: IfExists = "new",
        snapshots: Snapshots = "auto",
        diagnose: bool = False,
    ) -> None:
        super().__init__()
        tracker_arguments.check_arguments(
            every, passes_per_epoch, layers, boundary, unit, pictures, tolerance, details
        )
        self.points = TrackedPoints(x, y)
        self.layers = None if layers is None else list(layers)
        self.every = every
        self.boundary: Wanted = boundary if isinstance(boundary, str | bool) else list(boundary)
        self.tolerance, self.unit = tolerance, unit
        self.passes_per_epoch = passes_per_epoch
        self.pictures = pictures
        self.keep_history = keep_history
        self.details = tracker_arguments.own_details(details)
        self._asked = local_folder(log_dir), if_exists, strict, films, snapshots, diagnose
        self._history = History(keep_history)
        self._begin()

    def _begin(self) -> None:
        log_dir, if_exists, strict, films, snapshots, diagnose = self._asked
        self._folder = RunFolder(log_dir, if_exists)
        self._guard = Guard(f"ActivationTracker on {self.log_dir}", strict, self._folder.close)
        self._drawn = RunPictures(self.points, self.boundary, self.pictures, self.unit, films)
        self._findings = Findings(diagnose)
        about = self.points, snapshots, self.tolerance, self.unit, self._findings
        self._recorder = SnapshotRecorder(*about)
        self._probe: Probe | None = None
        self._measures: ModelMeasures  # of the probe's model
        self._numbers = StepNumbers(self.unit, self.every, self.passes_per_epoch)
        self._observed: int | None = None  # the last observation's step
        if self.unit == "step":
            # Not a method, for Keras waits for every step where a callback has one.
            self.on_train_batch_end = self._on_train_batch_end

    @property
    def log_dir(self) -> Path:
        """Where the run is written to; known once it is watched, see ``if_exists``."""
        return self._folder.path

    @property
    def history(self) -> dict[str, npt.NDArray[Any]]:
        """``"step"`` and, by tag, the scalars measured at each observation, shape
        ``(steps,)``; of a step that is observed again, as with another model, what was measured
        last; NaN where the model has diverged. Empty without ``keep_history``."""
        return self._history.arrays()

    # What Keras calls: nothing of it stands outside the guard.

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Get ready to number steps."""
        self._guard.stopped = False
        self._guard.run(self._folder.begin_training)
        self._guard.run(self._numbers.begin_training)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Observe the model before its first epoch."""
        self._guard.run(lambda: self._before_epoch(epoch))

    def _before_epoch(self, epoch: int) -> None:
        self._numbers.go_on_after(self._folder.settle())
        steps = (self.params or {}).get("steps")
        if self._numbers.begin_epoch(epoch, lambda: getattr(self.model, "optimizer", None), steps):
            self._observe(self.model, self._numbers.step)

    def _on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._guard.run(lambda: self._after_batch(batch))

    def _after_batch(self, batch: int) -> None:
        if self._numbers.end_batch(batch):
            self._observe(self.model, self._numbers.step)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write the training logs, and observe the model where it is due."""
        self._guard.run(lambda: self._after_epoch(epoch, logs or {}))

    def _after_epoch(self, epoch: int, logs: Mapping[str, float]) -> None:
        due = self._numbers.end_epoch(epoch)
        numbers = tracker_arguments.real_numbers(logs)
        told = {f"epoch_{name}": value for name, value in numbers.items()}
        self._folder.write(self._numbers.step or 0, told)
        if due:
            self._observe(self.model, self._numbers.step)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Observe the model as it ends, write the films, close the event file."""
        self._guard.run(self._after_training)

    def _after_training(self) -> None:
        # What has changed without a training step, as by a callback, is not observed again.
        if self._numbers.step != self._observed:
            self._observe(self.model, self._numbers.step)
        self._drawn.write_films(self.log_dir)
        self._folder.close()

    def observe(self, model: keras.Model, step: int) -> None:
        """Observe a model, in a training loop of your own.

        Args:
            model: the model, with the weights of that step.
            step: what has been trained; an observation at the last one's step is left out.

        Raises:
            ValueError: ``step`` is not a non-negative integer.

        Example:
            >>> import tempfile, numpy as np, normlayers as nl
            >>> model = keras.Sequential([keras.layers.Dense(1)])
            >>> tracker = nl.ActivationTracker(tempfile.mkdtemp(), np.zeros((5, 3), "float32"))
            >>> tracker.observe(model, step=0)
            >>> tracker.history["step"].tolist()
            [0]
        """
        number = whole_step(step)
        self._guard.run(lambda: self._observe_in_loop(model, number))

    def _observe_in_loop(self, model: keras.Model, step: int) -> None:
        self._numbers.go_on_after(self._folder.settle())
        self._observe(model, self._numbers.of_loop(step))

    def close(self) -> None:
        """Close the event file, as the end of ``fit`` does; a later observation begins another."""
        self._folder.close()

    def _observe(self, model: keras.Model, step: int | None) -> None:
        if step is None:
            return
        probe = self._probe
        if probe is None or probe.model is not model:
            probe = self._take_up(model)
        elif probe.changed():
            self._measures.follow_change()
        elif step == self._observed:
            return
        reading = probe.read(self.points.x)
        self._drawn.look_over(probe)
        scalars = self._measures.scalars(reading, probe.wiring.roles)
        shown, run, wiring = self._measures.layers, self._folder.claim().name, probe.wiring
        boundaries = self._drawn.boundaries(reading)
        images = self._drawn.draw(reading, boundaries, wiring, run, step, shown)
        told = {tag: value for tag, value in scalars.items() if not np.isnan(value)}
        histograms, file = self._measures.histograms(reading), self._folder.file_number
        texts = self._findings.news(probe, reading, self.points, step) | self._measures.notes()
        records = self._recorder.values(probe, reading, boundaries, step, file)
        self._folder.write(step, told, histograms, images, texts, records)
        self._observed = step
        self._history.add({"step": step, **scalars})

    def _take_up(self, model: keras.Model) -> Probe:
        self.points.refuse_model(model)
        whole = np.inf if self.pictures is True else measures.PAIRS_COMPARED
        choose = self._recorder.choose if self._recorder.budget else None
        details = self.layers if self.details is None else self.details
        self._measures = ModelMeasures(model, self.points, self.tolerance, details)
        self._probe = Probe(model, self.layers, whole, choose)
        return self._probe
