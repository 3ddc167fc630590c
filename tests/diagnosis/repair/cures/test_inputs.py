import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.repair.cures import inputs, neurons
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import classes, classifier, given, numbers


def front_of(cure, x, model=None, trained=False):
    """What the first layers of the cured model make of the rows."""
    _, y = classes(len(x))
    other = given(model or classifier(), x, y, trained)
    plan = cure(other.plan(), other, "inputs_not_scaled", [])
    made = build(plan, other)
    count = len(plan.fronts[0])
    values = x
    for layer in made.layers[:count]:
        values = layer(values)
    return made, numbers(values)


def test_standardize_and_min_max_scale():
    x = classes(scale=300)[0] + 1000
    assert abs(front_of(inputs.standardize, x)[1].mean(0)).max() < 1e-4
    scaled = front_of(inputs.min_max_scale, x)[1]
    np.testing.assert_allclose([scaled.min(0), scaled.max(0)], [[-1] * 3, [1] * 3], atol=1e-5)


def test_only_constant_features_change_where_those_are_what_is_wrong():
    x = classes(scale=50)[0].copy()
    x[:, 1] = 7.25
    _, values = front_of(inputs.take_constants_away, x)
    np.testing.assert_array_equal(values[:, 1], 0)
    np.testing.assert_allclose(values[:, [0, 2]], x[:, [0, 2]], rtol=1e-6)
    x[:, 1] = 0
    other = given(classifier(), x, classes()[1])
    assert inputs.take_constants_away(other.plan(), other, "constant_feature", []) is None


def test_constants_are_left_where_the_model_scales_its_inputs_itself():
    x = classes()[0].copy()
    x[:, 1] = 7.25
    model = classifier(keras.layers.Rescaling(0.1, name="own"), keras.layers.Dense(4, "relu"))
    other = given(model, x, classes()[1])
    assert inputs.take_constants_away(other.plan(), other, "constant_feature", []) is None


def test_missing_values_become_the_mean():
    x = classes()[0].copy()
    x[3, 1], x[4, 2] = np.nan, np.inf
    values = front_of(inputs.fill_missing, x)[1]
    assert values[3, 1] == values[4, 2] == 0
    finite = np.delete(x[:, 1], 3)
    np.testing.assert_allclose(values[0, 1], (x[0, 1] - finite.mean()) / finite.std(), rtol=1e-4)


def test_values_that_the_model_fills_itself_are_no_fault_of_it():
    x, y = classes()
    x[::7, 1] = np.nan
    model = classifier()
    repaired = nl.repair(model, x, y, nl.diagnose(model, x, y), trials=1)
    assert [change.fault for change in repaired.changes] == ["non_finite_input"]
    assert not repaired.diagnosis.of("non_finite_input")
    assert nl.diagnose(model, x, y).of("non_finite_input")


def test_outliers_are_cut_off():
    x = classes()[0].copy()
    x[0, 0] = 1e6
    values = front_of(inputs.cut_off_outliers, x)[1]
    assert values.max() == 2
    assert 0.5 < values[1:, 0].std() < 2


def test_layers_that_were_to_be_adapted_are():
    x = classes(scale=50)[0]
    for layer in (nl.Standardize(name="scale"), keras.layers.Normalization(name="scale")):
        model = classifier(layer, keras.layers.Dense(4, "relu"))
        made, _ = front_of(inputs.adapt_layers, x, model)
        np.testing.assert_allclose(made.get_layer("scale").mean[0], x.mean(0), rtol=1e-3, atol=1e-2)


def test_a_second_normalization_is_taken_out():
    model = classifier(keras.layers.Rescaling(1 / 255, name="again"), keras.layers.Dense(4, "relu"))
    made, _ = front_of(inputs.drop_layers, classes()[0], model)
    assert "again" not in [layer.name for layer in made.layers]


def test_weights_stay_but_those_that_were_trained_on_other_inputs():
    x = classes(scale=50)[0]
    model = classifier()
    fresh, _ = front_of(inputs.standardize, x, model)
    np.testing.assert_array_equal(numbers(fresh.layers[1].kernel), numbers(model.layers[0].kernel))
    trained, _ = front_of(inputs.standardize, x, model, trained=True)
    assert np.any(numbers(trained.layers[1].kernel) != numbers(model.layers[0].kernel))
    np.testing.assert_array_equal(
        numbers(trained.layers[2].kernel), numbers(model.layers[1].kernel)
    )


def test_numbers_that_stand_for_things_are_no_amounts():
    x = np.arange(60).reshape(20, 3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((3,), dtype="int32"),
            layers.Embedding(60, 2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    other = given(model, x, np.zeros(20))
    assert inputs.standardize(other.plan(), other, "inputs_not_scaled", []) is None


def images(channels_first):
    """Three channels of other scales, and a model of them."""
    x = np.random.default_rng(0).normal(size=(64, 3, 8, 10)).astype("float32")
    x = x * np.array([1000, 1, 0.1], "float32")[:, None, None] + np.float32(50)
    form = "channels_first" if channels_first else "channels_last"
    model = keras.Sequential(
        [
            keras.Input((3, 8, 10) if channels_first else (8, 10, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", data_format=form, name="conv"),
            keras.layers.GlobalAveragePooling2D(data_format=form),
            keras.layers.Dense(1, "sigmoid", name="last"),
        ]
    )
    model.compile("sgd", "binary_crossentropy")
    return (x if channels_first else np.moveaxis(x, 1, -1)), model


def made_of(part, x):
    """What a layer that a plan names makes of rows."""
    layer = part.make()
    layer.build(x.shape)
    part.take_weights(layer)
    return numbers(layer(x))


@pytest.mark.parametrize("channels_first", [False, True])
def test_features_of_images_are_their_channels(channels_first):
    x, model = images(channels_first)
    other = given(model, x, np.arange(64) % 2)
    axes = (0, 2, 3) if channels_first else (0, 1, 2)
    plan = inputs.standardize(other.plan(), other, "inputs_not_scaled", [])
    standardized = made_of(plan.fronts[0][0], x)
    np.testing.assert_allclose(standardized.mean(axes), 0, atol=1e-4)
    np.testing.assert_allclose(standardized.std(axes), 1, atol=1e-4)
    plan = inputs.min_max_scale(other.plan(), other, "inputs_not_scaled", [])
    scaled = made_of(plan.fronts[0][0], x)
    np.testing.assert_allclose(scaled.max(axes), 1, atol=1e-4)
    plan = inputs.cut_off_outliers(other.plan(), other, "outliers", [])
    assert made_of(plan.fronts[0][0], x).std(axes).min() > 0.5
    plan = neurons.normalize(other.plan(), other, "dead_neurons", [])
    normalization = plan.chains["conv"][1].make()
    normalization.build((None, 4, 6, 8) if channels_first else (None, 6, 8, 4))
    assert normalization.gamma.shape == (4,)
