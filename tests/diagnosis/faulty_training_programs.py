"""More programs with one mistake each: in training, wiring, normalization and several inputs."""

import keras
import numpy as np
from keras import layers as L  # noqa: N812
from keras import optimizers
from keras.initializers import RandomNormal
from sklearn import datasets
from sklearn.preprocessing import scale

from tests.diagnosis.faulty_programs import compiled, digits, homes, mlp, names

SPARSE = "sparse_categorical_crossentropy"


@names("missing_nonlinearity", "learning_rate_too_high|exploding_gradients")
def linear_layers_and_a_rate_of_three():
    x, y = digits()
    wide = {
        "kernel_initializer": RandomNormal(stddev=1),
        "bias_initializer": RandomNormal(stddev=1),
    }
    model = keras.Sequential([keras.Input((64,)), L.Dense(30, **wide), L.Dense(10, **wide)])
    return compiled(model, optimizers.SGD(3.0), "mean_squared_error"), x, np.eye(10)[y]


@names("learning_rate_too_high")
def adam_with_a_rate_of_one():
    x, y = digits()
    return compiled(mlp(64, 10, "softmax"), optimizers.Adam(1.0), SPARSE), x, y


@names("learning_rate_too_low")
def sgd_with_a_rate_of_a_millionth():
    x, y = datasets.make_moons(400, noise=0.1, random_state=0)
    sgd = optimizers.SGD(learning_rate=1e-6, momentum=0.9)
    return compiled(mlp(2, 1, "sigmoid"), sgd, "binary_crossentropy"), x, y


@names("schedule_ends_early")
def cosine_whose_steps_are_counted_in_epochs():
    x, y = digits()
    schedule = optimizers.schedules.CosineDecay(1e-3, decay_steps=30)  # of 30 epochs
    return compiled(mlp(64, 10, "softmax"), optimizers.Adam(schedule), SPARSE), x, y


@names("learning_rate_too_high|exploding_gradients|targets_not_scaled")
def parabola_that_becomes_nan():
    rng = np.random.default_rng(0)
    x = np.arange(0.0, 5.0, 0.1, dtype="float32").reshape(-1, 1)
    y = 5 * x**2 + rng.normal(size=(50, 1)) ** 3
    model = keras.Sequential([keras.Input((1,)), L.Dense(50), L.Activation("relu")])
    model.add(L.Dense(30, kernel_initializer="uniform"))
    model.add(L.Activation("relu"))
    model.add(L.Dense(1))
    return compiled(model, optimizers.SGD(0.1), "mse", metrics=["accuracy"]), x, y


@names("duplicate_neurons")
def weights_of_zero():
    x, y = datasets.load_iris(return_X_y=True)
    zero = {"kernel_initializer": "zeros"}
    model = keras.Sequential(
        [L.Dense(16, activation="tanh", **zero), L.Dense(3, activation="softmax", **zero)]
    )
    return compiled(model, "adam", SPARSE), scale(x), y


@names("missing_nonlinearity")
def no_activations():
    x, y = datasets.make_circles(400, noise=0.05, factor=0.5, random_state=0)
    model = keras.Sequential(
        [keras.Input((2,)), L.Dense(64), L.Dense(64), L.Dropout(0.1), L.Dense(1, "sigmoid")]
    )
    return compiled(model, "adam", "binary_crossentropy"), x, y


@names("vanishing_gradients|saturated_neurons")
def ten_sigmoid_layers():
    x, y = digits()
    model = keras.Sequential([keras.Input((64,))])
    for _ in range(10):
        model.add(L.Dense(32, kernel_initializer=RandomNormal(stddev=0.05)))
        model.add(L.Activation("sigmoid"))
    model.add(L.Dense(10, activation="softmax"))
    return compiled(model, optimizers.SGD(0.01), SPARSE), x, y


@names("dead_neurons")
def biases_far_below_zero():
    x, y = digits()
    below = keras.initializers.Constant(-10.0)
    model = keras.Sequential([L.Dense(32, "relu", bias_initializer=below), L.Dense(10, "softmax")])
    return compiled(model, "adam", SPARSE), x, y


@names("stale_moving_statistics")
def normalization_with_a_slow_momentum():
    x, y = digits()
    model = keras.Sequential(
        [keras.Input((64,)), L.Dense(32), L.BatchNormalization(momentum=0.999)]
    )
    model.add(L.Activation("relu"))
    model.add(L.Dense(10, activation="softmax"))
    compiled(model, "adam", SPARSE).fit(x, y, epochs=5, verbose=0)
    return model, x, y


@names("stale_moving_statistics")
def frozen_base_of_another_domain():
    x, y = digits()
    base = keras.Sequential([keras.Input((64,)), L.Dense(32), L.BatchNormalization(), L.ReLU()])
    first = keras.Sequential([base, L.Dense(10, "softmax")])
    compiled(first, "adam", SPARSE).fit(x, y, epochs=8, verbose=0)
    base.trainable = False
    model = keras.Sequential([base, L.Dropout(0.2), L.Dense(10, "softmax", name="new_top")])
    return compiled(model, optimizers.Adam(1e-3), SPARSE), 2 * (1 - x) - 1, y


@names("normalized_twice")
def divided_by_255_twice():
    x, y = digits()
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Rescaling(1.0 / 255), L.Conv2D(8, 3)])
    model.add(L.Activation("relu"))
    model.add(L.Flatten())
    model.add(L.Dense(10, activation="softmax"))
    return compiled(model, "adam", SPARSE), x.reshape(-1, 8, 8, 1), y


@names("normalized_twice")
def preprocess_input_and_rescaling():
    x, y = digits()
    pixels = keras.Input((8, 8, 1))
    hidden = L.Conv2D(8, 3, activation="relu")(L.Rescaling(1 / 127.5, offset=-1)(pixels))
    out = L.Dense(10, "softmax")(L.GlobalAveragePooling2D()(hidden))
    return compiled(keras.Model(pixels, out), "adam", SPARSE), x.reshape(-1, 8, 8, 1) * 2 - 1, y


@names("not_adapted")
def normalization_without_adapt():
    x, y = datasets.load_breast_cancer(return_X_y=True)
    model = keras.Sequential([keras.Input((30,)), L.Normalization(), L.Dense(16, "relu")])
    model.add(L.Dense(1, "sigmoid"))
    return compiled(model, "adam", "binary_crossentropy"), x, y


@names("inputs_not_scaled|inputs_not_centred", "targets_not_scaled")
def passengers_into_an_lstm():
    months = np.arange(160)
    series = 110 + 3 * months + (20 + 0.3 * months) * np.sin(months * np.pi / 6)
    x = np.stack([series[i : i + 12] for i in range(148)])[..., np.newaxis]
    model = keras.Sequential([keras.Input((12, 1)), L.LSTM(8), L.Dense(1)])
    return compiled(model, loss="mean_squared_error", optimizer="adam"), x, series[12:]


@names("train_validation_shift")
def validation_data_forgotten():
    x, y = datasets.load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(178)
    x, y = x[order], y[order]
    train = (x[:120] - x[:120].mean(0)) / x[:120].std(0)
    model = compiled(mlp(13, 3, "softmax"), "adam", SPARSE)
    return model, train, y[:120], {"validation_data": (x[120:], y[120:])}


@names("validation_rows_in_training")
def rare_class_copied_before_the_split():
    x, y = datasets.load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = rng.permutation(np.r_[np.arange(569), rng.choice(np.flatnonzero(y == 0), 145)])
    x = ((x - x.mean(0)) / x.std(0))[rows]
    model = compiled(mlp(30, 1, "sigmoid"), "adam", "binary_crossentropy")
    return model, x[:550], y[rows][:550], {"validation_data": (x[550:], y[rows][550:])}


@names("unshuffled_rows")
def batches_of_files_in_the_order_of_their_folders():
    x, y = digits()
    order = np.argsort(y, kind="stable")
    batches = ((x[rows], y[rows]) for rows in np.array_split(order, 20))
    return compiled(mlp(64, 10, "softmax"), "adam", SPARSE), batches, None


@names("batch_too_small")
def batches_of_two():
    x, y = digits(200)
    model = keras.Sequential([keras.Input((64,)), L.Dense(32), L.BatchNormalization(), L.ReLU()])
    model.add(L.Dense(10, activation="softmax"))
    return compiled(model, "adam", SPARSE), x, y, {"batch_size": 2}


@names("dropout_before_normalization")
def dropout_then_normalization():
    x, y = digits()
    model = keras.Sequential([keras.Input((64,)), L.Dense(64, "relu"), L.Dropout(0.5)])
    model.add(L.BatchNormalization())
    model.add(L.Dense(10, activation="softmax"))
    return compiled(model, "adam", SPARSE), x, y


@names("inputs_not_scaled|inputs_not_centred")
def one_of_two_inputs_not_scaled():
    rng = np.random.default_rng(0)
    x = {"word": rng.integers(0, 500, (300, 6)), "income": rng.gamma(4, 15_000, (300, 1))}
    y = (x["income"] > 60_000).astype("float32")
    word, income = keras.Input((6,), name="word", dtype="int32"), keras.Input((1,), name="income")
    words = L.GlobalAveragePooling1D()(L.Embedding(500, 8)(word))
    hidden = L.Dense(16, activation="relu")(L.Concatenate()([words, income]))
    model = keras.Model([word, income], L.Dense(1, activation="sigmoid")(hidden))
    return compiled(model, "adam", "binary_crossentropy", metrics=["accuracy"]), x, y


class PriceNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.d1 = L.Dense(32, activation="relu")
        self.d2 = L.Dense(1)

    def call(self, inputs):
        return self.d2(self.d1(inputs))


@names("inputs_not_scaled|inputs_not_centred")
def subclassed_model_of_raw_features():
    frame, price = homes()
    return compiled(PriceNet(), "adam", "mae"), frame.astype("float32"), scale(price)


@names("output_does_not_fit_loss")
def regression_with_a_softmax_of_one_unit():
    x = np.random.default_rng(0).random((400, 3))
    y = x @ [2.0, 1.0, 0.5]
    model = mlp(3, 1, "softmax", "tanh", width=3)
    sgd = optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    return compiled(model, sgd, "mean_squared_error"), x, y


@names("output_does_not_fit_loss")
def two_softmaxes():
    x, y = digits()
    model = keras.Sequential([keras.Input((64,)), L.Dense(32, "relu"), L.Dense(10, "softmax")])
    model.add(L.Activation("softmax"))
    return compiled(model, "adam", SPARSE), x, y


@names("non_finite_input|non_finite_weights|exploding_gradients|learning_rate_too_high")
def weights_that_are_nan_from_an_earlier_fit():
    x, y = datasets.make_moons(300, noise=0.1, random_state=0)
    model = mlp(2, 1, "sigmoid")
    model.layers[0].kernel.assign(np.full((2, 32), np.nan))
    return compiled(model, optimizers.Adam(0.01), "binary_crossentropy"), x, y


class Gate(L.Layer):
    def __init__(self, units):
        super().__init__()
        self.value, self.gate = L.Dense(units), L.Dense(units, activation="sigmoid")

    def call(self, inputs):
        return self.value(inputs) * self.gate(inputs)


@names("inputs_not_scaled|inputs_not_centred")
def own_layer_without_a_configuration():
    x, y = datasets.load_wine(return_X_y=True)
    model = keras.Sequential([keras.Input((13,)), Gate(16), L.Dense(3, activation="softmax")])
    return compiled(model, "adam", SPARSE), x, y


@names("outliers|inputs_not_scaled")
def sentinel_for_what_is_missing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    y = (x[:, 0] + x[:, 1] > 0).astype(int)
    x[::80, 2] = -9999
    return compiled(mlp(4, 1, "sigmoid"), "adam", "binary_crossentropy"), scale(x), y


@names("inputs_not_centred|inputs_not_scaled")
def temperatures_in_kelvin():
    x = np.random.default_rng(0).normal(290, 2, (400, 3))
    return compiled(mlp(3, 1, "linear"), "adam", "mse"), x, scale(x[:, 0] * x[:, 1])


@names("inputs_not_scaled|inputs_not_centred")
def one_of_two_joined_inputs_not_scaled():
    rng = np.random.default_rng(0)
    a, b = keras.Input((3,), name="scaled"), keras.Input((2,), name="raw")
    hidden = L.Dense(16, activation="relu")(L.Concatenate()([a, b]))
    model = keras.Model([a, b], L.Dense(1, activation="sigmoid")(hidden))
    x = [rng.normal(size=(300, 3)), rng.normal(5e4, 1e4, (300, 2))]
    return compiled(model, "adam", "binary_crossentropy"), x, (x[0][:, 0] > 0).astype(int)
