"""BatchNormalization against the formulas in NumPy and Keras's own layer.

Covers too: batch_norm/arguments.py, batch_norm/weights.py, batch_norm/batch_renormalization.py,
batch_norm/moving_statistics.py.
"""

import inspect

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import normlayers as nl
from tests.layers.derivatives import BACKEND, float64, gradients
from tests.python_process import run_python

RNG = np.random.default_rng(0)


def output(layer, x, **call):
    return keras.ops.convert_to_numpy(layer(x, **call))


def weights(layer):
    return {w.path.split("/")[-1]: keras.ops.convert_to_numpy(w) for w in layer.weights}


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


def test_has_every_argument_of_keras_layer_with_its_default():
    ours, theirs = (
        inspect.signature(kind.__init__).parameters
        for kind in (nl.BatchNormalization, keras.layers.BatchNormalization)
    )
    assert {name: p.default for name, p in theirs.items()} == {
        name: ours[name].default for name in theirs
    }
    assert [name for name in ours if name in theirs][:-1] == list(theirs)[:-1]  # but **kwargs
    config = keras.layers.BatchNormalization(renorm=True, name="bn").get_config()
    assert config.items() <= nl.BatchNormalization.from_config(config).get_config().items()


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


def test_debias_divides_the_start_out_as_adam_does():
    layer = nl.BatchNormalization(momentum=0.9, debias=True)
    batches = RNG.normal(5, 3, size=(4, 50, 2)).astype("float32")
    for step, x in enumerate(batches, start=1):
        output(layer, x, training=True)
        share = 0.1 * 0.9 ** np.arange(step - 1, -1, -1) / (1 - 0.9**step)
        for name, of in (("moving_mean", np.mean), ("moving_variance", np.var)):
            expected = share @ [of(batch, axis=0) for batch in batches[:step]]
            np.testing.assert_allclose(weights(layer)[name], expected, rtol=1e-5)
    assert weights(layer)["steps"] == 4
    once = nl.BatchNormalization(debias=True)
    y = output(once, batches[0], training=True)
    np.testing.assert_allclose(output(once, batches[0]), y, atol=1e-5)


def test_debiased_with_momentum_1_is_the_average_of_all_batches():
    layer = nl.BatchNormalization(momentum=1.0, debias=True)
    batches = RNG.normal(5, 3, size=(7, 50, 2)).astype("float32")
    for x in batches:
        output(layer, x, training=True)
    expected = np.mean([x.mean(axis=0) for x in batches], axis=0)
    np.testing.assert_allclose(weights(layer)["moving_mean"], expected, rtol=1e-5)


def test_is_found_where_people_look_for_batch_normalization():
    assert isinstance(nl.BatchNormalization(), keras.layers.BatchNormalization)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"placement": "before"}, "placement must be .*'before'"),
        ({"momentum": 1.5}, "momentum must be in"),
        ({"epsilon": -1e-3}, "epsilon must be 0 or more"),
        ({"epsilon": float("nan")}, "epsilon must be 0 or more"),
        ({"activation": "rleu"}, "rleu"),
        ({"implementation": "fast"}, "implementation must be .*'fast'"),
        ({"renorm": True, "renorm_clipping": {"rmin": 3, "rmax": 2}}, "rmin=3, rmax=2"),
        ({"renorm": True, "renorm_clipping": {"dmax": -1}}, "'dmax'. must not be negative.*-1"),
        ({"renorm": True, "renorm_clipping": {"rmaxx": 1}}, "Received: rmaxx"),
        ({"renorm": True, "renorm_momentum": 2}, "renorm_momentum must be in .*2"),
        ({"axis": [3]}, r"axis must be one integer.*axis=\[3\]; pass axis=3"),
        ({"axis": (1, 2)}, r"axis must be one integer.*axis=\(1, 2\)\."),
        ({"axis": 1.5}, "axis must be one integer.*axis=1.5"),
        ({"axis": None}, "axis must be one integer.*axis=None"),
        ({"momentum": None}, "momentum must be in.*momentum=None; pass a number"),
        ({"momentum": [0.9]}, r"momentum must be in.*momentum=\[0.9\]; pass a number"),
        ({"momentum": "0.9"}, "momentum must be in.*momentum='0.9'; pass a number"),
        ({"epsilon": None}, "epsilon must be 0 or more.*epsilon=None; pass a number"),
        ({"center": "no"}, "center must be True or False.*center='no'"),
        ({"scale": None}, "scale must be True or False.*scale=None"),
        ({"debias": 2}, "debias must be True or False.*debias=2"),
        ({"placement": None}, "placement must be one of.*placement=None"),
        ({"implementation": ["auto"]}, "implementation must be one of"),
        ({"renorm": True, "renorm_clipping": [1, 2]}, r"must be a dict .*renorm_clipping=\[1, 2\]"),
        ({"renorm": True, "renorm_clipping": {"rmax": "3"}}, "'rmax'.*Received: '3'; pass a numb"),
        ({"renorm": True, "renorm_momentum": None}, "renorm_momentum must be in.*None; pass a n"),
    ],
)
def test_refuses_impossible_arguments(options, says):
    with pytest.raises(ValueError, match=says):
        nl.BatchNormalization(**options)


def test_takes_numbers_of_every_type():
    layer = nl.BatchNormalization(np.int64(1), np.float32(0.5), np.float64(0.1), center=np.True_)
    assert (layer.axis, layer.momentum, layer.epsilon) == (1, 0.5, 0.1)
    assert nl.BatchNormalization.from_config(layer.get_config()).get_config() == layer.get_config()


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


def test_config_makes_an_equal_layer():
    layer = nl.BatchNormalization(activation="tanh", placement="post", gamma_regularizer="l1")
    copy = nl.BatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()


class Twos(keras.initializers.Initializer):
    """Not registered, so that only its class can make another."""

    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, 2.0, dtype=dtype)


def test_renorm_with_an_initializer_of_ones_own():
    layer = nl.BatchNormalization(renorm=True, moving_variance_initializer=Twos())
    layer.build((2, 3))
    assert weights(layer)["moving_stddev"].tolist() == pytest.approx([2**0.5] * 3)
    function = nl.BatchNormalization(
        renorm=True, moving_mean_initializer=lambda s, dtype: keras.ops.ones(s)
    )
    function.build((2, 3))
    assert weights(function)["renorm_mean"].tolist() == [1, 1, 1]


def test_renorm_limits_of_none_do_not_limit():
    x = RNG.normal(5, 3, size=(20, 2)).astype("float32")
    limited, free = (
        output(nl.BatchNormalization(renorm=True, renorm_clipping=limits), x, training=True)
        for limits in ({"rmin": None, "dmax": None}, None)
    )
    np.testing.assert_array_equal(limited, free)


@pytest.mark.parametrize("limits", [None, {"rmin": 0.7, "rmax": 1.1, "dmax": 0.3}], ids=str)
def test_renorm_in_double_precision(limits):
    """Against algorithm 1 of Ioffe (2017), step by step."""
    epsilon = 0.3  # the root of it, a float64, bounds the first channel's sigma
    clip = {"rmin": 0.0, "rmax": np.inf, "dmax": np.inf} | (limits or {})
    with float64():
        layer = nl.BatchNormalization(
            epsilon=epsilon, momentum=0.9, renorm=True, renorm_clipping=limits,
            renorm_momentum=0.8, moving_variance_initializer="zeros", dtype="float64",
        )  # fmt: skip
        layer.build((64, 3))
        mean, sigma, moving_mean, moving_sigma = np.zeros((4, 3))
        for _ in range(3):
            x = RNG.normal(5, 3, size=(64, 3)) * [0, 1, 10]
            y = output(layer, x, training=True)
            mu, batch_sigma = x.mean(axis=0), np.sqrt(x.var(axis=0) + epsilon)
            divisor = np.maximum(sigma, np.sqrt(epsilon))
            r = np.clip(batch_sigma / divisor, clip["rmin"], clip["rmax"])
            d = np.clip((mu - mean) / divisor, -clip["dmax"], clip["dmax"])
            expected = (x - mu) / batch_sigma * r + d
            np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)
            mean, sigma = 0.8 * mean + 0.2 * mu, 0.8 * sigma + 0.2 * batch_sigma
            moving_mean = 0.9 * moving_mean + 0.1 * mu
            moving_sigma = 0.9 * moving_sigma + 0.1 * batch_sigma
        for name, true in {
            "renorm_mean": mean, "renorm_stddev": sigma, "moving_mean": moving_mean,
            "moving_stddev": moving_sigma, "moving_variance": moving_sigma**2 - epsilon,
        }.items():  # fmt: skip
            expected = np.maximum(true, 0) if name == "moving_variance" else true
            np.testing.assert_allclose(weights(layer)[name], expected, rtol=1e-13, atol=1e-14)


def test_an_empty_batch_moves_nothing_with_renorm_either():
    layer = nl.BatchNormalization(renorm=True)
    layer.build((None, 2))
    before = layer.get_weights()
    layer(np.zeros((0, 2), "float32"), training=True)
    for now, then in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_renorm_of_a_constant_channel_is_beta_without_epsilon():
    layer = nl.BatchNormalization(renorm=True, epsilon=0.0, moving_variance_initializer="zeros")
    x = np.ones((4, 2), "float32")
    assert not output(layer, x, training=True).any()
    assert np.isfinite(
        output(layer, RNG.normal(size=(4, 2)).astype("float32"), training=True)
    ).all()


@pytest.mark.parametrize("momentum", [0.9, 1.0])
def test_debias_in_double_precision(momentum):
    with float64():
        layer = nl.BatchNormalization(momentum=momentum, debias=True, dtype="float64")
        x = RNG.normal(5, 3, size=(20, 2))
        output(layer, x, training=True)
        np.testing.assert_allclose(weights(layer)["moving_mean"], x.mean(axis=0), rtol=1e-13)


def test_a_refused_build_leaves_no_trace():
    layer = nl.BatchNormalization(axis=1, implementation="fused", epsilon=0.0)
    with pytest.raises(ValueError, match="fused"):
        layer.build((2, 3, 4))
    assert (layer.input_spec, layer.weights, layer.built) == (None, [], False)


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
