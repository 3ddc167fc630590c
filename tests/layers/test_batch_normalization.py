"""BatchNormalization against the formulas in NumPy and Keras's own layer.

Covers too: batch_norm/weights.py.
"""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import normlayers as nl
from tests.layers.called import output, weights
from tests.layers.derivatives import BACKEND, gradients
from tests.python_process import run_python

RNG = np.random.default_rng(0)


def test_one_batch_by_hand():
    layer = nl.BatchNormalization(epsilon=0.01, momentum=0.9)
    x = np.array([[1.0, 0.0], [3.0, 4.0]], "float32")
    y = output(layer, x, training=True)
    np.testing.assert_allclose(y[:, 0], np.array([-1, 1]) / np.sqrt(1.01), rtol=1e-6)
    np.testing.assert_allclose(y[:, 1], np.array([-2, 2]) / np.sqrt(4.01), rtol=1e-6)
    np.testing.assert_allclose(weights(layer)["moving_mean"], [0.2, 0.2], rtol=1e-6)
    np.testing.assert_allclose(weights(layer)["moving_variance"], [0.9 + 0.1, 0.9 + 0.4], rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "axis"), [((32, 3), -1), ((8, 5, 3), -1), ((8, 5, 3), 1), ((4, 3, 5, 6), -3)]
)
@pytest.mark.parametrize(
    "options",
    [{}, {"center": False}, {"scale": False}, {"momentum": 0.5, "epsilon": 1e-5}],
    ids=str,
)
def test_agrees_with_keras_in_training_and_inference(shape, axis, options):
    ours, keras_own = (
        kind(axis=axis, **options)
        for kind in (nl.BatchNormalization, keras.layers.BatchNormalization)
    )
    for step in range(3):
        x = RNG.normal(loc=step, scale=2, size=shape).astype("float32")
        np.testing.assert_allclose(
            output(ours, x, training=True), output(keras_own, x, training=True), atol=2e-5
        )
    assert [w.name for w in ours.weights] == [w.name for w in keras_own.weights]
    for mine, theirs in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(output(ours, x), output(keras_own, x), atol=2e-5)


def test_masked_values_are_left_out_of_the_statistics():
    x = RNG.normal(size=(6, 4, 2)).astype("float32")
    mask = RNG.random((6, 4)) > 0.3
    layer = nl.BatchNormalization(momentum=0.0)
    x[~mask] = np.nan  # what is masked out may be anything
    output(layer, x, training=True, mask=mask)
    np.testing.assert_allclose(weights(layer)["moving_mean"], x[mask].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(weights(layer)["moving_variance"], x[mask].var(axis=0), rtol=1e-5)


def test_a_model_trains_like_one_with_keras_own_layer():
    x = RNG.normal(size=(64, 4)).astype("float32")
    y = (x.sum(axis=1, keepdims=True) > 0).astype("float32")
    losses = []
    for kind in (nl.BatchNormalization, keras.layers.BatchNormalization):
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(8), kind(), keras.layers.Dense(1, "sigmoid")]
        )
        model.compile("sgd", "binary_crossentropy")
        losses.append(model.fit(x, y, epochs=5, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_placement_says_on_which_side_of_the_activation_it_stands():
    z = RNG.normal(loc=1, size=(50, 3)).astype("float32")
    plain = nl.BatchNormalization()
    pre = nl.BatchNormalization(activation="relu", placement="pre")
    post = nl.BatchNormalization(activation="relu", placement="post")
    np.testing.assert_allclose(
        output(pre, z, training=True), np.maximum(output(plain, z, training=True), 0)
    )
    np.testing.assert_allclose(
        output(post, z, training=True), output(plain, np.maximum(z, 0), training=True)
    )
    assert output(pre, z, training=True).min() == 0
    np.testing.assert_allclose(output(post, z, training=True).mean(axis=0), 0, atol=1e-6)


def test_frozen_layer_is_in_inference_mode():
    layer = nl.BatchNormalization(epsilon=0.0)
    layer.trainable = False
    x = RNG.normal(loc=5, size=(10, 2)).astype("float32")
    np.testing.assert_allclose(output(layer, x, training=True), x, rtol=1e-6)
    assert weights(layer)["moving_mean"].tolist() == [0, 0]


KERAS_OPTIONS = [
    {"renorm": True},
    {"renorm": True, "scale": False, "renorm_clipping": {"rmin": 0.5, "rmax": 2, "dmax": 1}},
    {"renorm": True, "center": False, "renorm_momentum": 0.5, "momentum": 0.9},
    {"beta_initializer": "ones", "gamma_initializer": "random_uniform"},
    {"moving_mean_initializer": "ones", "moving_variance_initializer": "zeros"},
]


@pytest.mark.parametrize("options", KERAS_OPTIONS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_trains_like_keras_layer_step_by_step(options, masked):
    """Outputs, gradients and every weight, over batches that differ."""
    ours, theirs = nl.BatchNormalization(**options), keras.layers.BatchNormalization(**options)
    for layer in (ours, theirs):
        layer.build((8, 4, 3))
    ours.set_weights(theirs.get_weights())
    for step in range(4):
        x = RNG.normal(step, 1 + step, size=(8, 4, 3)).astype("float32")
        g = RNG.normal(size=x.shape).astype("float32")
        mask = RNG.random((8, 4)) > 0.2 if masked else None
        found = []
        for layer in (ours, theirs):

            def train(x, *learned, layer=layer, mask=mask):
                state = [w.value for w in layer.non_trainable_variables]
                return layer.stateless_call(learned, state, x, training=True, mask=mask)[0]

            learned = layer.get_weights()[: len(layer.trainable_variables)]
            found.append([*gradients(train, [x, *learned], g)])
            found[-1] += [output(layer, x, training=True, mask=mask), *layer.get_weights()]
            found[-1] += [output(layer, x)]
        for mine, their in zip(*found, strict=True):
            np.testing.assert_allclose(mine, their, rtol=1e-4, atol=2e-4)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]


def conv_net(kind):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, padding="same"),
            kind(),
            keras.layers.Activation("relu"),
            keras.layers.Conv2D(8, 3, strides=2),
            kind(momentum=0.9),
            keras.layers.Activation("relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )


@pytest.mark.parametrize("jit_compile", [False, True] if BACKEND == "tensorflow" else ["auto"])
def test_a_conv_net_with_its_layers_swapped_has_the_same_loss_curve(jit_compile, tmp_path):
    """Keras's weights loaded from its file; 50 steps on scikit-learn's digits."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).reshape(-1, 8, 8, 1).astype("float32")[:1600]
    curves, ends = [], []
    for kind in (keras.layers.BatchNormalization, nl.BatchNormalization):
        # With seed 1 a ReLU's input comes so near 0 that Keras's own layer differs by 6e-4 between
        # TensorFlow's graph and XLA.
        keras.utils.set_random_seed(2)
        model = conv_net(kind)
        if kind is nl.BatchNormalization:
            model.load_weights(tmp_path / "keras.weights.h5")
        else:
            model.save_weights(tmp_path / "keras.weights.h5")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        # Not Adam, which makes steps of full length of the rounding in the idle biases' gradients.
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss, jit_compile=jit_compile)
        curve = [model.train_on_batch(x[i : i + 32], y[i : i + 32]) for i in range(0, 1600, 32)]
        curves.append(np.ravel(curve))
        ends.append(output(model, x[:100]))
    assert len(curves[0]) == 50
    np.testing.assert_allclose(curves[1], curves[0], atol=1e-4)
    np.testing.assert_allclose(ends[1], ends[0], atol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("implementation", ["reference", "auto"])
def test_half_precision_of_scale_1e4_is_as_good_as_float64(dtype, implementation):
    """To 1e-3 and the rounding of the output itself, which is 2e-3 in bfloat16."""
    layer = nl.BatchNormalization(implementation=implementation, dtype=f"mixed_{dtype}", momentum=0)
    x = keras.ops.cast(RNG.normal(2, 1e4, size=(512, 300)), dtype)
    exact = keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")).astype(float)
    y = layer(x, training=True)
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    y = keras.ops.convert_to_numpy(keras.ops.cast(y, "float32"))
    expected = (exact - exact.mean(axis=0)) / exact.std(axis=0)
    rounding = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y, expected, rtol=rounding, atol=1e-3)
    np.testing.assert_allclose(weights(layer)["moving_mean"], exact.mean(axis=0), rtol=1e-3, atol=1)
    np.testing.assert_allclose(weights(layer)["moving_variance"], exact.var(axis=0), rtol=1e-3)


@pytest.mark.parametrize(
    "activation",
    ["swish", keras.activations.gelu, keras.layers.LeakyReLU(0.1), keras.layers.PReLU()],
)
@pytest.mark.parametrize("placement", ["pre", "post"])
def test_takes_any_activation_and_saves_it(activation, placement, tmp_path):
    layer = nl.BatchNormalization(activation=activation, placement=placement)
    model = keras.Sequential([keras.Input((3,)), layer])
    z = RNG.normal(size=(20, 3)).astype("float32")
    output(model, z, training=True)
    function, plain = keras.activations.get(activation), nl.BatchNormalization()
    plain.build(z.shape)
    plain.set_weights(bn_weights(layer))
    expected = (
        output(plain, function(keras.ops.convert_to_tensor(z)))
        if placement == "post"
        else keras.ops.convert_to_numpy(function(plain(z)))
    )
    np.testing.assert_allclose(output(model, z), expected, atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(output(loaded, z), expected, atol=1e-6)
    assert len(loaded.weights) == len(model.weights)


def bn_weights(layer):
    own = ("gamma", "beta", "moving_mean", "moving_variance")
    return [weights(layer)[name] for name in own]


def test_is_found_where_people_look_for_batch_normalization():
    assert isinstance(nl.BatchNormalization(), keras.layers.BatchNormalization)


def test_refuses_inputs_it_cannot_normalize():
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        nl.BatchNormalization(axis=2).build((None, 3))
    with pytest.raises(ValueError, match="known length"):
        nl.BatchNormalization().build((None, None))
    layer = nl.BatchNormalization()
    layer(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="3"):
        layer(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match=r"mask of shape \(2, 3\)"):
        layer(np.ones((2, 3), "float32"), training=True, mask=np.ones((2, 3), bool))


def test_saved_model_predicts_the_same_where_it_is_loaded(tmp_path):
    """In a new process, with safe mode on and no custom objects."""
    layer = nl.BatchNormalization(
        activation="relu", placement="post", gamma_regularizer="l2", beta_constraint="non_neg"
    )
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), layer])
    x = RNG.normal(size=(20, 3)).astype("float32")
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import keras, numpy as np, normlayers\n"
        f"model = keras.models.load_model(r'{tmp_path / 'model.keras'}')\n"
        f"y = keras.ops.convert_to_numpy(model(np.load(r'{tmp_path / 'x.npy'}')))\n"
        f"np.save(r'{tmp_path / 'y.npy'}', y)\n"
    )
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), output(model, x))


def test_a_refused_build_leaves_no_trace():
    layer = nl.BatchNormalization(axis=1, implementation="fused", epsilon=0.0)
    with pytest.raises(ValueError, match="fused"):
        layer.build((2, 3, 4))
    assert (layer.input_spec, layer.weights, layer.built) == (None, [], False)
