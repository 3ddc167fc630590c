"""Networks trained together against Keras's ``fit`` of each alone."""

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from normlayers.ensembles.compiled_training import initial_state, training_program
from normlayers.ensembles.ensemble import GROUP, _groups_of, _orders, train_ensemble
from normlayers.ensembles.stacked_network import Architecture, forward
from normlayers.ensembles.stacked_optimizers import SGD, Adam, RMSprop
from normlayers.experiments.data.circles import circles

ARTICLE = Architecture()


def fitted(architecture, weights, optimizer, orders, x, y):
    """A network's weights after ``fit`` on batches of 4 in these orders, shape (epochs, points)."""
    model = architecture.keras_model()
    model.compile(optimizer, "binary_crossentropy")
    model.set_weights(weights)
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
    random = np.random.default_rng(0)
    weights = architecture.initial_weights(2, random)
    orders = random.permuted(np.tile(np.arange(42)[:, None], (91, 1, 2)), axis=1)
    state = training_program(architecture, ours, 4)(
        initial_state(weights, ours), orders, 91, x, y.ravel()
    )
    assert int(state["step"]) == 91 * 11 > 1000
    trained = [{name: np.asarray(a) for name, a in layer.items()} for layer in state["weights"]]
    for network in range(2):
        alone = fitted(
            architecture, architecture.keras_weights(weights, network), keras_name,
            orders[..., network], x, y,
        )  # fmt: skip
        together = architecture.keras_weights(trained, network)
        for name, (a, b) in enumerate(zip(together, alone, strict=True)):
            np.testing.assert_allclose(a, b, atol=1e-4, err_msg=f"array {name}")


@pytest.mark.parametrize("normalization", ["none", "pre", "post"])
def test_what_goes_through_is_what_goes_through_keras(normalization):
    architecture = Architecture(3, (4, 2), "relu", normalization)
    random = np.random.default_rng(1)
    weights = [
        {name: random.uniform(0.5, 1, array.shape).astype("float32") for name, array in it.items()}
        for it in architecture.initial_weights(2, random)
    ]
    x = random.normal(size=(7, 3)).astype("float32")
    passed = forward(architecture, weights, x[..., np.newaxis], training=False)
    for network in range(2):
        model = architecture.keras_model()
        model.set_weights(architecture.keras_weights(weights, network))
        logit = ops.convert_to_numpy(passed.logit)[:, network]
        probability = ops.convert_to_numpy(model(x))[:, 0]
        np.testing.assert_allclose(1 / (1 + np.exp(-logit)), probability, rtol=1e-5)


def trained(networks, **options):
    x, y = circles()
    chunks = list(train_ensemble(ARTICLE, x, y, networks, **{"epochs": 2, **options}))
    assert [chunk.first for chunk in chunks] == [
        sum(chunk.end[0]["bias"].shape[-1] for chunk in chunks[:n]) for n in range(len(chunks))
    ]
    return [
        np.concatenate([chunk.end[depth][name] for chunk in chunks], axis=-1)
        for depth in range(2)
        for name in ("kernel", "bias")
    ]


def test_a_network_is_the_same_whatever_trains_beside_it():
    alone, chunked, more = trained(1), trained(150, chunk=64), trained(200)
    for a, b, c in zip(alone, chunked, more, strict=True):
        assert a.shape[-1] == 1
        np.testing.assert_allclose(a, c[..., :1], atol=1e-5)
        np.testing.assert_allclose(b, c[..., :150], atol=1e-5)


def test_the_seed_tells_and_every_network_is_another():
    first, again, other = trained(100), trained(100), trained(100, seed=1)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any(axis=tuple(range(a.ndim - 1))).all()
    assert len(np.unique(first[0].reshape(4, -1), axis=1).T) == 100


def test_initial_weights_are_those_of_keras():
    weights = Architecture(hidden=(3,)).initial_weights(4000, np.random.default_rng(0))
    model = Architecture(hidden=(3,)).keras_model()
    for array, theirs in zip(
        [a for la in weights for a in la.values()], model.weights, strict=True
    ):
        assert array.shape[:-1] == theirs.shape
    limit = np.sqrt(6 / 5)
    kernel = weights[0]["kernel"]
    assert abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not weights[0]["bias"].any()


@given(points=st.integers(1, 700), epochs=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_orders_hold_every_point_once(points, epochs, seed):
    orders = _orders(np.random.default_rng(seed), points, epochs)
    assert orders.shape == (epochs, points, GROUP)
    np.testing.assert_array_equal(
        np.sort(orders, axis=1), np.tile(np.arange(points)[:, None], (epochs, 1, GROUP))
    )


def test_every_order_is_as_likely_as_another():
    orders = _orders(np.random.default_rng(0), 4, 1500)
    _, counts = np.unique(orders.transpose(0, 2, 1).reshape(-1, 4), axis=0, return_counts=True)
    assert len(counts) == 24
    expected = 1500 * GROUP / 24
    # Chi-squared of 23 degrees: over 50 once in a thousand times.
    assert np.sum((counts - expected) ** 2 / expected) < 50


@given(networks=st.integers(1, 10_000), most=st.integers(1, 300))
def test_chunks_hold_every_group_once(networks, most):
    chunks = _groups_of(networks, most)
    assert [g for chunk in chunks for g in chunk] == list(range(-(-networks // GROUP)))
    assert max(map(len, chunks)) <= most
    assert all(len(a) == len(chunks[0]) for a, _ in pairwise(chunks))


def test_progress_counts_every_epoch_of_every_network():
    told = []
    trained(130, epochs=120, chunk=64, advance=told.append)
    assert sum(told) == 130 * 120
    assert len(told) > 3


def test_leaving_early_ends_the_training():
    x, y = circles()
    chunks = train_ensemble(ARTICLE, x, y, 10_000_000, epochs=1, chunk=64)
    assert next(chunks).first == 0
    chunks.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"networks": 0}, "networks must be a positive integer. Received: 0"),
        ({"networks": 2.5}, "networks must be a positive integer"),
        ({"epochs": -1}, "epochs must be a positive integer. Received: -1"),
        ({"batch_size": 0}, "batch_size must"),
        ({"chunk": 0}, "chunk must"),
        ({"x": np.zeros((5, 3))}, r"x must be of shape \(points, 2\)"),
        ({"y": np.zeros(4)}, r"y of shape \(points,\)"),
        ({"x": np.full((5, 2), np.nan)}, "x must be finite"),
        ({"y": np.full(5, 2)}, "y 0 or 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(options, says):
    arguments = {"x": np.zeros((5, 2)), "y": np.ones(5), "networks": 1, "epochs": 1, **options}
    with pytest.raises(ValueError, match=says):
        train_ensemble(ARTICLE, **arguments)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"hidden": (2, 0)}, "sizes of layers"),
        ({"inputs": 0}, "sizes of layers"),
        ({"activation": "rulo"}, "activation must be a Keras activation's name. Received: 'rulo'"),
        ({"normalization": "both"}, 'normalization must be "none", "pre" or "post"'),
    ],
)
def test_impossible_architectures_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        Architecture(**options)


def test_more_points_in_a_batch_than_there_are():
    assert np.isfinite(trained(3, batch_size=1000)[0]).all()
