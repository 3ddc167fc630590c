"""A watched training is bit for bit the one that would have been without the tracker."""

import logging
import random
import warnings

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.tensorboard_reader import Read
from tests.tracking.watched_fit import fit


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
        model.fit(  # in batches of one size: torch compiles for each
            x, y, batch_size=15, epochs=2, verbose=0, callbacks=callbacks, validation_split=0.5
        )
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


@pytest.mark.parametrize("of_a_layer", [True, False])
def test_an_activation_with_weights_is_built_as_training_builds_it(points, tmp_path, of_a_layer):
    """Nothing but a call builds it, though the model is built."""
    ends = []
    for tracker in (None, nl.ActivationTracker(tmp_path, *points, strict=True)):
        keras.utils.set_random_seed(1)
        if of_a_layer:
            first = [keras.layers.Dense(4, activation=keras.layers.PReLU(), name="hidden")]
        else:
            first = [
                keras.layers.Reshape((2, 1)),
                keras.layers.Conv1D(3, 2, activation=keras.layers.PReLU(), name="hidden"),
                keras.layers.Flatten(),
            ]
        last = keras.layers.Dense(1, "sigmoid", name="out")
        model = keras.Sequential([keras.Input((2,)), *first, last])
        model.compile("adam", "binary_crossentropy")
        fit(model, *points, tracker, epochs=2)
        ends.append(model.get_weights())
    assert len(ends[0]) == len(ends[1]) == 5
    for plain, tracked in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, tracked)


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


@pytest.mark.parametrize("factor", [np.nan, np.inf, 3e38, 1e25])
def test_a_model_that_diverges_is_watched_in_silence(points, tmp_path, factor):
    """Also where NumPy was told to raise, and warnings are errors."""
    x, y = points
    keras.utils.set_random_seed(1)
    hidden = [keras.layers.Dense(4, "relu", name="hidden"), keras.layers.Dense(4, name="linear")]
    model = keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(1, "sigmoid")])
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=True)
    with np.errstate(all="ignore"):
        spoiled = [(w * factor).astype("float32") for w in model.get_weights()]
    spoil = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: epoch and model.set_weights(spoiled)
    )
    model.compile("sgd", "mse")
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        model.fit(x, y, epochs=2, verbose=0, callbacks=[spoil, tracker])
    assert tracker.history["step"].tolist() == [0, 1, 2]
    assert all(len(values) == 3 for values in tracker.history.values())
    assert np.isnan(tracker.history["linearity"][-1])
    hidden_is_finite = factor == 1e25
    for tag in ("activity/hidden/dead", "overview/dead_worst"):
        assert np.isnan(tracker.history[tag][-1]) != hidden_is_finite
    assert Read(tmp_path).steps("network") == [0, 1]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="its traces")
def test_tensorflow_warns_of_no_traces_where_many_networks_are_watched(points, tmp_path, caplog):
    caplog.set_level(logging.WARNING, logger="tensorflow")
    logging.getLogger("tensorflow").addHandler(caplog.handler)
    try:
        for number in range(8):
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
            model.compile("sgd", "binary_crossentropy")
            tracker = nl.ActivationTracker(tmp_path / str(number), *points, pictures=False)
            model.fit(*points, epochs=1, verbose=0, callbacks=[tracker])
    finally:
        logging.getLogger("tensorflow").removeHandler(caplog.handler)
    told = [record.getMessage() for record in caplog.records]
    # Of Keras's own it may: each model's fit is one.
    ours = [message for message in told if "TensorFlowTrainer" not in message]
    assert not [message for message in ours if "retracing" in message]
