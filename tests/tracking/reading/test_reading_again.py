"""A probe that reads more than once: the model stays as it was, and is read as it has become."""

import threading

import keras
import numpy as np
from keras.ops import convert_to_numpy

import normlayers as nl
from normlayers.tracking.reading.probe import Probe

layers = keras.layers
RNG = np.random.default_rng(0)


def test_reading_leaves_the_model_as_it_was(circle_model, points):
    before = [dict(vars(layer)) for layer in circle_model.layers]
    weights = circle_model.get_weights()
    Probe(circle_model).read(points[0])
    for layer, attributes in zip(circle_model.layers, before, strict=True):
        assert vars(layer).get("activation") is attributes.get("activation")
    for now, then in zip(circle_model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then)


class Noisy(layers.Layer):
    """Draws from a seed and counts its calls, in inference too."""

    def __init__(self):
        super().__init__(name="noisy")
        self.seeds = keras.random.SeedGenerator(1)
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign(self.calls + 1)
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def test_reading_moves_no_seed_no_counter_and_no_recurrent_state():
    model = keras.Sequential(
        [
            keras.Input((5, 2), batch_size=4),
            Noisy(),
            layers.LSTM(3, stateful=keras.backend.backend() != "torch"),
            layers.Dense(1, activity_regularizer="l2"),
        ]
    )
    x = np.ones((4, 5, 2), "float32")
    convert_to_numpy(model(x))
    before = [convert_to_numpy(keras.ops.copy(v)) for v in model.variables]
    probe = Probe(model)
    for _ in range(2):
        probe.read(x)
    for now, then in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(convert_to_numpy(keras.ops.copy(now)), then)


def test_threads_take_turns():
    call = keras.layers.Layer.__call__
    models = [
        keras.Sequential([keras.Input((2,)), layers.Dense(3, "relu", name=f"h{i}")])
        for i in range(3)
    ]
    found = {}

    def work(i):
        for n in range(3, 9):
            found[i, n] = list(Probe(models[i]).read(np.ones((n, 2), "float32")).activations)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keras.layers.Layer.__call__ is call
    assert found == {(i, n): [f"h{i}"] for i in range(3) for n in range(3, 9)}


def test_a_model_that_has_changed_is_read_anew(points):
    x = points[0]
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(3, "relu", name="h"), layers.Dense(2, name="out")]
    )
    probe = Probe(model)
    probe.read(x)
    assert not probe.changed()
    model.get_layer("h").activation = keras.activations.tanh
    assert probe.changed()
    h = model.get_layer("h")
    z = x @ convert_to_numpy(h.kernel.value) + convert_to_numpy(h.bias.value)
    np.testing.assert_allclose(probe.read(x).activations["h"], np.tanh(z), rtol=1e-4, atol=1e-5)
    model.add(layers.Dense(1, name="more"))
    reading = probe.read(x)
    assert probe.wiring.names == ["h", "out", "more"]
    np.testing.assert_allclose(reading.logit, convert_to_numpy(model(x)), rtol=1e-4, atol=1e-5)
    assert not probe.changed()


def test_a_number_of_an_inner_layer_that_has_changed_is_read_anew(points):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.inner = layers.LeakyReLU(negative_slope=0.5, name="leaky")

        def call(self, x):
            return self.inner(x)

    block = Block()
    probe = Probe(keras.Sequential([keras.Input((2,)), block]))
    probe.read(points[0])
    block.inner.negative_slope = 0.25
    expected = np.where(points[0] > 0, points[0], points[0] / 4)
    np.testing.assert_allclose(probe.read(points[0]).output, expected, rtol=1e-6)


def test_training_does_not_make_a_model_another(points):
    x, y = points
    model = keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), layers.Dropout(0.5),
                              layers.BatchNormalization(), layers.Dense(1, "sigmoid")])  # fmt: skip
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    probe = Probe(model)
    probe.read(x)
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=9)
    model.fit(x, y, epochs=3, verbose=0, validation_split=0.2, callbacks=[stop])
    model.predict(x, verbose=0)
    assert not probe.changed()


def test_each_reading_has_the_summary_of_its_own_points_and_of_what_normalizes_them_now():
    x, others = (RNG.normal(at, at, size=(40, 2)).astype("float32") for at in (1, 9))
    shift = nl.Standardize()
    shift.adapt(x)
    raw = Probe(keras.Sequential([keras.Input((2,)), layers.Dense(3, "relu")]))
    behind = Probe(keras.Sequential([keras.Input((2,)), shift, layers.Dense(3, "relu")]))
    for given in (x, others, x):
        found = raw.read(given).inputs
        np.testing.assert_allclose(found["mean"], given.mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(found["deviation"], given.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(behind.read(x).inputs["deviation"], 1, rtol=1e-5)
    shift.adapt(others)
    expected = x.std(axis=0) / others.std(axis=0)
    np.testing.assert_allclose(behind.read(x).inputs["deviation"], expected, rtol=1e-4)


def test_points_and_a_grid_that_are_read_in_turns_stay_where_the_model_is(circle_model, points):
    probe, grid = Probe(circle_model), points[0][:9].copy()
    probe.read(points[0])
    probe.logit(grid)
    kept = list(probe._tensors_of)
    for _ in range(2):
        probe.read(points[0])
        probe.logit(grid)
    assert all(now is before for now, before in zip(probe._tensors_of, kept, strict=True))
    probe.logit(points[0][:3])
    assert [of[0] is grid for of in probe._tensors_of] == [True, False]
