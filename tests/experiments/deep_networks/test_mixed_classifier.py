"""Networks of several activations in one stack train as each does in a stack of its own."""

import numpy as np
import pytest

from normlayers.ensembles.classifier_ensemble import Split, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.experiments.deep_networks.mixed_classifier import MixedClassifier

PARTS = ("relu", "sigmoid", "sigmoid", "tanh")
NETWORKS, EPOCHS = 3, 3
RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(22, 4)).astype("float32")
SPLIT = Split(X[:14], RANDOM.integers(0, 3, 14), X[14:], RANDOM.integers(0, 3, 8))


def outputs(classifier, weights, passed, x):
    return {"outputs": passed.outputs[-1]}


def trained(classifier, parts, rescale=True):
    return train_classifiers(
        classifier, [SPLIT], NETWORKS * parts, EPOCHS, batch_size=5, rescale=rescale, seed=3,
        look=outputs, look_after=(0, EPOCHS), group=NETWORKS * parts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hidden", "normalization"), [((5,), "none"), ((5, 5), "post"), ((4,) * 4, "pre")]
)
def test_they_train_as_alone(hidden, normalization):
    is_learned = np.array([True, True, False, True])
    together = trained(
        MixedClassifier(4, hidden, 3, normalization=normalization, activations=PARTS),
        len(PARTS),
        np.repeat(is_learned, NETWORKS)[:, None],
    )
    for number, activation in enumerate(PARTS):
        alone = trained(
            Classifier(4, hidden, 3, activation, normalization), 1, bool(is_learned[number])
        )
        its = slice(number * NETWORKS, (number + 1) * NETWORKS)
        for name in ("loss", "validation_loss", "gradient_norms", "first_gradient_norms"):
            np.testing.assert_allclose(
                getattr(together, name)[its], getattr(alone, name), rtol=2e-3, atol=1e-6
            )
        np.testing.assert_allclose(
            together.looks["outputs"][its], alone.looks["outputs"], rtol=0, atol=2e-3
        )
