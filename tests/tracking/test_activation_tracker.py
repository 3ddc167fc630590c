"""The tracker in model.fit, and what TensorBoard then finds.

Covers too: history.py, model_measures.py, observed_scalars.py.
"""

import gc
import pickle

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.explorer.runs import FolderRuns
from tests.tensorboard_reader import Read
from tests.tracking.watched_fit import fit


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


def test_an_unbuilt_model_is_built_from_the_points(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.layers.Dense(2, "relu"), keras.layers.Dense(1, "sigmoid")])
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(model, x, y, tracker, epochs=1)
    assert tracker.history["step"].tolist() == [0, 1]


def test_a_loop_of_ones_own(circle_model, points, tmp_path):
    tracker = nl.ActivationTracker(tmp_path, *points)
    for step in (0, 5, 5, 7):
        tracker.observe(circle_model, step)
    assert tracker.history["step"].tolist() == [0, 5, 7]
    assert Read(tmp_path).steps("network") == [0, 5, 7]
    tracker.close()
    with pytest.raises(ValueError, match="step must be a non-negative integer"):
        tracker.observe(circle_model, -1)


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
