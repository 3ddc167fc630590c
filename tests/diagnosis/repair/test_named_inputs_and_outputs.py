"""Models whose inputs and outputs are dicts, by keys that are no layer's names."""

import warnings

import keras
import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 4)).astype("float32")
AMOUNT, LABEL = 2 * X[:, :1], (X[:, 1] > 0).astype("int32")
RAW = (1e3 * X + 1e4).astype("float32")
layers = keras.layers


def of_two_outputs(amount, label):
    """A model that gives a dict, and the losses and targets by its keys."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = layers.Dense(8, "relu")(inputs)
    outputs = {
        amount: layers.Dense(1, name="reg")(hidden),
        label: layers.Dense(1, "sigmoid", name="cls")(hidden),
    }
    model = keras.Model(inputs, outputs)
    losses = {amount: "mse", label: "binary_crossentropy"}
    model.compile("adam", losses, loss_weights={amount: 0.5, label: 2.0})
    return model, {amount: AMOUNT, label: LABEL}


# The last ones are each other's layers' names.
@pytest.mark.parametrize("keys", [("reg", "cls"), ("zz", "aa"), ("aa", "zz"), ("cls", "reg")])
def test_outputs_are_known_by_their_keys(keys):
    model, y = of_two_outputs(*keys)
    assert nl.diagnose(model, X, y).findings == []
    repaired = nl.repair(model, X, y, epochs=1, trials=1)
    assert repaired.changes == []
    new = repaired.model
    found = new.evaluate(X, y, verbose=0, return_dict=True)
    given = model.evaluate(X, y, verbose=0, return_dict=True)
    assert set(found) == set(given)
    assert found["loss"] < given["loss"]  # it was trained on a while
    for key in keys:
        assert found[f"{key}_loss"] == pytest.approx(given[f"{key}_loss"], rel=0.2)


class TakesDicts(keras.Model):
    """Its layers are its own affair."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.one, self.other = layers.Dense(8, "relu"), layers.Dense(8, "relu")
        self.last = layers.Dense(1)

    def call(self, inputs):
        parts = [self.one(inputs["one"]), self.other(inputs["other"])]
        return {"amount": self.last(keras.ops.concatenate(parts, axis=-1))}


def test_a_subclassed_model_takes_and_gives_dicts_afterwards():
    model = TakesDicts()
    model.compile("adam", "mse")
    x, y = {"other": X[:, :3], "one": RAW}, {"amount": AMOUNT}
    model({name: part[:1] for name, part in x.items()})
    assert ("inputs_not_scaled", "one") in [(f.fault, f.where) for f in nl.diagnose(model, x, y)]
    repaired = nl.repair(model, x, y, epochs=4)
    assert [change.where for change in repaired.changes if change.fault] == ["one"]
    assert repaired.model.predict(x, verbose=0)["amount"].shape == (240, 1)
    assert repaired.after > repaired.before["as given"]


def test_the_inputs_that_are_named_are_the_ones_that_are_scaled():
    """By the keys; their tensors' names are others, one of which is within every place's name."""
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    both = layers.Concatenate()([layers.Dense(8, "relu")(a), layers.Dense(8, "relu")(b)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, that the names differ
        model = keras.Model({"table": a, "a scaled one": b}, layers.Dense(1)(both))
        model.compile("adam", "mse")
        x = {"table": RAW, "a scaled one": X[:, :3]}
        repaired = nl.repair(model, x, AMOUNT, epochs=4)
        assert [change.where for change in repaired.changes if change.fault] == ["table"]
        assert repaired.model.predict(x, verbose=0).shape == (240, 1)


def test_outputs_keep_the_names_by_which_targets_and_metrics_come():
    inputs = keras.Input((4,))
    hidden = layers.Dense(8, "relu")(inputs)
    reg = layers.Activation("linear", name="reg")(layers.Dense(1)(hidden))
    model = keras.Model(inputs, [reg, layers.Dense(1, "sigmoid", name="cls")(hidden)])
    losses = {"reg": "mse", "cls": "binary_crossentropy"}
    model.compile("adam", losses, metrics={"reg": ["mae"], "cls": ["accuracy"]})
    y = {"reg": 1e4 * AMOUNT + 5e4, "cls": LABEL}
    model.fit(X, y, verbose=0)
    repaired = nl.repair(model, X, y, epochs=1, trials=2)
    assert "targets_not_scaled" in [change.fault for change in repaired.changes]
    assert not [said for said in repaired.remarks if "could not be trained" in said]
    new = repaired.model
    assert new.output_names == model.output_names
    assert set(new.fit(X, y, verbose=0).history) == set(model.fit(X, y, verbose=0).history)
    means = new.predict(X, verbose=0)[0].mean(), y["reg"].mean()
    assert means[0] == pytest.approx(means[1], rel=0.5)  # in its own units


@pytest.mark.parametrize("kind", ["shared", "not a kernel's", "taken"])
def test_a_free_name_for_what_comes_behind_an_output(kind):
    first, second = keras.Input((4,)), keras.Input((4,))
    dense = layers.Dense(1, name="price")
    if kind == "shared":
        model = keras.Model([first, second], [dense(first), dense(second)])
    elif kind == "taken":
        hidden = layers.Dense(4, name="price_standardized")(first)
        model = keras.Model([first, second], [dense(hidden), layers.Dense(1)(second)])
    else:
        scaled = layers.Rescaling(1.0, name="price")(layers.Dense(1, name="inner")(first))
        model = keras.Model([first, second], [scaled, layers.Dense(1)(second)])
    model.compile("sgd", ["mse", "mse"])
    y = 1e4 * AMOUNT + 5e4
    repaired = nl.repair(model, [X, X], [y, y], epochs=1, trials=2)
    assert not [said for said in repaired.remarks if "could not be trained" in said]
    assert "targets_not_scaled" in [change.fault for change in repaired.changes]
    if kind != "shared":
        assert repaired.model.output_names[0] == "price"


@pytest.mark.parametrize("weights", [None, {"cls": 3.0}])
def test_a_loaded_repaired_model_takes_targets_by_the_same_keys(tmp_path, weights):
    """Also where an output has no loss, and so no target."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = layers.Dense(8, "relu")(inputs)
    model = keras.Model(inputs, {"cls": layers.Dense(1, "sigmoid")(hidden), "emb": hidden})
    model.compile("adam", {"cls": "binary_crossentropy"}, loss_weights=weights)
    repaired = nl.repair(model, 1000 * X, {"cls": LABEL}, epochs=1, trials=1).model
    given, found = (one.get_compile_config() for one in (model, repaired))
    assert list(found["loss"]) == list(given["loss"])
    assert found["loss_weights"] == given["loss_weights"]
    repaired.save(tmp_path / "repaired.keras")
    loaded = keras.models.load_model(tmp_path / "repaired.keras")
    for one in (repaired, loaded):
        losses = one.fit(1000 * X, {"cls": LABEL}, epochs=2, verbose=0).history["loss"]
        assert np.isfinite(losses).all()


class GivesFeatures(keras.Model):
    """Of its two outputs one is trained."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden, self.last = layers.Dense(8, "relu"), layers.Dense(1)

    def call(self, inputs):
        features = self.hidden(inputs)
        return {"amount": self.last(features), "features": features}


@pytest.mark.parametrize("losses", [{"amount": "mse"}, {"amount": "mse", "features": None}])
def test_outputs_without_names_that_targets_miss_are_counted(losses):
    model = GivesFeatures()
    model.compile("adam", losses)
    with pytest.raises(ValueError, match="targets for 1 of 2 outputs; pass a Functional model"):
        nl.repair(model, X, {"amount": AMOUNT})
