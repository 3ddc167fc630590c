"""A stacked network's weights as its Keras model takes them."""

import numpy as np


def keras_weights(networks, weights, network):
    """One network's weights, for ``set_weights`` of ``networks.keras_model()``."""
    # Not the dicts' own order, which JAX sorts.
    arrays = [
        np.asarray(layer[name])
        for depth, layer in enumerate(weights)
        for name in ("kernel", *networks.vectors(depth))
    ]
    if networks.networks_axis == 0:
        return [array[network].T for array in arrays]
    return [array[..., network] for array in arrays]


def weights_of(classifier, weights, passed, x):
    """A ``Measure``: the weights themselves."""
    return {
        f"{depth}/{name}": array
        for depth, layer in enumerate(weights)
        for name, array in layer.items()
    }
