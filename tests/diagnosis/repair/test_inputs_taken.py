"""What takes an input decides what may be done to its numbers."""

import keras
import numpy as np
import pytest
from keras import ops

import normlayers as nl
from normlayers.diagnosis.diagnose import look
from normlayers.diagnosis.repair.cures import inputs
from normlayers.diagnosis.repair.rebuild import build
from tests.diagnosis.repair.made import found, given, numbers, values

layers = keras.layers
RNG = np.random.default_rng(0)
# The first token is always the same, the last one is padding.
IDS = RNG.integers(1, 50, (80, 12))
IDS[:, 0], IDS[:, -1] = 7, 0
LENGTHS = RNG.integers(5, 16, 80)
KEPT = np.arange(15) < LENGTHS[:, None]
STEPS = (RNG.normal(500, 100, (80, 15, 3)) * KEPT[..., None]).astype("float32")
SCALING = [
    inputs.standardize,
    inputs.min_max_scale,
    inputs.cut_off_outliers,
    inputs.fill_missing,
]
Y = (IDS[:, 1] > 25).astype("int64")


def compiled(model):
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    return model


def of_ids(*front):
    """A model of tokens, with this first."""
    keras.utils.set_random_seed(0)
    tokens = keras.Input((12,), dtype="int32")
    hidden = tokens
    for layer in front:
        hidden = layer(hidden)
    if len(hidden.shape) > 2:
        hidden = layers.GlobalAveragePooling1D()(hidden)
    return compiled(keras.Model(tokens, layers.Dense(1, "sigmoid")(hidden)))


def embedding():
    return layers.Embedding(61, 4)


class Tokens(layers.Layer):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.embedding = embedding()

    def call(self, x):
        return self.embedding(x)


class Coded(layers.Layer):
    """What it does with numbers is not to be seen from outside."""

    def call(self, x):
        return ops.one_hot(ops.cast(x, "int32"), 61)


class Table(layers.Layer):
    def build(self, input_shape):
        self.table = self.add_weight(shape=(61, 4), name="table")

    def call(self, x):
        return ops.take(self.table, ops.cast(x, "int32"), axis=0)


class FirstLookedUp(Table):
    """One column names a thing, the others are amounts."""

    def call(self, x):
        return ops.concatenate([super().call(x[:, 0]), x[:, 1:]], axis=-1)


class Noisy(layers.Layer):
    """What it gives for two rows differs, though they are alike."""

    def build(self, input_shape):
        self.seed = keras.random.SeedGenerator(0)

    def call(self, x):
        noise = keras.random.normal(ops.shape(x), seed=self.seed)
        return ops.cast(ops.cast(x, "int32"), "float32") + noise


class Product(layers.Layer):
    """A Dense of one's own."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 4), name="kernel")

    def call(self, x):
        return ops.relu(ops.matmul(x, self.kernel))


class OwnModel(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.embedding, self.last = embedding(), layers.Dense(1, "sigmoid")

    def call(self, x):
        return self.last(ops.mean(self.embedding(x), 1))


class OwnModelOfNumbers(keras.Model):
    def __init__(self, *front, **arguments):
        super().__init__(**arguments)
        self.front, self.last = list(front), layers.Dense(1, "sigmoid")

    def call(self, x):
        for layer in self.front:
            x = layer(x)
        return self.last(x)


def own_model(model, x=IDS):
    model(x[:1])
    return compiled(model)


READERS = {
    "embedding": lambda: of_ids(embedding()),
    "reversible embedding": lambda: of_ids(
        getattr(layers, "ReversibleEmbedding", layers.Embedding)(61, 4)
    ),
    "nested": lambda: of_ids(keras.Sequential([keras.Input((12,), dtype="int32"), embedding()])),
    "own layer": lambda: of_ids(Tokens()),
    "own model": lambda: own_model(OwnModel()),
    "own one hot": lambda: of_ids(Coded()),
    "own table": lambda: of_ids(Table()),
    "own table of one column": lambda: of_ids(FirstLookedUp()),
    "own rounding with noise": lambda: of_ids(Noisy()),
    "own model of one hot": lambda: own_model(OwnModelOfNumbers(Coded(), layers.Flatten())),
    "lambda": lambda: of_ids(layers.Lambda(lambda x: ops.one_hot(x, 61), output_shape=(12, 61))),
    "cast": lambda: of_ids(lambda x: ops.cast(x, "int32"), embedding()),
    "one hot": lambda: of_ids(lambda x: ops.one_hot(x, 61)),
    "reshaped": lambda: of_ids(layers.Reshape((12,)), embedding()),
    "encoding": lambda: of_ids(layers.CategoryEncoding(61, "multi_hot")),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("x", [IDS, IDS.astype("float32")], ids=["int", "float"])
@pytest.mark.parametrize("cure", [*SCALING, inputs.take_constants_away])
def test_names_of_things_are_not_scaled(name, x, cure):
    other = given(READERS[name](), x, Y)
    assert cure(other.plan(), other, "constant_feature", []) is None


def test_amounts_that_are_whole_numbers_are_scaled():
    """Also where something is looked up further on, of what a layer made of them."""
    keras.utils.set_random_seed(0)
    amounts = keras.Input((12,))
    hidden = layers.Dense(8, "tanh")(amounts)
    looked_up = layers.Flatten()(Tokens()(ops.cast(hidden > 0, "int32")))
    last = layers.Dense(1, "sigmoid")(layers.Concatenate()([hidden, looked_up]))
    model = compiled(keras.Model(amounts, last))
    done = nl.repair(model, IDS, Y, found("inputs_not_scaled"), trials=2)
    assert [change.fault for change in done.changes] == ["inputs_not_scaled"]


def test_whole_numbers_that_a_model_of_ones_own_computes_with_are_scaled():
    """It is seen to tell fractions, in a run that changes nothing of the model."""
    keras.utils.set_random_seed(0)
    pixels = RNG.integers(0, 256, (80, 6, 6, 1)).astype("float32")
    for x, *front in (
        (pixels, layers.Conv2D(2, 3), layers.Flatten()),
        (IDS.astype("float32"), layers.Dense(4, "relu")),
        (IDS.astype("float32"), Product()),
        (IDS.astype("float32")[:, 0], layers.Reshape((1,)), Product()),
        (IDS, layers.Rescaling(0.1), layers.Dense(4, "relu")),
    ):
        model = own_model(OwnModelOfNumbers(*front), x)
        before, other = values(model.variables), given(model, x, Y)
        assert inputs.standardize(other.plan(), other, "inputs_not_scaled", []) is not None
        for old, new in zip(before, values(model.variables), strict=True):
            np.testing.assert_array_equal(old, new)


class Brighter(layers.Layer):
    def call(self, x):
        return x * 2


def test_pixels_that_code_of_ones_own_takes_are_scaled():
    keras.utils.set_random_seed(0)
    pixels = RNG.integers(0, 256, (80, 6, 6, 1)).astype("uint8")
    front = Brighter(), layers.Conv2D(2, 3), layers.Flatten()
    model = compiled(keras.Sequential([keras.Input((6, 6, 1)), *front, layers.Dense(1, "sigmoid")]))
    other = given(model, pixels, Y)
    assert inputs.standardize(other.plan(), other, "inputs_not_scaled", []) is not None


def of_steps(*front):
    keras.utils.set_random_seed(0)
    last = layers.Dense(1, "sigmoid")
    return compiled(keras.Sequential([keras.Input((15, 3)), *front, layers.LSTM(4), last]))


def test_of_two_inputs_only_the_masked_one_is_scaled_behind():
    keras.utils.set_random_seed(0)
    steps, rows = keras.Input((15, 3), name="steps"), keras.Input((4,), name="rows")
    masked = layers.LSTM(4)(layers.Masking(0.0, name="masking")(steps))
    last = layers.Dense(1, "sigmoid")(layers.Concatenate()([masked, layers.Dense(4)(rows)]))
    x = [STEPS, RNG.normal(300, 50, (80, 4)).astype("float32")]
    other = given(compiled(keras.Model([steps, rows], last)), x, Y)
    plan = inputs.standardize(other.plan(), other, "inputs_not_scaled", [])
    (change,) = plan.changes
    assert change.done == "An adapted Standardize stands in front and behind 'masking'."
    scalings = {layer.name: layer for layer in build(plan, other).layers}
    for index, rows_of in enumerate((STEPS[KEPT], x[1])):
        mean = scalings[f"standardize_{index}"].mean.ravel()
        np.testing.assert_allclose(mean, rows_of.mean(0), rtol=1e-5)


@pytest.mark.parametrize("cure", SCALING)
def test_behind_a_mask_without_the_padding(cure):
    other = given(of_steps(layers.Masking(0.0, name="masking")), STEPS, Y)
    plan = cure(other.plan(), other, "inputs_not_scaled", [])
    assert cure(plan, other, "inputs_not_centred", []) is None  # once is enough
    assert "behind 'masking'" in plan.changes[0].done
    masking, scaling, *_, lstm, _ = build(plan, other).layers
    assert isinstance(masking, layers.Masking)
    if cure is inputs.standardize:
        np.testing.assert_allclose(scaling.mean.ravel(), STEPS[KEPT].mean(0), rtol=1e-5)
        np.testing.assert_allclose(scaling.variance.ravel(), STEPS[KEPT].var(0), rtol=1e-5)
    if cure is inputs.min_max_scale:
        np.testing.assert_allclose(scaling.minimum.ravel(), STEPS[KEPT].min(0), rtol=1e-5)
    short = STEPS[LENGTHS <= 10]
    padded, cut = (lstm(scaling(masking(part))) for part in (short, short[:, :10]))
    np.testing.assert_allclose(numbers(padded), numbers(cut), atol=1e-5)


def test_constants_are_taken_away_behind_a_mask():
    """And what takes them away has nothing to be adapted to."""
    steps = ((STEPS - 500) / 100 * KEPT[..., None]).astype("float32")
    steps[..., 1] = np.where(KEPT, 300, 0)
    other = given(of_steps(layers.Masking(0.0)), steps, Y)
    plan = inputs.take_constants_away(other.plan(), other, "constant_feature", ["x"])
    model = compiled(build(plan, other))
    masking, taking, *_ = model.layers
    taken = numbers(taking(masking(steps)))
    np.testing.assert_allclose(taken[KEPT], steps[KEPT] * [1, 0, 1], atol=1e-6)
    assert look(model, steps, Y, trials=False).errors == []


def test_padding_does_not_count_in_a_diagnosis():
    (finding,) = nl.diagnose(of_steps(layers.Masking(0.0)), STEPS, Y).of("inputs_not_scaled")
    assert finding.evidence["largest"] == pytest.approx(100, rel=0.15)
    assert "behind the Masking" in finding.cure
    scaling = nl.Standardize(mean=[500] * 3, variance=[1e4] * 3)
    assert nl.diagnose(of_steps(layers.Masking(0.0), scaling), STEPS, Y).errors == []


def test_padding_that_is_masked_elsewhere_stays_as_it_is():
    inner = keras.Sequential([keras.Input((15, 3)), layers.Masking(0.0), layers.LSTM(4)])
    last = layers.Dense(1, "sigmoid")
    model = compiled(keras.Sequential([keras.Input((15, 3)), inner, last]))
    other = given(model, STEPS, Y)
    assert inputs.standardize(other.plan(), other, "inputs_not_scaled", []) is None


def test_numbers_for_bins_are_not_said_to_be_whole():
    incomes = (RNG.normal(size=(80, 1)) * 100).astype("float32")
    income = keras.Input((1,))
    bins = layers.Discretization(bin_boundaries=[-50.0, 50.0], output_mode="one_hot")(income)
    hidden = layers.Dense(4, "tanh")(layers.Concatenate()([bins, income]))
    model = compiled(keras.Model(income, layers.Dense(1, "sigmoid")(hidden)))
    done = nl.repair(model, incomes, Y, found("inputs_not_scaled"), trials=1, epochs=1)
    (said,) = [remark for remark in done.remarks if "was not scaled" in remark]
    assert "bins" in said
    assert "whole numbers" not in said
