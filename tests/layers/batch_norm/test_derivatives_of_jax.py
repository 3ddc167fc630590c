"""Which kinds of derivatives JAX has of a training step."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.layers.derivatives import BACKEND


@pytest.mark.skipif(BACKEND != "jax", reason="JAX's own kinds of derivatives")
class TestDerivativesOfJax:
    """Which kinds there are in training, as the docstring says, against those of Keras's layer."""

    X = np.random.default_rng(8).normal(3, 2, size=(5, 2)).astype("float32")

    def of(self, derivative, layer):
        if not layer.built:
            layer.build(self.X.shape)
        learned, state = (
            [weight.value for weight in weights]
            for weights in (layer.trainable_variables, layer.non_trainable_variables)
        )

        def y(x):
            return layer.stateless_call(learned, state, x, training=True)[0]

        return derivative(y)(self.X)

    @pytest.mark.parametrize("implementation", ["auto", "reference"])
    def test_reverse_and_second_ones(self, implementation):
        import jax

        def hessian(y):
            return jax.hessian(lambda x: (y(x) ** 3).sum())

        for derivative in (jax.jacrev, hessian):
            ours, theirs = (
                self.of(derivative, layer)
                for layer in (
                    nl.BatchNormalization(implementation=implementation),
                    keras.layers.BatchNormalization(),
                )
            )
            np.testing.assert_allclose(ours, theirs, atol=2e-5)

    def test_forward_ones_by_keras_layer_with_the_same_weights(self):
        import jax

        ours, theirs = nl.BatchNormalization(), keras.layers.BatchNormalization()
        for layer in (ours, theirs):
            layer.build(self.X.shape)
        ours.set_weights([np.array(w, "float32") for w in ([2, 3], [1, -1], [0, 0], [1, 1])])
        theirs.set_weights(ours.get_weights())
        with pytest.raises(TypeError, match="forward-mode"):
            self.of(jax.jacfwd, ours)
        found, reverse = self.of(jax.jacfwd, theirs), self.of(jax.jacrev, ours)
        np.testing.assert_allclose(found, reverse, atol=2e-5)
