"""Deep networks' data, arms, and measures, against what is known otherwise."""

import keras
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from normlayers.ensembles.classifier_ensemble import Course
from normlayers.experiments.deep_networks.arms import (
    ARMS,
    TRAINING_POINTS,
    digits_split,
    fixed_cells,
)
from normlayers.experiments.deep_networks.measures import (
    MEASURES,
    deep_in_time,
    deep_untold,
    depth_ratio,
    is_near,
)
from normlayers.experiments.deep_networks.summary import measures_of
from normlayers.experiments.deep_networks.training import Recipe, train_arms, train_stack
from tests.ensembles.keras_twins import keras_weights
from tests.experiments.deep_networks.made_up import as_told, world


def test_digits_are_split_evenly_and_standardized_on_the_training_part():
    raw, standardized = digits_split(False), digits_split(True)
    assert raw.x.shape == (TRAINING_POINTS, 64)
    assert raw.x_validation.shape == (389, 64)
    assert (raw.x.min(), raw.x.max()) == (0, 16)
    share = np.bincount(raw.y) / len(raw.y)
    np.testing.assert_allclose(np.bincount(raw.y_validation) / 389, share, atol=0.003)
    scaler = StandardScaler().fit(raw.x)
    for name in ("x", "x_validation"):
        expected = scaler.transform(getattr(raw, name).astype(float))
        # Pixels that are always 0 in training are not compared: scaled alike, by nothing.
        np.testing.assert_allclose(getattr(standardized, name), expected, atol=1e-3)


def test_arms_are_what_they_are_called():
    assert len(ARMS) == 3 * 3 * 2 * 3 + len(fixed_cells())
    arm = ARMS["sigmoid-bn-post-raw-depth-8"]
    classifier = arm.classifier(16)
    assert classifier.hidden == (16,) * 8
    assert (classifier.activation, classifier.normalization) == ("sigmoid", "post")
    assert arm.split() is digits_split(False)
    fixed = ARMS["tanh-bn-pre-standardized-depth-2-fixed"]
    assert fixed.classifier(4) == ARMS["tanh-bn-pre-standardized-depth-2"].classifier(4)
    assert fixed.split() is digits_split(True)


def initial_model(arm, recipe, network):
    """A network as ``train_classifiers`` starts it, in Keras."""
    start, _ = np.random.SeedSequence([recipe.seed, 0]).spawn(2)
    classifier = arm.classifier(recipe.width)
    weights = classifier.initial_weights(recipe.networks, np.random.default_rng(start))
    model = classifier.keras_model()
    model.set_weights(keras_weights(classifier, weights, network))
    return model


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's gradients")
def test_the_first_gradients_ratio_is_that_of_keras():
    import tensorflow as tf

    arm = ARMS["tanh-bn-pre-raw-depth-2"]
    recipe = Recipe(3, networks=3, epochs=1, width=4, batch_size=TRAINING_POINTS, optimizer="adam")
    (networks,) = train_stack([arm], recipe)
    model, data = initial_model(arm, recipe, network=1), arm.split()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        value = loss(data.y, model(data.x, training=True))
    kernels = [v for v in model.trainable_variables if v.path.endswith("kernel")]
    norms = [np.linalg.norm(g) for g in tape.gradient(value, [k.value for k in kernels])]
    np.testing.assert_allclose(networks["first_gradient_norms"][1], norms, rtol=1e-3)
    ratio = MEASURES["first_to_last"](networks)
    assert ratio[1] == pytest.approx(norms[0] / norms[1], rel=1e-3)
    assert networks["loss"][1, 0] == pytest.approx(float(value), rel=1e-4)


def test_arms_are_yielded_with_their_networks_and_paired_by_number():
    names = [f"tanh-bn-pre-raw-depth-2{fixed}" for fixed in ("", "-fixed")]
    recipe = Recipe(0, networks=3, epochs=2, width=3, batch_size=352, optimizer="sgd")
    counted = []
    trained = {
        one.arm.name: one
        for one in train_arms([ARMS[n] for n in names], recipe, lambda name: counted.append)
    }
    assert sum(counted) == 2 * 3 * 2
    learned, fixed = (trained[name].networks for name in names)
    # Gamma 1 and beta 0 at first: the same network, whether they are then learned or not.
    np.testing.assert_allclose(
        learned["first_gradient_norms"], fixed["first_gradient_norms"], rtol=1e-4
    )
    assert learned["drift"].shape == (3, 2, 2)
    assert "drift" not in fixed
    assert (learned["loss"][:, 1] != fixed["loss"][:, 1]).all()


def test_arms_trained_together_are_those_trained_alone(monkeypatch):
    monkeypatch.setattr("normlayers.experiments.deep_networks.training.GROUP", 2)
    recipe = Recipe(5, networks=3, epochs=2, width=3, batch_size=352, optimizer="adam")
    names = ["relu-bn-pre-raw-depth-2", "sigmoid-bn-pre-raw-depth-2-fixed"]
    together = train_stack([ARMS[name] for name in names], recipe)
    for name, found in zip(names, together, strict=True):
        (alone,) = train_stack([ARMS[name]], recipe)
        assert found.keys() == alone.keys()
        for measure, values in alone.items():
            np.testing.assert_allclose(found[measure], values, rtol=1e-3, err_msg=measure)


def test_depth_is_told_only_where_training_was_long_enough():
    kinds = {
        "in time": ({"reached": 1}, {"reached": 10}),
        "too late": ({"reached": 1}, {"reached": 11}),
        "untold": ({"reached": 2}, {"reached": None}),
        "never": ({"reached": 1}, {"reached": None}),
    }
    for kind, by_depth in kinds.items():
        found = world(
            [lambda depth, of=by_depth: of[depth == 20]] * 3, [lambda depth: {"reached": 1}] * 2
        )
        assert deep_in_time(found, "bn-pre").all() == (kind == "in time"), kind
        assert deep_untold(found, "bn-pre").all() == (kind == "untold"), kind


def test_gradients_are_compared_with_those_of_shallow_networks():
    found = as_told()
    np.testing.assert_allclose(depth_ratio(found, "none"), 1e-6)
    np.testing.assert_allclose(depth_ratio(found, "bn-post"), 1)
    ratios = np.array([0.0, 0.0099, 0.01, 1, 100, 101, np.inf, np.nan])
    np.testing.assert_array_equal(is_near(ratios), [0, 0, 1, 1, 1, 0, 0, 0])
    compared = measures_of(found)["comparisons"]
    assert compared["gradients_kept"] == {"none": 0, "bn-pre": 1, "bn-post": 1}


def test_a_diverged_network_has_lost():
    course = Course(*[np.full((1, 2), np.nan)] * 3, *[np.ones((1, 3))] * 3, {})
    assert MEASURES["loss"]({"loss": course.loss, "diverged": course.diverged}) == np.inf
