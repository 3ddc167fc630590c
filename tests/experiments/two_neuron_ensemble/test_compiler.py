"""Loops compiled as one kernel make the same networks."""

import json
import os

import numpy as np
import pytest

from normlayers.ensembles.ensemble import train_ensemble
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from tests.python_process import run_python

# A large layer: of its sums XLA would call a library, which one kernel cannot.
ARM, NETWORKS, EPOCHS = "relu-32-neurons", 256, 2
PROGRAM = f"""
import json
from normlayers.experiments.running.xla_options import ask_of_xla
from normlayers.experiments.two_neuron_ensemble.compiler import OPTIONS
import keras
ask_of_xla(OPTIONS)
from normlayers.ensembles.ensemble import train_ensemble
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
arm = ARMS[{ARM!r}]
(chunk,) = train_ensemble(arm.architecture, *arm.data(), {NETWORKS}, {EPOCHS})
print(json.dumps([layer["kernel"].tolist() for layer in chunk.end]))
"""


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="of TensorFlow's XLA"
)
def test_networks_are_the_same():
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = run_python("-c", PROGRAM, env=environment)
    assert done.returncode == 0, done.stderr
    arm = ARMS[ARM]
    (chunk,) = train_ensemble(arm.architecture, *arm.data(), NETWORKS, EPOCHS)
    for kernel, layer in zip(json.loads(done.stdout.splitlines()[-1]), chunk.end, strict=True):
        np.testing.assert_allclose(kernel, layer["kernel"], rtol=0, atol=1e-4)
