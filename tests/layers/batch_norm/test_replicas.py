"""Statistics of the global batch, on two logical devices, each in a process of its own."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import normlayers as nl
from tests.layers.derivatives import BACKEND
from tests.python_process import run_python

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


TORCH_PROCESS = """
import os, numpy as np, torch, normlayers as nl
from torch import distributed
rank = int(os.environ["RANK"])
distributed.init_process_group(
    "gloo", init_method=os.environ["RENDEZVOUS"], rank=rank, world_size=2)
x, g = np.random.default_rng(0).normal(3, 2, size=(2, 10, 3, 4))
mask = np.random.default_rng(1).random((10, 3)) < 0.6

def results(layer, rows, of_mask, second):
    layer.build((None, 3, 4))
    layer.gamma.assign([0.5, 1, 2, 3])
    part = torch.tensor(x[rows], requires_grad=True)
    kept = None if of_mask is None else torch.tensor(of_mask[rows])
    y = layer(part, training=True, mask=kept)
    sources = [part] + ([layer.gamma.value, layer.beta.value] if layer.trainable else [])
    loss = (y * torch.tensor(g[rows])).sum()
    grads = list(torch.autograd.grad(loss, sources, create_graph=second))
    if second:
        grads += torch.autograd.grad((grads[0] ** 2).sum(), [part])
    arrays = [a.detach().numpy() for a in (y, *grads)]
    return arrays, [w for w in layer.get_weights()]

def summed(array):
    total = torch.tensor(array)
    distributed.all_reduce(total)
    return total.numpy()

for split in (5, 2, 0):
    mine = slice(0, split) if rank == 0 else slice(split, 10)
    for options in ({}, {"mask": mask}, {"renorm": True}, {"trainable": False}, {"second": True}):
        options = dict(options)
        of_mask, second = options.pop("mask", None), options.pop("second", False)
        common = dict(momentum=0.5, dtype="float64", **options)
        found, weights = results(
            nl.BatchNormalization(synchronized=True, **common), mine, of_mask, second)
        alone = nl.BatchNormalization(implementation="reference", **common)
        expected, expected_weights = results(alone, slice(0, 10), of_mask, second)
        sums = [] if "trainable" in options else [2, 3]
        for at, (a, b) in enumerate(zip(found, expected, strict=True)):
            a, b = (summed(a), b) if at in sums else (a, b[mine])
            said = f"{split} {options} {at}"
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9, err_msg=said)
        for a, b in zip(weights, expected_weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9)
distributed.destroy_process_group()
"""

JAX_PROCESS = """
import os, jax
jax.config.update("jax_cpu_collectives_implementation", "gloo")
import keras, numpy as np
keras.distribution.initialize(os.environ["RENDEZVOUS"], 2, int(os.environ["RANK"]))
import normlayers as nl
assert (jax.process_count(), jax.local_device_count(), len(jax.devices())) == (2, 1, 2)
x, g = np.random.default_rng(0).normal(3, 2, size=(2, 10, 4)).astype("float32")
mask = np.random.default_rng(1).random(10) < 0.6
mesh = jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
spec = jax.sharding.PartitionSpec

def laid_out(array, *names):
    sharding = jax.sharding.NamedSharding(mesh, spec(*names))
    return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])

def results(layer, of_mask, lay_out):
    layer.build((None, 4))
    weights = [np.asarray(v.value) for v in layer.trainable_variables]
    moving = [np.asarray(v.value) for v in layer.non_trainable_variables]
    rows = lay_out(x, "batch"), lay_out(g, "batch")
    kept = None if of_mask is None else lay_out(of_mask, "batch")

    @jax.jit
    def step(trainable, moving, x, g, kept):
        def loss(trainable, x):
            y, moved = layer.stateless_call(trainable, moving, x, training=True, mask=kept)
            return (y * g).sum(), (y, moved)
        (_, (y, moved)), grads = jax.value_and_grad(loss, (0, 1), has_aux=True)(trainable, x)
        return y, grads, moved

    return step([lay_out(w) for w in weights], [lay_out(m) for m in moving], *rows, kept)

def local(leaf):
    # What this process holds of it, and where.
    shard = leaf.addressable_shards[0]
    return np.asarray(shard.data), shard.index

for options in ({}, {"mask": mask}, {"renorm": True}, {"trainable": False}):
    options = dict(options)
    of_mask = options.pop("mask", None)
    layer = nl.BatchNormalization(momentum=0.5, synchronized=True, **options)
    found = results(layer, of_mask, laid_out)
    layer = nl.BatchNormalization(momentum=0.5, **options)
    alone = results(layer, of_mask, lambda a, *names: a)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(alone), strict=True):
        mine, index = local(a)
        np.testing.assert_allclose(mine, np.asarray(b)[index], rtol=1e-5, atol=2e-6)
"""


def run_two(code, **environment):
    """Run two processes that share a batch."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, **environment, "RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        ends = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, said in zip(processes, ends, strict=True):
        assert process.returncode == 0, said[-3000:]


def run(code, **environment):
    process = run_python("-c", code, env={**os.environ, **environment})
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


@pytest.mark.skipif(BACKEND != "torch", reason="torch.distributed")
def test_two_processes_see_the_global_batch_on_torch(tmp_path):
    """Unequal shares, masks, renorm and frozen layers, second derivatives, and one of no rows."""
    run_two(TORCH_PROCESS, RENDEZVOUS=f"file://{tmp_path / 'rendezvous'}")


@pytest.mark.skipif(BACKEND != "jax", reason="jax.distributed")
def test_two_processes_see_the_global_batch_on_jax():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    run_two(JAX_PROCESS, RENDEZVOUS=f"localhost:{port}")


def test_one_replica_is_the_global_batch():
    x = np.random.default_rng(1).normal(size=(20, 3)).astype("float32")
    weights = []
    for synchronized in (False, True):
        layer = nl.BatchNormalization(synchronized=synchronized)
        layer(x, training=True)
        weights.append(layer.get_weights())
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-6)
