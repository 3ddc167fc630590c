"""What the user has frozen stays as it is: redrawn, it would stay random.

Covers too: trained.py.
"""

import keras
import numpy as np
import pytest

from normlayers import repair
from normlayers.diagnosis.repair.cures import neurons, outputs
from normlayers.diagnosis.repair.plan import Part
from tests.diagnosis.repair.made import classes, classifier, found, given, numbers


def frozen_first(trained=False):
    """A classifier whose first layer is frozen, the one behind it is not."""
    layers = keras.layers
    model = classifier(layers.Dense(8, "relu", name="first"), layers.Dense(8, "relu", name="next"))
    model.get_layer("first").trainable = False
    model.compile("sgd", "binary_crossentropy")
    if trained:
        x, y = classes()
        model.fit(x, y, verbose=0)
    return model


def kernel(model, name="first"):
    return numbers(model.get_layer(name).weights[0])


@pytest.mark.parametrize("trained", [False, True])
def test_a_frozen_layer(trained):
    model = frozen_first(trained)
    x, y = classes(scale=200, offset=1000)
    before = kernel(model)
    repaired = repair(
        model, x, y, found("inputs_not_scaled", "dead_neurons", where="first"), epochs=1, trials=6
    )
    assert np.array_equal(kernel(repaired.model), before)
    assert not repaired.model.get_layer("first").trainable
    assert "Frozen weights stay as they are, those of first." in repaired.remarks


@pytest.mark.parametrize("cure", [neurons.start_afresh, neurons.rectify, neurons.normalize])
def test_cures_of_neurons_change_the_others(cure):
    read = given(frozen_first(), *classes())
    plan = cure(read.plan(), read, "dead_neurons", ["first", "next"])
    (first,), (changed, *_) = plan.chains["first"], plan.chains["next"]
    assert first.config == Part.of(read.layers["first"]).config
    assert len(first.weights) == 2
    assert not changed.weights
    assert all("first" not in change.where for change in plan.changes)


def test_where_all_is_frozen_no_weights_start_afresh():
    model = frozen_first()
    model.trainable = False
    read = given(model, *classes())
    assert neurons.start_afresh(read.plan(), read, "dead_neurons", ["first"]) is None


def test_layers_within_a_frozen_model():
    inner = frozen_first()
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(1, name="head")])
    part = Part.of(inner).afresh()
    first, bias, *others = part.weights
    assert np.array_equal(first, kernel(inner))
    assert bias is not None
    assert others == [None] * 4
    made = part.make()
    made.build((None, 3))
    drawn = kernel(made, "next")
    part.take_weights(made)
    assert np.array_equal(kernel(made), kernel(inner))
    assert np.array_equal(kernel(made, "next"), drawn)
    assert given(model, *classes()).frozen == [inner.name]


def test_what_lora_starts_from():
    model = classifier()
    layer = model.get_layer("first")
    base = numbers(layer._kernel)
    layer.enable_lora(2)
    model.compile("sgd", "binary_crossentropy")
    x, y = classes(scale=200, offset=1000)
    repaired = repair(model, x, y, found("inputs_not_scaled", "dead_neurons"), epochs=1, trials=4)
    assert np.array_equal(numbers(repaired.model.get_layer("first")._kernel), base)
    part = Part.of(layer)
    assert [kept is not None for kept in part.afresh().weights] == list(part.frozen)
    assert sum(part.frozen) == 1


def test_statistics_and_states_are_not_frozen():
    layers = [keras.layers.BatchNormalization(), keras.layers.LSTM(2, stateful=True)]
    for layer in layers:
        layer.build((4, 3, 3))
        assert not Part.of(layer).is_frozen
    layers[0].trainable = False
    assert Part.of(layers[0]).is_frozen


def test_a_frozen_layer_of_nan_is_trained():
    layer = keras.layers.Dense(2, name="first")
    layer.build((None, 3))
    layer.kernel.assign(np.full((3, 2), np.nan))
    layer.trainable = False
    part = Part.of(layer)
    assert part.make().trainable
    assert not part.is_frozen


def test_a_frozen_output_of_too_few_units_is_made_anew_and_trained():
    x, _ = classes()
    y = np.arange(len(x)) % 3
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid", name="last")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.get_layer("last").trainable = False
    read = given(model, x, y)
    plan = outputs.fit_output(read.plan(), read, "labels_do_not_fit_output", [])
    (part,) = plan.chains["last"]
    assert part.config["units"] == 3
    assert part.make().trainable
    assert not part.weights


def test_a_layer_within_a_model_or_a_wrapper_that_is_trained():
    layers = keras.layers
    inner = frozen_first()
    both = layers.Bidirectional(layers.SimpleRNN(2), name="both")
    model = keras.Sequential(
        [keras.Input((3,)), inner, layers.Reshape((1, 1)), both, layers.Dense(1, "sigmoid")]
    )
    both.forward_layer.trainable = False
    model.compile("sgd", "binary_crossentropy")
    x, y = classes(scale=200, offset=1000)
    repaired = repair(model, x, y, found("inputs_not_scaled"), epochs=1, trials=2).model
    assert len(repaired.trainable_weights) == len(model.trainable_weights)
    assert np.array_equal(kernel(repaired.get_layer(inner.name)), kernel(inner))
    forward = repaired.get_layer("both").forward_layer
    assert not forward.trainable
    assert np.array_equal(numbers(forward.weights[0]), numbers(both.forward_layer.weights[0]))


class Block(keras.layers.Layer):
    """Its layers are made by its constructor, so that no configuration knows what is frozen."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.one, self.other = keras.layers.Dense(3), keras.layers.Dense(3)

    def build(self, shape):
        self.one.build(shape)
        self.other.build(shape)
        super().build(shape)

    def call(self, x):
        return self.other(self.one(x))


class OwnForward(keras.Model):
    """A subclassed model with a frozen layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.block, self.last = Block(), keras.layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(self.block(x))


@pytest.mark.parametrize("subclassed", [False, True])
def test_what_no_configuration_knows_to_be_frozen(subclassed):
    x, y = classes(scale=200, offset=1000)
    if subclassed:
        model = OwnForward()
        model(x)
        block = model.block
    else:
        block = Block(name="block")
        model = keras.Sequential([keras.Input((3,)), block, keras.layers.Dense(1, "sigmoid")])
    block.one.trainable = False
    block.other.kernel.trainable = False
    model.compile("sgd", "binary_crossentropy")
    trained = len(model.trainable_weights)
    repaired = repair(model, x, y, found("inputs_not_scaled"), epochs=1, trials=2).model
    assert len(repaired.trainable_weights) == trained == 3
    if not subclassed:
        its = repaired.get_layer("block")
        for own, kept in ((its.one, block.one), (its.other, block.other)):
            assert np.array_equal(numbers(own.kernel), numbers(kept.kernel))


def test_of_a_layer_that_lost_its_numbers_what_is_frozen_stays():
    layer = keras.layers.Dense(2, name="first")
    layer.build((None, 3))
    base = numbers(layer._kernel)
    layer.enable_lora(1)
    layer.lora_kernel_a.assign(np.full((3, 1), np.nan))
    part = Part.of(layer)
    made = part.make()
    made.build((None, 3))
    part.take_weights(made)
    assert np.array_equal(numbers(made._kernel), base)
    assert not made._kernel.trainable
    assert np.isfinite(numbers(made.lora_kernel_a)).all()


def test_frozen_weights_that_their_configuration_does_not_take_are_refused():
    attention = keras.layers.MultiHeadAttention(1, 2, name="attention")
    attention.build((None, 4, 3), (None, 4, 3))
    attention._query_dense.enable_lora(1)
    part = Part.of(attention)
    made = part.make()
    made.build((None, 4, 3), (None, 4, 3))
    with pytest.raises(ValueError, match="'s configuration does not take its frozen weights"):
        part.take_weights(made)


def test_where_only_frozen_layers_are_named_nothing_else_is_redrawn():
    read = given(frozen_first(), *classes())
    for cure in (neurons.start_afresh, neurons.rectify, neurons.normalize):
        assert cure(read.plan(), read, "dead_neurons", ["first"]) is None
