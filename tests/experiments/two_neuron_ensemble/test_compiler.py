"""Loops compiled as one kernel make the same networks."""

import numpy as np

from normlayers.ensembles.ensemble import train_ensemble
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from tests.experiments.asked_of_xla import ON_TENSORFLOW, trained_with_options


def trained():
    """The kernels of a large layer, of whose sums XLA would call a library: one kernel cannot."""
    arm = ARMS["relu-32-neurons"]
    (chunk,) = train_ensemble(arm.architecture, *arm.data(), networks=256, epochs=2)
    return [layer["kernel"] for layer in chunk.end]


@ON_TENSORFLOW
def test_networks_are_the_same():
    found = trained_with_options("two_neuron_ensemble")
    for kernel, expected in zip(found, trained(), strict=True):
        np.testing.assert_allclose(kernel, expected, rtol=0, atol=1e-4)
