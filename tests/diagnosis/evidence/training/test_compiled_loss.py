"""A model's loss outside its training: as Keras evaluates it, and NaN of what is NaN."""

from unittest.mock import Mock

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.diagnosis.evidence.training.compiled_loss import compiled_loss, make_variables
from tests.diagnosis.small_models import BINARY, SPARSE, classifier, points

X, Y = points()


@pytest.mark.parametrize("loss", [BINARY, SPARSE, "mse", keras.losses.BinaryFocalCrossentropy()])
def test_it_is_that_of_evaluate(loss):
    model = classifier(units=2 if loss == SPARSE else 1, loss=loss)
    found = compiled_loss(model)(ops.convert_to_tensor(Y[:, None]), model(X))
    assert float(ops.stop_gradient(found)) == pytest.approx(
        model.evaluate(X, Y, verbose=0), rel=1e-5
    )


@pytest.mark.parametrize("loss", [BINARY, "mse"])
def test_a_prediction_that_is_nan_has_a_loss_that_is(loss):
    prediction = np.full((5, 1), 0.5, "float32")
    prediction[3] = np.nan
    y, prediction = ops.ones((5, 1)), ops.convert_to_tensor(prediction)
    assert np.isnan(float(compiled_loss(classifier(loss=loss))(y, prediction)))


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="others have no such check")
def test_what_a_loss_refuses_else_is_still_refused():
    model = classifier(units=2, output="softmax", loss=SPARSE)
    with pytest.raises((RuntimeError, IndexError), match="out of bounds"):
        compiled_loss(model)(ops.full((5, 1), 7), ops.ones((5, 2)) / 2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace a step once")
@pytest.mark.parametrize(
    ("outputs", "metrics"), [(1, ["mae", keras.metrics.RootMeanSquaredError()]), (2, None)]
)
def test_a_step_is_traced_once_where_its_variables_are_there(outputs, metrics):
    """Keras makes those of metrics, and of several losses, in the first step."""
    x, y = ops.convert_to_tensor(X), [ops.convert_to_tensor(Y[:, None])] * outputs
    logs, traced = [], []
    for beforehand in (False, True):
        keras.utils.set_random_seed(0)
        inputs = keras.Input(X.shape[1:])
        parts = [keras.layers.Dense(1, name=f"part{i}")(inputs) for i in range(outputs)]
        model = keras.Model(inputs, parts)
        model.compile("sgd", ["mse"] * outputs, metrics=metrics)
        model.optimizer.build(model.trainable_variables)
        if beforehand:
            make_variables(model, y, lambda model=model: model(x))
        loss = Mock(wraps=model.compute_loss)
        model.compute_loss = loss
        logs.append(model.train_on_batch(x, y, return_dict=True))
        traced.append(loss.call_count)
    assert logs[0] == logs[1]
    assert traced == [2, 1]


def test_variables_are_left_to_losses_of_the_models_own():
    class Own(keras.Sequential):
        asked = 0

        def compute_loss(self, *args, **kwargs):
            self.asked += 1
            return super().compute_loss(*args, **kwargs)

    model = Own([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    make_variables(model, ops.ones((3, 1)), lambda: ops.ones((3, 1)))
    assert model.asked == 0


def test_a_loss_that_keeps_what_it_is_called_with_is_called_by_training_alone():
    called = []

    class Own(keras.losses.Loss):
        def call(self, y_true, y_pred):
            called.append(y_pred)
            return ops.mean(ops.square(y_true - y_pred), -1)

    def own_metric(y_true, y_pred):
        called.append(y_pred)
        return ops.mean(y_pred)

    y = ops.ones((3, 1))
    for loss, metrics in ((Own(), None), ("mse", [own_metric])):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", loss, metrics=metrics)
        make_variables(model, y, lambda: y)
    assert not called
