"""The tracker in model.fit, and what TensorBoard then finds.

Covers too: history.py, model_measures.py, observed_scalars.py, tracker_arguments.py,
writing/run_pictures.py.
"""

import errno
import gc
import io
import pickle
import random
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

import normlayers as nl
from normlayers.experiments.two_neuron_circle.training import arm_data, build_model
from normlayers.explorer.runs import FolderRuns
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.writing.event_log import EventLog
from tests.python_process import run_python
from tests.tracking.tensorboard_reader import Read


def fit(model, x, y, tracker=None, **options):
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(0)
    callbacks = [tracker] if tracker else []
    return model.fit(x, y, batch_size=20, verbose=0, callbacks=callbacks, **options)


def test_writes_every_tag_it_promises(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y), epochs=3, validation_split=0.2)
    read = Read(tmp_path)
    hidden = "dead always_on selective entropy overlap duplicates zero_gradient neuron_0 neuron_1"
    summed = (
        "dead_worst dead_mean always_on_worst always_on_mean gradient_norm gradient_norm_smallest "
        "update_norm input_offset_worst input_offset_mean input_scale_worst input_scale_mean"
    )
    observed = {
        *(f"activity/hidden/{part}" for part in hidden.split()),
        *(f"activity/output/{part}" for part in ("saturation", "zero_gradient", "neuron_0")),
        *(f"overview/{part}" for part in summed.split()),
        "linearity",
    }
    logged = {"epoch_loss", "epoch_accuracy", "epoch_val_loss", "epoch_val_accuracy"}
    assert read.tags("scalars") == observed | logged
    assert read.tags("histograms") == {"activations/hidden", "activations/output"}
    assert read.tags("images") == {"boundary/input", "boundary/hidden", "network"}
    assert read.steps("linearity") == read.steps("network") == [0, 1, 2, 3]
    assert read.steps("epoch_loss") == [1, 2, 3]


def test_scalars_are_the_measures_of_the_model_at_that_step(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    hidden = np.maximum(x @ [[1.0, -1.0], [0.0, 2.0]] + [0.5, 0.0], 0)
    share = (hidden > 0).mean(axis=0)
    history = fit(circle_model, x, y, tracker, epochs=1)
    read = Read(tmp_path)
    for neuron in range(2):
        tag = f"activity/hidden/neuron_{neuron}"
        assert read.values(tag)[0] == pytest.approx(share[neuron])
        assert tracker.history[tag][0] == pytest.approx(share[neuron])
    assert read.values("activity/hidden/overlap")[0] == pytest.approx(
        np.mean((hidden > 0).all(axis=1))
    )
    assert read.values("epoch_loss")[0] == pytest.approx(history.history["loss"][0])


def test_training_is_untouched_bit_for_bit(circle_model, points, tmp_path):
    x, y = points
    start = circle_model.get_weights()
    ends = []
    for tracker in (None, nl.ActivationTracker(tmp_path, x, y)):
        circle_model.set_weights(start)
        fit(circle_model, x, y, tracker, epochs=3)
        ends.append(circle_model.get_weights())
    for plain, tracked in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, tracked)


@pytest.mark.parametrize(
    ("every", "epochs", "steps"), [(2, 5, [0, 2, 4, 5]), (3, 3, [0, 3]), (9, 4, [0, 4])]
)
def test_observes_at_the_start_when_due_and_at_the_end(
    circle_model, points, tmp_path, every, epochs, steps
):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, every=every, boundary=False)
    fit(circle_model, x, y, tracker, epochs=epochs)
    assert tracker.history["step"].tolist() == steps


def test_counts_steps_in_passes_where_an_epoch_spans_several(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, passes_per_epoch=10)
    fit(circle_model, x, y, tracker, epochs=2)
    assert tracker.history["step"].tolist() == [0, 10, 20]
    assert Read(tmp_path).steps("epoch_loss") == [10, 20]


def test_training_that_goes_on_goes_on_numbering(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(circle_model, x, y, tracker, epochs=2)
    fit(circle_model, x, y, tracker, epochs=4, initial_epoch=2)
    assert tracker.history["step"].tolist() == [0, 1, 2, 3, 4]


def test_films_have_a_frame_an_observation(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y, films=True), epochs=3)
    for name in ("boundary_input", "boundary_hidden", "network"):
        with Image.open(tmp_path / f"{name}.gif") as film:
            assert film.n_frames == 4


def test_pictures_follow_the_model(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y), epochs=1)
    first, last = (
        np.asarray(Image.open(io.BytesIO(value[2])).convert("RGB"))
        for value in Read(tmp_path).values("boundary/input")
    )
    assert (first != last).any()


def test_models_without_a_plane_get_no_boundary(points, tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(20, "tanh", name="wide"), keras.layers.Dense(3)]
    )
    model.compile("sgd", "mse")
    tracker = nl.ActivationTracker(tmp_path, x)
    model.fit(x, np.zeros((30, 3)), epochs=1, verbose=0, callbacks=[tracker])
    read = Read(tmp_path)
    assert read.tags("images") == set()
    assert "activity/wide/neuron_0" not in read.tags("scalars")
    assert "activity/wide/overlap" in read.tags("scalars")
    insisting = nl.ActivationTracker(tmp_path / "insisting", x, boundary=True, strict=True)
    with pytest.raises(ValueError, match="model of two inputs"):
        model.fit(x, np.zeros((30, 3)), verbose=0, callbacks=[insisting])


def test_logits_as_output_have_a_boundary_too(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0, callbacks=[nl.ActivationTracker(tmp_path, x)])
    read = Read(tmp_path)
    assert "boundary/input" in read.tags("images")
    np.testing.assert_allclose(read.values("linearity"), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": 0}, "every must be a positive integer"),
        ({"every": 1.5}, "every must be a positive integer"),
        ({"layers": "hidden"}, "layers must be a list"),
        ({"y": np.arange(60) / 2}, "y must be classes"),
        ({"y": -np.ones(60)}, "y must be classes"),
        ({"y": np.full(60, np.inf)}, "y must be classes.* to inf"),
        ({"y": np.full(60, 2**31)}, "y must be classes.* to 2147483648"),
        ({"unit": "batch"}, "unit must be .*'batch'"),
        ({"pictures": "all"}, "pictures must be"),
        ({"passes_per_epoch": -1}, "passes_per_epoch must be a positive integer"),
        ({"boundary": "always"}, "boundary must be"),
        ({"tolerance": 0.7}, "tolerance must be in"),
        ({"details": -1}, "details must be a non-negative integer"),
        ({"details": "hidden"}, "details must be .* Received: 'hidden'"),
        ({"y": np.zeros(7)}, "one class a point, 60 in all"),
    ],
)
def test_refuses_impossible_arguments(points, tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        nl.ActivationTracker(tmp_path, points[0], **options)


@pytest.mark.parametrize("x", [np.empty((0, 2)), np.zeros(()), None, [["a", "b"]], [[1, np.nan]]])
def test_refuses_what_are_no_points(tmp_path, x):
    with pytest.raises(ValueError, match=r"x must be .* Received"):
        nl.ActivationTracker(tmp_path, x)


def test_refuses_a_log_directory_that_is_a_file(points, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="log_dir must be a folder"):
        nl.ActivationTracker(tmp_path / "file", points[0])


def test_points_that_the_model_does_not_take_are_refused(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, np.zeros((5, 3)), strict=True)
    with pytest.raises(ValueError, match=r"shape \(points, 2\) .* Received: x of shape \(5, 3\)"):
        fit(circle_model, x, y, tracker)


def test_an_unbuilt_model_is_built_from_the_points(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.layers.Dense(2, "relu"), keras.layers.Dense(1, "sigmoid")])
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(model, x, y, tracker, epochs=1)
    assert tracker.history["step"].tolist() == [0, 1]


def test_a_model_that_diverges_goes_on_training(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    spoil = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: (
            epoch and circle_model.set_weights([w * np.nan for w in circle_model.get_weights()])
        )
    )
    circle_model.compile("sgd", "mse")
    circle_model.fit(x, y, epochs=2, verbose=0, callbacks=[spoil, tracker])
    assert tracker.history["step"].tolist() == [0, 1, 2]
    assert all(len(values) == 3 for values in tracker.history.values())
    assert np.isnan(tracker.history["linearity"][-1])
    assert np.isnan(tracker.history["activity/hidden/dead"][-1])
    assert np.isnan(tracker.history["overview/dead_worst"][-1])
    assert Read(tmp_path).steps("network") == [0, 1]


def test_only_networks_that_are_chains_are_drawn(points, tmp_path):
    inputs = keras.Input((2,))
    branches = [keras.layers.Dense(size, "relu")(inputs) for size in (2, 3)]
    outputs = keras.layers.Dense(1, "sigmoid")(keras.layers.Concatenate()(branches))
    tracker = nl.ActivationTracker(tmp_path, *points)
    fit(keras.Model(inputs, outputs), *points, tracker, epochs=1)
    assert Read(tmp_path).tags("images") == {"boundary/input"}


def test_unknown_layers_are_refused_before_anything_is_written(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path / "run", x, y, layers=["hiden"], strict=True)
    with pytest.raises(ValueError, match="no layer 'hiden'"):
        fit(circle_model, x, y, tracker)
    assert not (tmp_path / "run").exists()


def test_training_goes_on_unwatched_with_one_warning(circle_model, points, tmp_path):
    x, y = points
    for number, (options, says) in enumerate(
        [
            ({"layers": ["hiden"]}, "stopped, training goes on: .*no layer 'hiden'"),
            ({"x": np.zeros((60, 3))}, "x must have the shape"),
            ({"boundary": [0, 0, 0]}, "not on one line"),
        ]
    ):
        tracker = nl.ActivationTracker(tmp_path / str(number), **{"x": x, "y": y, **options})
        with pytest.warns(UserWarning, match=says) as warned:
            history = fit(circle_model, x, y, tracker, epochs=3)
        assert sum("ActivationTracker" in str(w.message) for w in warned) == 1
        assert len(history.history["loss"]) == 3
        assert len(tracker.history) == 0


@pytest.mark.parametrize("strict", [False, True])
def test_a_full_disk(circle_model, points, tmp_path, monkeypatch, strict):
    """The second observation does not fit."""
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=strict)
    write, full = EventLog.write, OSError(errno.ENOSPC, "No space left on device")

    def write_until_full(self, step, *values):
        if step > 0:
            raise full
        write(self, step, *values)

    monkeypatch.setattr(EventLog, "write", write_until_full)
    if strict:
        with pytest.raises(OSError, match="No space left"):
            fit(circle_model, x, y, tracker, epochs=3)
    else:
        with pytest.warns(UserWarning, match="training goes on: .*No space left") as warned:
            fit(circle_model, x, y, tracker, epochs=3)
        assert sum("ActivationTracker" in str(w.message) for w in warned) == 1
    assert Read(tmp_path).steps("linearity") == [0]


def test_a_folder_that_cannot_be_made(circle_model, points, tmp_path):
    (tmp_path / "file").write_text("mine")
    tracker = nl.ActivationTracker(tmp_path / "file" / "run", *points)
    with pytest.warns(UserWarning, match="training goes on: .*file"):
        fit(circle_model, *points, tracker, epochs=1)
    assert (tmp_path / "file").read_text() == "mine"


def test_two_trackers_on_one_folder(circle_model, points, tmp_path):
    x, y = points
    trackers = [nl.ActivationTracker(tmp_path, x, y, if_exists="append") for _ in "ab"]
    circle_model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="another tracker is writing"):
        circle_model.fit(x, y, epochs=2, verbose=0, callbacks=trackers)
    assert Read(tmp_path).steps("linearity") == [0, 1, 2]


def test_a_loop_of_ones_own(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(tmp_path, *points)
    for step in (0, 5, 5, 7):
        tracker.observe(circle_model, step)
    assert tracker.history["step"].tolist() == [0, 5, 7]
    assert Read(tmp_path).steps("network") == [0, 5, 7]
    tracker.close()
    with pytest.raises(ValueError, match="step must be a non-negative integer"):
        tracker.observe(circle_model, -1)


def test_a_fit_after_a_loop_of_ones_own_goes_on_from_there(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    tracker.observe(circle_model, 7)
    circle_model.compile("sgd", "mse")
    circle_model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    "steps_per_execution", [1] if keras.backend.backend() == "torch" else [1, 2]
)
def test_counts_in_steps(circle_model, points, tmp_path, steps_per_execution):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, every=2, unit="step", boundary=False)
    circle_model.compile("sgd", "mse", steps_per_execution=steps_per_execution)
    seen = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: weights.append(tracker.model.get_weights())
    )
    weights = [circle_model.get_weights()]
    circle_model.fit(x, y, batch_size=15, epochs=2, verbose=0, callbacks=[tracker, seen])
    assert tracker.history["step"].tolist() == [0, 2, 4, 6, 8]
    circle_model.set_weights(weights[2 // steps_per_execution])
    share = (Probe(circle_model).read(x).activations["hidden"] > 0).mean(axis=0)
    found = [tracker.history[f"activity/hidden/neuron_{i}"][1] for i in range(2)]
    np.testing.assert_allclose(found, share, rtol=1e-6)
    assert Read(tmp_path).steps("epoch_loss") == [4, 8]
    # Training that goes on goes on counting the optimizer's steps.
    circle_model.fit(x, y, batch_size=15, epochs=1, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 2, 4, 6, 8, 10, 12]


def test_training_that_counts_anew_goes_on_numbering(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(tmp_path, *points)
    for _ in range(2):
        fit(circle_model, *points, tracker, epochs=2)
    assert tracker.history["step"].tolist() == [0, 1, 2, 3, 4]
    assert Read(tmp_path).steps("epoch_loss") == [1, 2, 3, 4]


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(4, "relu", name="hidden")
        self.drop = keras.layers.Dropout(0.5, seed=1)
        self.out = keras.layers.Dense(3, "softmax", name="out")

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=training))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_subclassed_model_in_fit(points, tmp_path, jit_compile):
    """Unbuilt, of three classes, with dropout, whose training stays bit for bit the same."""
    x, y = points[0], np.arange(60) % 3
    ends = []
    for tracker in (None, nl.ActivationTracker(tmp_path, x, y, pictures=True, films=True)):
        keras.utils.set_random_seed(1)
        model = Own()
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit_compile)
        callbacks = [tracker] if tracker else []
        model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks, validation_split=0.1)
        ends.append(model.get_weights())
    for plain, tracked in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, tracked)
    pictures = {"boundary/input", "network"}
    pictures |= {
        f"{kind}/{layer}" for kind in ("heat_map", "distribution") for layer in ("hidden", "out")
    }
    assert Read(tmp_path).tags("images") == pictures
    assert Read(tmp_path).steps("heat_map/out") == [0, 1, 2]
    films = {f"{tag.replace('/', '_')}.gif" for tag in pictures}
    assert films <= {path.name for path in tmp_path.iterdir()}


def test_without_a_history_memory_does_not_grow(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(
        tmp_path, *points, boundary=False, pictures=False, keep_history=False
    )
    sizes = []
    for step in range(60):
        tracker.observe(circle_model, step)
        if step in (20, 59):
            gc.collect()
            sizes.append(len(pickle.dumps([tracker.history, vars(tracker)["_history"]])))
            sizes.append(len(gc.get_objects()))
    assert sizes[0] == sizes[2]
    assert sizes[3] - sizes[1] < 50  # objects; a value an observation would be 600
    assert Read(tmp_path).steps("linearity") == list(range(60))


def test_a_file_that_can_grow_no_further(tmp_path):
    """The system refuses what is written beyond a limit, as a full disk does."""
    code = (
        "import resource, signal, sys, warnings\n"
        "import numpy as np, keras, normlayers as nl\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "x = np.ones((8, 2), 'float32')\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "tracker = nl.ActivationTracker(sys.argv[1], x, pictures=False, boundary=False)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "with warnings.catch_warnings(record=True) as warned:\n"
        "    warnings.simplefilter('always')\n"
        "    history = model.fit(x, x[:, :1], epochs=40, verbose=0, callbacks=[tracker])\n"
        "assert len(history.history['loss']) == 40\n"
        "own = [w for w in warned if 'training goes on' in str(w.message)]\n"
        "assert len(own) == 1, warned\n"
    )
    process = run_python("-c", code, tmp_path)
    assert process.returncode == 0, process.stderr[-2000:]
    assert Read(tmp_path).steps("linearity")[0] == 0


def test_two_models_after_each_other(circle_model, points, tmp_path):
    other = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(5, "relu", name="five"), keras.layers.Dense(1)]
    )
    tracker = nl.ActivationTracker(tmp_path, *points, strict=True)
    tracker.observe(circle_model, 0)
    tracker.observe(other, 0)
    tracker.observe(other, 1)
    # Both at one step, which the history and the view have once.
    assert tracker.history["step"].tolist() == [0, 1]
    assert np.isnan(tracker.history["activity/five/dead"]).tolist() == [False, False]
    assert np.isnan(tracker.history["activity/hidden/dead"]).tolist() == [False, True]
    meta, snapshots = FolderRuns(tmp_path).read(".")
    assert (meta["steps"], len(snapshots)) == ([0, 1], 2)


def test_metrics_that_are_vectors_are_left_out(points, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score()])
    y = np.eye(3)[np.arange(60) % 3]
    tracker = nl.ActivationTracker(tmp_path, points[0], strict=True)
    model.fit(points[0], y, verbose=0, callbacks=[tracker])
    assert "epoch_loss" in Read(tmp_path).tags("scalars")


def test_numbering_after_an_interruption_goes_on_from_where_training_was(
    circle_model, points, tmp_path
):
    def interrupt(epoch, logs):
        if epoch == 7:
            raise KeyboardInterrupt

    tracker = nl.ActivationTracker(tmp_path, *points, every=5)
    stop = keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)
    circle_model.compile("sgd", "mse")
    with pytest.raises(KeyboardInterrupt):
        circle_model.fit(*points, epochs=9, verbose=0, callbacks=[tracker, stop])
    circle_model.fit(*points, epochs=3, verbose=0, callbacks=[tracker])
    assert Read(tmp_path).steps("epoch_loss") == list(range(1, 11))


def test_what_callbacks_log_that_is_no_number_is_left_out(circle_model, points, tmp_path):
    def log(epoch, logs):
        logs |= {"phase": "warmup", "best": None, "parts": [[1], [1, 2]], "z": 1j, "rate": "0.1"}
        logs["tensor"] = keras.ops.convert_to_tensor(0.25)

    logging = keras.callbacks.LambdaCallback(on_epoch_end=log)
    tracker = nl.ActivationTracker(tmp_path, *points, strict=True)
    circle_model.compile("sgd", "binary_crossentropy")
    circle_model.fit(*points, verbose=0, callbacks=[logging, tracker])
    read = Read(tmp_path)
    logged = {tag for tag in read.tags("scalars") if tag.startswith("epoch_")}
    assert logged == {"epoch_loss", "epoch_tensor"}
    assert read.values("epoch_tensor") == [0.25]


def test_inputs_by_name(tmp_path):
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([b, a], keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    x = {"a": np.ones((9, 2), "float32"), "b": np.ones((9, 3), "float32")}
    tracker = nl.ActivationTracker(tmp_path, x, strict=True)
    tracker.observe(model, 0)
    with pytest.raises(ValueError, match="x must have the shape"):
        nl.ActivationTracker(tmp_path / "a", {"a": x["a"]}, strict=True).observe(model, 0)


@pytest.mark.parametrize(
    "build",
    [
        lambda: [keras.Input((5, 3)), keras.layers.Dense(2, "relu"), keras.layers.Dense(1)],
        lambda: [keras.Input((2,), dtype="int32"), keras.layers.Embedding(50, 4)],
        lambda: [keras.Input((2,)), keras.layers.Dense(3, "sigmoid")],
    ],
    ids=["positions", "words", "several-sigmoids"],
)
def test_nothing_is_drawn_automatically_that_means_nothing(build, tmp_path):
    model = keras.Sequential(build())
    shape, dtype = (30, *model.input_shape[1:]), model.inputs[0].dtype
    x = np.random.default_rng(0).integers(0, 50, shape).astype(dtype)
    nl.ActivationTracker(tmp_path / "a$b_{$", x, np.arange(30) % 2, strict=True).observe(model, 0)
    images = Read(tmp_path / "a$b_{$").tags("images")
    assert images <= {"boundary/input", "network"}
    assert ("boundary/input" in images) == (dtype == "float32" and shape == (30, 2))


@pytest.mark.parametrize("boundary", [None, 5, [0, 1], [0.0, 1, 2], {0, 1, 2}, "plane"])
def test_boundaries_that_are_none(points, tmp_path, boundary):
    with pytest.raises(ValueError, match="boundary must be"):
        nl.ActivationTracker(tmp_path, points[0], boundary=boundary)
    nl.ActivationTracker(tmp_path, points[0], boundary=np.array([0, 1, 2]))


@pytest.mark.parametrize("every", ["2", None, float("nan")])
def test_every_must_be_a_number(points, tmp_path, every):
    with pytest.raises(ValueError, match="every must be a positive integer"):
        nl.ActivationTracker(tmp_path, points[0], every=every)


@pytest.mark.parametrize("step", ["3", float("nan"), float("inf"), None, 1.5, [1, 2], b"4"])
def test_steps_that_are_none(circle_model, points, tmp_path, step):
    with pytest.raises(ValueError, match=r"step must be a non-negative integer\. Received"):
        nl.ActivationTracker(tmp_path, points[0]).observe(circle_model, step)


@pytest.mark.parametrize("tolerance", ["x", None, float("nan"), 0.5])
def test_tolerances_that_are_none(points, tmp_path, tolerance):
    with pytest.raises(ValueError, match="tolerance must be in"):
        nl.ActivationTracker(tmp_path, points[0], tolerance=tolerance)


def test_a_step_may_be_what_an_optimizer_counts(circle_model, points, tmp_path):
    circle_model.compile("sgd", "mse")
    circle_model.fit(*points, batch_size=20, verbose=0)
    tracker = nl.ActivationTracker(tmp_path, points[0], strict=True)
    tracker.observe(circle_model, circle_model.optimizer.iterations)
    assert tracker.history["step"].tolist() == [3]


def test_outputs_of_none_are_left_out(points, tmp_path):
    class WithoutCache(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(3, "relu", name="h")
            self.last = keras.layers.Dense(1)

        def call(self, x):
            return None, self.last(self.dense(x)), None

    tracker = nl.ActivationTracker(tmp_path, points[0], strict=True)
    tracker.observe(WithoutCache(), 0)
    assert "activity/h/dead" in tracker.history


@pytest.mark.parametrize("name", ["a$b", "a$b$c", "cost_$^$"])
def test_names_with_dollars_are_drawn(points, tmp_path, name):
    layers = [keras.layers.Dense(2, "relu", name=name), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse", run_eagerly=True)  # TensorFlow's graphs do not take the name
    tracker = nl.ActivationTracker(tmp_path, points[0], pictures=True, strict=True)
    model.fit(points[0], points[1], epochs=1, verbose=0, callbacks=[tracker])
    assert {f"heat_map/{name}", f"boundary/{name}"} <= Read(tmp_path).tags("images")


def test_a_model_that_runs_eagerly_is_read_eagerly(points, tmp_path):
    class Untraceable(keras.layers.Layer):
        def call(self, x):
            return x * (2.0 if keras.ops.convert_to_numpy(x).sum() > 0 else 1.0)

        def compute_output_spec(self, x):
            return x

    if keras.backend.backend() == "jax":
        pytest.skip("Keras on JAX traces every model that trains")
    layers = [Untraceable(), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse", run_eagerly=True)
    tracker = nl.ActivationTracker(tmp_path, points[0], strict=True)
    model.fit(points[0], points[1], epochs=1, verbose=0, callbacks=[tracker])
    assert tracker.history["step"].tolist() == [0, 1]


def test_a_folder_named_in_any_script_floods_no_screen(circle_model, points, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        tracker = nl.ActivationTracker(tmp_path / "实验一", *points, pictures=True, strict=True)
        tracker.observe(circle_model, 0)
    assert "network" in Read(tmp_path / "实验一").tags("images")


class Sampling(keras.Model):
    """A variational autoencoder's way: draws at inference too; unbuilt, as fit finds it."""

    def __init__(self, seed):
        super().__init__()
        self.encoder = keras.layers.Dense(4, "relu", name="encoder")
        self.seeds = keras.random.SeedGenerator(seed)
        self.decoder = keras.layers.Dense(2, name="decoder")

    def call(self, x):
        z = self.encoder(x)
        return self.decoder(z + keras.random.normal(keras.ops.shape(z), seed=self.seeds))


@pytest.mark.parametrize("seed", [3, None])
def test_a_model_that_draws_at_inference_trains_bit_for_bit_the_same(points, tmp_path, seed):
    ends = []
    for tracker in (None, nl.ActivationTracker(tmp_path, points[0], strict=True)):
        keras.utils.set_random_seed(1)
        model = Sampling(seed)
        model.compile("sgd", "mse")
        callbacks = [tracker] if tracker else []
        model.fit(points[0], points[0], epochs=2, verbose=0, callbacks=callbacks)
        state = keras.ops.convert_to_numpy(keras.ops.copy(model.seeds.state))
        ends.append([*model.get_weights(), state])
    for plain, tracked in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, tracked)


def test_an_unbuilt_model_of_a_loop_of_ones_own_draws_what_it_would_have(points, tmp_path):
    outputs = []
    for tracked in (False, True):
        keras.utils.set_random_seed(1)
        model = Sampling(3)
        if tracked:
            nl.ActivationTracker(tmp_path, points[0], strict=True).observe(model, 0)
        outputs.append(keras.ops.convert_to_numpy(model(points[0])))
    np.testing.assert_array_equal(*outputs)


def test_numbers_that_a_call_draws_of_the_global_generators_stay(circle_model, points, tmp_path):
    class Drawing(keras.layers.Layer):
        def call(self, x):
            if keras.backend.backend() == "torch":
                import torch

                torch.rand(())
            return x + random.random() + np.random.random()  # noqa: NPY002

    model = keras.Sequential([keras.Input((2,)), Drawing(), keras.layers.Dense(1)])

    def drawn():
        mine = [random.random(), np.random.random()]  # noqa: NPY002
        if keras.backend.backend() == "torch":
            import torch

            mine.append(float(torch.rand(())))
        return mine

    found = []
    for tracked in (False, True):
        keras.utils.set_random_seed(1)
        if tracked:
            nl.ActivationTracker(tmp_path, points[0], strict=True).observe(model, 0)
        found.append(drawn())
    assert found[0] == found[1]


def test_a_model_changed_and_compiled_again_is_observed_as_it_is(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, films=True, strict=True)
    fit(circle_model, x, y, tracker, epochs=1)
    circle_model.get_layer("hidden").activation = keras.activations.linear
    fit(circle_model, x, y, tracker, epochs=1)
    # Two linear layers are one; observed before training goes on, at the same step, and after.
    assert tracker.history["step"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(tracker.history["linearity"][1:], 1, rtol=1e-5)
    circle_model.add(keras.layers.Dense(3, "relu", name="added"))
    circle_model.add(keras.layers.Dense(3))
    fit(circle_model, x, np.stack([y] * 3, axis=1), tracker, epochs=1)
    assert np.isfinite(tracker.history["activity/added/dead"]).tolist() == [False] * 2 + [True] * 2
    assert "network" in Read(tmp_path).tags("images")


def test_an_event_file_of_the_circle_takes_20_kb_an_observation(tmp_path):
    """Its pictures, scalars, histograms and snapshots, and once the tags' descriptions."""
    model, (x, y) = build_model("relu-centred", seed=0), arm_data("relu-centred")
    run = tmp_path / "relu-centred"  # which the pictures' titles show, as the script calls it
    tracker = nl.ActivationTracker(run, x, y, strict=True)
    model.fit(x, y, batch_size=16, epochs=39, verbose=0, callbacks=[tracker])
    (file,) = run.iterdir()
    assert file.stat().st_size / 40 <= 20_000


def test_an_event_file_of_a_wide_network_takes_60_kb_an_observation(tmp_path):
    random = np.random.default_rng(0)
    x, y = random.random((2000, 784), dtype=np.float32), random.integers(0, 10, 2000)
    dense = keras.layers.Dense
    model = keras.Sequential([dense(512, "relu"), dense(512, "relu"), dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=True)
    tracker.observe(model, 0)
    tracker.close()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 60_000
