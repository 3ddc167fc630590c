"""Programs compiled with other options train the same networks."""

import numpy as np

from normlayers.ensembles.classifier_ensemble import Split, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from tests.experiments.asked_of_xla import ON_TENSORFLOW, trained_with_options


def trained():
    """The loss of each epoch, of two networks."""
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    classifier = Classifier(5, (16, 16), 2, "tanh", "pre")
    return train_classifiers(classifier, [Split(x, y, x, y)], 2, 5, batch_size=16).loss


@ON_TENSORFLOW
def test_networks_are_the_same():
    found = np.array(trained_with_options("deep_networks"))
    np.testing.assert_allclose(found, trained(), rtol=1e-4)
    assert np.all(found[:, -1] < found[:, 0])
