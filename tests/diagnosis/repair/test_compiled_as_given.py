"""A repaired model is compiled as the given one was, in all that no cure changes."""

import keras
import numpy as np
import pytest

from normlayers import repair
from normlayers.diagnosis.repair.cures.outputs import scale_targets
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
