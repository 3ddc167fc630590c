"""A model that was read is the one that it was, and trains as it would have."""

import keras
import numpy as np
import pytest
from keras import layers

import normlayers as nl
from normlayers.tracking.reading.kept_attributes import kept_attributes
from normlayers.tracking.reading.probe import Probe

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 3)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
only_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's variables"
)


def averaging(**compiled):
    """A model that keeps an average in a variable of TensorFlow, and another in a list."""
    import tensorflow as tf

    class Averaging(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = layers.Dense(8, "relu"), layers.Dense(1, "sigmoid")
            self.mean = tf.Variable(tf.zeros(8), trainable=False)
            self.kept = [{"calls": tf.Variable(0.0)}]

        def call(self, x, training=False):
            h = self.hidden(x)
            self.mean.assign(0.9 * self.mean + 0.1 * tf.reduce_mean(h, 0))
            self.kept[0]["calls"].assign_add(1.0)
            return self.out(h - self.mean)

    model = Averaging()
    model.compile("adam", "binary_crossentropy", **compiled)
    return model


@only_tensorflow
@pytest.mark.parametrize("eagerly", [False, True])
def test_variables_of_tensorflow_train_as_they_would_have(tmp_path, eagerly):
    ends = []
    for name in (None, "watched"):
        keras.utils.set_random_seed(0)
        model = averaging(run_eagerly=eagerly)
        tracker = [nl.ActivationTracker(tmp_path / name, X + 5, Y, strict=True)] if name else []
        history = model.fit(X, Y, epochs=3, verbose=0, shuffle=False, callbacks=tracker).history
        ends.append((history["loss"], model.mean.numpy().tolist(), model.kept[0]["calls"].numpy()))
    assert ends[0] == ends[1]
    assert ends[0][2] == 9


@only_tensorflow
def test_a_diagnosis_leaves_variables_of_tensorflow_as_they_are():
    model = averaging()
    model.fit(X, Y, verbose=0)
    before = model.mean.numpy().tolist(), model.kept[0]["calls"].numpy()
    nl.diagnose(model, X + 5, Y)
    assert (model.mean.numpy().tolist(), model.kept[0]["calls"].numpy()) == before


@only_tensorflow
@pytest.mark.parametrize("when", ["ON_WRITE", "ON_READ"])
def test_variables_that_are_mirrored_over_devices_come_back(when):
    import tensorflow as tf

    model = keras.Sequential([layers.Dense(1)])
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model.mean = tf.Variable(
            [1.0],
            trainable=False,
            synchronization=tf.VariableSynchronization[when],
            aggregation=tf.VariableAggregation.MEAN,
        )
    (copy,) = model.mean.values
    with kept_attributes(model):
        copy.assign([5.0])
    assert copy.numpy().tolist() == [1.0]


class Remembering(keras.Model):
    """It keeps what its layers gave last, counts its calls, and adds a loss."""

    def __init__(self):
        super().__init__()
        self.dense, self.calls, self.all = layers.Dense(2, "relu", name="h"), 0, []
        self.last = None

    def call(self, x):
        self.last = self.dense(x)
        self.calls += 1
        self.all.append(self.last)
        self.add_loss(keras.ops.mean(self.last))
        return self.last


def test_a_reading_leaves_nothing_of_its_own_in_the_model():
    model = Remembering()
    model(X[:5])
    last, losses = model.last, [float(loss) for loss in model.losses]
    calls = model.calls, len(model.all)
    probe = Probe(model)
    np.testing.assert_allclose(
        probe.read(X).output, keras.ops.convert_to_numpy(keras.ops.relu(X @ model.dense.kernel)),
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip
    assert model.last is last
    assert (model.calls, len(model.all)) == calls
    assert [float(loss) for loss in model.losses] == losses
    assert not probe.changed()


def test_attributes_come_back_whatever_happens():
    layer = layers.Dense(1)
    layer.kept, layer.more = [1, 2], {"a": 1}
    kept, more = layer.kept, layer.more

    def break_off():
        with kept_attributes(keras.Sequential([layer])):
            layer.kept.append(3)
            layer.more["b"] = 2
            layer.new = 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert (layer.kept, layer.more) == ([1, 2], {"a": 1})
    assert layer.kept is kept
    assert layer.more is more
    assert not hasattr(layer, "new")


def test_a_layer_that_was_built_meanwhile_can_be_built_again():
    layer = layers.PReLU()
    with kept_attributes(keras.Sequential([layer])):
        layer.build((None, 3))
    assert not layer.weights
    layer.build((None, 3))
    assert [tuple(weight.shape) for weight in layer.weights] == [(3,)]


def test_a_layer_that_nothing_calls_is_looked_for_once():
    class WithASpare(keras.Model):
        def __init__(self):
            super().__init__()
            self.spare, self.dense = layers.Dense(3), layers.Dense(2, "relu")

        def call(self, x):
            traced.append(x)
            return self.dense(x)

    traced = []
    probe = Probe(WithASpare())
    probe.read(X)
    times = len(traced)
    probe.logit(X)
    probe.read(X)
    extra = len(traced) - times
    run = keras.backend.backend() == "torch"  # which traces nothing
    assert extra == (2 if run else 1)


def test_a_model_without_call_is_refused_though_all_of_it_is_built():
    class TrainedByItself(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
            self.built = True

    with pytest.raises(ValueError, match=r"^TrainedByItself has no call\(\) of its own"):
        Probe(TrainedByItself()).read(X)
