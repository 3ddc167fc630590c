"""Keras's tests of ``BatchNormalization`` with ours in its place."""

import normlayers as nl
from tests.peers.keras_suite import suite

# It looks for words of Keras's messages; ours say the same in others.
WORDING = {"test_renorm_invalid_clipping_keys"}


class TestBatchNormalization(
    suite(
        "keras.src.layers.normalization.batch_normalization_test",
        "BatchNormalizationTest",
        wording=WORDING,
        BatchNormalization=nl.BatchNormalization,
    )
):
    __test__ = True
