import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.layers.batch_normalization import BatchNormalization
from tests.diagnosis.small_models import faults, found, network, points

X, Y = points()
LAYERS = keras.layers
KINDS = [LAYERS.BatchNormalization, BatchNormalization]


def normalized(kind=LAYERS.BatchNormalization, dense=None, **arguments):
    return network(
        dense or LAYERS.Dense(16, use_bias=False, name="dense"),
        kind(name="bn", **arguments),
        LAYERS.Activation("relu"),
        LAYERS.Dense(1, "sigmoid", name="last"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_healthy_ones(kind):
    assert faults(normalized(kind), X, Y) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_idle_biases_are_a_note(kind):
    (finding,) = found("idle_bias", normalized(kind, LAYERS.Dense(16, name="dense")), X, Y)
    assert (finding.where, finding.severity) == ("dense", "note")
    assert not found("idle_bias", normalized(kind), X, Y)


@pytest.mark.parametrize(
    ("batch", "severity"), [(1, "error"), (2, "error"), (4, "warning"), (8, None), (32, None)]
)
def test_batches_that_are_too_small(batch, severity):
    told = found("batch_too_small", normalized(), X, Y, batch_size=batch)
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_a_model_without_normalization_takes_any_batch():
    model = network(LAYERS.Dense(16, "relu"), LAYERS.Dense(1, "sigmoid"))
    assert not found("batch_too_small", model, X, Y, batch_size=1)


@pytest.mark.parametrize("kind", KINDS)
def test_moving_statistics_of_other_data(kind):
    model = normalized(kind)
    assert not found("stale_moving_statistics", model, X, Y)  # not trained yet
    model.optimizer.iterations.assign(10)
    bn, dense = model.get_layer("bn"), np.asarray(model.get_layer("dense").get_weights()[0])
    taken = X @ dense
    bn.moving_mean.assign(taken.mean(0))
    bn.moving_variance.assign(taken.var(0))
    assert not found("stale_moving_statistics", model, X, Y)
    bn.moving_mean.assign(taken.mean(0) + 5)
    (finding,) = found("stale_moving_statistics", model, X, Y)
    assert (finding.where, finding.severity) == ("bn", "error")
    bn.moving_mean.assign(taken.mean(0))
    bn.moving_variance.assign(taken.var(0) * 5)
    (finding,) = found("stale_moving_statistics", model, X, Y)
    assert finding.severity == "warning"


@pytest.mark.parametrize(("momentum", "expected"), [(0.9999, "warning"), (0.9, None)])
def test_moving_statistics_that_are_mostly_the_initial_ones(momentum, expected):
    model = normalized(momentum=momentum)
    dense = np.asarray(model.get_layer("dense").get_weights()[0])
    variance = (X @ dense).var(0)
    model.get_layer("dense").set_weights([dense * np.sqrt(1.6 / variance)])
    for _ in range(60):
        model.train_on_batch(X, Y)
    told = found("stale_moving_statistics", model, X, Y)
    assert [finding.severity for finding in told] == ([expected] if expected else [])
    if told:
        assert told[0].evidence["initial_share"] == pytest.approx(momentum**60)
        assert "60 steps" in told[0].message


def test_a_normalization_that_trains_behind_a_frozen_kernel():
    model = normalized()
    model.get_layer("dense").trainable = False
    (finding,) = found("unfrozen_normalization", model, X, Y)
    assert finding.where == "bn"
    model.get_layer("bn").trainable = False
    assert not found("unfrozen_normalization", model, X, Y)


def test_a_quantized_kernel_is_none_that_was_frozen():
    model = normalized()
    model.quantize("int8", filters=lambda layer: layer.name == "dense")
    assert not model.get_layer("dense").kernel.trainable
    assert not found("unfrozen_normalization", model, X, Y)


def test_dropout_right_before_it():
    layers = [
        LAYERS.Dense(16, "relu"),
        LAYERS.Dropout(0.5, name="drop"),
        LAYERS.BatchNormalization(),
    ]
    (finding,) = found(
        "dropout_before_normalization", network(*layers, LAYERS.Dense(1, "sigmoid")), X, Y
    )
    assert finding.where == "drop"
    behind = [layers[0], LAYERS.BatchNormalization(), LAYERS.Dropout(0.5)]
    assert faults(network(*behind, LAYERS.Dense(1, "sigmoid")), X, Y) == set()
    none = [LAYERS.Dense(16, "relu"), LAYERS.Dropout(0.0), LAYERS.BatchNormalization()]
    assert faults(network(*none, LAYERS.Dense(1, "sigmoid")), X, Y) == set()


@pytest.mark.parametrize(("epsilon", "severity"), [(1e3, "error"), (10.0, "warning"), (0.1, None)])
def test_epsilons_beside_the_variances(epsilon, severity):
    told = found("epsilon_dominates", normalized(epsilon=epsilon), X, Y)
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_a_frozen_one_with_the_statistics_that_it_began_with():
    """As of a backbone without weights: no training will give it others."""
    model = normalized()
    assert not found("stale_moving_statistics", model, X * 0.01, Y)
    model.get_layer("dense").trainable = model.get_layer("bn").trainable = False
    (finding,) = found("stale_moving_statistics", model, X * 0.01, Y)
    assert "began with" in finding.message
    kernel = np.asarray(model.get_layer("dense").get_weights()[0])
    deviation = np.sqrt((X @ kernel).var(0))
    model.get_layer("dense").set_weights([kernel / deviation])
    assert not found("stale_moving_statistics", model, X, Y)  # 0 and 1 are those of the data


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_one_behind_layers_that_were_trained_before(kind, frozen):
    """As in the head of a fine-tuned network: it has statistics once it is trained."""
    body = keras.Sequential([keras.Input((6,)), LAYERS.Dense(16, "relu")])
    before = network(body, LAYERS.Dense(1, "sigmoid"))
    before.fit(X * 5, Y, epochs=1, verbose=0)
    body.trainable = not frozen
    new = kind(name="new")
    model = network(body, new, LAYERS.Dense(1, "sigmoid"))
    assert not found("stale_moving_statistics", model, X * 5, Y)
    new.beta.assign(np.full(16, 0.5))  # it was trained, and its statistics are lost
    (finding,) = found("stale_moving_statistics", model, X * 5, Y)
    assert finding.where == "new"


@pytest.mark.parametrize(("epsilon", "severity"), [(1e-3, "note"), (2e-3, "warning")])
def test_small_variances_before_training_are_a_note_beside_a_usual_epsilon(epsilon, severity):
    """Behind embeddings that begin small; the variance grows when the layer learns."""
    model = normalized(epsilon=epsilon)
    (finding,) = found("epsilon_dominates", model, X * 0.01, Y)
    assert finding.severity == severity
    model.optimizer.iterations.assign(10)
    (finding,) = found("epsilon_dominates", model, X * 0.01, Y)
    assert finding.severity == "warning"


@pytest.mark.parametrize("trainable", [True, False])
def test_an_epsilon_beside_what_a_layer_divides_by(trainable):
    """A frozen layer divides by the moving variance, 1, whatever it is given."""
    model = normalized(epsilon=1e-3)
    model.get_layer("bn").trainable = trainable
    told = found("epsilon_dominates", model, X * 1e-3, Y)
    assert bool(told) is trainable
    model.get_layer("bn").moving_variance.assign(np.full(16, 1e-6))
    (finding,) = found("epsilon_dominates", model, X * 1e-3, Y)
    assert finding.severity == ("error" if trainable else "note")  # what is behind it learned so


def test_gradients_that_vanish_behind_frozen_statistics_follow_from_them():
    layers = []
    for _ in range(8):
        layers += [LAYERS.Dense(16, use_bias=False), LAYERS.BatchNormalization(), LAYERS.ReLU()]
        layers[-3].trainable = layers[-2].trainable = False
    model = network(*layers, LAYERS.Dense(1, "sigmoid"))
    for dense in model.layers[:-1:3]:
        dense.set_weights([weight * 0.03 for weight in dense.get_weights()])
    errors = nl.diagnose(model, X, Y).errors
    assert [finding.fault for finding in errors] == ["stale_moving_statistics"]
