import functools

import keras
import pytest

from normlayers.diagnosis.evidence.losses import known_loss


class Own(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_pred


@pytest.mark.parametrize(
    ("loss", "kind", "logits"),
    [
        ("mse", "regression", False),
        ("binary_crossentropy", "binary", False),
        ("sparse_categorical_crossentropy", "sparse", False),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "categorical", True),
        (keras.losses.binary_crossentropy, "binary", False),
        (functools.partial(keras.losses.binary_crossentropy, from_logits=True), "binary", True),
        (keras.losses.MeanAbsoluteError, "regression", False),
        (keras.losses.MeanSquaredLogarithmicError(), "relative", False),
        (keras.losses.Hinge(), "hinge", False),
        (Own(), "", False),
        (lambda y, p: p, "", False),
        ("no_such_loss", "", False),
    ],
)
def test_losses_in_every_form(loss, kind, logits):
    found = known_loss(loss)
    assert (found.kind, found.from_logits) == (kind, logits)
