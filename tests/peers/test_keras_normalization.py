"""Keras's tests of ``Normalization`` with ``Standardize`` in its place."""

import normlayers as nl
from tests.peers.keras_suite import suite

# They look for words of Keras's messages; ours say the same in others.
WORDING = {
    "test_adapt_empty_generator_raises",
    "test_adapt_empty_iterable_raises",
    "test_adapt_iterable_batch_without_shape_raises",
    "test_adapt_iterable_incompatible_shape_raises",
    "test_normalization_adapt_with_incompatible_shape",
    "test_normalization_axis_too_high",
    "test_normalization_axis_too_low",
    "test_normalization_unknown_axis_shape",
    "test_normalization_with_mean_only_raises_error",
    "test_normalization_with_variance_only_raises_error",
}


class TestStandardizeAsNormalization(
    suite(
        "keras.src.layers.preprocessing.normalization_test",
        "NormalizationTest",
        wording=WORDING,
        Normalization=nl.Standardize,
    )
):
    __test__ = True
