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

    def run_layer_test(self, layer_class, init_kwargs, input_shape, **expected):
        """Theirs, but for the number of weights: ours hold the digits that one mean has not."""
        layer = layer_class(**init_kwargs)
        layer.build(input_shape)
        names = {weight.name for weight in layer.non_trainable_weights}
        if expected["expected_num_non_trainable_weights"]:
            assert names >= {"mean", "variance", "count"}
            expected["expected_num_non_trainable_weights"] = len(layer.non_trainable_weights)
        super().run_layer_test(layer_class, init_kwargs, input_shape, **expected)
