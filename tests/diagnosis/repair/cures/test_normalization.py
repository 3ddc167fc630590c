"""Cures of batch normalizations. Covers too: table.py."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.repair.cures import normalization
from normlayers.diagnosis.repair.cures.table import BY_RATE, CURES
from normlayers.diagnosis.repair.rebuild import build
from normlayers.diagnosis.rules.table import FAULTS
from tests.diagnosis.repair.made import classes, classifier, given, numbers


def cured(cure, *hidden, batch_size=32):
    x, y = classes()
    model = classifier(*hidden)
    model.fit(x, y, epochs=1, verbose=0)
    other = given(model, x, y, trained=True, batch_size=batch_size)
    plan = cure(other.plan(), other, "a_fault", [])
    return model, plan, build(plan, other), x


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("layer", [nl.BatchNormalization, keras.layers.BatchNormalization])
def test_idle_biases_go_and_nothing_else_changes(layer):
    model, _, made, x = cured(normalization.drop_idle_biases, keras.layers.Dense(4), layer())
    assert not made.layers[0].use_bias
    np.testing.assert_allclose(numbers(made(x)), numbers(model(x)), rtol=1e-4, atol=1e-6)


def test_dropout_goes_behind_the_normalization_and_its_activation():
    layers = keras.layers
    hidden = [layers.Dense(4), layers.Dropout(0.5), layers.BatchNormalization(), layers.ReLU()]
    model, _, made, x = cured(normalization.dropout_behind, *hidden)
    assert kinds(made) == ["Dense", "BatchNormalization", "ReLU", "Dropout", "Dense"]
    np.testing.assert_allclose(numbers(made(x)), numbers(model(x)), rtol=1e-5)


def test_epsilon_and_momentum():
    layer = nl.BatchNormalization(epsilon=50.0, momentum=0.9999)
    _, _, made, _ = cured(normalization.smaller_epsilon, keras.layers.Dense(4), layer)
    assert made.layers[1].epsilon == 1e-3
    layer = nl.BatchNormalization(momentum=0.9999)
    _, plan, made, _ = cured(normalization.recalibrate, keras.layers.Dense(4), layer)
    assert plan.recalibrates
    assert made.layers[1].momentum == 0.9


def test_without_a_batch_to_normalize_over():
    layer = nl.BatchNormalization(activation="relu")
    _, _, made, x = cured(normalization.normalize_rows, keras.layers.Dense(4), layer, batch_size=1)
    assert kinds(made) == ["Dense", "LayerNormalization", "Activation", "Dense"]
    np.testing.assert_allclose(numbers(made(x[:1])), numbers(made(x))[:1], rtol=1e-4)
    _, plan, _, _ = cured(
        normalization.larger_batches,
        keras.layers.Dense(4),
        keras.layers.BatchNormalization(),
        batch_size=1,
    )
    assert plan.batch_size == 32


def test_the_cures_are_of_faults_that_a_diagnosis_reports():
    assert set(CURES) | set(BY_RATE) <= set(FAULTS)
    for cures in CURES.values():
        assert all(cure.__doc__ for cure in cures)
