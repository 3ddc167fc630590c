"""The whole, with trial trainings.

Covers too: evidence/gathered.py evidence/running.py evidence/training/first_steps.py
evidence/training/optimizers.py evidence/training/switched_off.py
evidence/training/program.py evidence/training/trials.py evidence/training/without.py
evidence/problem.py evidence/layers.py evidence/normalizations.py
rules/gradients.py rules/learning_rate.py rules/table.py
"""

import random

import keras
import numpy as np
import pytest
from keras import ops

import normlayers as nl
from normlayers.diagnosis import diagnose as whole
from normlayers.diagnosis.rules import table
from tests.diagnosis.small_models import classifier, network, points

X, Y = points()
LAYERS = keras.layers


def everything(model):
    """All that a diagnosis is to leave as it is, bit for bit."""

    def arrays(variables):
        return [np.asarray(ops.convert_to_numpy(ops.copy(v))).tobytes() for v in variables]

    draws = keras.random.SeedGenerator  # the class, to be sure that it is imported
    assert draws
    optimizer = getattr(model, "optimizer", None)
    layers = list(model._flatten_layers())
    return {
        "weights": arrays(model.variables),
        "optimizer": arrays(optimizer.variables) if optimizer else [],
        "python": random.getstate(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "attributes": [_plain(layer) for layer in layers],
        "trainable": [layer.trainable for layer in layers],
    }


def _plain(layer):
    kept = {}
    for name, value in vars(layer).items():
        simple = value is None or isinstance(value, bool | int | float | str | tuple)
        kept[name] = repr(value) if simple else id(value)
        if isinstance(value, list | dict | set):
            kept[f"{name} entries"] = [id(entry) for entry in value]
    return kept


class Own(keras.Model):
    """Counts its calls; it cannot be copied."""

    def __init__(self):
        super().__init__()
        self.one, self.two = LAYERS.Dense(8, "relu"), LAYERS.Dense(1, "sigmoid")
        self.drop = LAYERS.Dropout(0.5)
        self.calls, self.seen = 0, []

    def call(self, x, training=False):
        self.calls += 1
        self.seen.append(1)
        return self.two(self.drop(self.one(x), training=training))


def trained_model():
    model = network(
        LAYERS.Dense(8, "relu"),
        LAYERS.BatchNormalization(),
        LAYERS.Dropout(0.5),
        LAYERS.Dense(1, "sigmoid"),
    )
    model.fit(X, Y, epochs=1, verbose=0)
    return model


def own_model():
    model = Own()
    model.compile("adam", "binary_crossentropy")
    model.fit(X, Y, epochs=1, verbose=0)
    return model


@pytest.mark.parametrize("make", [trained_model, own_model, lambda: keras.Sequential([
    LAYERS.Dense(2, "relu"), LAYERS.Dense(1)])])  # fmt: skip
@pytest.mark.parametrize("fails", [False, True])
def test_it_leaves_everything_as_it_was(make, fails, monkeypatch):
    model = make()
    keras.random.uniform((1,))  # so that Keras's own generator exists
    before = everything(model)
    then = keras.utils.set_random_seed
    assert then
    if fails:

        def broken(*args):
            raise MemoryError("half-way")

        monkeypatch.setattr(whole, "_judge", broken)
        with pytest.raises(MemoryError):
            nl.diagnose(model, X, Y)
    else:
        nl.diagnose(model, X, Y)
    after = everything(model)
    for what, value in before.items():
        assert after[what] == value, what


def test_what_is_drawn_next_does_not_change():
    def next_numbers():
        return (
            random.random(),
            np.random.random(),  # noqa: NPY002
            float(ops.convert_to_numpy(keras.random.uniform(()))),
        )

    model = classifier()
    keras.utils.set_random_seed(5)
    expected = next_numbers()
    keras.utils.set_random_seed(5)
    nl.diagnose(model, X, Y)
    assert next_numbers() == expected


def test_the_same_seed_finds_the_same():
    model = classifier(optimizer=keras.optimizers.Adam(100.0))
    told = [nl.diagnose(model, X, Y, seed=3).to_dict() for _ in range(2)]
    assert told[0] == told[1]


def test_a_rule_that_breaks_stops_no_other(monkeypatch):
    def broken(evidence):
        raise RuntimeError("broken on purpose\nwith more lines")

    rules = (table.Rule("outliers", broken, "error", ""), *table.RULES)
    monkeypatch.setattr(whole, "RULES", rules)
    found = whole.look(classifier(), X * 1e4, Y, trials=False)
    assert found.unchecked["outliers"] == "broken on purpose with more lines"
    assert found.of("inputs_not_scaled")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": X[:0]}, ValueError, "one row or more"),
        ({"x": X, "y": Y[:5]}, ValueError, "a target for each of the 200 rows"),
        ({"x": X[:, :2]}, ValueError, r"cannot be run on x of shape \(200, 2\)"),
        ({"x": X, "batch_size": 0}, ValueError, "batch_size must be a positive integer"),
        ({"x": X, "seed": -1}, ValueError, "seed must be a non-negative integer"),
        ({"x": 3.0}, ValueError, "must have rows"),
        ({"x": np.array([["a", 1], [b"b", 2]], object)}, (TypeError, ValueError), "number|run on"),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, error, message):
    with pytest.raises(error, match=message) as raised:
        nl.diagnose(classifier(), **arguments)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("y", "same"), [(0 * Y, True), (Y, False), (None, False)])
def test_targets_that_are_all_the_same_are_remarked(y, same):
    told = [text for text in nl.diagnose(classifier(), X, y).remarks if "targets" in text]
    assert len(told) == same


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX takes the nearest index")
def test_a_model_that_some_later_rows_stop_cannot_be_run():
    ids = np.random.default_rng(0).integers(0, 50, (400, 12))
    ids[200:, 3] = 50
    model = keras.Sequential(
        [keras.Input((12,)), keras.layers.Embedding(50, 4), keras.layers.GlobalMaxPooling1D()]
    )
    with pytest.raises(ValueError, match=r"cannot be run on x of shape \(400, 12\)") as raised:
        nl.diagnose(model, ids)
    if keras.backend.backend() == "tensorflow":
        assert "Embeddings take numbers from 0 to input_dim - 1" in str(raised.value)
    assert "{{" not in str(raised.value)
    assert "Op:" not in str(raised.value)


def test_a_model_that_is_none_is_refused():
    with pytest.raises(TypeError, match=r"must be a keras\.Model"):
        nl.diagnose("model", X)


@pytest.mark.parametrize(
    ("optimizer", "fault"),
    [
        (keras.optimizers.Adam(3.0), "learning_rate_too_high"),
        (keras.optimizers.SGD(1e4), "learning_rate_too_high"),
        (keras.optimizers.Adam(1e-8), "learning_rate_too_low"),
        (keras.optimizers.SGD(1e-8), "learning_rate_too_low"),
        (keras.optimizers.Adam(1e-2), None),
        (keras.optimizers.Adam(1e-3), None),
        (keras.optimizers.SGD(0.1), None),
    ],
)
def test_learning_rates(optimizer, fault):
    keras.utils.set_random_seed(0)
    y = (X.sum(1) > 0).astype(int)
    rule = nl.diagnose(classifier(optimizer=optimizer), X, y)
    told = {f.fault for f in rule.every() if f.severity != "note"}
    assert told == ({fault} if fault else set())


def test_a_generator_is_read_so_far():
    def batches():
        while True:
            yield X, Y

    found = nl.diagnose(classifier(), batches())
    assert found.remarks == ["The first 4,200 rows of the data were read."]
    assert "y is missing" not in found.unchecked.values()


def test_several_inputs_and_outputs():
    a, b = keras.Input((6,), name="a"), keras.Input((2,), name="b")
    hidden = LAYERS.Concatenate()([LAYERS.Dense(8, "relu")(a), LAYERS.Dense(8, "relu")(b)])
    outputs = {"r": LAYERS.Dense(1, name="r")(hidden), "c": LAYERS.Dense(3, name="c")(hidden)}
    model = keras.Model([a, b], list(outputs.values()))
    model.compile("adam", {"r": "mse", "c": "sparse_categorical_crossentropy"})
    x = {"a": X, "b": X[:, :2] * 1e3}
    found = nl.diagnose(model, x, {"r": X[:, 0] * 1e3, "c": Y})
    told = {(finding.fault, finding.where) for finding in found.every()}
    assert ("inputs_not_scaled", "b") in told
    assert ("inputs_not_scaled", "a") not in told
    assert ("targets_not_scaled", "r") in told
    assert ("output_does_not_fit_loss", "c") in told


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (np.zeros((9, 3)), np.array(["a"] * 9), "y must be real numbers.*number the classes"),
        (np.zeros((9, 3)), np.zeros(9, complex), "y must be real numbers"),
        (np.zeros((9, 3), complex), np.zeros(9), "x must be real numbers"),
    ],
)
def test_what_is_no_number_is_refused(x, y, says):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    for call in (nl.diagnose, nl.repair):
        with pytest.raises(TypeError, match=says):
            call(model, x, y)


@pytest.mark.parametrize("x_val", [np.zeros((5, 2)), np.zeros((5, 3, 2)), [np.zeros((5, 3))] * 2])
def test_validation_data_of_another_form_are_refused(x_val):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    x = np.random.default_rng(0).normal(size=(9, 3))
    with pytest.raises(ValueError, match="must have"):
        nl.diagnose(model, x, np.zeros(9), (x_val, np.zeros(5)))


def test_validation_data_may_be_a_list_of_arrays_as_for_fit():
    x, y = points()
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Dense(1)])
    in_a_list, in_a_tuple = (nl.diagnose(model, x, y, kind((x * 9, y))) for kind in (list, tuple))
    assert in_a_list.findings == in_a_tuple.findings
    assert "train_validation_shift" in [finding.fault for finding in in_a_list.every()]


def test_a_class_of_code_that_exec_ran_without_a_name():
    """Its functions have no module, as in sandboxes that run a program's text."""
    program = (
        "import keras\n"
        "class Own(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.hidden = keras.layers.Dense(8, 'relu')\n"
        "        self.last = keras.layers.Dense(1, 'sigmoid')\n"
        "    def call(self, x):\n"
        "        return self.last(self.hidden(x))\n"
    )
    names: dict = {}
    exec(program, names)
    assert names["Own"].call.__module__ is None
    model = names["Own"]()
    model.compile("adam", "binary_crossentropy")
    x, y = points()
    assert not nl.diagnose(model, x, y).errors
    assert nl.diagnose(model, x * 1e4, y).findings[0].fault == "inputs_not_scaled"
