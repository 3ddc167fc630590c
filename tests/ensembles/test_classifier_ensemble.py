"""Classifiers trained together against Keras's ``fit`` of each alone."""

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.ensembles.classifier_ensemble import Split, epochs_to, train_classifiers
from normlayers.ensembles.classifier_network import Classifier
from normlayers.ensembles.stacked_optimizers import SGD, Adam, RMSprop
from normlayers.layers.batch_normalization import BatchNormalization
from tests.ensembles.keras_twins import keras_weights, weights_of

OPTIMIZERS = {"sgd": SGD(), "rmsprop": RMSprop(), "adam": Adam()}


def some_data(points, features=5, classes=3, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(points, features)).astype("float32")
    y = (x[:, 0] + x[:, 1] ** 2 > 0).astype(int) + (x[:, 2] > 0.5)
    return x, np.minimum(y, classes - 1)


def split(points=30, validation=20, **kwargs):
    return Split(*some_data(points, **kwargs), *some_data(validation, seed=1, **kwargs))


def as_layers(looks, network, time):
    depths = 1 + max(int(name.split("/")[0]) for name in looks)
    return [
        {
            name.split("/")[1]: looks[name][[network], time]
            for name in looks
            if name.startswith(f"{depth}/")
        }
        for depth in range(depths)
    ]


@pytest.mark.parametrize(
    ("classifier", "optimizer", "rescale"),
    [
        (Classifier(5, (8,), 3, "relu"), "adam", True),
        (Classifier(5, (8, 4), 3, "prelu"), "adam", True),
        (Classifier(5, (8,), 3, "leaky_relu"), "rmsprop", True),
        (Classifier(5, (6, 6, 6), 3, "tanh", "pre"), "sgd", True),
        (Classifier(5, (6, 6), 3, "sigmoid", "post"), "sgd", True),
        (Classifier(5, (6,), 3, "sigmoid", "pre"), "sgd", False),
        (Classifier(5, (6, 4), 3, "tanh", "pre"), "adam", False),
        (Classifier(5, (6,), 3, "prelu", "post", use_bias=False), "sgd", True),
        (Classifier(5, (), 3), "sgd", True),
        (Classifier(5, (4,) * 10, 3, "tanh", "pre"), "sgd", True),  # in a loop
    ],
    ids=lambda value: (
        f"{value.activation}-{value.normalization}" if isinstance(value, Classifier) else value
    ),
)
def test_full_batch_training_is_that_of_fit(classifier, optimizer, rescale):
    data, epochs = split(), 15
    course = train_classifiers(
        classifier, [data], networks=3, epochs=epochs, optimizer=OPTIMIZERS[optimizer],
        rescale=rescale, look=weights_of, look_after=(0, epochs), group=2,
    )  # fmt: skip
    model = classifier.keras_model()
    for layer in model.layers:
        if isinstance(layer, BatchNormalization) and not rescale:
            layer.gamma.trainable = layer.beta.trainable = False
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.set_weights(keras_weights(classifier, as_layers(course.looks, 2, 0), 0))
    history = model.fit(
        data.x, data.y, batch_size=30, epochs=epochs, shuffle=False, verbose=0,
        validation_data=(data.x_validation, data.y_validation),
    ).history  # fmt: skip
    np.testing.assert_allclose(course.loss[2], history["loss"], atol=2e-4)
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(
            getattr(course, f"validation_{name}")[2], history[f"val_{name}"], atol=1e-3
        )
    end = keras_weights(classifier, as_layers(course.looks, 2, 1), 0)
    for ours, theirs in zip(end, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("batch_size", [10, 12])
def test_batches_are_fits(batch_size):
    """All points alike: whatever the order, each batch is the same but for the last one's size."""
    x = np.tile(some_data(1)[0], (32, 1))
    data = Split(x, np.zeros(32, int), x, np.zeros(32, int))
    classifier = Classifier(5, (4,), 3, "tanh")
    course = train_classifiers(
        classifier, [data], networks=2, epochs=6, batch_size=batch_size, optimizer=SGD(0.1),
        look=weights_of, look_after=(0,),
    )  # fmt: skip
    model = classifier.keras_model()
    model.compile(
        keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.set_weights(keras_weights(classifier, as_layers(course.looks, 1, 0), 0))
    history = model.fit(x, data.y, batch_size=batch_size, epochs=6, verbose=0).history
    np.testing.assert_allclose(course.loss[1], history["loss"], rtol=1e-4)


def test_every_point_is_in_an_epoch_once_and_each_network_has_its_own_order():
    """Without a step of a length over 0, a batch's loss tells which points were in it."""
    data = split(points=7)
    course = train_classifiers(
        Classifier(5, (4,), 3), [data], networks=4, epochs=3, batch_size=3, optimizer=SGD(0.0)
    )
    np.testing.assert_allclose(course.loss, course.loss[:, :1] * np.ones(3), rtol=1e-5)
    first = np.unique(course.first_gradient_norms[:, 0])
    assert len(first) == 4


def test_gradient_norms_are_the_losses_slopes():
    """Against central differences of Keras's loss, along the gradient of the first kernel."""
    data = split()
    classifier = Classifier(5, (4, 3), 3, "tanh")
    course = train_classifiers(
        classifier, [data], networks=1, epochs=1, optimizer=SGD(0.0), look=weights_of,
        look_after=(0,),
    )  # fmt: skip
    weights = keras_weights(classifier, as_layers(course.looks, 0, 0), 0)
    model = classifier.keras_model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def loss_with(place, index, change):
        changed = [array.astype(float) for array in weights]
        changed[place][index] += change
        model.set_weights(changed)
        return float(loss(data.y, ops.cast(model(data.x), "float64")))

    for layer, place in enumerate((0, 2, 4)):
        slopes = np.array(
            [
                (loss_with(place, i, 1e-2) - loss_with(place, i, -1e-2)) / 2e-2
                for i in np.ndindex(weights[place].shape)
            ]
        ).reshape(weights[place].shape)
        norm = np.linalg.norm(slopes)
        assert course.first_gradient_norms[0, layer] == pytest.approx(norm, rel=0.01)
        assert course.gradient_norms[0, 0, layer] == pytest.approx(norm, rel=0.01)
        if not layer:
            np.testing.assert_allclose(
                course.input_gradient_norms[0], np.linalg.norm(slopes, axis=1), rtol=0.02
            )


def test_a_network_is_the_same_whatever_trains_beside_it():
    kwargs = {"epochs": 4, "batch_size": 8, "group": 4, "seed": 3}
    few, many = (
        train_classifiers(Classifier(5, (4,), 3), [split()], networks=n, **kwargs) for n in (3, 10)
    )
    np.testing.assert_allclose(few.loss, many.loss[:3], rtol=1e-5)
    assert len(np.unique(many.loss[:, -1])) == 10


def test_arms_of_one_seed_start_with_the_same_kernels():
    losses = [
        train_classifiers(
            Classifier(5, (4,), 3, "relu", normalization), [split()], networks=2, epochs=1,
            look=weights_of, look_after=(0,),
        ).looks["0/kernel"]
        for normalization in ("none", "pre", "post")
    ]  # fmt: skip
    np.testing.assert_array_equal(losses[0], losses[1])
    np.testing.assert_array_equal(losses[0], losses[2])


def test_groups_take_the_splits_in_turn():
    splits = [split(), split()]
    splits[1] = splits[1].mapped(lambda x: 0 * x)
    course = train_classifiers(
        Classifier(5, (4,), 3), splits, networks=6, epochs=1, group=2, score_every=1
    )
    blind = course.input_gradient_norms.sum(axis=1) == 0
    assert blind.tolist() == [False, False, True, True, False, False]


def test_a_diverged_network_is_known():
    data = split().mapped(lambda x: x * np.float32(1e30))
    course = train_classifiers(Classifier(5, (4,), 3), [data], networks=2, epochs=3)
    assert course.diverged.all()
    assert not train_classifiers(
        Classifier(5, (4,), 3), [split()], networks=2, epochs=3
    ).diverged.any()


@pytest.mark.parametrize("target", [0.5, 1.0, 2.0, 4.0])
def test_epochs_to_a_target_are_where_the_loss_crosses_it(target):
    """Of the losses 4 / epoch, drawn as straight lines between whole epochs, by interpolation."""
    epochs = np.arange(1, 11)
    (found,) = epochs_to(4 / epochs[None], target)
    np.testing.assert_allclose(found, np.interp(target, 4 / epochs[::-1], epochs[::-1]))


def test_a_loss_that_is_no_number_never_reaches_a_target():
    loss = np.array([[2.0, np.nan, np.nan], [np.nan, 1.0, 1.0], [3.0, 0.5, 3.0]])
    np.testing.assert_array_equal(epochs_to(loss, 1.5), [np.inf, 2, 1.6])


def shares(classifier, weights, passed, x, y=None):
    raise AssertionError


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"networks": 0}, "networks must be a positive integer"),
        ({"epochs": 3, "score_every": 2}, "multiple of score_every"),
        ({"splits": []}, "splits must be one or more"),
        ({"splits": [split(features=4)]}, "x must be of shape"),
        ({"splits": [split().mapped(lambda x: x * np.nan)]}, "x must be finite"),
        ({"score_every": 0}, "score_every must be a positive integer"),
        ({"look_after": (0, 1)}, "look_after needs look"),
        ({"look": shares, "look_after": (0, 7)}, "numbers of epochs from 0 to 2.*Received.*7"),
        ({"look": shares, "look_at": 0}, "look_at must be a positive integer"),
    ],
)
def test_what_cannot_be_trained_is_refused(changed, message):
    arguments = {"splits": [split()], "networks": 2, "epochs": 2} | changed
    with pytest.raises(ValueError, match=message):
        train_classifiers(Classifier(5, (4,), 3), **arguments)


def test_data_of_another_float_type_and_lists_of_sizes_are_taken():
    wide = split().mapped(lambda x: x.astype("float64"))
    found, expected = (
        train_classifiers(Classifier(5, sizes, 3), [data], networks=2, epochs=3).loss
        for sizes, data in (([4], wide), ((4,), split()))
    )
    np.testing.assert_array_equal(found, expected)
