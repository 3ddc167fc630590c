"""A repaired model is compiled as the given one was, in all that no cure changes."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from normlayers import repair
from normlayers.diagnosis.repair.cures.outputs import scale_targets
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import amounts, classes, classifier, found, given


@keras.saving.register_keras_serializable("tests")
class NeedsEager(keras.layers.Layer):
    """As a layer that calls NumPy, it cannot be traced."""

    def call(self, x):
        is_traced = not hasattr(x, "numpy") and not isinstance(x, keras.KerasTensor)
        if is_traced and keras.backend.backend() == "tensorflow":
            raise RuntimeError("This layer is to be run eagerly.")
        return x

    def compute_output_shape(self, shape):
        return shape


def test_how_steps_are_run():
    model = classifier()
    options = {"run_eagerly": True, "jit_compile": False, "steps_per_execution": 2}
    model.compile("sgd", "binary_crossentropy", **options)
    repaired = repair(model, *classes(scale=100), found("inputs_not_scaled"), epochs=1, trials=1)
    assert {name: getattr(repaired.model, name) for name in options} == options


def test_weighted_metrics():
    model = classifier()
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"], weighted_metrics=["auc"])
    x, y = classes(scale=100)
    repaired = repair(model, x, y, found("inputs_not_scaled"), epochs=1, trials=1).model
    assert {"accuracy", "auc"} <= set(repaired.fit(x, y, verbose=0).history)


needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only TensorFlow traces what can also run"
)


@needs_tensorflow
def test_a_model_that_must_run_eagerly():
    model = classifier(NeedsEager())
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    x, y = classes(scale=100)
    repaired = repair(model, x, y, found("inputs_not_scaled"), epochs=1, trials=2)
    assert np.isfinite(repaired.before["trained as long"])
    repaired.model.fit(x, y, verbose=0)


@needs_tensorflow
def test_a_model_that_cannot_be_trained_says_why():
    model = classifier(NeedsEager())
    model.compile("sgd", "binary_crossentropy")
    repaired = repair(model, *classes(), found("inputs_not_scaled"), epochs=1, trials=2)
    assert not repaired.changes
    (why,) = [said for said in repaired.remarks if "could not be trained" in said]
    assert "This layer is to be run eagerly." in why


@pytest.mark.parametrize("weight", [None, 3.0, 0.0])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "mape"])
def test_an_outputs_share_of_the_loss(loss, weight):
    x, y = amounts(scale=1000.0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="last")])
    model.compile("sgd", loss, loss_weights=None if weight is None else [weight])
    read = given(model, x, y)
    (its,) = scale_targets(read.plan(), read, "targets_not_scaled", []).loss_weights
    variance = float(np.var(y.astype(float)))
    factor = {"mse": 1 / variance, "mae": variance**-0.5, "huber": 1 / variance, "mape": 1.0}[loss]
    assert its == pytest.approx((1.0 if weight is None else weight) * factor, rel=1e-12)


def squares(y, predicted):
    """A loss that nobody knows by its name."""
    return keras.ops.mean((y - predicted) ** 2, -1)


def product(y, predicted):
    """A metric of the user's own, of tensors."""
    return keras.ops.mean(keras.ops.cast(y, "float32") * predicted)


def test_the_share_of_a_loss_that_is_not_known_is_measured():
    x, y = amounts(scale=1000.0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="last")])
    model.compile(keras.optimizers.SGD(0.01), squares)
    read = given(model, x, y)
    plan = scale_targets(read.plan(), read, "targets_not_scaled", [])
    assert plan.loss_weights == (pytest.approx(1 / np.var(y.astype(float)), rel=1e-5),)
    assert "the loss is divided" in plan.changes[0].done
    model.compile("sgd", "mape")
    read = given(model, x, y)
    plan = scale_targets(read.plan(), read, "targets_not_scaled", [])
    assert plan.loss_weights == (1.0,)
    assert "the loss is divided" not in plan.changes[0].done


def test_a_huber_loss_keeps_its_reduction_and_name():
    x, y = amounts(scale=1000.0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="last")])
    model.compile("sgd", keras.losses.Huber(delta=2.0, reduction="sum", name="own"))
    read = given(model, x, y)
    (loss,) = scale_targets(read.plan(), read, "targets_not_scaled", []).losses
    assert (loss.reduction, loss.name) == ("sum", "own")


def test_metrics_of_ones_own():
    model = classifier()
    wrapped = keras.metrics.MeanMetricWrapper(product, name="wrapped")
    metrics = [product, "accuracy", wrapped, keras.metrics.AUC(num_thresholds=7, name="auc")]
    model.compile("sgd", "binary_crossentropy", metrics=metrics)
    x, y = classes(scale=100)
    y = y[:, None]
    repaired = repair(model, x, y, found("inputs_not_scaled"), epochs=1, trials=1)
    evaluated = repaired.model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(evaluated) == {"loss", "product", "accuracy", "wrapped", "auc"}
    assert not any("Metrics" in said for said in repaired.remarks)
    assert not any(metric is wrapped for metric in repaired.model.metrics)


def test_metrics_stay_where_a_loss_of_logits_becomes_one_of_probabilities():
    """They count the same labels."""
    model = classifier()
    own = keras.metrics.BinaryCrossentropy(name="own", from_logits=True)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy", own])
    x, y = classes(scale=100)
    y = y[:, None]
    read = given(model, x, y)
    made = build(replace(read.plan(), losses=(keras.losses.BinaryCrossentropy(),)), read)
    found = made.evaluate(x, y, verbose=0, return_dict=True)
    assert set(found) == {"loss", "accuracy", "own"}
    assert found["own"] == pytest.approx(found["loss"], rel=1e-5)  # of probabilities too
    made = build(replace(read.plan(), losses=("mse",)), read)
    assert set(made.evaluate(x, y, verbose=0, return_dict=True)) == {"loss"}


def test_metrics_that_fit_any_labels_stay_with_another_loss():
    """Keras chooses them by the shapes of labels and output."""
    model = classifier()
    model.compile("sgd", "mse", metrics=["accuracy"], weighted_metrics=["acc", "mae"])
    x, y = classes(scale=100)
    read = given(model, x, y)
    made = build(replace(read.plan(), losses=(keras.losses.BinaryCrossentropy(),)), read)
    assert set(made.evaluate(x, y, verbose=0, return_dict=True)) == {"loss", "accuracy"}


def test_a_loss_scale():
    model = classifier()
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), initial_scale=1024.0)
    model.compile(scaling, "binary_crossentropy")
    repaired = repair(model, *classes(scale=100), found("inputs_not_scaled"), epochs=1, trials=2)
    optimizer = repaired.model.optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    assert optimizer.initial_scale == 1024.0
    assert isinstance(optimizer.inner_optimizer, keras.optimizers.Adam)


class OwnStep(keras.Model):
    """Trains by a step of its own."""

    def train_on_batch(self, *args, **kwargs):
        self.steps = getattr(self, "steps", 0) + 1
        return super().train_on_batch(*args, **kwargs)


class OwnArguments(keras.Model):
    """As ``OwnStep``, made of something else than inputs and outputs."""

    def __init__(self, width, depth=1, name=None):
        x = inputs = keras.Input((3,))
        for _ in range(depth):
            x = keras.layers.Dense(width, "relu")(x)
        super().__init__(inputs, keras.layers.Dense(1, "sigmoid")(x), name=name)


def test_a_class_with_a_step_of_its_own():
    inputs = keras.Input((3,))
    model = OwnStep(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
    model.compile("sgd", "binary_crossentropy")
    repaired = repair(model, *classes(scale=100), found("inputs_not_scaled"), epochs=2, trials=1)
    assert type(repaired.model) is OwnStep
    assert repaired.model.steps > 0
    assert not hasattr(model, "steps")
    model = OwnArguments(4)
    model.compile("sgd", "binary_crossentropy")
    repaired = repair(model, *classes(scale=100), found("inputs_not_scaled"), epochs=1, trials=1)
    assert any(
        "OwnArguments has a constructor or a compile of its own" in said
        for said in repaired.remarks
    )


def test_where_every_training_diverges_the_weights_are_the_given_ones():
    x, y = amounts()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="last")])
    model.compile(keras.optimizers.SGD(1e25), "mse")
    repaired = repair(model, x, y, found("targets_not_scaled"), epochs=2, trials=1)
    assert not repaired.changes
    assert not repaired.worse
    assert repaired.after == repaired.before["as given"]
    for kept, own in zip(repaired.model.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(kept, own)
