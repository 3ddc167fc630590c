"""A0's data against scikit-learn, its measures against closed forms and Keras's own layers."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from normlayers.ensembles.classifier_ensemble import Course
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.forward_pass import forward
from normlayers.experiments.input_normalization.arms import ARMS
from normlayers.experiments.input_normalization.data import DATA, points, splits
from normlayers.experiments.input_normalization.training import (
    hidden_neurons,
    measured,
    train_arm,
    unsteadiness,
    untrained,
)
from normlayers.tracking import measures
from tests.ensembles.keras_twins import keras_weights


def test_the_first_split_is_the_articles():
    x, y = make_classification(n_samples=1000, n_features=20, random_state=42)
    train, validation, labels, _ = train_test_split(x, y, test_size=0.2, random_state=42)
    first = splits("article")[0]
    np.testing.assert_allclose(first.x, train, rtol=1e-6)
    np.testing.assert_allclose(first.x_validation, validation, rtol=1e-6)
    np.testing.assert_array_equal(first.y, labels)


@pytest.mark.parametrize("data", DATA)
def test_statistics_are_of_the_training_part_only(data):
    for raw, standardized in zip(splits(data), splits(data, standardized=True), strict=True):
        scaler = StandardScaler().fit(raw.x.astype(float))
        np.testing.assert_allclose(standardized.x, scaler.transform(raw.x), atol=2e-4)
        np.testing.assert_allclose(
            standardized.x_validation, scaler.transform(raw.x_validation), atol=2e-4
        )
        assert abs(standardized.x_validation.mean(axis=0)).max() > 1e-3


def test_rescaled_data_are_the_articles_over_six_decades_and_shifted():
    article, labels = points("article")
    for name, shift in (("scaled", 0), ("rescaled", 10)):
        x, y = points(name)
        np.testing.assert_array_equal(y, labels)
        scale = x.std(axis=0) / article.std(axis=0)
        assert scale.max() / scale.min() == pytest.approx(1e6, rel=1e-3)
        ours = (x - x.mean(axis=0)) / x.std(axis=0)
        theirs = (article - article.mean(axis=0)) / article.std(axis=0)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
        off = x.mean(axis=0) / x.std(axis=0) - article.mean(axis=0) / article.std(axis=0)
        np.testing.assert_allclose(off, shift, atol=1e-4)


losses = hnp.arrays(
    float, st.tuples(st.just(1), st.integers(2, 20)), elements=st.floats(-100, 100, width=16)
)


@given(losses)
def test_what_goes_up_one_way_comes_down_the_other(loss):
    there, back = unsteadiness(loss), unsteadiness(loss[:, ::-1])
    if np.isnan(there[0]):
        assert (loss == loss[0, 0]).all()
    else:
        assert there[0] + back[0] == pytest.approx(1)
        assert (there[0] == 0) == (np.diff(loss) <= 0).all()


def test_losses_that_are_no_numbers_have_no_measures():
    loss = np.array([[1.0, np.nan, 1.0], [1.0, np.inf, np.nan]])
    assert np.isnan(unsteadiness(loss)).all()


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_neurons_are_what_the_trackers_measures_say(activation):
    classifier = Classifier(13, (16,), 3, activation)
    weights = classifier.initial_weights(2, np.random.default_rng(0))
    x = points("wine")[0]
    tensor = ops.convert_to_tensor(x.T)
    passed = forward(classifier, weights, tensor, training=True)
    found = hidden_neurons(classifier, weights, passed, tensor)
    for network in range(2):
        model = classifier.keras_model()
        model.set_weights(keras_weights(classifier, weights, network))
        hidden = keras.Model(model.inputs[0], model.get_layer("hidden_1").output)
        outputs = np.asarray(hidden(x))
        active = outputs > measures.threshold(activation)
        np.testing.assert_allclose(found["active"][network], active.mean(axis=0), atol=0.01)
        if activation != "relu":
            saturated = measures.saturation(outputs, activation).mean()
            assert float(found["saturated"][network]) == pytest.approx(saturated, abs=0.002)


def course(active, loss):
    networks, epochs = np.shape(loss)
    return Course(
        loss=np.array(loss), validation_loss=np.ones((networks, 1)),
        validation_accuracy=np.full((networks, 1), 0.75),
        gradient_norms=np.arange(networks * epochs * 2.0).reshape(networks, epochs, 2),
        first_gradient_norms=np.ones((networks, 2)), input_gradient_norms=np.ones((networks, 20)),
        looks={"active": np.array(active)},
    )  # fmt: skip


def test_measures_of_a_course():
    active = [[[0.0, 0.0, 1.0, 0.5], [0.0, 0.2, 0.5, 1.0]], [[0.5] * 4, [0.0] * 4]]
    found = measured(course(active, [[1.0, 0.3], [1.0, np.nan]]), ARMS["article-relu-raw"])
    assert found["diverged"].tolist() == [False, True]
    np.testing.assert_allclose(found["epochs_to_target"], [1 + (1 - np.log(2) / 2) / 0.7, np.inf])
    assert found["dead_start"].tolist() == [0.5, 0.0]
    assert found["always_on_end"].tolist() == [0.25, 0.0]
    assert found["selective_end"].tolist() == [0.5, 0.0]
    assert found["revived"][0] == 0.5
    assert np.isnan(found["revived"][1])
    assert np.isnan(found["validation_accuracy"][1])
    assert found["hidden_gradient_largest"].tolist() == [2, 6]
    assert found["output_gradient_largest"].tolist() == [3, 7]


def test_large_variance_alone_leaves_relu_neurons_selective():
    """A ReLU's state does not change with the scale of data whose mean is 0."""
    assert untrained("scaled", 20, 0)["selective_start"].mean() > 0.95
    assert untrained("rescaled", 20, 0)["selective_start"].mean() < 0.5


def test_pairs_start_with_the_same_kernels():
    """On the article's data, standardized already but for a few per cent, losses start alike."""
    raw, standardized = (
        train_arm(f"article-relu-{inputs}", 3, 2, 0, lambda _: None)
        for inputs in ("raw", "standardized")
    )
    np.testing.assert_allclose(raw["loss"][:, 0], standardized["loss"][:, 0], rtol=0.15)
    assert len(set(raw["loss"][:, 0])) == 3
