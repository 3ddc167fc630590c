"""The networks' arms: their data, and what is measured of them."""

import numpy as np
import pytest
from keras import ops
from sklearn.preprocessing import StandardScaler

from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import Passed
from normlayers.experiments.data.digits import digits
from normlayers.experiments.data.scalings import SCALINGS
from normlayers.experiments.scaling_methods.training import (
    ARMS,
    SCALED_ARMS,
    SPLITS,
    arm_name,
    look,
    splits,
    train_arm,
)
from normlayers.tracking.measures import saturation


def test_arms():
    assert len(ARMS) == 4 + 3 * 5
    assert set(SCALED_ARMS) == set(SCALINGS)
    for scaling, arm in SCALED_ARMS.items():
        assert (ARMS[arm].activation, ARMS[arm].scaling, ARMS[arm].exponent) == ("relu", scaling, 0)


def test_every_scaling_has_the_same_splits_and_learns_from_the_training_part():
    raw, standardized = splits("raw", 0, 3), splits("standardized", 0, 3)
    assert len(raw) == len(standardized) == SPLITS
    all_points = np.sort(digits().x.sum(axis=1))
    for before, after in zip(raw, standardized, strict=True):
        assert before.x.shape == (1408, 64)
        np.testing.assert_array_equal(before.y, after.y)
        both = np.concatenate([before.x, before.x_validation]).sum(axis=1)
        np.testing.assert_array_equal(np.sort(both), all_points)
        scaler = StandardScaler().fit(before.x.astype(float))
        np.testing.assert_allclose(
            after.x_validation, scaler.transform(before.x_validation), rtol=1e-4, atol=1e-4
        )
    assert not np.array_equal(raw[0].x, raw[1].x)


def test_a_factor_multiplies_standardized_digits():
    one, small = splits("standardized", 0, 0)[2], splits("standardized", -4, 0)[2]
    np.testing.assert_allclose(small.x, one.x * 1e-4, rtol=1e-6)
    np.testing.assert_array_equal(small.y_validation, one.y_validation)


@pytest.mark.parametrize(("activation", "largest"), [("sigmoid", 0.25), ("tanh", 1), ("relu", 1)])
def test_a_look_is_what_the_measures_say(activation, largest):
    z = np.random.default_rng(0).normal(scale=3, size=(2, 4, 50)).astype("float32")
    outputs = {
        "sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z), "relu": np.maximum(z, 0),
    }[activation]  # fmt: skip
    passed = Passed([], [ops.convert_to_tensor(outputs)], None, [])
    found = look(Classifier(64, (4,), 10, activation), [], passed, None)
    # By finite differences of the function itself.
    step = 1e-3
    functions = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "relu": lambda z: z * (z > 0),
    }  # fmt: skip
    function, wide = functions[activation], z.astype(float)
    slopes = (function(wide + step) - function(wide - step)) / (2 * step)
    np.testing.assert_allclose(
        np.asarray(found["slope_start"]), slopes.mean(axis=(1, 2)) / largest, rtol=1e-3
    )
    for network in range(2):
        expected = saturation(outputs[network].T, activation).mean()
        assert float(found["saturation_start"][network]) == pytest.approx(expected, abs=1e-6)


def test_networks_of_small_inputs_start_alike_but_for_the_factor():
    """Near 0 tanh is linear, and all classes are as probable: only the inputs' size differs."""
    found = {e: train_arm(arm_name("tanh", e), networks=3, epochs=2) for e in (-4, -2)}
    for name in ("gradient_start", "slope_start"):
        np.testing.assert_allclose(found[-4][name], found[-2][name], rtol=2e-3)
    np.testing.assert_allclose(found[-4]["loss"][:, 0], np.log(10), atol=0.01)
    assert found[-4]["loss"].shape == (3, 2)
    assert np.isinf(found[-4]["epochs_to_target"]).all()
    assert not found[-4]["diverged"].any()
    assert ((found[-4]["accuracy"] >= 0) & (found[-4]["accuracy"] < 0.5)).all()
