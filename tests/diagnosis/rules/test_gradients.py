import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, network, points

X, Y = points()
LAYERS = keras.layers


def deep(activation="relu", count=8, deviation=None):
    kernel = deviation and keras.initializers.RandomNormal(0, deviation, seed=3)
    return [
        LAYERS.Dense(16, activation, kernel_initializer=kernel or "he_normal", name=f"d{i}")
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("hidden", "severity"),
    [
        (deep("sigmoid", 12), "error"),
        (deep(deviation=0.01), "error"),  # all alike: none is small beside another
        (deep("tanh", deviation=0.01), "error"),
        (deep(), None),
        (deep("tanh", 3, 0.1), None),
    ],
)
def test_gradients_that_vanish(hidden, severity):
    found = nl.diagnose(network(*hidden, LAYERS.Dense(1, "sigmoid")), X, Y)
    told = found.of("vanishing_gradients")
    assert [finding.severity for finding in told] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("units", "output", "loss"), [(1, "sigmoid", BINARY), (2, "softmax", SPARSE)]
)
def test_predictions_where_the_loss_has_no_slope(units, output, loss):
    """On TensorFlow Keras takes the logits of these activations, which have one."""
    hidden = deep(deviation=3.0)
    model = network(*hidden, LAYERS.Dense(units, output), loss=loss)
    findings = nl.diagnose(model, X, Y).findings
    slopes = keras.backend.backend() == "tensorflow"
    fault = "exploding_gradients" if slopes else "vanishing_gradients"
    (finding,) = [finding for finding in findings if finding.fault.endswith("gradients")]
    assert (finding.fault, finding.severity) == (fault, "error")
    assert slopes or finding.message.startswith("All predictions are 0 or 1")


@pytest.mark.parametrize(
    ("between", "activation", "says"),
    [
        ([keras.ops.round], "relu", "Between it and 'c' is 'round'."),
        (
            [
                LAYERS.BatchNormalization(name="bn"),
                LAYERS.Lambda(keras.ops.stop_gradient, name="cut"),
                LAYERS.Dropout(0.2, name="drop"),
            ],
            "relu",
            "Between it and 'c' are 'bn', 'cut', 'drop'.",
        ),
        ([], keras.ops.stop_gradient, "Between it and 'c' is nothing but its own activation."),
    ],
)
def test_where_a_gradient_is_cut_off(between, activation, says):
    inputs = keras.Input((6,))
    t = LAYERS.Dense(16, "tanh", name="a")(inputs)
    t = LAYERS.Dense(16, activation, name="b")(t)
    for step in between:
        t = step(t)
    t = LAYERS.Dense(16, "tanh", name="c")(t)
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid", name="last")(t))
    model.compile("adam", "binary_crossentropy")
    (told,) = nl.diagnose(model, X, Y).of("vanishing_gradients")
    assert (told.where, told.severity) == ("b", "error")
    assert told.message == f"No gradient reaches 'b'; 2 layers are like that. {says}"
    assert told.cure.startswith("Look for what passes no gradient on")


def test_a_gradient_that_is_cut_off_before_the_outputs():
    inputs = keras.Input((6,))
    side = LAYERS.Dense(3, name="side")(inputs)
    gate = LAYERS.Lambda(keras.ops.stop_gradient, name="gate")(side)
    t = LAYERS.Multiply(name="times")([LAYERS.Dense(3, name="main")(inputs), gate])
    model = keras.Model(inputs, t)
    model.compile("adam", "mse")
    (told,) = nl.diagnose(model, X, X[:, :3]).of("vanishing_gradients")
    assert told.where == "side"
    assert "Between it and the outputs are 'gate', 'times'." in told.message


def test_the_influence_is_the_losss_elasticity():
    """By the gradient in float64, in closed form: the network is linear."""
    hidden, last = deep("linear", count=2, deviation=1e-4), LAYERS.Dense(1, name="last")
    model = network(*hidden, last, loss="mse", optimizer=keras.optimizers.SGD(1e-12))
    y = X[:, :1].astype(float)
    (told,) = nl.diagnose(model, X, y, batch_size=len(X)).of("vanishing_gradients")
    x = X.astype(float)
    a, b, c = (np.asarray(model.get_layer(n).kernel, float) for n in ("d0", "d1", "last"))
    error = x @ a @ b @ c - y
    slope = 2 * error / len(x)
    gradients = {
        "d0": (x.T @ slope @ (b @ c).T, a),
        "d1": ((x @ a).T @ slope @ c.T, b),
        "last": ((x @ a @ b).T @ slope, c),
    }
    gradient, kernel = gradients[told.where]
    influence = np.linalg.norm(gradient) * np.linalg.norm(kernel) / np.mean(error**2)
    assert told.evidence["influence"] == pytest.approx(influence, rel=0.01)


def test_a_branch_that_begins_with_0_does_not_vanish():
    """Residual branches whose last factor begins with 0 get their gradients after a step."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    t = LAYERS.Dense(16, "relu")(inputs)
    for _ in range(3):
        inner = LAYERS.Dense(16, "relu")(t)
        t = LAYERS.Add()([t, LAYERS.Dense(16, kernel_initializer="zeros")(inner)])
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid")(t))
    model.compile("adam", "binary_crossentropy")
    assert not nl.diagnose(model, X, Y).of("vanishing_gradients")


def test_a_network_that_fits_its_data_has_none_left():
    model = network(LAYERS.Dense(1, use_bias=False), loss="mse")
    weights = np.arange(6.0)[:, None]
    model.layers[0].set_weights([weights])
    assert not nl.diagnose(model, X, X @ weights.astype("float32")).of("vanishing_gradients")


def test_gradients_that_explode():
    model = network(*deep(count=5, deviation=3.0), LAYERS.Dense(1), loss="mse")
    (told,) = nl.diagnose(model, X, X[:, 0]).of("exploding_gradients")
    assert told.severity == "error"
    assert told.evidence["at_initialization"] is True


def test_what_a_learning_rate_did_is_listed_under_it():
    keras.utils.set_random_seed(0)
    model = classifier(optimizer=keras.optimizers.Adam(3.0))
    model.fit(X, Y, epochs=5, verbose=0)
    model.get_layer("hidden").bias.assign(np.full(16, -1e3))
    found = nl.diagnose(model, X, Y)
    assert [f.fault for f in found.errors] == ["learning_rate_too_high"]
    (dead,) = found.of("dead_neurons")
    assert dead.evidence["at_initialization"] is False
    assert "of a fresh copy, 0%" in dead.message


def test_neurons_that_began_dead_are_a_cause():
    biases = keras.initializers.Constant(-1e3)
    hidden = LAYERS.Dense(16, "relu", bias_initializer=biases, name="hidden")
    model = network(hidden, LAYERS.Dense(1, "sigmoid"))
    model.fit(X, Y, epochs=1, verbose=0)
    found = nl.diagnose(model, X, Y)
    assert [f.fault for f in found.errors] == ["dead_neurons"]
    assert found.errors[0].evidence["at_initialization"] is True


@pytest.mark.parametrize(
    ("clipping", "severity"),
    [({}, "warning"), ({"clipnorm": 1.0}, None), ({"global_clipnorm": 1e9}, "warning"),
     ({"global_clipnorm": 1.0}, None), ({"clipvalue": 0.1}, None)],
)  # fmt: skip
def test_gradients_that_the_optimizer_clips_do_not_explode(clipping, severity):
    optimizer = keras.optimizers.Adam(1e-3, **clipping)
    model = network(*deep("tanh", count=2), LAYERS.Dense(1), loss="mse", optimizer=optimizer)
    told = nl.diagnose(model, X, X[:, 0] * 3 + 1e3).of("exploding_gradients")
    assert [finding.severity for finding in told] == ([severity] if severity else [])


def test_a_gradient_that_is_cut_off_is_no_faint_one():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    hidden = LAYERS.Dense(8, "tanh", name="before")(inputs)
    stopped = LAYERS.Lambda(keras.ops.stop_gradient, name="cut")(hidden)
    model = keras.Model(inputs, LAYERS.Dense(1, "sigmoid", name="behind")(stopped))
    model.compile("adam", "binary_crossentropy")
    (finding,) = nl.diagnose(model, X, Y).of("vanishing_gradients")
    assert finding.message == "No gradient reaches 'before'. Between it and 'behind' is 'cut'."
    assert finding.cure.startswith("Look for what passes no gradient on: stop_gradient")
