"""Exported models, folded and not, in the real runtimes: what Keras predicts, on 1,000 inputs."""

import sys

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.inference.models import numpy_of, randomized, rng

# OpenVINO would report each conversion to its maker, and wait where there is no network.
sys.modules.setdefault("openvino_telemetry", None)

layers = keras.layers
ROWS = 1000
pytestmark = [
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="Keras exports through TensorFlow"
    ),
    pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning"),
]


def run_keras(path, x):
    return numpy_of(keras.models.load_model(path)(x, training=False))


def run_saved_model(path, x):
    import tensorflow as tf

    model = tf.saved_model.load(path)
    return model.serve(x).numpy()


def run_onnx(path, x):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def run_litert(path, x):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(path)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def run_openvino(path, x):
    core = pytest.importorskip("openvino").Core()
    # On processors that have it, it would else compute in bfloat16.
    model = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model(x)[0]


# What runs a format, the file's ending, and the modules that Keras needs to write it.
FORMATS = {
    "keras": (run_keras, ".keras", []),
    "tf_saved_model": (run_saved_model, "", []),
    "onnx": (run_onnx, ".onnx", ["onnx", "tf2onnx"]),
    "litert": (run_litert, ".tflite", ["ai_edge_litert"]),
    "openvino": (run_openvino, ".xml", ["openvino"]),
}


def in_runtime(model, form, x, folder):
    """What a model puts out, exported and loaded by the format's runtime."""
    run, ending, needed = FORMATS[form]
    for module in needed:
        pytest.importorskip(module)
    path = str(folder / f"model{ending}")
    if form == "keras":
        model.save(path)
    else:
        model.export(path, format=form, verbose=False)
    return run(path, x)


def adapted(layer, x):
    layer.adapt(x)
    return layer


def images():
    return (rng().normal(size=(ROWS, 6, 6, 3)) * [1, 20, 0.1] + [0, 50, 1]).astype("float32")


def of_standardize():
    x = images()
    return [adapted(nl.Standardize(), x), layers.Conv2D(4, 3)], x


def of_min_max_scale():
    x = images()
    clipping = nl.MinMaxScale(clip=True, minimum=-3.0, maximum=150.0)
    scaling = adapted(nl.MinMaxScale(feature_range=(-1, 1)), x / 150)
    return [clipping, scaling, layers.Conv2D(4, 3)], x


def of_an_inverse():
    x = images()[:, 0, 0]
    return [layers.Dense(3), adapted(nl.Standardize(), x).inverse()], x


def of_batch_normalization():
    parts = [
        layers.Conv2D(4, 3, use_bias=False),
        nl.BatchNormalization(activation="relu"),
        layers.DepthwiseConv2D(2),
        nl.BatchNormalization(implementation="reference", renorm=True),
        layers.Flatten(),
        nl.BatchNormalization(activation="tanh", placement="post", debias=True),
        layers.Dense(3),
        nl.BatchNormalization(implementation="fused", scale=False),
    ]
    return parts, images() / 50


MODELS = {
    "Standardize": of_standardize,
    "MinMaxScale": of_min_max_scale,
    "inverse": of_an_inverse,
    "BatchNormalization": of_batch_normalization,
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("folded", [False, True], ids=["as_it_is", "folded"])
@pytest.mark.parametrize("name", MODELS)
def test_each_layer_in_each_runtime(name, folded, form, tmp_path):
    parts, x = MODELS[name]()
    model = randomized(keras.Sequential([keras.Input(x.shape[1:]), *parts]))
    expected = numpy_of(model(x, training=False))
    if folded:
        result = nl.fold(model)
        assert result.folded
        model = result.model
    found = in_runtime(model, form, x, tmp_path)
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= 1e-5 * np.max(np.abs(expected))


WIDE = [("int64", form) for form in FORMATS] + [
    ("float64", "keras"), ("float64", "tf_saved_model"), ("float64", "onnx"),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "form"), WIDE)
def test_wide_inputs_keep_their_digits(dtype, form, tmp_path):
    """Timestamps a second apart, which are one float32; see Standardize for who cannot."""
    seconds = np.arange(ROWS)[:, np.newaxis].astype(dtype)
    x = seconds + np.array(1_700_000_000, dtype)
    inputs = keras.Input((1,), dtype=dtype)
    model = keras.Model(inputs, adapted(nl.Standardize(), x)(inputs))
    model(x[:1])  # else Keras does not export it
    found = in_runtime(model, form, x, tmp_path)
    expected = (seconds - seconds.mean()) / seconds.std()
    assert np.max(np.abs(found - expected)) <= 1e-6
