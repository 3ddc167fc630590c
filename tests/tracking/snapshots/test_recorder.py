"""Snapshots of models whose answers are computed from their weights, in NumPy."""

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.explorer.runs import FolderRuns
from normlayers.explorer.snapshot import decode

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(40, 2)) + 3).astype("float32")
Y = (np.arange(40) % 2).astype("float32")


def dense(width, activation=None, name=None):
    return keras.layers.Dense(width, activation, name=name, bias_initializer="random_normal")


def network(*layers, inputs=2):
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((inputs,)), *layers])


def weights(layer):
    return [keras.ops.convert_to_numpy(w).astype(float) for w in layer.weights]


def observe(folder, model, x=X, y=Y, **options):
    tracker = nl.ActivationTracker(folder / "run", x, y, strict=True, **options)
    tracker.observe(model, 0)
    tracker.close()
    meta, (snapshot,) = FolderRuns(folder / "run").read(".")
    return meta, *decode(snapshot)


def test_which_points_light_which_neurons(tmp_path):
    model = network(dense(3, "relu", "h"), dense(1, "sigmoid", "out"))
    kernel, bias, out_kernel, out_bias = weights(model)
    z = X @ kernel + bias
    logit = np.maximum(z, 0) @ out_kernel + out_bias
    probability = 1 / (1 + np.exp(-logit))

    meta, header, found = observe(tmp_path, model)
    assert np.array_equal(found["active/h"], z > 0)
    assert np.array_equal(found["active/out"], logit > 0)
    level = np.maximum(z, 0).max() / 255
    assert found["value/h"] == pytest.approx(np.maximum(z, 0), abs=level)
    assert found["prediction"] == pytest.approx(probability, abs=1e-5)
    share = (z > 0).mean(axis=0)
    assert found["share/h"] == pytest.approx(share)
    expected = [np.mean(share == 0), np.mean(share == 1), np.mean((share > 0) & (share < 1))]
    assert found["state/h"][:3] == pytest.approx(expected)
    assert np.isnan(found["state/h"][3])
    for name, array in zip(("kernel/h", "bias/h"), (kernel, bias), strict=True):
        assert found[name] == pytest.approx(array)

    left, right, bottom, top = header["extent"]
    rows, columns = found["boundary"].shape
    u, v = np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows))
    grid = np.stack([u.ravel(), v.ravel()], axis=1)
    grid_logit = np.maximum(grid @ kernel + bias, 0) @ out_kernel + out_bias
    on_grid = 1 / (1 + np.exp(-grid_logit.reshape(rows, columns)))
    assert found["boundary"] == pytest.approx(on_grid, abs=1 / 255)

    assert [layer["inputs"] for layer in meta["layers"]] == ["", "h"]
    assert [layer["role"] for layer in meta["layers"]] == ["hidden", "output"]
    assert [layer["activation"] for layer in meta["layers"]] == ["relu", "sigmoid"]
    assert meta["points"]["position"] == pytest.approx(X, rel=1e-4)
    assert meta["points"]["labels"] == Y.astype(int).tolist()
    assert meta["points"]["classes"] == ["0", "1"]


@pytest.mark.parametrize(("features", "boundary"), [(1, "auto"), (5, "auto"), (5, "principal")])
def test_inputs_are_those_of_the_model_and_axes_those_of_the_plane(tmp_path, features, boundary):
    x = RNG.normal(size=(40, features)).astype("float32")
    model = network(dense(3, "relu", "h"), dense(1), inputs=features)
    meta, _, found = observe(tmp_path, model, x, boundary=boundary)
    assert meta["points"]["features"] == features == len(found["kernel/h"])
    assert "feature_names" not in meta["points"]
    if boundary == "principal":
        assert all("component" in axis for axis in meta["points"]["axes"])


def test_inputs_have_the_names_of_a_tables_columns(tmp_path):
    pandas = pytest.importorskip("pandas")
    model = network(dense(3, "relu", "h"), dense(1))
    points = observe(tmp_path / "named", model, pandas.DataFrame(X, columns=["age", "pay"]))[0][
        "points"
    ]
    assert points["feature_names"] == points["axes"] == ["age", "pay"]
    points = observe(tmp_path / "numbered", model, pandas.DataFrame(X))[0]["points"]
    assert "feature_names" not in points
    assert points["axes"] == ["x0", "x1"]


def test_several_inputs_and_images_have_no_number_of_features(tmp_path):
    a, b = keras.Input((2,)), keras.Input((3,))
    left, right = dense(3, "relu", "left")(a), dense(2, "relu", "right")(b)
    out = dense(1, name="out")(keras.layers.Concatenate()([left, right]))
    x = [X, np.ones((40, 3), "float32")]
    meta, *_ = observe(tmp_path / "two", keras.Model([a, b], out), x)
    assert meta["points"]["features"] is None
    assert {n["name"]: n["fed_by"] for n in meta["layers"]} == {
        "left": [""],
        "right": [""],
        "out": ["left", "right"],
    }
    images = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, name="c")])
    meta, *_ = observe(tmp_path / "images", images, np.ones((40, 6, 6, 1), "float32"), None)
    assert meta["points"]["features"] is None


@pytest.mark.parametrize("between", ["standardize", "batch normalization"])
def test_a_neurons_line_is_in_the_input_space(tmp_path, between):
    layer = nl.Standardize() if between == "standardize" else nl.BatchNormalization()
    if between == "standardize":
        layer.adapt(X)
        layers = [layer, dense(3, "relu", "h")]
    else:
        layers = [dense(3), layer, keras.layers.ReLU(name="h")]
    meta, _, found = observe(tmp_path, network(*layers, dense(1, "sigmoid")))
    z = X @ found["kernel/h"] + found["bias/h"]
    sure = np.abs(z) > 1e-4
    assert np.array_equal((z > 0)[sure], found["active/h"][sure])
    assert sure.mean() > 0.9
    (line,) = [layer for layer in meta["layers"] if layer["name"] == "h"]
    assert line["inputs"] == ""


def test_wide_layers_and_many_points_are_sampled(tmp_path):
    x = RNG.normal(size=(1_500, 20)).astype("float32")
    model = network(dense(300, "relu", "h"), dense(3, "softmax", "out"), inputs=20)
    kernel, bias, *_ = weights(model)
    meta, _, found = observe(tmp_path, model, x, None, snapshots=20_000)
    rows, (hidden, _) = meta["points"]["shown"], [layer["shown"] for layer in meta["layers"]]
    assert (len(rows) < 1_500, len(hidden) < 300) == (True, True)
    assert (meta["points"]["total"], meta["layers"][0]["neurons"]) == (1_500, 300)
    z = x @ kernel + bias
    sure = np.abs(z) > 1e-4
    chosen = np.ix_(rows, hidden)
    assert np.array_equal(found["active/h"][sure[chosen]], (z > 0)[chosen][sure[chosen]])
    assert found["share/h"] == pytest.approx((z > 0).mean(axis=0)[hidden], abs=2 / 1_500)
    assert found["state/h"][0] == pytest.approx(np.mean((z > 0).mean(axis=0) == 0), abs=0.02)
    assert "kernel/h" not in found
    assert meta["points"]["position"] is None
    assert (meta["points"]["labels"], meta["points"]["classes"]) == (None, None)


def test_several_classes_have_regions(tmp_path):
    model = network(dense(4, "tanh"), dense(3, "softmax"))
    _, header, found = observe(tmp_path, model)
    rows, columns = found["classes"].shape
    left, right, bottom, top = header["extent"]
    u, v = np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows))
    grid = np.stack([u.ravel(), v.ravel()], axis=1)
    kernel, bias, out_kernel, out_bias = weights(model)
    predicted = (np.tanh(grid @ kernel + bias) @ out_kernel + out_bias).argmax(axis=1)
    assert np.mean(np.rint(found["classes"]).ravel() == predicted) > 0.999


def test_positions_of_a_convolution_are_of_one_point(tmp_path):
    x = RNG.normal(size=(9, 6, 6, 1)).astype("float32")
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(2, 3, activation="relu", name="conv"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((6, 6, 1)), *layers, dense(1, "sigmoid")])
    with pytest.warns(UserWarning, match="linearity"):
        _, _, found = observe(tmp_path, model, x, None)
    outputs = keras.ops.convert_to_numpy(model.layers[0](x)).reshape(9, -1, 2)
    assert np.array_equal(found["active/conv"], (outputs > 0).any(axis=1))


def test_a_model_that_diverged_is_recorded_as_far_as_it_can_be(tmp_path):
    model = network(dense(3, "relu", "h"), dense(1, "sigmoid", "out"))
    kernel, *others = model.get_weights()
    model.set_weights([np.full_like(kernel, np.nan), *others])
    meta, _, found = observe(tmp_path, model)
    assert np.isnan(found["prediction"]).all()
    assert np.isnan(found["state/h"]).all()
    assert not {"value/h", "boundary"} & set(found)
    assert len(meta["points"]["position"]) == 40


def test_what_describes_the_run_is_written_when_it_is_news(tmp_path):
    tracker = nl.ActivationTracker(tmp_path / "run", X, Y, strict=True)
    model = network(dense(3, "relu", "h"), dense(1, "sigmoid", "out"))
    for step in range(3):
        tracker.observe(model, step)
    other = network(dense(5, "relu", "h"), dense(1, "sigmoid", "out"))
    tracker.observe(other, 3)
    tracker.close()
    tracker.observe(other, 4)
    tracker.close()
    meta, snapshots = FolderRuns(tmp_path / "run").read(".")
    assert meta["layers"][0]["neurons"] == 5
    widths = [decode(snapshot)[1]["active/h"].shape[1] for snapshot in snapshots]
    assert widths == [3, 3, 3, 5, 5]
    # The second file says it again.
    first, second = sorted((tmp_path / "run").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    first.unlink()
    assert FolderRuns(tmp_path / "run").read(".")[0]["steps"] == [4]
    assert second.exists()


@pytest.mark.parametrize("points", [1, 2])
def test_few_points_of_one_class(tmp_path, points):
    model = network(dense(3, "relu", "h"), dense(1, "sigmoid", "out"))
    with pytest.warns(UserWarning, match="linearity"):
        meta, _, found = observe(tmp_path, model, X[:points], np.zeros(points))
    assert found["active/h"].shape == (points, 3)
    assert meta["points"]["classes"] == ["0"]


def test_none_are_recorded_where_nobody_wants_them(tmp_path):
    model = network(dense(3, "relu"), dense(1, "sigmoid"))
    tracker = nl.ActivationTracker(tmp_path / "run", X, Y, strict=True, snapshots=False)
    tracker.observe(model, 0)
    tracker.close()
    assert FolderRuns(tmp_path / "run").read(".") is None


def test_an_observation_of_the_circle_is_small(tmp_path):
    x = RNG.normal(size=(166, 2)).astype("float32")
    model = network(dense(2, "relu"), dense(1, "sigmoid"))
    sizes = {}
    for snapshots in ("auto", False):
        folder = tmp_path / str(snapshots)
        tracker = nl.ActivationTracker(folder, x, strict=True, snapshots=snapshots)
        for step in range(10):
            tracker.observe(model, step)
        tracker.close()
        sizes[snapshots] = sum(path.stat().st_size for path in folder.iterdir()) / 10
    assert sizes["auto"] - sizes[False] <= 6_000


def test_quantized_weights_are_left_out(tmp_path):
    model = network(dense(3, "relu", "h"), dense(1, "sigmoid", "out"))
    model.quantize("int8")
    _, _, found = observe(tmp_path, model)
    assert found["active/h"].shape == (40, 3)
    assert not [name for name in found if name.startswith("kernel")]


def test_whole_numbers_that_are_no_classes_make_no_names(tmp_path):
    y = np.where(Y > 0, 3_000_000, 5)
    meta, *_ = observe(tmp_path, network(dense(3, "relu"), dense(1)), y=y)
    assert meta["points"]["classes"] is None
    assert meta["points"]["labels"] == y.tolist()
    assert sum(path.stat().st_size for path in (tmp_path / "run").iterdir()) < 60_000


def test_up_to_hundreds_of_classes_have_names(tmp_path):
    meta, *_ = observe(tmp_path, network(dense(3, "relu"), dense(1)), y=np.arange(40) + 300)
    assert meta["points"]["classes"] == [str(c) for c in range(340)]


@pytest.mark.parametrize(("place", "spread"), [(1e4, 1.0), (-1e9, 1e4), (0.0, 1e-9), (1e-9, 1e-12)])
def test_positions_are_told_apart_wherever_they_are(tmp_path, place, spread):
    """To a part of what the points span, and in no more digits than that takes."""
    x = place + spread * RNG.normal(size=(40, 2))
    meta, *_ = observe(tmp_path, network(dense(2, "relu")), x)
    position = np.array(meta["points"]["position"])
    assert np.abs(position - x).max() < 1e-4 * np.ptp(x, axis=0).min()
    assert len(str(meta["points"]["position"])) < 40 * 2 * 30


def test_points_that_are_all_alike_have_a_position(tmp_path):
    meta, *_ = observe(tmp_path, network(dense(2, "relu")), np.full((40, 2), [1e4, -3.0]))
    assert meta["points"]["position"] == [[1e4, -3.0]] * 40


def test_more_classes_than_a_byte_has(tmp_path):
    x = RNG.uniform(-1, 1, size=(300, 2)).astype("float32")
    model = network(dense(300, "softmax", "out"))
    model.layers[-1].set_weights([np.zeros((2, 300)) + np.linspace(-300, 300, 300), np.zeros(300)])
    y = np.arange(300) % 300
    _, header, found = observe(tmp_path, model, x, y, snapshots=200_000)
    (section,) = [each for each in header["sections"] if each["name"] == "classes"]
    assert section["dtype"] == "f32"
    assert set(found["classes"].ravel().tolist()) >= {0.0, 299.0}


def test_what_the_view_needs_to_say_what_it_shows(tmp_path):
    """What outputs mean, what counts as dead, and whose activity is of positions."""
    conv = [keras.layers.Conv1D(2, 1, activation="relu", name="conv"), keras.layers.Flatten()]
    model = network(
        keras.layers.Reshape((2, 1)), *conv, dense(2, "relu", "h"), dense(1, name="out")
    )
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    meta, *_ = observe(tmp_path, model, tolerance=np.float32(0.25))
    assert (meta["prediction"], meta["tolerance"]) == ("logit", 0.25)
    assert {layer["name"]: layer.get("positions", False) for layer in meta["layers"]} == {
        "conv": True,
        "h": False,
        "out": False,
    }
