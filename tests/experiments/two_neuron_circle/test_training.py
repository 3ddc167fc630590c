"""Each arm's data and the network that it starts from.

Covers too: arms.py.
"""

import keras
import numpy as np
import pytest

from normlayers.experiments.two_neuron_circle import training
from normlayers.experiments.two_neuron_circle.arms import ARMS


def test_shifted_data_are_moved_by_10():
    x, y = training.arm_data("relu-centred")
    moved, labels = training.arm_data("relu-shifted")
    np.testing.assert_allclose(moved, x + 10, rtol=1e-6)
    np.testing.assert_array_equal(labels, y)


def test_all_arms_start_from_the_same_dense_weights():
    models = [training.build_model(arm, seed=5) for arm in ARMS]
    assert len(models) == 10
    for model in models:
        first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
        for layer, same in zip((first, model.layers[-1]), models[0].layers, strict=True):
            np.testing.assert_array_equal(layer.kernel, same.kernel)
        assert model.get_layer("hidden").output.shape == (None, 2)


@pytest.mark.parametrize("placement", ["pre", "post"])
def test_a_batch_normalization_stands_on_its_side_of_the_activation(placement):
    model = training.build_model(f"sigmoid-shifted-bn-{placement}", seed=1)
    model.get_layer("hidden").beta.assign([3.0, 3.0])
    x = training.arm_data("sigmoid-shifted")[0]
    hidden = keras.Model(model.inputs, model.get_layer("hidden").output)([x])
    z = keras.ops.convert_to_numpy(model.get_layer("hidden_dense")(x))
    scale = 1 / np.sqrt(1 + 1e-3)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    expected = sigmoid(z * scale + 3) if placement == "pre" else sigmoid(z) * scale + 3
    np.testing.assert_allclose(hidden, expected, rtol=1e-4)
