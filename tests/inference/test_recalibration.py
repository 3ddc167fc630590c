"""Recalibrated statistics against float64 brute force over the concatenated data.

Covers too: gathering.py, graph.py, levels.py
"""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

import normlayers as nl
from tests.inference.models import numpy_of

layers = keras.layers
RNG = np.random.default_rng(5)
IMAGES = (RNG.normal(size=(60, 6, 6, 2)) * 3 + 2).astype("float32")
ROWS = (RNG.normal(size=(90, 4)) * [1, 2, 30, 0.1] + [0, 5, -40, 1]).astype("float32")


def state(model):
    return [numpy_of(weight) for weight in model.weights]


def randomized(model, seed=0):
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "int" in weight.dtype:
            continue
        low, high = (0.5, 1.5) if "kernel" not in weight.name else (-0.6, 0.7)
        weight.assign(generator.uniform(low, high, weight.shape))
    return model


def assert_statistics_are_those_of_the_inputs(model, data, tolerance=1e-6):
    """Which defines them: a layer's inputs depend on the layers before it alone."""
    for layer in model.layers:
        if not isinstance(layer, layers.BatchNormalization) or not layer.trainable:
            continue
        tensors = [node.input_tensors[0] for node in layer._inbound_nodes]
        inputs = [keras.Model(model.input, t)(data, training=False) for t in tensors]
        if getattr(layer, "placement", "pre") == "post":
            inputs = [layer.activation(x) for x in inputs]
        inputs = np.concatenate(
            [np.moveaxis(numpy_of(x), layer.axis, -1).reshape(-1, x.shape[layer.axis])
             for x in inputs]
        ).astype(np.float64)  # fmt: skip
        std = inputs.std(axis=0)
        mean_off = np.abs(numpy_of(layer.moving_mean) - inputs.mean(axis=0))
        assert np.all(mean_off <= tolerance * np.hypot(std, inputs.mean(axis=0)))
        np.testing.assert_allclose(
            numpy_of(layer.moving_variance), inputs.var(axis=0), rtol=tolerance
        )


def in_float64(x, kernels, gammas, betas, epsilon):
    """A Dense-BN-ReLU chain on whole data: the statistics, layer by layer."""
    found, x = [], x.astype(np.float64)
    for kernel, gamma, beta in zip(kernels, gammas, betas, strict=True):
        z = x @ kernel.astype(np.float64)
        found.append((z.mean(axis=0), z.var(axis=0)))
        x = np.maximum((z - found[-1][0]) / np.sqrt(found[-1][1] + epsilon) * gamma + beta, 0)
    return found


def dense_chain(kind):
    return randomized(
        keras.Sequential(
            [keras.Input((4,))]
            + [
                layer
                for _ in range(3)
                for layer in (layers.Dense(5, use_bias=False), kind(), layers.ReLU())
            ]
        )
    )


@pytest.mark.parametrize("kind", [nl.BatchNormalization, layers.BatchNormalization])
def test_against_float64(kind):
    model = dense_chain(kind)
    done = nl.recalibrate(model, ROWS, batch_size=7)
    assert (done.passes, done.rows, done.batches, done.skipped) == (3, 90, 13, {})
    normalizing = model.layers[1::3]
    assert done.layers == tuple(layer.name for layer in normalizing)
    expected = in_float64(
        ROWS,
        [numpy_of(layer.kernel) for layer in model.layers[0::3]],
        [numpy_of(layer.gamma) for layer in normalizing],
        [numpy_of(layer.beta) for layer in normalizing],
        normalizing[0].epsilon,
    )
    for layer, (mean, variance) in zip(normalizing, expected, strict=True):
        off = np.abs(numpy_of(layer.moving_mean) - mean)
        assert np.all(off <= 1e-6 * np.hypot(mean, np.sqrt(variance)))
        np.testing.assert_allclose(numpy_of(layer.moving_variance), variance, rtol=1e-6)


@settings(deadline=None, max_examples=10)
@given(cuts=st.lists(st.integers(1, 89), max_size=6, unique=True), seed=st.integers(0, 99))
def test_for_any_batching_and_order(cuts, seed):
    model = randomized(keras.Sequential([keras.Input((4,)), nl.BatchNormalization()]))
    shuffled = np.random.default_rng(seed).permutation(ROWS)
    nl.recalibrate(model, [batch for batch in np.split(shuffled, sorted(cuts)) if len(batch)])
    exact, layer = ROWS.astype(np.float64), model.layers[0]
    off = np.abs(numpy_of(layer.moving_mean) - exact.mean(axis=0))
    assert np.all(off <= 1e-6 * np.hypot(exact.mean(axis=0), exact.std(axis=0)))
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


def branched(kind=nl.BatchNormalization):
    """Two branches of two and one, which meet: three passes."""
    inputs = keras.Input((6, 6, 2))
    a = layers.Conv2D(3, 3, padding="same")(inputs)
    a = kind(name="a1")(a)
    a = layers.Conv2D(3, 3, padding="same", activation="relu")(layers.Dropout(0.5)(a))
    a = kind(name="a2", renorm=True)(a)
    b = kind(name="b1", axis=1)(inputs)
    b = layers.Conv2D(3, 1)(b)
    x = layers.Add()([a, b])
    return randomized(keras.Model(inputs, kind(name="end")(x)))


@pytest.mark.parametrize("kind", [nl.BatchNormalization, layers.BatchNormalization])
def test_branches_share_passes(kind):
    model = branched(kind)
    done = nl.recalibrate(model, IMAGES, batch_size=16)
    assert done.passes == 3
    assert_statistics_are_those_of_the_inputs(model, IMAGES)
    a2 = model.get_layer("a2")
    sigma = np.sqrt(numpy_of(a2.moving_variance) + a2.epsilon)
    np.testing.assert_allclose(numpy_of(a2.moving_stddev), sigma, rtol=1e-6)
    np.testing.assert_allclose(numpy_of(a2.renorm_stddev), sigma, rtol=1e-6)
    np.testing.assert_array_equal(numpy_of(a2.renorm_mean), numpy_of(a2.moving_mean))


def test_placements_shared_and_debiased_layers():
    inputs = keras.Input((6, 6, 2))
    shared = nl.BatchNormalization(activation="tanh", placement="post", debias=True, name="shared")
    pre = nl.BatchNormalization(activation=layers.LeakyReLU(0.1), name="pre")
    x, y = layers.Conv2D(3, 3)(inputs), layers.Conv2D(3, 3)(inputs)
    model = keras.Model(inputs, pre(layers.Add()([shared(x), shared(y)])))
    randomized(model)
    done = nl.recalibrate(model, IMAGES, batch_size=20)
    assert (done.passes, done.layers) == (2, ("shared", "pre"))
    assert_statistics_are_those_of_the_inputs(model, IMAGES)
    assert int(numpy_of(shared.steps)) == 3  # of as many batches


def test_a_nested_model_is_part_of_the_graph():
    body = keras.Sequential([keras.Input((4,)), layers.Dense(4), nl.BatchNormalization()])
    inputs = keras.Input((4,))
    x = nl.BatchNormalization()(inputs)
    model = randomized(keras.Model(inputs, nl.BatchNormalization()(body(x))))
    flat = keras.Sequential([keras.Input((4,)), model.layers[1], *body.layers, model.layers[-1]])
    assert nl.recalibrate(model, ROWS).passes == 3
    x = ROWS
    for layer in flat.layers:
        if isinstance(layer, layers.BatchNormalization):
            exact = numpy_of(x).astype(np.float64)
            np.testing.assert_allclose(
                numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6
            )
        x = layer(x, training=False) if "norm" in layer.name else layer(x)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = nl.BatchNormalization(name="last")
        self.first = nl.BatchNormalization(name="first")
        self.unused = nl.BatchNormalization(name="unused")
        self.dense = layers.Dense(3)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.unused.build(input_shape)
        self.dense.build(input_shape)
        self.last.build((None, 3))
        self.built = True

    def call(self, x, training=None):
        return self.last(self.dense(self.first(x, training=training)), training=training)


def test_subclassed_models_go_in_the_order_of_their_calls():
    model = Subclassed()
    model.build((None, 4))
    randomized(model)
    done = nl.recalibrate(model, ROWS)
    assert (done.passes, done.layers) == (2, ("first", "last"))
    assert done.skipped == {"unused": "the model does not call it"}
    inputs = numpy_of(model.dense(model.first(ROWS, training=False))).astype(np.float64)
    np.testing.assert_allclose(numpy_of(model.last.moving_variance), inputs.var(axis=0), rtol=1e-6)


def test_not_layerwise_is_one_pass_by_the_batches_own_statistics():
    model = randomized(
        keras.Sequential([keras.Input((4,)), *(nl.BatchNormalization() for _ in range(2))])
    )
    parts = np.split(ROWS, [20, 50])
    done = nl.recalibrate(model, iter(parts), layerwise=False)
    assert done.passes == 1
    first, second = model.layers
    outputs = []
    for part in parts:
        part = part.astype(np.float64)
        x_hat = (part - part.mean(axis=0)) / np.sqrt(part.var(axis=0) + first.epsilon)
        outputs.append(x_hat * numpy_of(first.gamma) + numpy_of(first.beta))
    outputs = np.concatenate(outputs)
    np.testing.assert_allclose(numpy_of(second.moving_mean), outputs.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(numpy_of(second.moving_variance), outputs.var(axis=0), rtol=1e-5)


def test_what_is_masked_out_does_not_count():
    inputs = keras.Input((5, 2))
    x = layers.Masking(mask_value=0.0)(inputs)
    model = keras.Model(inputs, nl.BatchNormalization()(x))
    x = RNG.normal(size=(8, 5, 2)).astype("float32")
    x[:, 3:] = 0.0
    nl.recalibrate(model, x)
    exact = x[:, :3].astype(np.float64).reshape(-1, 2)
    layer = model.layers[-1]
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


def test_mixed_precision_and_synchronized_layers():
    inputs = keras.Input((4,))
    x = layers.Dense(4, dtype="mixed_float16")(inputs)
    kwargs = {"synchronized": True} if keras.backend.backend() != "torch" else {}
    model = randomized(
        keras.Model(inputs, nl.BatchNormalization(dtype="mixed_float16", **kwargs)(x))
    )
    nl.recalibrate(model, ROWS)
    assert_statistics_are_those_of_the_inputs(model, ROWS)


def test_frozen_layers_and_subclasses_are_skipped():
    class Custom(nl.BatchNormalization):
        pass

    frozen = nl.BatchNormalization(name="frozen", trainable=False)
    model = randomized(
        keras.Sequential([keras.Input((4,)), frozen, nl.BatchNormalization(), Custom(name="mine")])
    )
    before = [numpy_of(w) for layer in model.layers[::2] for w in layer.weights]
    done = nl.recalibrate(model, ROWS)
    assert done.skipped == {
        "frozen": "frozen: trainable=False",
        "mine": "a Custom, which may compute something else",
    }
    after = [numpy_of(w) for layer in model.layers[::2] for w in layer.weights]
    assert all(map(np.array_equal, before, after))
    inputs = numpy_of(frozen(ROWS)).astype(np.float64)
    np.testing.assert_allclose(
        numpy_of(model.layers[1].moving_variance), inputs.var(axis=0), rtol=1e-6
    )


def test_data_by_input_name_and_labelled_batches():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model({"a": a, "b": b}, nl.BatchNormalization()(layers.Add()([a, b])))
    nl.recalibrate(model, {"a": ROWS, "b": 2 * ROWS})
    exact = (ROWS + 2 * ROWS).astype(np.float64)
    layer = model.layers[-1]
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)
    done = nl.recalibrate(model, [({"a": ROWS, "b": ROWS}, np.zeros(90))] * 2, batches=1)
    assert done.rows == 90
    exact = (ROWS + ROWS).astype(np.float64)
    np.testing.assert_allclose(numpy_of(layer.moving_variance), exact.var(axis=0), rtol=1e-6)


class OnlyOnce:
    """Rows that get fewer with every pass."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        yield ROWS
        if self.passes == 1:
            yield ROWS


def with_nan():
    rows = ROWS.copy()
    rows[17, 2] = np.nan
    return rows


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (ROWS[:0], {}, ValueError, "there are no data"),
        ([], {}, ValueError, "there are no data"),
        (ROWS[:, :3], {}, ValueError, "incompatible|Invalid input shape"),
        (with_nan(), {}, ValueError, "inputs of layer 'n1'.*NaN"),
        (ROWS[:1], {}, ValueError, "one value per channel"),
        (OnlyOnce(), {}, ValueError, "pass 2 over the data gave 90 rows"),
        ([ROWS], {"batches": 3}, ValueError, "ended early"),
        (iter([ROWS]), {}, TypeError, "needs 2 passes"),
        ((ROWS, ROWS[:, 0]), {}, TypeError, "the inputs alone"),
        (ROWS, {"batches": 0}, ValueError, "steps must be an integer, at least 1"),
        ("rows", {}, TypeError, "must be an array"),
    ],
)
def test_bad_data_change_nothing(data, options, error, message):
    model = randomized(
        keras.Sequential(
            [keras.Input((4,)), nl.BatchNormalization(name="n1"), layers.BatchNormalization()]
        )
    )
    before = state(model)
    with pytest.raises(error, match=message) as raised:
        nl.recalibrate(model, data, **options)
    assert str(raised.value).startswith("recalibrate(): ")
    assert "Arguments received by" not in str(raised.value) or "ncompatible" in message
    assert all(map(np.array_equal, before, state(model)))
    assert all("call" not in vars(layer) for layer in model.layers)


def test_an_interruption_changes_nothing():
    model = dense_chain(nl.BatchNormalization)
    before = state(model)
    passes = 0

    class Interrupted:
        def __iter__(self):
            nonlocal passes
            passes += 1
            yield ROWS
            if passes == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nl.recalibrate(model, Interrupted())
    assert all(map(np.array_equal, before, state(model)))
    assert all("call" not in vars(layer) for layer in model.layers)


def test_a_failed_assignment_is_taken_back(monkeypatch):
    model = dense_chain(nl.BatchNormalization)
    before = state(model)
    last, calls = model.layers[-2], 0
    plain = type(last.moving_variance).assign

    def assign(variable, value):
        nonlocal calls
        if variable is last.moving_variance:
            calls += 1
            if calls == 1:
                raise KeyboardInterrupt
        return plain(variable, value)

    monkeypatch.setattr(type(last.moving_variance), "assign", assign)
    with pytest.raises(KeyboardInterrupt):
        nl.recalibrate(model, ROWS)
    assert all(map(np.array_equal, before, state(model)))


def test_models_that_cannot_be_recalibrated():
    with pytest.raises(ValueError, match="no batch normalization"):
        nl.recalibrate(keras.Sequential([keras.Input((4,)), layers.Dense(2)]), ROWS)
    with pytest.raises(ValueError, match="not built"):
        nl.recalibrate(keras.Sequential([nl.BatchNormalization()]), ROWS)
    frozen = keras.Sequential([keras.Input((4,)), nl.BatchNormalization(trainable=False)])
    with pytest.raises(ValueError, match="frozen"):
        nl.recalibrate(frozen, ROWS)
    inputs = keras.Input((4,))
    twice = nl.BatchNormalization(name="twice")
    circular = keras.Model(inputs, twice(twice(inputs)))
    with pytest.raises(ValueError, match=r"depend on its own outputs, among 'twice'"):
        nl.recalibrate(circular, ROWS)


def test_accuracy_after_few_small_batches_is_that_of_the_whole_datas_statistics():
    """Within half a percentage point; the moving statistics cost tens of them."""
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:1200].astype("float32") / 16, labels[:1200]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(32, use_bias=False),
                              nl.BatchNormalization(momentum=0.99), layers.ReLU(),
                              layers.Dense(10)])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    for start in range(0, 200, 4):
        model.train_on_batch(images[start : start + 4], labels[start : start + 4])

    def accuracy():
        return np.mean(np.argmax(numpy_of(model(images, training=False)), axis=1) == labels)

    nl.recalibrate(model, images, batch_size=100)
    recalibrated, layer = accuracy(), model.layers[1]
    z = images.astype(np.float64) @ numpy_of(model.layers[0].kernel).astype(np.float64)
    layer.moving_mean.assign(z.mean(axis=0))
    layer.moving_variance.assign(z.var(axis=0))
    assert abs(recalibrated - accuracy()) <= 0.005
    assert recalibrated > 0.5


def test_progress_is_shown(capsys):
    model = dense_chain(nl.BatchNormalization)
    nl.recalibrate(model, ROWS, verbose=True)
    shown = capsys.readouterr().err
    assert "recalibrating, pass 3 of 3" in shown


def test_a_layer_within_a_wrapper_that_calls_it_often():
    """Its inputs are known to no graph, and both steps' are its own."""
    normalization = nl.BatchNormalization()
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.TimeDistributed(normalization)])
    x = (np.random.default_rng(0).normal(size=(16, 5, 4)) * 3 + 1).astype("float32")
    with pytest.raises(ValueError, match=r"not of those within other layers.* layerwise=False"):
        nl.recalibrate(model, x)
    nl.recalibrate(model, x, layerwise=False)
    mean, variance = map(
        keras.ops.convert_to_numpy, (normalization.moving_mean, normalization.moving_variance)
    )
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1), dtype=float), rtol=1e-5)
    np.testing.assert_allclose(variance, x.var(axis=(0, 1), dtype=float), rtol=1e-5)
