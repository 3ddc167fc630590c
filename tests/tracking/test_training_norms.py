"""Gradients and updates, against closed forms and finite differences."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from normlayers.tracking import training_norms
from normlayers.tracking.reading.loss_gradient import LossGradient
from tests.tensorboard_reader import Read

layers = keras.layers
RNG = np.random.default_rng(0)


def tracked(tmp_path, model, x, y=None, **options):
    options = {"strict": True, "boundary": False, "pictures": False, **options}
    return nl.ActivationTracker(tmp_path, x, y, **options)


def test_of_logistic_regression_the_gradient_is_that_of_the_textbook(tmp_path):
    x = RNG.normal(size=(50, 3)).astype("float32")
    y = np.arange(50) % 2
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    tracker = tracked(tmp_path, model, x, y)
    tracker.observe(model, 0)
    wrong = convert_to_numpy(model(x)).ravel().astype(float) - y
    gradient = np.append(wrong @ x, wrong.sum()) / 50
    found = tracker.history["overview/gradient_norm"][0]
    assert found == pytest.approx(np.linalg.norm(gradient), rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("sparse_categorical_crossentropy", "softmax"),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="mine"), "linear"),
        ("categorical_crossentropy", "softmax"),
        ("mse", "tanh"),
    ],
)
def test_is_what_finite_differences_say_of_every_loss(loss, last, tmp_path):
    x, labels = RNG.normal(size=(30, 2)).astype("float32"), np.arange(30) % 3
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, "tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, last),
        ]
    )
    model.compile("sgd", loss)
    # With the seeds of dropout, and the counters and statistics of everything.
    before = [convert_to_numpy(keras.ops.copy(variable)) for variable in model.variables]
    norms = LossGradient(model, x, labels, np.zeros((30, 3))).norms()
    for now, then in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(convert_to_numpy(keras.ops.copy(now)), then)
    function = keras.losses.get(loss)
    sparse = "sparse" in str(getattr(function, "__name__", type(function).__name__)).lower()
    targets = labels if sparse else np.eye(3)[labels]
    kernel = model.trainable_variables[0]
    start, step = convert_to_numpy(kernel).copy(), 1e-3
    slopes = []
    for at in np.ndindex(start.shape):
        ends = []
        for sign in (1, -1):
            moved = start.copy()
            moved[at] += sign * step
            kernel.assign(moved)
            ends.append(
                float(convert_to_numpy(keras.ops.mean(function(targets, model(x, training=False)))))
            )
        slopes.append((ends[0] - ends[1]) / (2 * step))
    kernel.assign(start)
    assert len(norms) == len(model.trainable_variables)
    assert norms[0] == pytest.approx(np.linalg.norm(slopes), rel=2e-3)


def test_vanishing_gradients_show(tmp_path):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(40, 2)).astype("float32"), np.arange(40) % 2
    hidden = [layers.Dense(8, "sigmoid") for _ in range(12)]
    model = keras.Sequential([keras.Input((2,)), *hidden, layers.Dense(1, "sigmoid")])
    model.set_weights([random.uniform(-0.6, 0.6, w.shape) for w in model.get_weights()])
    model.compile("sgd", "binary_crossentropy")
    tracker = tracked(tmp_path, model, x, y)
    tracker.observe(model, 0)
    smallest = tracker.history["overview/gradient_norm_smallest"][0]
    assert 0 < smallest < 1e-6 * tracker.history["overview/gradient_norm"][0]


def test_updates_are_the_weights_differences(circle_model, points, tmp_path):
    tracker = tracked(tmp_path, circle_model, *points)
    tracker.observe(circle_model, 0)
    weights = circle_model.get_weights()
    circle_model.set_weights([weight * 1.25 for weight in weights])
    tracker.observe(circle_model, 1)
    tracker.observe(circle_model, 2)
    found = tracker.history["overview/update_norm"]
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([0.2, 0], abs=1e-7)
    assert Read(tmp_path).steps("overview/update_norm") == [1, 2]


class OwnLoss(keras.losses.Loss):
    calls = 0

    def call(self, y_true, y_pred):
        OwnLoss.calls += 1
        return keras.ops.mean(keras.ops.square(y_true - y_pred))


@pytest.mark.parametrize(
    ("loss", "y", "says"),
    [
        ("mse", None, "the tracker has no classes `y`"),
        (None, [0, 1] * 30, "the model is not compiled with a loss"),
        (OwnLoss(), [0, 1] * 30, "the loss is not one of Keras's"),
    ],
)
def test_where_there_is_no_gradient_it_says_so_once(circle_model, points, tmp_path, loss, y, says):
    if loss is not None:
        circle_model.compile("sgd", loss)
    tracker = tracked(tmp_path, circle_model, points[0], y)
    for step in range(3):
        tracker.observe(circle_model, step)
    read = Read(tmp_path)
    assert read.steps("overview/notes") == [0]
    note = read.values("overview/notes")[0].item().decode()
    assert f"`overview/gradient_norm` is left out: {says}" in note
    assert "overview/gradient_norm" not in read.tags("scalars")
    assert len(read.steps("overview/update_norm")) == 2
    assert OwnLoss.calls == 0


def test_several_outputs_and_pictures_have_no_gradient(tmp_path):
    inputs = keras.Input((4, 4, 1))
    mask = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(inputs)
    x = RNG.normal(size=(30, 4, 4, 1)).astype("float32")
    for number, (outputs, loss) in enumerate(
        [(mask, "binary_crossentropy"), ([mask, mask], ["mse", "mse"])]
    ):
        model = keras.Model(inputs, outputs)
        model.compile("sgd", loss)
        tracker = tracked(tmp_path / str(number), model, x, np.arange(30) % 2)
        tracker.observe(model, 0)
        assert "overview/gradient_norm" not in tracker.history
        assert "overview/update_norm" in tracker.history


def test_large_models_keep_no_weights_and_large_activations_take_no_gradient(
    circle_model, points, tmp_path, monkeypatch
):
    monkeypatch.setattr(training_norms, "WEIGHTS_KEPT", 5)
    monkeypatch.setattr(training_norms, "GRADIENT_VALUES", 20)
    circle_model.compile("sgd", "binary_crossentropy")
    tracker = tracked(tmp_path, circle_model, *points)
    tracker.observe(circle_model, 0)
    note = Read(tmp_path).values("overview/notes")[0].item().decode()
    assert "update_norm` is left out: the model has more than 5 weights" in note
    assert "gradient_norm` is left out: its activations are too many" in note


def test_a_loss_compiled_anew_is_the_one_that_is_measured(circle_model, points, tmp_path):
    tracker = tracked(tmp_path, circle_model, *points)
    for step, loss in enumerate(("mse", "binary_crossentropy")):
        circle_model.compile("sgd", loss)
        tracker.observe(circle_model, step)
    first, second = tracker.history["overview/gradient_norm"]
    assert second > 1.5 * first


def test_an_activation_exchanged_is_the_one_that_is_measured(circle_model, points, tmp_path):
    circle_model.compile("sgd", "binary_crossentropy")
    tracker = tracked(tmp_path / "old", circle_model, *points)
    tracker.observe(circle_model, 0)
    circle_model.get_layer("hidden").activation = keras.activations.tanh
    circle_model.compile("sgd", "binary_crossentropy")
    tracker.observe(circle_model, 1)
    fresh = tracked(tmp_path / "new", circle_model, *points)
    fresh.observe(circle_model, 1)
    first, second = tracker.history["overview/gradient_norm"]
    assert second == pytest.approx(fresh.history["overview/gradient_norm"][0], rel=1e-6)
    assert abs(second - first) > 0.01


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e25])
def test_an_update_is_measured_of_weights_of_any_size(tmp_path, scale):
    model = keras.Sequential([keras.Input((300,)), layers.Dense(300), layers.Dense(2)])
    tracker = tracked(tmp_path, model, RNG.normal(size=(310, 300)).astype("float32") / 1e20)
    weights = [RNG.normal(size=w.shape) * scale for w in model.get_weights()]
    moved = [w * RNG.normal(1, 0.01, size=w.shape) for w in weights]
    for step, of in enumerate((weights, moved, moved)):
        model.set_weights([w.astype("float32") for w in of])
        tracker.observe(model, step)
    flat, flat_before = (np.concatenate([w.ravel() for w in of]) for of in (moved, weights))
    expected = np.linalg.norm(flat - flat_before) / np.linalg.norm(flat)
    found = tracker.history["overview/update_norm"]
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(expected, rel=1e-5)
    assert found[2] == 0


def test_an_rnns_dropout_draws_as_without_a_tracker(tmp_path):
    """Keras's cells draw their masks at inference too; on torch from its global generator."""
    x = RNG.normal(size=(32, 5, 2)).astype("float32")
    y = (x[:, 0, 0] > 0).astype("float32")

    def end(watched):
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [keras.Input((5, 2)), layers.GRU(3, dropout=0.2), layers.Dense(1, "sigmoid")]
        )
        model.compile("sgd", "binary_crossentropy")
        callbacks = [tracked(tmp_path, model, x, y)] if watched else []
        model.fit(x, y, batch_size=16, epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    for plain, watched in zip(end(False), end(True), strict=True):
        np.testing.assert_array_equal(watched, plain)


@pytest.mark.parametrize("where", ["call", "callback"])
def test_updates_are_measured_of_a_model_whose_attributes_change(tmp_path, where):
    class Annealed(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense, self.beta, self.calls = layers.Dense(1), 1.0, 0
            self.dense.build((None, 2))

        def call(self, x):
            self.calls += where == "call"
            return self.beta * self.dense(x)

    def anneal(epoch, logs):
        model.beta *= 0.5 if where == "callback" else 1.0

    x = RNG.normal(size=(40, 2)).astype("float32")
    model = Annealed()
    model.compile("sgd", "mse", run_eagerly=True)
    tracker, weights = tracked(tmp_path, model, x, None), [model.get_weights()]
    keeping = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())
    )
    annealing = keras.callbacks.LambdaCallback(on_epoch_end=anneal)
    model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[tracker, keeping, annealing])

    def length(parts):
        return np.sqrt(sum(np.sum(np.square(part, dtype=float)) for part in parts))

    expected = [
        length([a - b for a, b in zip(now, before, strict=True)]) / length(now)
        for before, now in pairwise(weights)
    ]
    assert tracker.history["step"].tolist() == [0, 1, 2, 3]
    found = tracker.history["overview/update_norm"]
    np.testing.assert_allclose(found[1:], expected, rtol=1e-5)


@pytest.mark.parametrize("frozen", [(1, 0), (0, 1), (0, 3), (3, 0)])
def test_layers_that_are_frozen_or_unfrozen_are_followed(tmp_path, points, frozen):
    """So many of three, in two trainings; by the same tracker as by a new one."""
    hidden = (layers.Dense(4, "tanh"), layers.Dense(4, "tanh"))
    model = keras.Sequential([keras.Input((2,)), *hidden, layers.Dense(1)])
    tracker = tracked(tmp_path / "one", model, *points)
    for number, first in enumerate(frozen):
        for place, layer in enumerate(model.layers):
            layer.trainable = place >= first
        model.compile("sgd", "mse")
        new = tracked(tmp_path / str(number), model, *points)
        model.fit(*points, epochs=2, verbose=0, callbacks=[tracker, new])
        for name in ("gradient_norm", "gradient_norm_smallest", "update_norm"):
            one, fresh = (
                t.history.get(f"overview/{name}", np.full(2, np.nan))[-2:] for t in (tracker, new)
            )
            if name == "update_norm" and number and first < frozen[0]:
                fresh = [np.nan, fresh[1]]  # what was not trained then is not known from before
            np.testing.assert_array_equal(one, fresh, err_msg=name)


def test_what_was_not_compiled_or_all_frozen_is_measured_once_it_can_be(tmp_path, points):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1)])
    model.trainable = False
    tracker = tracked(tmp_path, model, *points)
    tracker.observe(model, 0)
    model.trainable = True
    model.compile("sgd", "mse")
    tracker.observe(model, 1)
    tracker.observe(model, 2)
    assert (tracker.history["overview/gradient_norm"][1:] > 0).all()
    assert tracker.history["overview/update_norm"][2] == 0
