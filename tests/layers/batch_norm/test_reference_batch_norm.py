"""The hand-written backward against NumPy's complex steps and the backends' differentiation."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import normlayers as nl
from normlayers.layers.batch_norm.reference_batch_norm import train
from tests.layers.derivatives import BACKEND, complex_step, float64, gradients, relative_error

ACTIVATIONS = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "relu": lambda z: np.where(z.real > 0, z, 0),
}
EPSILON = 1e-3
EXAMPLES = 20 if BACKEND == "jax" else 60  # JAX compiles each shape anew
if BACKEND == "jax":
    del ACTIVATIONS["tanh"], ACTIVATIONS["softplus"]  # Keras's are float32 there, whatever comes in


@st.composite
def cases(draw):
    """A layer's arguments, and inputs for it of rank 2 to 5 with at least 4 values a channel."""
    rank = draw(st.integers(2, 5))
    shape = [draw(st.integers(4, 7)), *(draw(st.integers(1, 3)) for _ in range(rank - 1))]
    axis = draw(st.integers(1, rank - 1)) - draw(st.sampled_from([0, rank]))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    x = random.normal(draw(st.integers(-3, 3)), 2, size=shape)
    mask = None
    if draw(st.booleans()):
        mask = random.random(shape[:-1]) > 0.3
        mask[:3] = True  # of one or two values the variance, and the problem, may be degenerate
    return {
        "x": x,
        "g": random.normal(size=shape),
        "gamma": random.normal(1, 0.3, size=shape[axis]),
        "beta": random.normal(size=shape[axis]),
        "axis": axis,
        "mask": mask,
        "placement": draw(st.sampled_from(["pre", "post"])),
        "activation": draw(st.sampled_from(sorted(ACTIVATIONS))),
        "compiled": BACKEND == "tensorflow" and draw(st.booleans()),
    }


def by_numpy(case):
    """The layer in training, of complex numbers too."""
    activation = ACTIVATIONS[case["activation"]]
    axes = tuple(a for a in range(case["x"].ndim) if a != case["axis"] % case["x"].ndim)
    counted = np.ones(case["x"].shape, bool)
    if case["mask"] is not None:
        counted = np.broadcast_to(case["mask"][..., None], case["x"].shape)

    def normalize(x, gamma, beta):
        n = counted.sum(axes, keepdims=True)
        mu = (x * counted).sum(axes, keepdims=True) / n
        variance = ((x - mu) ** 2 * counted).sum(axes, keepdims=True) / n
        x_hat = (x - mu) / np.sqrt(variance + EPSILON)
        return gamma.reshape(mu.shape) * x_hat + beta.reshape(mu.shape)

    if case["placement"] == "post":
        return lambda x, gamma, beta: normalize(activation(x), gamma, beta)
    return lambda x, gamma, beta: activation(normalize(x, gamma, beta))


def by_layer(case, dtype):
    """The same by the layer: its function of x, gamma and beta."""
    layer = nl.BatchNormalization(
        case["axis"],
        epsilon=EPSILON,
        activation=case["activation"],
        placement=case["placement"],
        implementation="reference",
        dtype=dtype,
    )
    layer.build(case["x"].shape)
    state = [w.value for w in layer.non_trainable_variables]

    def function(x, gamma, beta):
        return layer.stateless_call([gamma, beta], state, x, training=True, mask=case["mask"])[0]

    return function


@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-10), ("float32", 1e-5)])
@settings(max_examples=EXAMPLES, deadline=None)
@given(case=cases())
def test_gradients_are_exact(case, dtype, bound):
    arguments = [case[name] for name in ("x", "gamma", "beta")]
    given = [a.astype(dtype) for a in arguments]
    exact = complex_step(by_numpy(case), [a.astype(float) for a in given], case["g"])
    with float64():
        found = gradients(by_layer(case, dtype), given, case["g"].astype(dtype), case["compiled"])
    for mine, true in zip(found, exact, strict=True):
        assert mine.dtype == dtype
        assert relative_error(mine, true, terms=case["g"]) <= bound


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(case=cases())
def test_gradients_are_those_of_automatic_differentiation(case):
    """Of the formulas without the hand-written backward, in float64."""
    ops = keras.ops
    axes = [a for a in range(case["x"].ndim) if a != case["axis"] % case["x"].ndim]

    def plain(x, gamma, beta):
        n = case["x"].size // case["gamma"].size  # ops.mean is float32 on some backends
        mu = ops.sum(x, axes, keepdims=True) / n
        variance = ops.sum(ops.square(x - mu), axes, keepdims=True) / n
        x_hat = (x - mu) / ops.sqrt(variance + EPSILON)
        return ops.reshape(gamma, mu.shape) * x_hat + ops.reshape(beta, mu.shape)

    arguments = [case[name] for name in ("x", "gamma", "beta")]
    with float64():
        expected = gradients(plain, arguments, case["g"])
        found = gradients(
            lambda *tensors: train(*tensors, case["axis"], EPSILON)[0], arguments, case["g"]
        )
    for mine, theirs in zip(found, expected, strict=True):
        assert relative_error(mine, theirs, terms=case["g"]) <= 1e-10


@pytest.mark.parametrize("compiled", [False, True])
def test_second_derivatives_are_those_of_the_formulas(compiled):
    """As a gradient penalty takes them."""
    ops = keras.ops
    random = np.random.default_rng(3)
    x, g = random.normal(size=(2, 6, 2))

    def slope(x, kind):
        """d/dx of sum(g y^2), differentiable."""
        g_tensor, gamma, beta = map(ops.convert_to_tensor, (g, np.array([1.5, 0.5]), np.zeros(2)))

        def loss(x):
            if kind == "ours":
                y, *_ = train(x, gamma, beta, 1, EPSILON)
                return ops.sum(g_tensor * ops.square(y))
            mu = ops.sum(x, 0) / 6
            y = (x - mu) / ops.sqrt(ops.sum(ops.square(x - mu), 0) / 6 + EPSILON) * gamma + beta
            return ops.sum(g_tensor * ops.square(y))

        if BACKEND == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                tape.watch(x)
                value = loss(x)
            return tape.gradient(value, x)
        if BACKEND == "jax":
            import jax

            return jax.grad(loss)(x)
        import torch

        return torch.autograd.grad(loss(x), x, create_graph=True)[0]

    with float64():
        ours, plain = (
            gradients(lambda x, kind=kind: slope(x, kind), [x], g, compiled)[0]
            for kind in ("ours", "plain")
        )
    assert relative_error(ours, plain) <= 1e-10


@pytest.mark.parametrize("shape", [(1, 3), (4, 1)])
def test_of_one_value_a_channel_the_variance_is_0_and_the_output_beta(shape):
    layer = (
        nl.BatchNormalization(0, beta_initializer="ones", momentum=0.0)
        if shape == (4, 1)
        else (nl.BatchNormalization(beta_initializer="ones", momentum=0.0))
    )
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape) + 5
    layer.build(shape)
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_array_equal(y, np.ones(shape))
    np.testing.assert_array_equal(layer.get_weights()[2], x.ravel())
    np.testing.assert_array_equal(layer.get_weights()[3], 0)


def test_a_constant_channel_is_beta_without_epsilon_too():
    layer = nl.BatchNormalization(epsilon=0.0)
    x = np.array([[1.0, 2], [3.0, 2]], "float32")
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    np.testing.assert_allclose(y, [[-1, 0], [1, 0]], atol=1e-6)


@pytest.mark.parametrize("implementation", ["auto", "reference"])
def test_an_empty_batch_and_a_channel_masked_out_move_nothing(implementation):
    layer = nl.BatchNormalization(axis=1, implementation=implementation)
    layer(np.zeros((0, 2, 3), "float32"), training=True)
    assert [w.tolist() for w in layer.get_weights()[2:]] == [[0, 0], [1, 1]]
    mask = np.array([[True, False], [True, False]])
    layer(np.ones((2, 2, 3), "float32"), training=True, mask=mask)
    np.testing.assert_allclose(layer.get_weights()[2], [0.01, 0], rtol=1e-5)
    np.testing.assert_allclose(layer.get_weights()[3], [0.99, 1], rtol=1e-6)
