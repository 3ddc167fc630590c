"""The forms in which ``repair`` takes inputs and targets."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.repair.made import classes, numbers

layers = keras.layers
X, Y = classes()
RAW = (1e3 * X + 1e4).astype("float32")


def of_two_outputs(losses, gives_dict=True):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,), name="features")
    hidden = layers.Dense(8, "tanh")(inputs)
    outputs = {
        "p": layers.Dense(1, "sigmoid", name="p")(hidden),
        "q": layers.Dense(2, name="q")(hidden),
    }
    model = keras.Model(inputs, outputs if gives_dict else list(outputs.values()))
    model.compile(keras.optimizers.Adam(0.05), losses)
    return model


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize(
    ("losses", "y", "gives_dict"),
    [
        ({"p": "binary_crossentropy"}, {"p": Y}, True),
        ({"p": "binary_crossentropy"}, {"p": Y, "q": 1e6 * X[:, :2]}, True),
        (["binary_crossentropy", None], {"p": Y}, False),
        (["binary_crossentropy", None], [Y, 1e6 * X[:, :2]], False),
    ],
)
def test_an_output_without_a_loss_stays_without(losses, y, gives_dict):
    model = of_two_outputs(losses, gives_dict)
    done = nl.repair(model, RAW, y, trials=2)
    assert [change.fault for change in done.changes] == ["inputs_not_scaled"]
    assert done.remarks == []
    assert done.after > 0.85
    p = keras.tree.flatten(done.model(RAW))[0]
    assert np.mean((numbers(p)[:, 0] > 0.5) == Y) > 0.85
    old, new = model.get_layer("q"), done.model.get_layer("q")
    for then, now in zip(old.get_weights(), new.get_weights(), strict=True):
        np.testing.assert_array_equal(then, now)  # nothing trains it
    if gives_dict:
        done.model.fit(RAW, y, verbose=0)


@pytest.mark.parametrize(
    ("losses", "y", "says"),
    [
        ({"p": "binary_crossentropy", "q": "mse"}, {"p": Y}, "no targets for q"),
        (None, {"p": Y}, "no targets for q"),
        ("mse", Y, r"outputs p, q; pass a dict by these names. Received: targets for 1"),
    ],
)
def test_targets_that_are_missing_are_named_before_anything_is_done(losses, y, says, monkeypatch):
    from normlayers.diagnosis.repair import repairing

    monkeypatch.setattr(repairing, "look", None)
    with pytest.raises(ValueError, match=says):
        nl.repair(of_two_outputs(losses), RAW, y)


def chain():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,), name="features")
    output = layers.Dense(1, "sigmoid")(layers.Dense(8, "tanh")(inputs))
    model = keras.Model(inputs, output)
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


@pytest.mark.parametrize("pairs", [False, True])
def test_a_generator_is_read_once(pairs):
    """What it gives is what arrays of the same numbers give."""
    starts = range(0, len(RAW), 8)
    if pairs:
        batches, y = ((RAW[i : i + 8], Y[i : i + 8]) for i in starts), None
    else:
        batches, y = (RAW[i : i + 8] for i in starts), Y
    done = nl.repair(chain(), batches, y, epochs=1, trials=2)
    expected = nl.repair(chain(), RAW, Y, epochs=1, trials=2)
    assert [str(change) for change in done.changes] == [str(c) for c in expected.changes] != []
    np.testing.assert_array_equal(numbers(done.model(RAW)), numbers(expected.model(RAW)))


def test_the_share_held_out_may_be_any_number():
    done = nl.repair(chain(), RAW, Y, epochs=1, trials=1, validation_split=np.float32(0.5))
    assert done.before["as given"] * 60 == pytest.approx(round(done.before["as given"] * 60))


@pytest.mark.filterwarnings("ignore:The structure of .inputs. does:UserWarning")
def test_what_the_model_does_not_take_is_left():
    keras.utils.set_random_seed(0)
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b")}
    joined = layers.Concatenate()([inputs["b"], inputs["a"]])
    model = keras.Model(inputs, layers.Dense(1, "sigmoid")(joined))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    x = {"id": np.arange(len(X)) * 1000, "b": X, "a": RAW}
    done = nl.repair(model, x, Y, trials=2)
    assert [change.fault for change in done.changes] == ["inputs_not_scaled"]
    assert done.after > 0.8
    done.model.fit(x, Y, verbose=0)
