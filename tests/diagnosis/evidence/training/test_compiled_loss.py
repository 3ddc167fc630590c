"""A model's loss outside its training: as Keras evaluates it, and NaN of what is NaN."""

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.diagnosis.evidence.training.compiled_loss import compiled_loss
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
