"""``nl.adapt``: several layers, one pass, from whatever has named columns."""

import keras
import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(3)
AGE = RNG.integers(18, 90, size=40)
INCOME = RNG.normal(size=40) * 1e4 + 5e4
NAMES = [f"person {row}" for row in range(40)]


def frame(library):
    module = pytest.importorskip(library)
    return module.DataFrame({"age": AGE, "income": INCOME, "name": NAMES})


def dataset(**options):
    tf = pytest.importorskip("tensorflow")
    data = {"age": AGE, "income": INCOME, "name": NAMES}
    return tf.data.Dataset.from_tensor_slices((data, AGE) if options else data)


SOURCES = {
    "pandas": lambda: frame("pandas"),
    "polars": lambda: frame("polars"),
    "pandas batches with labels": lambda: [(frame("pandas")[:9], 0), (frame("pandas")[9:], 0)],
    "dict of columns": lambda: {"age": AGE, "income": INCOME, "name": NAMES},
    "dict of lists": lambda: {"age": AGE.tolist(), "income": INCOME.tolist()},
    "dict with labels": lambda: ({"age": AGE, "income": INCOME[:, None]}, AGE),
    "dict, labels and weights": lambda: ({"age": AGE, "income": INCOME}, AGE, AGE),
    "frame with labels": lambda: (frame("pandas"), frame("pandas")[["age"]]),
    "tf.data of single rows": dataset,
    "labelled tf.data of single rows": lambda: dataset(labelled=True),
    "tf.data": lambda: dataset(labelled=True).batch(7),
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_of_named_columns(name):
    layers = {"age": nl.Standardize(), "income": nl.MinMaxScale()}
    nl.adapt(layers, SOURCES[name]())
    assert layers["age"].mean.size == 1
    np.testing.assert_allclose(layers["age"].mean.ravel(), [AGE.mean()], rtol=1e-12)
    np.testing.assert_allclose(layers["age"].variance.ravel(), [AGE.var()], rtol=1e-6)
    np.testing.assert_allclose(layers["income"].minimum.ravel(), [INCOME.min()], rtol=1e-12)
    assert layers["income"].count == 40


def test_a_model_takes_the_columns_as_the_layers_did():
    layers = {"age": nl.Standardize(), "income": nl.Standardize()}
    nl.adapt(layers, frame("pandas"))
    inputs = {key: keras.Input((1,), name=key) for key in layers}
    joined = keras.layers.Concatenate()([layers[key](inputs[key]) for key in layers])
    model = keras.Model(inputs, joined)
    columns = {"age": AGE.astype("float32"), "income": INCOME.astype("float32")}
    y = model.predict(columns, verbose=0)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-4)


def test_times_and_missing_values_of_a_frame():
    pandas = pytest.importorskip("pandas")
    data = pandas.DataFrame(
        {
            "when": pandas.to_datetime(["2024-01-01", "2024-01-03", None]),
            "visits": pandas.array([3, pandas.NA, 5], dtype="Int64"),
        }
    )
    layers = {key: nl.Standardize(missing="ignore") for key in data}
    nl.adapt(layers, data)
    assert layers["when"].mean.ravel().tolist() == [1_704_067_200 + 86_400]
    assert layers["visits"].mean.ravel().tolist() == [4.0]
    with pytest.raises(ValueError, match=r"adapt\(\): 'visits': feature 0 has 1 NaN"):
        nl.adapt({"visits": nl.Standardize()}, data)


def test_text_names_its_column():
    with pytest.raises(TypeError, match="'person 0' of type str in column 'name'"):
        nl.adapt({"name": nl.Standardize()}, frame("pandas"))


def test_sample_weight_for_all_columns():
    weight = RNG.integers(0, 3, size=40)
    for given in (weight, [weight[:25], weight[25:]], iter([weight[:25], weight[25:]])):
        layers = {"age": nl.Standardize(), "income": nl.Standardize()}
        data = {"age": AGE, "income": INCOME}
        if given is not weight:
            data = [{key: part[rows] for key, part in data.items()} for rows in SPLIT]
        nl.adapt(layers, data, sample_weight=given)
        for key, column in {"age": AGE, "income": INCOME}.items():
            expected = np.repeat(column.astype(float), weight).mean()
            np.testing.assert_allclose(layers[key].mean.ravel(), [expected], rtol=1e-7)


SPLIT = (slice(0, 25), slice(25, 40))


def test_a_mask_of_one_column():
    steps = RNG.normal(size=(40, 5, 2))
    mask = RNG.random((40, 5)) < 0.5
    layers = {"steps": nl.Standardize(dtype="float32"), "age": nl.Standardize()}
    nl.adapt(layers, {"steps": steps, "age": AGE}, mask={"steps": mask})
    np.testing.assert_allclose(
        layers["steps"].mean.ravel(), steps[mask].mean(axis=0), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_allclose(layers["age"].mean.ravel(), [AGE.mean()], rtol=1e-12)
    with pytest.raises(KeyError, match="mask has a key 'step'; the layers have 'steps', 'age'"):
        nl.adapt(layers, {"steps": steps, "age": AGE}, mask={"step": mask})


def test_weights_that_do_not_fit_name_the_column():
    layers = {"age": nl.Standardize()}
    for rows, says in ((39, "end before the data"), (41, "more weights than data")):
        with pytest.raises(ValueError, match=rf"adapt\(\): 'age': .*{says}"):
            nl.adapt(layers, {"age": AGE}, sample_weight=np.ones(rows))
    assert not layers["age"].built


def test_sparse_columns_are_not_made_dense():
    sparse = pytest.importorskip("scipy.sparse")
    words = sparse.random(40, 6, density=0.4, format="csr", random_state=0)
    layer = nl.Standardize(center=False)
    nl.adapt({"words": layer}, {"words": words})
    np.testing.assert_allclose(layer.variance.ravel(), words.toarray().var(axis=0), rtol=1e-6)
    with pytest.raises(ValueError, match=r"adapt\(\): 'words': centring sparse data"):
        nl.adapt({"words": nl.Standardize()}, {"words": words})


SHARED = nl.Standardize(name="shared")


@pytest.mark.parametrize(
    ("layers", "error", "says"),
    [
        (SHARED, TypeError, r"a mapping .*Received: the layer 'shared'; call shared.adapt\(data\)"),
        ([SHARED], TypeError, "a mapping .*Received: list"),
        ({}, ValueError, "at least one layer"),
        (
            {"a": keras.layers.Normalization()},
            TypeError,
            "Received: Normalization for 'a'; Standardize takes the place",
        ),
        ({"a": keras.layers.Dense(1)}, TypeError, "Received: Dense for 'a'"),
        ({"a": None}, TypeError, "Received: NoneType for 'a'"),
        ({"a": SHARED, "b": SHARED}, ValueError, "layer 'shared' for 'a' and for 'b'"),
        ({"a": nl.Standardize(mean=0.0, variance=1.0)}, RuntimeError, "given its statistics"),
    ],
)
def test_refuses_what_is_no_mapping_to_layers(layers, error, says):
    with pytest.raises(error, match=says):
        nl.adapt(layers, {"a": AGE, "b": AGE})
    assert not SHARED.built


def test_sparse_tensors_are_refused():
    tf = pytest.importorskip("tensorflow")
    tensor = tf.sparse.from_dense([[0.0, 1.0], [2.0, 0.0]])
    for data in (tensor, tf.data.Dataset.from_tensors(tensor)):
        with pytest.raises(TypeError, match=r"Standardize.adapt\(\): sparse tensors"):
            nl.Standardize(center=False).adapt(data)


def test_a_layer_of_its_own_takes_lists_and_times():
    layer = nl.Standardize()
    layer.adapt([[1, 2], [3, 6]])
    assert layer.mean.ravel().tolist() == [2.0, 4.0]
    layer = nl.MinMaxScale()
    layer.adapt(np.array([["1970-01-01"], ["1970-01-02"]], "datetime64[D]"))
    assert layer.maximum.ravel().tolist() == [86_400.0]


@pytest.mark.parametrize("unit", ["D", "ns"])
@pytest.mark.parametrize("kind", [nl.Standardize, nl.MinMaxScale])
def test_no_layer_computes_with_dates_in_whatever_unit_they_come(kind, unit):
    dates = np.array([["2020-01-01"], ["2021-01-01"]], f"datetime64[{unit}]")
    spans = dates - dates.min()
    pandas = pytest.importorskip("pandas")
    column = pandas.DataFrame({"when": dates[:, 0]})
    for given in (dates, spans, column, column["when"]):
        layer = kind(axis=None)
        layer.adapt(given)
        with pytest.raises(TypeError, match=r"takes numbers. Received: .* of dates"):
            layer(given)
    seconds = (dates - np.datetime64(0, "s")) / np.timedelta64(1, "s")
    layer = kind(axis=None)
    layer.adapt(dates)
    ends = [-1, 1] if kind is nl.Standardize else [0, 1]
    np.testing.assert_allclose(np.asarray(layer(seconds)).ravel(), ends, atol=1e-6)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_batch_by_batch_from_frames_and_sparse_matrices(library):
    columns = frame(library)[["age", "income"]]
    layer = nl.Standardize()
    layer.update_state(columns[:25])
    layer.update_state(columns[25:])
    layer.finalize_state()
    np.testing.assert_allclose(layer.mean.ravel(), [AGE.mean(), INCOME.mean()], rtol=1e-12)
    with pytest.raises(TypeError, match=r"update_state\(\): .*in column 'name'"):
        layer.update_state(frame(library)[["age", "name"]])
    sparse = pytest.importorskip("scipy.sparse")
    layer.update_state(sparse.csr_array(columns.to_numpy()))
    layer.finalize_state()
    assert layer.count == 80
