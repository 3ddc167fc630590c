import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence.training import first_steps, trials
from tests.diagnosis.small_models import classifier, found, network, points

X, Y = points()
LAYERS = keras.layers


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value):
    model = classifier()
    kernel = np.array(model.get_layer("hidden").kernel)
    kernel[1, :3] = value
    model.get_layer("hidden").kernel.assign(kernel)
    (finding,) = found("non_finite_weights", model, X, Y)
    assert (finding.where, finding.severity) == ("hidden", "error")
    assert finding.evidence == {"variables": ["hidden/kernel"], "values": 3}


def test_finite_ones_are_not_reported():
    model = classifier()
    model.get_layer("hidden").kernel.assign(np.full((6, 16), 3e38) * np.eye(6, 16))
    assert not found("non_finite_weights", model, X, Y)


def test_a_model_of_frozen_layers_is_said_to_learn_nothing():
    model = classifier(keras.layers.BatchNormalization())
    model.trainable = False
    (finding,) = found("nothing_to_train", model, X, Y)
    assert finding.severity == "warning"
    assert finding.evidence["layers"] == [layer.name for layer in model.layers]
    model.get_layer("last").trainable = True
    model.trainable = True
    assert not found("nothing_to_train", model, X, Y)


def test_a_model_that_is_not_compiled_may_be_frozen():
    model = network(keras.layers.Dense(1), loss=None)
    model.trainable = False
    assert not found("nothing_to_train", model, X, Y)


def test_a_model_without_weights_has_nothing_to_train_and_is_none_the_worse():
    model = network(keras.layers.Rescaling(0.5), loss="mse")
    assert not found("nothing_to_train", model, X, X)


@pytest.mark.parametrize(
    ("penalty", "named"),
    [("L2", {1.0: True, 1e-3: False}), ("L1", {1.0: True, 1e-4: False})],
)
def test_regularizers_for_whose_sake_nothing_is_learned(penalty, named):
    """As by the accuracy that a training ends with."""
    y = (X[:, 0] > 0).astype("int64")
    for factor, expected in named.items():
        kernel = getattr(keras.regularizers, penalty)(factor)
        hidden = LAYERS.Dense(16, "relu", kernel_regularizer=kernel)
        # A loss that begins above that of guessing falls to it, whatever is learned.
        last = LAYERS.Dense(1, "sigmoid", kernel_regularizer=kernel, kernel_initializer="zeros")
        model = network(hidden, last, optimizer=keras.optimizers.Adam(0.01))
        told = nl.diagnose(model, X, y).of("penalty_too_strong")
        assert [finding.severity for finding in told] == ["error"] * expected
        model.compile(model.optimizer, model.loss, metrics=["accuracy"])
        model.fit(X, y, epochs=30, verbose=0)
        assert (model.evaluate(X, y, verbose=0, return_dict=True)["accuracy"] < 0.8) == expected


def test_regularizers_that_drive_the_weights_to_infinity():
    """Each step of gradient descent multiplies weights by 1 - 2 * rate * factor = -5."""
    y = (X[:, 0] > 0).astype("int64")
    hidden = LAYERS.Dense(16, "relu", kernel_regularizer=keras.regularizers.L2(30.0))
    model = network(hidden, LAYERS.Dense(1, "sigmoid"), optimizer=keras.optimizers.SGD(0.1))
    (finding,) = nl.diagnose(model, X, y).findings
    assert finding.fault == "penalty_too_strong"
    assert finding.evidence["progress"] is None
    assert "the loss on the data becomes NaN or infinite" in finding.message
    assert "learning_rate_too_high" in [found.fault for found in finding.consequences]
    plain = network(LAYERS.Dense(16, "relu"), LAYERS.Dense(1, "sigmoid"), optimizer=model.optimizer)
    assert not nl.diagnose(plain, X, y).findings


def test_regularizers_of_activities_for_whose_sake_nothing_is_learned():
    y = (X[:, 0] > 0).astype("int64")
    for factor, expected in {10.0: True, 1e-4: False}.items():
        penalty = keras.regularizers.L1(factor)
        hidden = LAYERS.Dense(16, "relu", activity_regularizer=penalty)
        optimizer = keras.optimizers.Adam(0.01)
        model = network(hidden, LAYERS.Dense(1, "sigmoid"), optimizer=optimizer)
        report = nl.diagnose(model, X, y)
        assert bool(report.of("penalty_too_strong")) == expected
        assert hidden.activity_regularizer is penalty
        model.compile(model.optimizer, model.loss, metrics=["accuracy"])
        model.fit(X, y, epochs=30, verbose=0)
        assert (model.evaluate(X, y, verbose=0, return_dict=True)["accuracy"] < 0.8) == expected


def test_what_a_layer_adds_to_the_loss_is_what_the_model_is_for():
    class Compared(keras.layers.Layer):
        def call(self, x):
            self.add_loss(100 * keras.ops.mean(x**2))
            return x

    model = network(LAYERS.Dense(16, "relu"), Compared(), LAYERS.Dense(1, "sigmoid"))
    assert not nl.diagnose(model, X, Y).of("penalty_too_strong")


def dropping(rate, kind=keras.layers.Dropout, **compiled):
    layers = [LAYERS.Dense(32, "relu"), kind(rate, name="first")]
    return network(*layers, *_second(kind, rate), LAYERS.Dense(1, "sigmoid"), **compiled)


def _second(kind, rate):
    return [LAYERS.Dense(32, "relu"), kind(rate, name="second")]


@pytest.mark.parametrize("kind", [keras.layers.Dropout, keras.layers.GaussianDropout])
def test_dropouts_with_which_nothing_is_learned(kind):
    """As by the accuracy that a training ends with."""
    y = (X[:, 0] > 0).astype("int64")
    for rate, expected in {0.98: True, 0.3: False, 0.6: False}.items():
        model = dropping(rate, kind, optimizer=keras.optimizers.Adam(0.01))
        told = nl.diagnose(model, X, y).of("dropout_too_strong")
        assert bool(told) == expected
        assert [layer.rate for layer in model.layers if isinstance(layer, kind)] == [rate, rate]
        model.compile(model.optimizer, model.loss, metrics=["accuracy"])
        model.fit(X, y, epochs=30, verbose=0)
        assert (model.evaluate(X, y, verbose=0, return_dict=True)["accuracy"] < 0.85) == expected


def test_what_is_said_of_dropouts_within_a_nested_model():
    y = (X[:, 0] > 0).astype("int64")
    inner = keras.Sequential([LAYERS.Dense(32, "relu"), *_second(LAYERS.Dropout, 0.97)])
    last = LAYERS.Dense(1, "sigmoid")
    model = network(LAYERS.Dropout(0.1), inner, LAYERS.Dropout(0.97), last)
    model.compile(keras.optimizers.Adam(0.01), model.loss)
    (finding,) = nl.diagnose(model, X, y).of("dropout_too_strong")
    assert "with 97% in 'second', 97% in 'dropout" in finding.message
    assert finding.evidence["rate"] == 0.97
    assert finding.evidence["progress"] < 0.1 * finding.evidence["without"]


def test_dropouts_of_usual_rates_cost_no_trial(monkeypatch):
    monkeypatch.setattr(first_steps, "without_dropout", None)  # called, it would be an error
    report = nl.diagnose(dropping(0.5), X, Y)
    assert not report.of("dropout_too_strong")
    assert "dropout_too_strong" not in report.unchecked


def test_what_a_dropout_hides_is_no_progress_of_a_trial(monkeypatch):
    """Where steps are next to nothing, the loss stays where it is, whatever is dropped."""
    found = []

    def at_rates(*args, **kwargs):
        found.append(trials.at_rates(*args, **kwargs))
        return found[-1]

    monkeypatch.setattr(first_steps, "at_rates", at_rates)
    y = (X[:, 0] > 0).astype("int64")
    nl.diagnose(dropping(0.98, LAYERS.Dropout, optimizer=keras.optimizers.SGD(1e-9)), X, y)
    (by_factor,) = found
    assert abs(by_factor[1.0].progress) < 1e-5
    assert any(abs(trial.progress) > 1e-5 for trial in by_factor.values())
