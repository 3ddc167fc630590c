"""What stops a recalibration, bad data or an interruption, changes nothing."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.to_recalibrate import ROWS, dense_chain, randomized, state

layers = keras.layers


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
    rows[77, 2] = np.nan
    return rows


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (ROWS[:0], {}, ValueError, "there are no data"),
        ([], {}, ValueError, "there are no data"),
        (ROWS[:, :3], {}, ValueError, "incompatible|Invalid input shape"),
        (with_nan(), {}, ValueError, "inputs of layer 'n1' are NaN.*row 77 of the data; drop such"),
        (ROWS[:1], {}, ValueError, "one value per channel"),
        (OnlyOnce(), {}, ValueError, "pass 2 over the data gave 90 rows"),
        ([ROWS], {"batches": 3}, ValueError, "ended early"),
        (iter([ROWS]), {}, TypeError, "needs 2 passes"),
        ((ROWS, ROWS[:, 0]), {}, TypeError, "the inputs alone"),
        (ROWS, {"batches": 0}, ValueError, "batches must be a positive integer"),
        (ROWS, {"batch_size": 1.5}, ValueError, "batch_size must be a positive integer"),
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


def test_targets_in_the_place_of_a_count_are_not_printed_whole():
    model = keras.Sequential([keras.Input((4,)), nl.BatchNormalization()])
    with pytest.raises(ValueError, match="batches must be a positive integer") as raised:
        nl.recalibrate(model, ROWS, ROWS)
    assert len(str(raised.value)) < 150


def test_only_a_model_is_recalibrated():
    with pytest.raises(TypeError, match="must be a Keras model"):
        nl.recalibrate(layers.Dense(1), ROWS)


def test_rows_that_are_not_finite_are_numbered_by_the_data_in_every_pass():
    """Also where they are made: by a layer, in the second pass, of the third batch."""
    made = keras.Sequential(
        [
            keras.Input((4,)),
            nl.BatchNormalization(name="n1"),
            layers.Lambda(lambda x: keras.ops.where(x > 5.0, np.inf, x)),
            nl.BatchNormalization(name="n2"),
        ]
    )
    rows = np.random.default_rng(0).uniform(-1, 1, (90, 4)).astype("float32")
    rows[41, 2] = 60.0
    for batches in ([rows[:20], rows[:0], rows[20:40], rows[40:]], rows):
        with pytest.raises(
            ValueError, match=r"layer 'n2' .* in row 41 of the data; drop such rows"
        ):
            nl.recalibrate(made, batches)


def test_rows_of_a_layer_that_has_others_are_those_of_its_batch():
    apart = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Lambda(lambda x: keras.ops.reshape(x, (-1, 3)), output_shape=(3,)),
            nl.BatchNormalization(name="n1"),
        ]
    )
    rows = np.ones((40, 6), "float32")
    rows[25, 1] = np.inf
    with pytest.raises(ValueError, match=r"layer 'n1' .* in rows 20 to 29 of the data; drop such"):
        nl.recalibrate(apart, rows, batch_size=10)


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
