"""Networks trained together against Keras's ``fit`` of each alone.

Covers too: backend_programs.py, step_findings.py, stacked_optimizers.py.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from normlayers.ensembles.backend_programs import compiled, written_side_by_side
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.compiled_training import initial_state, rounds, training_program
from normlayers.ensembles.forward_pass import LOOPED_FROM, layers
from normlayers.ensembles.stacked_network import Architecture
from normlayers.ensembles.stacked_optimizers import SGD, Adam, RMSprop
from normlayers.experiments.data.circles import circles
from tests.ensembles.keras_twins import keras_weights

# How Keras takes a thousand steps soonest: JAX takes operation by operation what is not compiled,
# TensorFlow needs longer to compile; torch knows neither.
STEPS = {
    "tensorflow": {"jit_compile": False, "steps_per_execution": 91},
    "jax": {"jit_compile": True},
    "torch": {"jit_compile": False},
}[keras.backend.backend()]


class Fits:
    """``fit`` of one network after another, by a model that is compiled once."""

    def __init__(self, architecture, optimizer):
        self._model = architecture.keras_model()
        self._model.compile(optimizer, "binary_crossentropy", **STEPS)
        self._model.optimizer.build(self._model.trainable_variables)
        self._new_optimizer = [np.array(v) for v in self._model.optimizer.variables]

    def fitted(self, weights, orders, x, y):
        """A network's weights after batches of 4 in these orders, shape (epochs, points)."""
        model = self._model
        model.set_weights(weights)
        for variable, value in zip(model.optimizer.variables, self._new_optimizer, strict=True):
            variable.assign(value)
        epochs = tf.data.Dataset.from_tensor_slices((x[orders], y[orders]))
        batches = epochs.flat_map(lambda a, b: tf.data.Dataset.from_tensor_slices((a, b)).batch(4))
        steps = len(orders) * -(-orders.shape[1] // 4)
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
        model.fit(batches, shuffle=False, verbose=0)
        return model.get_weights()


@pytest.mark.parametrize(
    ("architecture", "ours", "keras_name"),
    [
        (Architecture(activation="relu"), RMSprop(), "rmsprop"),
        (Architecture(activation="sigmoid"), SGD(), "sgd"),
        (Architecture(activation="tanh"), Adam(), "adam"),
        (Architecture(activation="linear"), RMSprop(), "rmsprop"),
        (Architecture(activation="leaky_relu", hidden=(8,)), RMSprop(), "rmsprop"),
        (Architecture(activation="elu", hidden=(3, 2, 4)), Adam(), "adam"),
        (Architecture(activation="tanh", normalization="pre"), RMSprop(), "rmsprop"),
        (Architecture(activation="tanh", normalization="post"), Adam(), "adam"),
        (Architecture(activation="sigmoid", hidden=(3, 2), normalization="pre"), SGD(), "sgd"),
        (Architecture(activation="relu", hidden=(), inputs=2), SGD(), "sgd"),
    ],
    ids=lambda value: getattr(value, "activation", None),
)
def test_training_is_that_of_fit_after_1000_steps(architecture, ours, keras_name):
    x, y = (array[:42] for array in circles())  # ten batches of 4 and one of 2
    by_label = np.argsort(y.ravel())
    x, y = x[by_label], y[by_label]
    random = np.random.default_rng(0)
    weights = architecture.initial_weights(2, random)
    orders = random.permuted(np.tile(np.arange(42)[:, None], (91, 1, 2)), axis=1)
    data = architecture.tensors(x, y.ravel())
    state, found = training_program(architecture, ours, 4)(
        initial_state(weights, ours), ops.convert_to_tensor(orders), 91, *data
    )
    assert found == {}
    assert int(state["step"]) == 91 * 11 > 1000
    trained = [{name: np.asarray(a) for name, a in layer.items()} for layer in state["weights"]]
    fits = Fits(architecture, keras_name)
    for network in range(2):
        start = keras_weights(architecture, weights, network)
        alone = fits.fitted(start, orders[..., network], x, y)
        together = keras_weights(architecture, trained, network)
        for name, (a, b) in enumerate(zip(together, alone, strict=True)):
            np.testing.assert_allclose(a, b, atol=1e-4, err_msg=f"array {name}")


@pytest.mark.parametrize("normalization", ["none", "pre"])
@pytest.mark.parametrize("hidden", [(4, 3), (4,) * LOOPED_FROM])
def test_both_layouts_move_alike(hidden, normalization):
    """A softmax over -z/2 and z/2 is a sigmoid of z: a step moves hidden layers alike."""
    stacked = Architecture(3, hidden, "tanh", normalization)
    other = Classifier(3, hidden, 2, "tanh", normalization)
    random = np.random.default_rng(0)
    weights = stacked.initial_weights(5, random)
    transposed = [{name: array.T for name, array in layer.items()} for layer in weights]
    for name, array in transposed[-1].items():
        transposed[-1][name] = np.concatenate([-array / 2, array / 2], axis=1)
    x = random.normal(size=(10, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    ended = []
    for networks, start in ((stacked, weights), (other, transposed)):
        data = networks.tensors(x, y.astype(int))
        (_, _, none), (epochs, after, found) = rounds(
            networks, start, SGD(0.5), None, data, [(np.zeros(1, "int32"), None)],
            recorded=networks is other,
        )  # fmt: skip
        assert (epochs, none) == (1, {})
        assert bool(found) == (networks is other)
        ended.append(
            [
                {name: ops.convert_to_numpy(array) for name, array in layer.items()}
                for layer in layers(networks, after)
            ]
        )
    here, there = ended
    for ours, theirs in zip(here[:-1], there[:-1], strict=True):
        for name, array in ours.items():
            np.testing.assert_allclose(array, theirs[name].T, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3])
def test_arrays_written_side_by_side_are_stacked(count):
    arrays = np.random.default_rng(0).standard_normal((count, 5, 7)).astype("float32")
    together = compiled(lambda *each: written_side_by_side(each))(
        *map(ops.convert_to_tensor, arrays)
    )
    np.testing.assert_array_equal(together, np.stack(arrays, axis=1))
