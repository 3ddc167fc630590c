import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.command_line import ERRORS_FOUND, main
from tests.diagnosis.small_models import BINARY, SPARSE, faults, found, network, points

layers = keras.layers
RNG = np.random.default_rng(0)
STEPS = RNG.normal(size=(64, 12, 4)).astype("float32")
LAST = STEPS[:, -1, 0]
SIDEWAYS = "compared with the targets of other rows"


def recurrent(loss="mse", output=None, units=1, sequences=True):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12, 4))])
    model.add(layers.LSTM(6, return_sequences=sequences, name="lstm"))
    model.add(layers.Dense(units, output, name="last"))
    model.compile(keras.optimizers.Adam(0.01), loss)
    return model


@pytest.mark.parametrize(
    ("loss", "output", "units", "y", "said"),
    [
        ("mse", None, 1, LAST, SIDEWAYS),
        ("mse", None, 1, LAST[:, None], "each target is compared with several values"),
        (BINARY, "sigmoid", 1, (LAST > 0).astype("int64"), "training stops at its first batch"),
        (SPARSE, "softmax", 2, (LAST > 0).astype("int64"), "training stops at its first batch"),
        ("categorical_crossentropy", "softmax", 2, np.eye(2)[(LAST > 0) * 1], "training stops"),
        ("hinge", "tanh", 1, np.sign(LAST), SIDEWAYS),
    ],
)
def test_an_output_of_each_step_for_one_target_a_row(loss, output, units, y, said):
    (finding,) = found("labels_do_not_fit_output", recurrent(loss, output, units), STEPS, y)
    assert finding.severity == "error"
    assert not finding.repairable
    assert said in finding.message
    assert f"(rows, 12, {units})" in finding.message
    assert finding.cure.startswith("Where a row has one target, set return_sequences=False on 'lst")


@pytest.mark.parametrize(
    ("loss", "shape"), [(SPARSE, "(rows, 12)"), ("categorical_crossentropy", "(rows, 12, 2)")]
)
def test_the_cure_says_which_shape_the_loss_takes(loss, shape):
    y = (LAST > 0).astype("int64")
    y = y if loss == SPARSE else np.eye(2)[y]
    (finding,) = found("labels_do_not_fit_output", recurrent(loss, "softmax", 2), STEPS, y)
    assert finding.cure.endswith(f"Where each place has one, give y the shape {shape}.")


def test_targets_of_each_step_for_one_output_a_row():
    model = recurrent("huber", sequences=False)
    (finding,) = found("labels_do_not_fit_output", model, STEPS, STEPS[:, :, :1])
    assert "(rows, 12, 1), and the output (rows, 1)" in finding.message
    assert "with return_sequences=True" in finding.cure


def test_a_forgotten_flatten():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6, 5, 1)), layers.Conv2D(4, 3), layers.Dense(1)])
    model.compile("adam", "mse")
    x = RNG.normal(size=(40, 6, 5, 1)).astype("float32")
    (finding,) = found("labels_do_not_fit_output", model, x, x[:, 0, 0, 0])
    assert "put a Flatten or a global pooling before the output" in finding.cure


def test_steps_that_a_convolution_cut_off():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12, 4)), layers.Conv1D(1, 3)])
    model.compile("adam", BINARY)
    (finding,) = found("labels_do_not_fit_output", model, STEPS, (STEPS[:, :, 0] > 0) * 1)
    assert "padding='same'" in finding.cure


@pytest.mark.parametrize(
    ("units", "y", "loss", "output"),
    [
        (1, STEPS[:, :, 0], "mse", None),
        (2, STEPS[:, :, :2], "huber", None),
        (3, RNG.integers(0, 3, (64, 12)), SPARSE, "softmax"),
        (3, RNG.integers(0, 3, (64, 12, 1)), SPARSE, "softmax"),
        (3, np.eye(3)[RNG.integers(0, 3, (64, 12))], "categorical_crossentropy", "softmax"),
    ],
)
def test_targets_of_each_step_fit(units, y, loss, output):
    assert faults(recurrent(loss, output, units), STEPS, y) == set()


def test_classes_along_another_axis_are_left_alone():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12, 4)), layers.Dense(4), layers.Softmax(axis=1)])
    model.compile("adam", keras.losses.CategoricalCrossentropy(axis=1))
    one_hot = np.moveaxis(np.eye(12)[RNG.integers(0, 12, (64, 4))], -1, 1)
    assert not found("labels_do_not_fit_output", model, STEPS, one_hot)


def of_quantiles(y, predicted):
    error = y - predicted
    return keras.ops.mean(keras.ops.maximum(0.1 * error, -0.9 * error), axis=-1)


def of_equals(y, predicted):
    if len(y.shape) != len(predicted.shape):
        raise ValueError("y must have as many axes as the output.")
    return keras.ops.mean(keras.ops.square(y - predicted), axis=-1)


def test_a_loss_of_ones_own_says_itself_what_it_takes():
    (finding,) = found("labels_do_not_fit_output", recurrent(of_equals), STEPS, LAST)
    assert "(y must have as many axes as the output)" in finding.message
    assert not finding.repairable
    model = recurrent(of_quantiles, units=3, sequences=False)
    assert not found("labels_do_not_fit_output", model, STEPS, LAST[:, None])


def test_repair_names_it_and_leaves_it():
    y = (LAST > 0).astype("int64")
    repaired = nl.repair(recurrent(BINARY, "sigmoid"), STEPS, y, trials=1, epochs=1)
    assert any("return_sequences=False" in remark for remark in repaired.remarks)
    assert not any(change.fault == "labels_do_not_fit_output" for change in repaired.changes)


def test_the_command_line_ends_with_an_error(tmp_path, capsys):
    recurrent(BINARY, "sigmoid").save(tmp_path / "m.keras")
    np.savez(tmp_path / "d.npz", x=STEPS, y=(LAST > 0).astype("int64"))
    assert main(["diagnose", str(tmp_path / "m.keras"), str(tmp_path / "d.npz")]) == ERRORS_FOUND
    assert "labels_do_not_fit_output" in capsys.readouterr().out


def squeezed(y, predicted):
    return keras.ops.mean(keras.ops.square(keras.ops.squeeze(y) - predicted))


class Own(keras.losses.Loss):
    def call(self, y, predicted):
        return keras.ops.mean(keras.ops.square(y - predicted), axis=-1)


def of_distributions(y, predicted):
    """Of means alone."""
    return keras.ops.square(keras.ops.mean(y) - keras.ops.mean(predicted))


def with_an_axis(y, predicted):
    return keras.ops.mean(
        keras.ops.abs(keras.ops.reshape(y, keras.ops.shape(predicted)) - predicted)
    )


def of_predictions(y, predicted):
    return keras.ops.mean(predicted)


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize(
    ("loss", "columns", "told"),
    [
        *((squeezed, True, True), (squeezed, False, True), (Own(), False, True)),
        *((Own(), True, False), (with_an_axis, True, False), (with_an_axis, False, False)),
        *((of_distributions, True, False), (of_predictions, True, False)),
        *(("mse", False, False), (keras.losses.Huber(), False, False)),
    ],
)
def test_losses_that_compare_each_target_with_all_rows(loss, columns, told, scale, offset):
    x, _ = points(rows=120)
    y = ((x[:, 0] + offset) * scale).astype("float32")
    y = y[:, None] if columns else y
    model = network(keras.layers.Dense(8, "relu"), keras.layers.Dense(1, name="last"), loss=loss)
    findings = found("labels_do_not_fit_output", model, x, y)
    assert bool(findings) == told
    assert all("all rows" in f.message and not f.repairable for f in findings)


@pytest.mark.parametrize("told", [True, False])
def test_losses_of_classes_that_compare_each_label_with_all_rows(told):
    x, y = points()

    def own(labels, predicted):
        labels = keras.ops.cast(labels, "float32")
        labels = keras.ops.squeeze(labels) if told else keras.ops.reshape(labels, (-1, 1))
        return -keras.ops.mean(
            labels * keras.ops.log(predicted) + (1 - labels) * keras.ops.log(1 - predicted)
        )

    last = keras.layers.Dense(1, "sigmoid")
    model = network(keras.layers.Dense(8, "relu"), last, loss=own)
    assert bool(found("labels_do_not_fit_output", model, x, y[:, None])) == told


@pytest.mark.parametrize("place", ["shuffled", "sorted", "rare"])
def test_labels_of_which_the_first_are_alike(place):
    x, y = points(rows=400)
    y = np.sort(y) if place == "sorted" else (x[:, 0] > 2).astype(int) if place == "rare" else y
    model = network(keras.layers.Dense(8, "relu"), keras.layers.Dense(1, "sigmoid"), loss=Own())
    assert found("labels_do_not_fit_output", model, x, y.astype("float32"))
    assert not found("labels_do_not_fit_output", model, x, y.astype("float32")[:, None])


def test_losses_of_distributions_in_several_columns_are_meant():
    """Of one shape with what is predicted, and of more than a column: nothing is broadcast."""
    x, _ = points()
    model = network(keras.layers.Dense(2), loss=of_distributions)
    assert not found("labels_do_not_fit_output", model, x, x[:, :2])


def test_variables_of_a_loss_stay_as_they_were():
    class Annealed(keras.losses.Loss):
        def __init__(self):
            super().__init__()
            self.steps = keras.Variable(0.0)

        def call(self, y, predicted):
            self.steps.assign_add(1.0)
            return keras.ops.mean(keras.ops.square(y - predicted), axis=-1)

    x, _ = points()
    loss = Annealed()
    model = network(keras.layers.Dense(4, "relu"), keras.layers.Dense(1), loss=loss)
    assert found("labels_do_not_fit_output", model, x, x[:, 0])
    assert float(loss.steps) == 0


def maximum_mean_discrepancy(y, predicted):
    def near(a, b):
        apart = keras.ops.reshape(a, (-1, 1)) - keras.ops.reshape(b, (1, -1))
        return keras.ops.mean(keras.ops.exp(-(apart**2)))

    return near(y, y) + near(predicted, predicted) - 2 * near(y, predicted)


@pytest.mark.parametrize("columns", [True, False])
def test_a_distance_between_distributions_is_meant(columns):
    x, _ = points()
    y = x[:, :1] if columns else x[:, 0]
    model = network(keras.layers.Dense(1), loss=maximum_mean_discrepancy)
    assert not found("labels_do_not_fit_output", model, x, y)


def test_keras_s_losses_that_compare_rows_are_meant():
    x, y = points()
    model = network(keras.layers.Dense(3), loss=keras.losses.Circle())
    assert not found("labels_do_not_fit_output", model, x, y)
