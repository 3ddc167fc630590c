"""The backends' kernels against the reference, and where they are taken.

Covers too: tensorflow_blocks.py.
"""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import normlayers as nl
from tests.layers.batch_norm.training_step import exact
from tests.layers.derivatives import BACKEND, gradients, relative_error

if BACKEND == "jax":
    pytest.skip("JAX has no kernel of its own", allow_module_level=True)

RNG = np.random.default_rng(5)
SHAPES = {(64, 5): -1, (16, 7, 5): -1, (8, 6, 7, 5): -1, (4, 3, 4, 2, 5): 4}
if BACKEND == "torch":
    SHAPES |= {(8, 5, 6): 1, (4, 5, 6, 7): 1}


def both(shape, axis=-1, **options):
    """Two layers of equal weights, one of each implementation."""
    layers = [
        nl.BatchNormalization(axis, implementation=kind, **options)
        for kind in ("fused", "reference")
    ]
    for layer in layers:
        layer.build(shape)
        channels = shape[axis]
        layer.set_weights(
            [
                w if len(w.shape) == 0 else np.linspace(0.5, 1.5, channels).astype(w.dtype) + i
                for i, w in enumerate(layer.get_weights())
            ]
        )
    return layers


@pytest.mark.parametrize(("shape", "axis"), SHAPES.items())
@pytest.mark.parametrize(
    "options", [{}, {"scale": False, "center": False}, {"renorm": True}, {"debias": True}], ids=str
)
def test_means_the_same_as_the_reference(shape, axis, options):
    x = RNG.normal(2, 3, size=shape).astype("float32")
    g = RNG.normal(size=shape).astype("float32")
    fused, reference = both(shape, axis, **options)
    found = []
    for layer in (fused, reference):

        def train(x, *learned, layer=layer):
            state = [w.value for w in layer.non_trainable_variables]
            return layer.stateless_call(learned, state, x, training=True)[0]

        learned = [w.copy() for w in layer.get_weights()[: len(layer.trainable_variables)]]
        found.append(
            [*gradients(train, [x, *learned], g), convert_to_numpy(layer(x, training=True))]
        )
        found[-1] += [*layer.get_weights(), convert_to_numpy(layer(x))]
    for mine, theirs in zip(*found, strict=True):
        assert relative_error(mine, theirs, terms=g) <= 1e-6


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_goes_in_as_it_is(dtype):
    x = keras.ops.cast(RNG.normal(3, 100, size=(256, 5)), dtype)
    fused, reference = both((256, 5), dtype=keras.DTypePolicy(f"mixed_{dtype}"))
    y, expected = (
        convert_to_numpy(keras.ops.cast(layer(x, training=True), "float32"))
        for layer in (fused, reference)
    )
    np.testing.assert_allclose(y, expected, rtol=1e-3 if dtype == "float16" else 8e-3, atol=1e-3)
    for mine, theirs in zip(fused.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options", "says"),
    [
        ((8, 5), {"epsilon": 0.0}, "epsilon=0"),
        ((8, 5, 6), {"axis": 1} if BACKEND == "tensorflow" else {"axis": 0}, "axis"),
        *([((8, 5), {"dtype": "float64"}, "float64")] if BACKEND == "tensorflow" else []),
        *([((8, 5), {"synchronized": True}, "replica")] if BACKEND == "tensorflow" else []),
    ],
)
def test_is_refused_where_there_is_none(shape, options, says):
    with pytest.raises(ValueError, match=f'implementation="fused": .*{says}'):
        nl.BatchNormalization(implementation="fused", **options).build(shape)


def test_second_derivatives_are_those_of_the_reference():
    """Through the blocks' sums and the kernel, as a gradient penalty takes them."""
    x, g = RNG.standard_normal((2, 600, 300), "float32")
    found = []
    for kind in ("auto", "reference"):
        layer = nl.BatchNormalization(implementation=kind)
        layer.build(x.shape)

        def slope(x, layer=layer):
            if BACKEND == "tensorflow":
                import tensorflow as tf

                with tf.GradientTape() as tape:
                    tape.watch(x)
                    loss = keras.ops.sum(g * layer(x, training=True) ** 2)
                return tape.gradient(loss, x)
            import torch

            loss = (torch.as_tensor(g) * layer(x, training=True) ** 2).sum()
            return torch.autograd.grad(loss, x, create_graph=True)[0]

        found.append(gradients(slope, [x], g)[0])
    assert relative_error(*found) <= 1e-4


def test_takes_no_mask():
    layer = nl.BatchNormalization(implementation="fused")
    with pytest.raises(ValueError, match=r'"fused" takes no mask.*mask of shape'):
        layer(np.ones((2, 3, 4), "float32"), training=True, mask=np.ones((2, 3), bool))


def test_auto_falls_back_wherever_fused_is_refused():
    x = RNG.normal(size=(6, 4, 3)).astype("float32")
    for options in ({"epsilon": 0.0}, {"axis": 0}, {"dtype": "float64"}):
        y = convert_to_numpy(nl.BatchNormalization(**options)(x, training=True))
        expected = convert_to_numpy(
            nl.BatchNormalization(implementation="reference", **options)(x, training=True)
        )
        np.testing.assert_allclose(y, expected, atol=1e-6)


@pytest.mark.parametrize("implementation", ["auto", "fused"])
@pytest.mark.parametrize(("shape", "axis"), [((1, 5), -1), ((1, 1, 5), -1), ((1, 5, 1), 1)])
def test_one_value_a_channel_has_variance_0(implementation, shape, axis):
    if BACKEND == "tensorflow" and axis == 1:
        implementation = "auto"
    layer = nl.BatchNormalization(axis, momentum=0.0, implementation=implementation)
    y = convert_to_numpy(layer(np.ones(shape, "float32"), training=True))
    np.testing.assert_allclose(y, 0, atol=2e-6)
    np.testing.assert_allclose(layer.get_weights()[2:], [[1] * 5, [0] * 5], atol=1e-7)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="XLA is TensorFlow's second compiler")
class TestTensorFlow:
    def operations(self, layer, shape, xla):
        import tensorflow as tf

        function = tf.function(lambda x: layer(x, training=True), jit_compile=xla)
        graph = function.get_concrete_function(tf.TensorSpec(shape)).graph
        return {op.type for op in graph.get_operations()}

    def test_auto_takes_it_where_it_is_worth_starting(self):
        taken = "FusedBatchNormV3"
        for shape in [(4096, 512), (None, 4096), (None, 56, 56, 64)]:
            assert taken in self.operations(nl.BatchNormalization(), shape, xla=False)
            assert taken not in self.operations(nl.BatchNormalization(), shape, xla=True)
        assert taken not in self.operations(nl.BatchNormalization(), (128, 256), xla=False)
        layer = nl.BatchNormalization(implementation="fused")
        assert taken in self.operations(layer, (128, 256), xla=False)
        assert taken not in self.operations(layer, (128, 256), xla=True)

    @pytest.mark.parametrize("implementation", ["auto", "fused"])
    def test_fit_under_xla_has_no_cancellation(self, implementation):
        """XLA takes the kernel apart into E[x^2] - E[x]^2."""
        x = RNG.normal(3000, 1, size=(4096, 64)).astype("float32")
        layer = nl.BatchNormalization(momentum=0.0, implementation=implementation)
        model = keras.Sequential([keras.Input((64,)), layer])
        model.compile("sgd", "mse", jit_compile=True)
        model.fit(x, x, batch_size=4096, verbose=0)
        variance = x.astype(float).var(axis=0)
        np.testing.assert_allclose(model.layers[0].get_weights()[3], variance, rtol=1e-4)

    @pytest.mark.parametrize("rows", [0, 1, 5, 16, 17, 300, 509])
    def test_batches_that_a_trace_does_not_know(self, rows):
        """More or less than the blocks that the kernel takes, and with and without images."""
        import tensorflow as tf

        layer = nl.BatchNormalization(momentum=0.0)
        layer.build((None, 4096))

        def train(x, g):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=True)
            learned = [weight.value for weight in layer.trainable_variables]
            return y, *tape.gradient(y, [x, *learned], g)

        train = tf.function(train, [tf.TensorSpec([None, 4096])] * 2)
        operations = train.get_concrete_function().graph.get_operations()
        assert "FusedBatchNormV3" in {operation.type for operation in operations}
        x = RNG.normal(3, 2, size=(rows, 4096)).astype("float32")
        g = RNG.normal(1, 2, size=(rows, 4096)).astype("float32")
        found = list(map(convert_to_numpy, train(x, g)))
        assert [each.shape for each in found] == [x.shape, x.shape, (4096,), (4096,)]
        statistics = layer.get_weights()[2:]
        if not rows:
            np.testing.assert_array_equal(statistics, [[0] * 4096, [1] * 4096])
            return
        true = exact(x, g, -1)
        names = ("y", "d_x", "d_gamma", "d_beta", "moving_mean", "moving_variance")
        for mine, name in zip(found + statistics, names, strict=True):
            np.testing.assert_allclose(mine, true[name], rtol=1e-5, atol=1e-5 * rows**0.5)

    @pytest.mark.parametrize("training", [False, True])
    def test_channels_that_a_trace_does_not_know(self, training):
        import tensorflow as tf

        x = RNG.normal(size=(8, 6, 5, 3)).astype("float32")
        for shape in (x.shape, (240, 3)):
            layer = nl.BatchNormalization(implementation="fused")
            layer.build(shape)
            spec = [tf.TensorSpec([None] * len(shape))]
            traced = tf.function(lambda x, layer=layer: layer(x, training=training), spec)
            plain = nl.BatchNormalization(implementation="reference")
            plain.build(shape)
            expected = convert_to_numpy(plain(x.reshape(shape), training=training))
            np.testing.assert_allclose(
                convert_to_numpy(traced(x.reshape(shape))), expected, atol=1e-6
            )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_renorm_rounds_only_its_output(dtype):
    """Large enough for auto to take the kernel; x_hat must not be rounded on the way."""
    x = keras.ops.cast(RNG.normal(2, 3, size=(2048, 128)), dtype)
    y = {}
    for kind in ("auto", "reference"):
        layer = nl.BatchNormalization(dtype=f"mixed_{dtype}", renorm=True, implementation=kind)
        out = layer(x, training=True)
        assert keras.backend.standardize_dtype(out.dtype) == dtype
        y[kind] = convert_to_numpy(keras.ops.cast(out, "float32"))
    ulp = {"float16": 2**-10, "bfloat16": 2**-7}[dtype]
    np.testing.assert_allclose(y["auto"], y["reference"], rtol=ulp, atol=1e-4)


@pytest.mark.skipif(BACKEND != "torch", reason="only torch's modules are moved")
def test_a_module_that_was_moved_to_another_type_goes_on():
    import torch

    layer = nl.BatchNormalization()
    layer.build((4, 3))
    layer.double()
    for training in (False, True):
        assert layer(torch.ones(4, 3), training=training).dtype == torch.float32


@pytest.mark.skipif(BACKEND != "torch", reason="only torch's tensors have strides")
@pytest.mark.parametrize("axis", [1, -1])
def test_takes_tensors_that_lie_otherwise_in_memory(axis):
    import torch

    x = torch.as_tensor(RNG.standard_normal((8, 6, 40, 50), "float32")).permute(0, 2, 3, 1)
    x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) if axis == 1 else x
    g = torch.as_tensor(RNG.standard_normal(tuple(x.shape), "float32"))
    true = exact(x.numpy(), g.numpy(), axis)
    layer = nl.BatchNormalization(axis)
    x.requires_grad_()
    y = layer(x, training=True)
    np.testing.assert_allclose(y.detach().numpy(), true["y"], atol=2e-6)
    d_x = torch.autograd.grad(y, x, g)[0]
    np.testing.assert_allclose(d_x.numpy(), true["d_x"], atol=2e-6)
