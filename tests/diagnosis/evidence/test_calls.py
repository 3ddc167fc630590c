import keras
import numpy as np
from keras import ops

from normlayers.diagnosis.evidence.calls import record

LAYERS = keras.layers
X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def recorded(model, x=X):
    return record(model, ops.convert_to_tensor(x))


def test_every_layer_and_operation_is_recorded_in_order():
    inputs = keras.Input((4,))
    scaled = inputs / 2
    hidden = LAYERS.Dropout(0.5, name="drop")(LAYERS.Dense(3, "relu", name="h")(scaled))
    graph = recorded(keras.Model(inputs, LAYERS.Dense(1, name="out")(hidden)))
    assert [
        c.name for c in graph.calls if c.kind not in ("InputLayer", "Divide", "TrueDivide")
    ] == [
        "h",
        "drop",
        "out",
    ]
    assert any("ivide" in call.kind for call in graph.calls)
    out = graph.calls[-1]
    assert graph.maker(graph.outputs[0]) is out
    assert graph.before(out, ("Dropout",)).name == "h"


def test_layers_that_return_their_input_are_links_too():
    model = keras.Sequential(
        [keras.Input((4,)), LAYERS.Dropout(0.5, name="a"), LAYERS.Activation("linear", name="b")]
    )
    graph = recorded(model)
    assert graph.maker(graph.outputs[0]).name == "b"
    assert graph.before(graph.calls[-1], ()).name == "a"


def test_batch_normalization_is_by_the_batch_and_changes_nothing():
    model = keras.Sequential([keras.Input((4,)), LAYERS.BatchNormalization()])
    before = model.get_weights()
    graph = recorded(model, X * 7 + 3)
    np.testing.assert_allclose(np.mean(ops.convert_to_numpy(graph.outputs[0]), 0), 0, atol=1e-5)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_recurrent_layers_are_one_call_and_nested_models_are_several():
    inner = keras.Sequential([keras.Input((6,)), LAYERS.Dense(2, name="inside")])
    model = keras.Sequential([keras.Input((3, 2)), LAYERS.LSTM(6, name="lstm"), inner])
    graph = recorded(model, np.zeros((5, 3, 2), "float32"))
    assert [c.name for c in graph.calls if c.kind != "InputLayer"] == ["lstm", "inside"]


def test_keras_calls_layers_as_before_afterwards():
    before = keras.layers.Layer.__call__, keras.Operation.__call__
    recorded(keras.Sequential([keras.Input((4,)), LAYERS.Dense(1)]))
    assert (keras.layers.Layer.__call__, keras.Operation.__call__) == before
