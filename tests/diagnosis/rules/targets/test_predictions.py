import keras
import numpy as np
import pytest

from normlayers.diagnosis.diagnose import look
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, found, network, points

X, _ = points(rows=400)
RARE = (X[:, 0] > 1.9).astype("int64")
SHARES = np.abs(X[:, 0] % 0.3)
layers = keras.layers
KERNEL = {"kernel_initializer": keras.initializers.RandomNormal(stddev=1e-3, seed=0)}


def trained(units, activation, loss, bias, y, *front):
    """Trained for one small step from an output that its bias decides."""
    bias = keras.initializers.Constant(bias) if np.isscalar(bias) else _Given(bias)
    last = layers.Dense(units, activation, bias_initializer=bias, **KERNEL)
    model = network(*front, last, loss=loss, optimizer=keras.optimizers.SGD(1e-4))
    model.fit(X, y, epochs=1, verbose=0)
    return model


class _Given(keras.initializers.Initializer):
    def __init__(self, values):
        self.values = values

    def __call__(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(self.values, dtype)


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize(
    ("units", "activation", "loss", "bias"),
    [
        (1, "sigmoid", BINARY, -3.0),
        (1, None, keras.losses.BinaryCrossentropy(from_logits=True), -3.0),
        (2, "softmax", SPARSE, [3.0, -3.0]),
        (2, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True), [3.0, -3.0]),
    ],
)
def test_a_rare_class_is_never_predicted(units, activation, loss, bias, column):
    y = RARE[:, None] if column else RARE
    (finding,) = found("one_class_predicted", trained(units, activation, loss, bias, y), X, y)
    assert finding.severity == "note"  # of a rare event it may be right
    assert finding.evidence["predicted"] == 0
    assert finding.evidence["share"] == pytest.approx(1 - RARE.mean())
    assert "class_weight" in finding.cure


def test_one_hot_rows():
    y = np.eye(3)[RARE * 2]
    model = trained(3, "softmax", "categorical_crossentropy", [3.0, 0, 0], y)
    (finding,) = found("one_class_predicted", model, X, y)
    assert finding.evidence["share"] == pytest.approx(1 - RARE.mean())


def test_where_classes_are_alike_in_number():
    y = (X[:, 0] > 0).astype("int64")
    (finding,) = found("one_class_predicted", trained(1, "sigmoid", BINARY, -3.0, y), X, y)
    assert finding.severity == "note"


def test_places_of_a_row_count_each():
    """As of a segmentation that calls every pixel background; ignored ones aside."""
    x = np.random.default_rng(0).normal(size=(40, 6, 3)).astype("float32")
    y = (x[..., 0] > 1.5).astype("int64")
    y[:, 0] = 9
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=9)
    last = layers.Dense(2, "softmax", bias_initializer=_Given([4.0, 0.0]), **KERNEL)
    model = keras.Sequential([keras.Input((6, 3)), last])
    model.compile(keras.optimizers.SGD(1e-4), loss)
    model.fit(x, y, epochs=1, verbose=0)
    (finding,) = found("one_class_predicted", model, x, y)
    assert finding.evidence["values"] == 40 * 5


@pytest.mark.parametrize(
    "made",
    [
        lambda: (classifier(), RARE),  # not trained yet
        lambda: (trained(1, "sigmoid", BINARY, 0.0, RARE), RARE),  # both are predicted
        lambda: (trained(1, "sigmoid", BINARY, -3.0, 0 * RARE), 0 * RARE),
        lambda: (trained(1, "sigmoid", "mse", -3.0, RARE), RARE),
        lambda: (trained(1, "sigmoid", BINARY, -3.0, SHARES), SHARES),
        lambda: (trained(1, "sigmoid", BINARY, -3.0, SHARES), np.r_[RARE[:200], SHARES[:200]]),
        lambda: (trained(3, "sigmoid", BINARY, -3.0, X[:, :3] > 1.9), X[:, :3] > 1.9),
    ],
)
def test_nothing_is_said_of_others(made):
    model, y = made()
    told = look(model, X, y, trials=False)
    assert not told.of("one_class_predicted")
    assert "one_class_predicted" not in told.unchecked


def test_it_follows_from_what_is_wrong():
    """Here from a rate that is too low."""
    x = np.r_[X, X]
    y = (x[:, 0] > 0.9).astype("int64")
    model = network(
        layers.Dense(8, "relu"),
        layers.Dense(1, "sigmoid", **KERNEL, bias_initializer=keras.initializers.Constant(-2.0)),
        optimizer=keras.optimizers.SGD(1e-7),
    )
    model.fit(x, y, epochs=2, verbose=0)
    told = look(model, x, y)
    assert [finding.fault for finding in told.errors] == ["learning_rate_too_low"]
    assert "one_class_predicted" not in [finding.fault for finding in told.findings]
    assert told.of("one_class_predicted")
