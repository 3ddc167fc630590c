from dataclasses import replace

import keras
import numpy as np

import normlayers as nl
from normlayers.diagnosis.repair.rebuild import build
from normlayers.diagnosis.repair.target import NONE
from normlayers.diagnosis.repair.training import (
    MOST_EPOCHS,
    ShortTraining,
    batches,
    epochs_for,
    scored,
    split,
)
from tests.diagnosis.repair.made import classes, classifier, found, given, numbers, values


def test_every_row_is_learned_from_or_held_out():
    x = np.arange(50.0)[:, None]
    rows = split([x], [x * 2], 0.2, seed=3)
    assert len(rows.held_x[0]) == 10
    assert sorted(np.concatenate([rows.x[0], rows.held_x[0]]).ravel()) == list(range(50))
    np.testing.assert_array_equal(rows.y[0], rows.x[0] * 2)


def test_steps_are_of_whole_batches_where_there_is_one():
    assert [len(batch) for batch in batches(10, 4, 2, 0)] == [4, 4, 4, 4]
    assert [len(batch) for batch in batches(3, 4, 2, 0)] == [3, 3]
    assert epochs_for(10_000_000, 32) == 1
    assert epochs_for(10, 32) == MOST_EPOCHS


def test_larger_batches_are_trained_for_as_many_steps():
    x, y = classes(400)
    rows = split([x], [y], 0.2, 0)
    other = given(classifier(), rows.x, rows.y, batch_size=8)
    small, large = (replace(other.plan(), batch_size=size) for size in (8, 32))
    steps = []
    for plan in (small, large):
        training = ShortTraining(plan, other, rows, None, 0)
        training.run(None)
        steps.append(int(numbers(training.model.optimizer.iterations)))
    assert steps == [160, 150]
    assert ShortTraining(large, other, rows, 3, 0).epochs == 3


def test_a_training_begins_where_the_one_before_it_began():
    x, y = classes()
    rows = split([x], [y], 0.2, 0)
    model = classifier()
    other = given(model, rows.x, rows.y)
    training = ShortTraining(other.plan(), other, rows, 4, 0)
    first = training.run(0.05)
    weights = training.model.get_weights()
    assert training.run(1e-9).quality < first.quality
    assert training.run(0.05) == first
    for then, now in zip(weights, training.model.get_weights(), strict=True):
        np.testing.assert_allclose(then, now, rtol=1e-5, atol=1e-7)


def test_the_score_is_of_the_rows_held_out():
    x, y = classes()
    rows = split([x], [y], 0.2, 0)
    other = given(classifier(), rows.x, rows.y)
    model = build(other.plan(), other)
    right = (numbers(model(rows.held_x[0])).ravel() > 0.5) == rows.held_y[0]
    assert scored(model, other, rows).metric == right.mean()


def test_a_training_that_raises_scores_nothing():
    x, y = classes()
    other = given(classifier(), [x], [y])
    rows = split([x], [np.stack([y, y], 1)], 0.2, 0)
    assert ShortTraining(other.plan(), other, rows, 1, 0).run(None) == NONE


@keras.saving.register_keras_serializable("tests")
class Counting(keras.layers.Layer):
    """Draws at inference too, and counts its calls in a weight and in an attribute."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.seeds = keras.random.SeedGenerator(3)
        self.seen = 0

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign(self.calls + 1.0)
        self.seen += 1
        return keras.random.dropout(x, 0.2, seed=self.seeds)


def test_a_model_that_is_scored_keeps_its_seeds_and_counters():
    x, y = classes()
    model = classifier(keras.layers.Dense(8, "relu"), Counting(name="counting"))
    model.fit(x, y, epochs=1, verbose=0)
    before, seen = values(model.variables), model.get_layer("counting").seen
    done = nl.repair(model, x, y, found(), trials=1, epochs=1)
    assert np.isfinite(done.before["as given"])
    for then, now in zip(before, values(model.variables), strict=True):
        np.testing.assert_array_equal(then, now)
    assert model.get_layer("counting").seen == seen


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.hidden, self.last = keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")
        self.counting = Counting()

    def call(self, x):
        return self.last(self.counting(self.hidden(x)))


def test_so_does_a_subclassed_one():
    x, y = classes()
    model = Own()
    model.compile("adam", "binary_crossentropy")
    model.fit(x, y, epochs=1, verbose=0)
    before = values(model.variables)
    done = nl.repair(model, x, y, found(), trials=1, epochs=1)
    assert np.isfinite(done.before["as given"])
    for then, now in zip(before, values(model.variables), strict=True):
        np.testing.assert_array_equal(then, now)


def of_logits():
    x, y = classes()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.set_weights([np.array([[-3.0, 3], [-3, 3], [0, 0]]), np.zeros(2)])
    return model, split([x], [y], 0.2, 0)


def test_a_model_without_a_loss_is_scored_as_with_the_one_it_gets():
    model, rows = of_logits()
    without = scored(model, given(model, rows.x, rows.y), rows)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert without == scored(model, given(model, rows.x, rows.y), rows)
    assert without.quality > 0.8


class OfTwo(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(1), keras.layers.Dense(2)

    def call(self, x):
        return [self.first(x), self.second(x)]


def test_a_model_of_two_outputs_that_was_not_called():
    x, y = classes()
    model = OfTwo()
    losses = [keras.losses.BinaryCrossentropy(from_logits=True), "mse"]
    model.compile(keras.optimizers.Adam(0.05), losses)
    done = nl.repair(model, x, [y, x[:, :2]], found(), epochs=20)
    assert done.after > 0.8
    assert np.isfinite(done.before["as given"])
