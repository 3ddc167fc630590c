"""Programs compiled with other options train the same networks."""

import json
import os

import numpy as np
import pytest

from normlayers.ensembles.classifier_ensemble import Split, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from tests.python_process import run_python

# The options hold for a whole process.
PROGRAM = """
import json
from normlayers.experiments.deep_networks.compiler import OPTIONS
from normlayers.experiments.running.xla_options import ask_of_xla
import keras
ask_of_xla(OPTIONS)
from tests.experiments.deep_networks.test_compiler import trained
print(json.dumps(trained().tolist()))
"""


def trained():
    """The loss of each epoch, of two networks."""
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    classifier = Classifier(5, (16, 16), 2, "tanh", "pre")
    return train_classifiers(classifier, [Split(x, y, x, y)], 2, 5, batch_size=16).loss


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="of TensorFlow's XLA"
)
def test_networks_are_the_same():
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = run_python("-c", PROGRAM, env=environment)
    assert done.returncode == 0, done.stderr
    found = np.array(json.loads(done.stdout.splitlines()[-1]))
    np.testing.assert_allclose(found, trained(), rtol=1e-4)
    assert np.all(found[:, -1] < found[:, 0])
