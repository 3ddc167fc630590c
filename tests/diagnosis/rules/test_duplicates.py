import keras
import numpy as np
import pytest

from tests.diagnosis.small_models import faults, found, network, points

X, Y = points()
LAYERS = keras.layers


@pytest.mark.parametrize("initializer", ["zeros", "ones", keras.initializers.Constant(0.1)])
def test_neurons_that_begin_equal(initializer):
    hidden = LAYERS.Dense(16, "relu", kernel_initializer=initializer, name="hidden")
    (finding,) = found("duplicate_neurons", network(hidden, LAYERS.Dense(1, "sigmoid")), X, Y)
    assert (finding.where, finding.evidence["share"]) == ("hidden", 1.0)
    assert finding.evidence["zero"] == (initializer == "zeros")


def test_an_output_may_begin_with_zeros():
    last = LAYERS.Dense(3, "softmax", kernel_initializer="zeros")
    model = network(LAYERS.Dense(16, "relu"), last, loss="sparse_categorical_crossentropy")
    assert "duplicate_neurons" not in faults(model, X, Y)


def test_a_branch_that_is_added_may_begin_with_zeros():
    inputs = keras.Input((6,))
    branch = LAYERS.Dense(6, kernel_initializer="zeros")(LAYERS.Dense(8, "relu")(inputs))
    outputs = LAYERS.Dense(1, "sigmoid")(LAYERS.Add()([inputs, branch]))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "binary_crossentropy")
    assert faults(model, X, Y) == set()


def equal(*behind):
    hidden = LAYERS.Dense(16, "sigmoid", kernel_initializer="ones", name="hidden")
    return network(hidden, *behind, LAYERS.Dense(1, "sigmoid"))


def test_neurons_that_began_equal_and_were_told_apart_are_a_warning():
    model = equal()
    for _ in range(30):
        model.train_on_batch(X, Y)
    kernel = np.asarray(model.get_layer("hidden").kernel)
    assert len(np.unique(kernel, axis=1).T) == 16
    (finding,) = found("duplicate_neurons", model, X, Y)
    assert (finding.severity, finding.evidence["now"]) == ("warning", False)
    model.get_layer("hidden").kernel.assign(np.random.default_rng(0).normal(size=(6, 16)))
    model.compile("adam", "binary_crossentropy")  # as of a file: how it began is not known
    assert not found("duplicate_neurons", model, X, Y)


def test_rounding_does_not_make_neurons_differ():
    model = equal()
    kernel = np.ones((6, 16), "float32")
    kernel[:, ::2] = np.nextafter(kernel[:, ::2], 2)
    model.get_layer("hidden").set_weights([kernel, np.zeros(16)])
    assert [f.severity for f in found("duplicate_neurons", model, X, Y)] == ["error"]


def test_a_bias_does_not_hide_that_kernels_differ():
    hidden = LAYERS.Dense(16, "relu", bias_initializer=keras.initializers.Constant(-1e6))
    assert not found("duplicate_neurons", network(hidden, LAYERS.Dense(1, "sigmoid")), X, Y)


CHANGES = [
    lambda layer: layer.enable_lora(2),
    lambda layer: layer.quantize("int4"),
    lambda layer: layer.quantize("int8"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_kernel_that_is_computed_is_compared_too(change):
    hidden = LAYERS.Dense(16, "relu")
    model = network(hidden, LAYERS.Dense(1, "sigmoid"))
    change(hidden)
    model.compile("adam", "binary_crossentropy")
    assert not found("duplicate_neurons", model, X, Y)
    same = LAYERS.Dense(16, "relu", kernel_initializer="ones")
    alike = network(same, LAYERS.Dense(1, "sigmoid"))
    change(same)
    alike.compile("adam", "binary_crossentropy")
    (finding,) = found("duplicate_neurons", alike, X, Y)
    assert (finding.where, finding.evidence["share"]) == (same.name, 1.0)


@pytest.mark.parametrize("mode", ["int4", "int8"])
def test_equal_whole_numbers_of_other_scales_are_other_weights(mode):
    """In four bits, and of few inputs, those of many neurons are equal."""
    hidden = LAYERS.Dense(2, "relu", use_bias=False, name="hidden")
    model = network(hidden, LAYERS.Dense(1, "sigmoid"))
    column = np.linspace(-1, 1, 6)[:, None]
    hidden.set_weights([np.hstack([column, 2 * column])])
    hidden.quantize(mode)
    numbers = np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(hidden.kernel)))
    np.testing.assert_array_equal(numbers[:, 0], numbers[:, 1])
    model.compile("adam", "binary_crossentropy")
    assert not found("duplicate_neurons", model, X, Y)
