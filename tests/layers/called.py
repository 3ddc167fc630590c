"""A layer or a model called, and its weights by name, as NumPy's arrays."""

import keras


def output(layer, x, **call):
    return keras.ops.convert_to_numpy(layer(x, **call))


def weights(layer):
    return {w.path.split("/")[-1]: keras.ops.convert_to_numpy(w) for w in layer.weights}
