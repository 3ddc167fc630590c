"""Programs with one mistake each, written the way they are posted in questions.

Each returns the model, x, y and, where it has one, what else ``diagnose`` is to be given. What
may be named stands at the decorator: ``|`` separates names of which each is a right answer.
Several follow questions collected by published benchmarks of faulty programs (DeepLocalize,
AUTOTRAINER, UMLAUT), with data of the same kind that come with scikit-learn or are drawn.
"""

import keras
import numpy as np
import pandas as pd
from keras import layers as L  # noqa: N812
from keras import optimizers
from sklearn import datasets
from sklearn.preprocessing import StandardScaler, scale

PROGRAMS = {}


def names(*faults):
    """Register a program: each of ``faults`` is to be found."""

    def register(program):
        PROGRAMS[program.__name__] = (program, faults)
        return program

    return register


def compiled(model, *args, **kwargs):
    model.compile(*args, **kwargs)
    return model


def digits(rows=600):
    """Pixels from 0 to 1 and labels 0 to 9."""
    x, y = datasets.load_digits(return_X_y=True)
    return (x[:rows] / 16).astype("float32"), y[:rows]


def homes(rows=400):
    """A frame of integers, floats and booleans, and prices in dollars."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "Rooms": rng.integers(1, 8, rows),
            "Landsize": rng.gamma(4, 150, rows).round(),
            "YearBuilt": rng.integers(1900, 2020, rows),
            "Distance": rng.gamma(2, 5, rows),
            "Garage": rng.random(rows) > 0.4,
        }
    )
    price = 150_000 * frame.Rooms + 400 * frame.Landsize - 9_000 * frame.Distance + 3e5
    return frame, price.rename("Price")


def mlp(inputs, outputs, activation, hidden="relu", width=32):
    """Activation layers stand apart, as they did in Keras 1."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            L.Dense(width),
            L.Activation(hidden),
            L.Dense(width),
            L.Activation(hidden),
            L.Dense(outputs),
            L.Activation(activation),
        ]
    )


@names("output_does_not_fit_loss")
def xor_with_a_softmax_of_one_unit():
    x = np.array([[1.0, 1], [0, 0], [1, 0], [0, 1], [1, 1], [0, 0]])
    y = np.array([[0.0], [0], [1], [1], [0], [0]])
    model = keras.Sequential([keras.Input((2,))])
    for units, activation in ((2, "sigmoid"), (3, "sigmoid"), (1, "softmax")):
        model.add(L.Dense(units, kernel_initializer="uniform"))
        model.add(L.Activation(activation))
    sgd = optimizers.SGD(0.001, momentum=0.9, nesterov=True)
    return compiled(model, loss="mean_squared_error", optimizer=sgd), x, y


@names("inputs_not_scaled|inputs_not_centred")
def pixels_not_divided():
    x, y = digits()
    return (
        compiled(mlp(64, 10, "softmax"), "sgd", "sparse_categorical_crossentropy"),
        np.uint8(x * 255),
        y,
    )


@names("inputs_not_scaled|inputs_not_centred")
def images_not_divided():
    x, y = digits(400)
    model = keras.Sequential(
        [
            L.Conv2D(8, (3, 3), activation="relu", kernel_initializer="he_normal"),
            L.MaxPooling2D((2, 2)),
            L.Flatten(),
            L.Dense(32, activation="relu"),
            L.Dropout(0.3),
            L.Dense(10, activation="softmax"),
        ]
    )
    compiled(model, optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x.reshape(-1, 8, 8, 1) * 255, keras.utils.to_categorical(y, 10)


@names("inputs_not_scaled|inputs_not_centred", "targets_not_scaled")
def house_prices_as_they_came():
    frame, price = homes()
    return compiled(mlp(5, 1, "linear"), "adam", "mse", metrics=["mae"]), frame, price


@names("targets_not_scaled")
def house_prices_with_scaled_features():
    frame, price = homes()
    x = StandardScaler().fit_transform(frame)
    return compiled(mlp(5, 1, "linear"), "adam", "mean_squared_error"), x, price.values


@names("targets_not_scaled")
def own_loss_of_large_targets():
    def root_mean_squared_error(y_true, y_pred):
        return keras.ops.sqrt(keras.ops.mean(keras.ops.square(y_pred - y_true)))

    frame, price = homes()
    model = mlp(5, 1, "linear")
    return compiled(model, "rmsprop", root_mean_squared_error), scale(frame), price.values


@names("inputs_not_scaled|inputs_not_centred")
def wine_as_it_came():
    x, y = datasets.load_wine(return_X_y=True)
    model = mlp(13, 3, "softmax")
    return compiled(model, "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"]), x, y


@names("inputs_not_scaled|inputs_not_centred")
def tumours_as_they_came_and_sigmoids():
    x, y = datasets.load_breast_cancer(return_X_y=True, as_frame=True)
    return compiled(mlp(30, 1, "sigmoid", "sigmoid"), "adam", "binary_crossentropy"), x, y


@names("inputs_not_scaled|inputs_not_centred")
def timestamps_as_a_feature():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 2)), columns=["temp", "wind"])
    frame["time"] = 1_600_000_000 + 3600 * np.arange(400)
    y = (frame.temp * frame.wind > 0).astype(float)
    return compiled(mlp(3, 1, "sigmoid"), "adam", "binary_crossentropy"), frame, y


@names("inputs_not_scaled|inputs_not_centred")
def customer_number_as_a_feature():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(15_000_000, 15_800_000, 400), rng.normal(size=(400, 4))])
    y = (x[:, 1] + x[:, 2] > 0).astype(int)
    return compiled(mlp(5, 1, "sigmoid"), "adam", "binary_crossentropy", metrics=["acc"]), x, y


@names("non_finite_input")
def missing_ages():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"Sex": rng.integers(0, 2, 300), "Age": rng.normal(0, 1, 300)})
    y = (frame.Sex > 0).astype(int)
    frame.loc[::7, "Age"] = np.nan
    return compiled(mlp(2, 1, "sigmoid"), "adam", "binary_crossentropy"), frame, y


@names("labels_do_not_fit_output")
def labels_from_one():
    x, y = datasets.load_iris(return_X_y=True)
    model = mlp(4, 3, "softmax")
    return compiled(model, "adam", "sparse_categorical_crossentropy"), scale(x), y + 1


@names("labels_do_not_fit_output")
def labels_of_minus_one_and_one():
    x, y = datasets.make_moons(300, noise=0.1, random_state=0)
    model = mlp(2, 1, "sigmoid", "tanh")
    return compiled(model, "adam", "binary_crossentropy", metrics=["accuracy"]), x, 2 * y - 1


@names("labels_do_not_fit_output")
def class_numbers_for_categorical_crossentropy():
    x, y = digits()
    return compiled(mlp(64, 10, "softmax"), "adam", "categorical_crossentropy"), x, y


@names("labels_do_not_fit_output")
def one_hot_for_sparse_crossentropy():
    x, y = digits()
    model = mlp(64, 10, "softmax")
    return compiled(model, "adam", "sparse_categorical_crossentropy"), x, np.eye(10)[y]


@names("output_does_not_fit_loss|labels_do_not_fit_output")
def one_sigmoid_for_three_classes():
    x, y = datasets.load_iris(return_X_y=True)
    return compiled(mlp(4, 1, "sigmoid"), "adam", "binary_crossentropy"), scale(x), y


@names("output_does_not_fit_loss")
def sigmoids_over_exclusive_classes():
    x, y = digits()
    model = mlp(64, 10, "sigmoid")
    return compiled(model, "adam", "categorical_crossentropy"), x, np.eye(10)[y]


@names("output_does_not_fit_loss")
def binary_crossentropy_behind_a_softmax():
    x, y = digits()
    model = mlp(64, 10, "softmax")
    return compiled(model, "adam", "binary_crossentropy", metrics=["accuracy"]), x, np.eye(10)[y]


@names("output_does_not_fit_loss")
def softmax_forgotten():
    x, y = digits()
    model = keras.Sequential([L.Dense(32, activation="relu"), L.Dense(10)])
    return compiled(model, "adam", "sparse_categorical_crossentropy"), x, y


@names("output_does_not_fit_loss")
def softmax_and_from_logits():
    x, y = digits()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(mlp(64, 10, "softmax"), "adam", loss), x, y


@names("output_does_not_fit_loss")
def relu_at_the_end_of_a_regression():
    x, y = datasets.load_diabetes(return_X_y=True)
    return compiled(mlp(10, 1, "relu"), "adam", "mse"), scale(x), scale(y)


@names("output_does_not_fit_loss|labels_do_not_fit_output|targets_not_scaled")
def sigmoid_at_the_end_of_a_regression():
    x, y = datasets.load_diabetes(return_X_y=True)
    return compiled(mlp(10, 1, "sigmoid"), "adam", "mse"), scale(x), y


@names("output_does_not_fit_loss")
def relu_before_binary_crossentropy():
    x, y = datasets.make_moons(300, noise=0.1, random_state=0)
    return compiled(mlp(2, 1, "relu"), "adam", "binary_crossentropy"), x, y.astype("float32")


@names("labels_do_not_fit_output|output_does_not_fit_loss|inputs_not_scaled|targets_not_scaled")
def autoencoder_of_raw_pixels():
    x = digits()[0] * 255
    pixels = keras.Input(shape=(64,), name="img")
    code = L.Dense(16, activation="relu", name="encoder")(pixels)
    out = L.Dense(64, activation="sigmoid", name="decoder")(code)
    return compiled(keras.Model(pixels, out), "adam", "binary_crossentropy"), x, x
