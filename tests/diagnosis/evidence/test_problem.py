"""Errors of Keras and of backends, in one sentence."""

import keras
import pytest

from normlayers.diagnosis.evidence.problem import reason

SINE = keras.layers.Dense(4, activation=lambda x: keras.ops.sin(30 * x))


@pytest.mark.parametrize("model", [SINE, keras.Sequential([keras.Input((3,)), SINE])])
def test_the_code_of_a_lambda_is_not_printed(model):
    with pytest.raises((TypeError, ValueError)) as raised:
        type(model).from_config(model.get_config())
    said = reason(raised.value)
    assert "4wEAAA" in str(raised.value)
    assert "4wE" not in said
    assert "config=" not in said
    assert "'Dense'" in said or "core.dense.Dense" in said
