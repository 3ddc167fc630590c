"""Statistics of the global batch, on two logical devices, each in a process of its own."""

import os
import subprocess
import sys

import numpy as np
import pytest

import normlayers as nl
from tests.layers.derivatives import BACKEND

MIRRORED = """
import numpy as np, tensorflow as tf, keras, normlayers as nl
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
x, g = np.random.default_rng(0).normal(3, 2, size=(2, 10, 4)).astype("float32")
parts = [slice(0, {split}), slice({split}, 10)]
with strategy.scope():
    layer = nl.BatchNormalization(momentum=0.5, synchronized=True)
    layer.build((None, 4))
    layer.gamma.assign([0.5, 1, 2, 3])

@tf.function
def step(x, g):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    return y, *tape.gradient(y, [x, layer.gamma.value, layer.beta.value], output_gradients=g)

def part(array):
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(array[parts[context.replica_id_in_sync_group]]))

found = strategy.run(step, (part(x), part(g)))
y, dx, dgamma, dbeta = map(strategy.experimental_local_results, found)
alone = nl.BatchNormalization(momentum=0.5, implementation="reference")
alone.build((None, 4))
alone.gamma.assign([0.5, 1, 2, 3])
with tf.GradientTape() as tape:
    whole = tf.constant(x)
    tape.watch(whole)
    y_alone = alone(whole, training=True)
sources = [whole, alone.gamma.value, alone.beta.value]
expected = [y_alone, *tape.gradient(y_alone, sources, output_gradients=g)]
np.testing.assert_allclose(np.concatenate(y), expected[0], atol=2e-6)
np.testing.assert_allclose(np.concatenate(dx), expected[1], atol=2e-6)
np.testing.assert_allclose(sum(dgamma), expected[2], rtol=1e-5, atol=1e-5)
np.testing.assert_allclose(sum(dbeta), expected[3], rtol=1e-5, atol=1e-5)
for mine, its in zip(layer.get_weights(), alone.get_weights()):
    np.testing.assert_allclose(mine, its, rtol=1e-6)
"""

FIT = """
import numpy as np, tensorflow as tf, keras, normlayers as nl
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    layer = nl.BatchNormalization(momentum=0.0, synchronized=True)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", "mse", jit_compile=False)
x = np.arange(64)[:, None] + np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
model.fit(x, x, batch_size=64, shuffle=False, verbose=0)
np.testing.assert_allclose(model.layers[0].get_weights()[2], x.mean(axis=0), rtol=1e-5)
np.testing.assert_allclose(model.layers[0].get_weights()[3], x.var(axis=0), rtol=1e-5)
"""

SHARDED = """
import numpy as np, keras, normlayers as nl, jax
assert len(jax.devices()) == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
x = np.arange(64)[:, None] + np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
layer = nl.BatchNormalization(momentum=0.0, synchronized=True)
model = keras.Sequential([keras.Input((3,)), layer])
model.compile("sgd", "mse")
model.fit(x, x, batch_size=64, shuffle=False, verbose=0)
assert len(model.layers[0].moving_mean.value.sharding.device_set) == 2
np.testing.assert_allclose(model.layers[0].get_weights()[2], x.mean(axis=0), rtol=1e-5)
np.testing.assert_allclose(model.layers[0].get_weights()[3], x.var(axis=0), rtol=1e-5)
"""


def run(code, **environment):
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
@pytest.mark.parametrize("split", [5, 2, 0])
def test_replicas_of_unequal_batches_see_the_global_one(split):
    """Output, gradients and moving statistics are those of one device with the whole batch."""
    run(MIRRORED.format(split=split))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
def test_fit_under_a_strategy():
    run(FIT)


@pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution")
def test_a_sharded_batch_on_jax_is_taken_whole():
    run(SHARDED, XLA_FLAGS="--xla_force_host_platform_device_count=2")


@pytest.mark.skipif(BACKEND != "torch", reason="the others can")
def test_torch_says_that_it_cannot():
    with pytest.raises(ValueError, match=r"synchronized=True works on .*torch backend"):
        nl.BatchNormalization(synchronized=True)


def test_one_replica_is_the_global_batch():
    x = np.random.default_rng(1).normal(size=(20, 3)).astype("float32")
    if BACKEND == "torch":
        pytest.skip("synchronized is refused there")
    weights = []
    for synchronized in (False, True):
        layer = nl.BatchNormalization(synchronized=synchronized)
        layer(x, training=True)
        weights.append(layer.get_weights())
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-6)
