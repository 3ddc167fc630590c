"""Programs that train well, in the same styles: nothing is to be called an error or a warning."""

import keras
import numpy as np
import pandas as pd
from keras import layers as L  # noqa: N812
from keras import optimizers
from sklearn import datasets
from sklearn.preprocessing import StandardScaler, scale

from tests.diagnosis.faulty_programs import compiled, digits, mlp

SPARSE = "sparse_categorical_crossentropy"
PROGRAMS = {}


def healthy(program):
    PROGRAMS[program.__name__] = program
    return program


@healthy
def xor_of_four_rows():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([[0], [1], [1], [0]], "float32")
    model = keras.Sequential([keras.Input((2,)), L.Dense(8), L.Activation("tanh"), L.Dense(1)])
    model.add(L.Activation("sigmoid"))
    return compiled(model, optimizers.Adam(0.05), "binary_crossentropy"), x, y


@healthy
def small_images():
    x, y = digits()
    model = keras.Sequential([L.Conv2D(16, (3, 3)), L.Activation("relu"), L.MaxPooling2D()])
    model.add(L.Flatten())
    model.add(L.Dropout(0.25))
    model.add(L.Dense(10, activation="softmax"))
    return compiled(model, "adam", SPARSE, metrics=["accuracy"]), x.reshape(-1, 8, 8, 1), y


@healthy
def images_scaled_in_the_model():
    x, y = digits()
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Rescaling(1 / 255), L.Conv2D(16, 3)])
    model.add(L.LeakyReLU())
    model.add(L.Flatten())
    model.add(L.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(model, "adam", loss), np.uint8(x * 255).reshape(-1, 8, 8, 1), y


@healthy
def reviews_as_word_numbers():
    rng = np.random.default_rng(0)
    x = rng.integers(1, 5_000, (500, 20))
    y = np.arange(500) % 2
    x[:, ::3] = np.where(y[:, np.newaxis] > 0, x[:, ::3] % 50 + 1, x[:, ::3] % 50 + 51)
    model = keras.Sequential([L.Embedding(5_000, 16), L.GlobalAveragePooling1D()])
    model.add(L.Dense(16, activation="relu"))
    model.add(L.Dense(1, activation="sigmoid"))
    return compiled(model, optimizers.Adam(0.01), "binary_crossentropy"), x, y


@healthy
def shop_number_and_measurements():
    rng = np.random.default_rng(0)
    x = {"shop_id": rng.integers(0, 30, 400), "numbers": rng.normal(size=(400, 3))}
    y = x["numbers"][:, 0] + (x["shop_id"] % 2)
    shop, numbers = (
        keras.Input((), name="shop_id", dtype="int32"),
        keras.Input((3,), name="numbers"),
    )
    both = L.Concatenate()([L.Embedding(30, 4)(shop), numbers])
    model = keras.Model([shop, numbers], L.Dense(1)(L.Dense(32, activation="relu")(both)))
    return compiled(model, optimizers.Adam(0.01), "mae"), x, y


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = L.Dense(32), L.Dense(1)
        self.norm = L.BatchNormalization()

    def call(self, inputs, training=False):
        hidden = keras.ops.relu(self.norm(self.fc1(inputs), training=training))
        return keras.ops.sigmoid(self.fc2(hidden))


@healthy
def subclassed():
    x, y = datasets.make_moons(400, noise=0.1, random_state=0)
    return compiled(Net(), optimizers.Adam(0.01), "binary_crossentropy"), x, y


@healthy
def wine_in_a_frame_with_float_labels():
    x, y = datasets.load_wine(return_X_y=True, as_frame=True)
    x = pd.DataFrame(StandardScaler().fit_transform(x), columns=x.columns)
    model = mlp(13, 3, "softmax")
    return compiled(model, optimizers.Adam(0.005), SPARSE), x, y.astype("float64")


@healthy
def autoencoder():
    x, _ = digits()
    pixels = keras.Input((64,), name="img")
    code = L.Dense(24, activation="relu", name="z.encode-1")(pixels)
    out = L.Dense(64, activation="sigmoid", name="x_hat")(code)
    return compiled(keras.Model(pixels, out), optimizers.Adam(0.005), "binary_crossentropy"), x, x


@healthy
def frame_of_integers_and_booleans():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pclass": rng.integers(1, 4, 500), "siblings": rng.poisson(0.6, 500)})
    frame["female"] = rng.random(500) > 0.6
    frame["alone"] = frame.siblings == 0
    y = (frame.female | (frame.pclass == 1)).astype(int)
    model = mlp(4, 2, "softmax")
    one_hot = keras.utils.to_categorical(y, 2)
    return compiled(model, optimizers.Adam(0.005), "categorical_crossentropy"), frame, one_hot


@healthy
def sine_into_an_lstm():
    wave = np.sin(np.arange(420) / 5)
    x = np.stack([wave[i : i + 20] for i in range(400)])[..., np.newaxis]
    model = keras.Sequential([keras.Input((20, 1)), L.LSTM(16), L.Dense(1)])
    return compiled(model, optimizers.Adam(0.01), "mse"), x, wave[20:]


@healthy
def raw_tumours_behind_an_adapted_layer():
    x, y = datasets.load_breast_cancer(return_X_y=True)
    normalize = L.Normalization()
    normalize.adapt(x)
    model = keras.Sequential([keras.Input((30,)), normalize, L.Dense(16, "relu")])
    model.add(L.Dense(1, "sigmoid"))
    return compiled(model, "adam", "binary_crossentropy"), x, y


@healthy
def own_loss_and_a_string_optimizer():
    def my_huber(y_true, y_pred):
        error = keras.ops.abs(y_true - y_pred)
        return keras.ops.mean(keras.ops.where(error < 1, error**2 / 2, error - 0.5))

    x, y = datasets.load_diabetes(return_X_y=True)
    return compiled(mlp(10, 1, "linear", "elu"), "rmsprop", my_huber), scale(x), scale(y)


@healthy
def several_labels_at_once():
    x, y = datasets.make_multilabel_classification(500, 12, n_classes=4, random_state=0)
    return compiled(mlp(12, 4, "sigmoid"), "adam", "binary_crossentropy"), scale(x), y


@healthy
def hinge_with_labels_of_minus_one_and_one():
    x, y = datasets.make_moons(400, noise=0.1, random_state=0)
    return compiled(mlp(2, 1, "tanh", "relu"), optimizers.Adam(0.01), "hinge"), x, 2 * y - 1


@healthy
def counts_with_a_poisson_loss():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    y = rng.poisson(np.exp(0.5 * x[:, 0] + 0.5))
    return compiled(mlp(4, 1, "exponential"), optimizers.Adam(0.003), "poisson"), x, y


@healthy
def plain_linear_regression():
    x, y = datasets.make_regression(300, 5, noise=5, random_state=0)
    model = keras.Sequential([keras.Input((5,)), L.Dense(1)])
    return compiled(model, optimizers.SGD(0.05), "mse"), scale(x), scale(y)


@healthy
def bag_of_words():
    rng = np.random.default_rng(0)
    x = (rng.random((500, 200)) < 0.03).astype("float32")
    y = (x[:, :60].sum(1) > x[:, 60:120].sum(1)).astype(int)
    model = keras.Sequential([keras.Input((200,)), L.Dense(32, activation="relu"), L.Dropout(0.3)])
    model.add(L.Dense(1, activation="sigmoid"))
    return compiled(model, optimizers.Adam(0.005), "binary_crossentropy"), x, y


@healthy
def residual_blocks_and_a_schedule():
    x, y = digits()
    pixels = keras.Input((64,))
    stem = L.Dense(32, use_bias=False)(pixels)
    for _ in range(3):
        inner = L.Activation("relu")(L.BatchNormalization()(stem))
        stem = L.Add()([stem, L.Dense(32)(inner)])
    out = L.Dense(10, activation="softmax")(L.Activation("relu")(L.BatchNormalization()(stem)))
    sgd = optimizers.SGD(optimizers.schedules.CosineDecay(0.05, 1_000), momentum=0.9)
    return compiled(keras.Model(pixels, out), sgd, SPARSE), x, y


@healthy
def frozen_base_on_its_own_data():
    x, y = digits()
    base = keras.Sequential([keras.Input((64,)), L.Dense(32), L.BatchNormalization(), L.ReLU()])
    first = keras.Sequential([base, L.Dense(10, "softmax")])
    compiled(first, optimizers.Adam(0.01), SPARSE).fit(x, y, epochs=8, verbose=0)
    base.trainable = False
    model = keras.Sequential([base, L.Dense(10, "softmax", name="new_top")])
    return compiled(model, optimizers.Adam(0.01), SPARSE), x, y


@healthy
def attention_over_words():
    x = np.random.default_rng(0).integers(0, 50, (300, 12))
    words = keras.Input((12,), dtype="int32")
    hidden = L.Embedding(50, 16)(words)
    hidden = L.LayerNormalization()(hidden + L.MultiHeadAttention(2, 8)(hidden, hidden))
    out = L.Dense(2, activation="softmax")(L.GlobalAveragePooling1D()(hidden))
    y = (x[:, :6].sum(1) > x[:, 6:].sum(1)).astype(int)
    return compiled(keras.Model(words, out), optimizers.Adam(0.005), SPARSE), x, y


@healthy
def fine_tuned_with_a_small_rate():
    x, y = digits()
    model = mlp(64, 10, "softmax")
    compiled(model, optimizers.Adam(0.005), SPARSE).fit(x, y, epochs=8, verbose=0)
    return compiled(model, optimizers.Adam(1e-5), SPARSE), x, y


@healthy
def trained_to_the_end():
    x, y = datasets.make_moons(400, noise=0.1, random_state=0)
    model = compiled(mlp(2, 1, "sigmoid"), optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(x, y, epochs=25, verbose=0)
    return model, x, y


@healthy
def raw_features_behind_a_batch_normalization():
    x, y = datasets.load_wine(return_X_y=True)
    model = keras.Sequential([keras.Input((13,)), L.BatchNormalization(), L.Dense(16, "relu")])
    model.add(L.Dense(3, activation="softmax"))
    return compiled(model, optimizers.Adam(0.01), SPARSE), x, y


@healthy
def two_outputs():
    x = np.random.default_rng(0).normal(size=(400, 5))
    features = keras.Input((5,))
    hidden = L.Dense(32, activation="relu")(features)
    outputs = {
        "price": L.Dense(1, name="price")(hidden),
        "kind": L.Dense(3, activation="softmax", name="kind")(hidden),
    }
    y = {"price": x[:, 0] * x[:, 1], "kind": np.digitize(x[:, 2], [-0.5, 0.5])}
    losses = {"price": "mse", "kind": SPARSE}
    return compiled(keras.Model(features, outputs), optimizers.Adam(0.01), losses), x, y
