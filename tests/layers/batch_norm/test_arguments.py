"""BatchNormalization's arguments: Keras's own, numbers of any type; impossible ones are refused."""

import inspect

import keras
import numpy as np
import pytest

import normlayers as nl


def test_has_every_argument_of_keras_layer_with_its_default():
    ours, theirs = (
        inspect.signature(kind.__init__).parameters
        for kind in (nl.BatchNormalization, keras.layers.BatchNormalization)
    )
    assert {name: p.default for name, p in theirs.items()} == {
        name: ours[name].default for name in theirs
    }
    assert [name for name in ours if name in theirs][:-1] == list(theirs)[:-1]  # but **kwargs
    config = keras.layers.BatchNormalization(renorm=True, name="bn").get_config()
    assert config.items() <= nl.BatchNormalization.from_config(config).get_config().items()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"placement": "before"}, "placement must be .*'before'"),
        ({"momentum": 1.5}, "momentum must be in"),
        ({"epsilon": -1e-3}, "epsilon must be 0 or more"),
        ({"epsilon": float("nan")}, "epsilon must be 0 or more"),
        ({"activation": "rleu"}, "rleu"),
        ({"implementation": "fast"}, "implementation must be .*'fast'"),
        ({"renorm": True, "renorm_clipping": {"rmin": 3, "rmax": 2}}, "rmin=3, rmax=2"),
        ({"renorm": True, "renorm_clipping": {"dmax": -1}}, "'dmax'. must not be negative.*-1"),
        ({"renorm": True, "renorm_clipping": {"rmaxx": 1}}, "Received: rmaxx"),
        ({"renorm": True, "renorm_momentum": 2}, "renorm_momentum must be in .*2"),
        ({"axis": [3]}, r"axis must be one integer.*axis=\[3\]; pass axis=3"),
        ({"axis": (1, 2)}, r"axis must be one integer.*axis=\(1, 2\)\."),
        ({"axis": 1.5}, "axis must be one integer.*axis=1.5"),
        ({"axis": None}, "axis must be one integer.*axis=None"),
        ({"momentum": None}, "momentum must be in.*momentum=None; pass a number"),
        ({"momentum": [0.9]}, r"momentum must be in.*momentum=\[0.9\]; pass a number"),
        ({"momentum": "0.9"}, "momentum must be in.*momentum='0.9'; pass a number"),
        ({"epsilon": None}, "epsilon must be 0 or more.*epsilon=None; pass a number"),
        ({"center": "no"}, "center must be True or False.*center='no'"),
        ({"scale": None}, "scale must be True or False.*scale=None"),
        ({"debias": 2}, "debias must be True or False.*debias=2"),
        ({"placement": None}, "placement must be one of.*placement=None"),
        ({"implementation": ["auto"]}, "implementation must be one of"),
        ({"renorm": True, "renorm_clipping": [1, 2]}, r"must be a dict .*renorm_clipping=\[1, 2\]"),
        ({"renorm": True, "renorm_clipping": {"rmax": "3"}}, "'rmax'.*Received: '3'; pass a numb"),
        ({"renorm": True, "renorm_momentum": None}, "renorm_momentum must be in.*None; pass a n"),
    ],
)
def test_refuses_impossible_arguments(options, says):
    with pytest.raises(ValueError, match=says):
        nl.BatchNormalization(**options)


def test_takes_numbers_of_every_type():
    layer = nl.BatchNormalization(np.int64(1), np.float32(0.5), np.float64(0.1), center=np.True_)
    assert (layer.axis, layer.momentum, layer.epsilon) == (1, 0.5, 0.1)
    assert nl.BatchNormalization.from_config(layer.get_config()).get_config() == layer.get_config()


def test_config_makes_an_equal_layer():
    layer = nl.BatchNormalization(activation="tanh", placement="post", gamma_regularizer="l1")
    copy = nl.BatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
