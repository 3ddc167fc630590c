"""Which pictures and films a run gets, and the room they take."""

import io
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

import normlayers as nl
from normlayers.experiments.two_neuron_circle.training import arm_data, build_model
from tests.tensorboard_reader import Read
from tests.tracking.watched_fit import fit


def test_films_have_a_frame_an_observation(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y, films=True), epochs=3)
    for name in ("boundary_input", "boundary_hidden", "network"):
        with Image.open(tmp_path / f"{name}.gif") as film:
            assert film.n_frames == 4


def test_pictures_follow_the_model(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y), epochs=1)
    first, last = (
        np.asarray(Image.open(io.BytesIO(value[2])).convert("RGB"))
        for value in Read(tmp_path).values("boundary/input")
    )
    assert (first != last).any()


def test_models_without_a_plane_get_no_boundary(points, tmp_path):
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(20, "tanh", name="wide"), keras.layers.Dense(3)]
    )
    model.compile("sgd", "mse")
    tracker = nl.ActivationTracker(tmp_path, x)
    model.fit(x, np.zeros((30, 3)), epochs=1, verbose=0, callbacks=[tracker])
    read = Read(tmp_path)
    assert read.tags("images") == set()
    assert "activity/wide/neuron_0" not in read.tags("scalars")
    assert "activity/wide/overlap" in read.tags("scalars")
    insisting = nl.ActivationTracker(tmp_path / "insisting", x, boundary=True, strict=True)
    with pytest.raises(ValueError, match="model of two inputs"):
        model.fit(x, np.zeros((30, 3)), verbose=0, callbacks=[insisting])


def test_logits_as_output_have_a_boundary_too(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0, callbacks=[nl.ActivationTracker(tmp_path, x)])
    read = Read(tmp_path)
    assert "boundary/input" in read.tags("images")
    np.testing.assert_allclose(read.values("linearity"), 1, rtol=1e-6)


def test_only_networks_that_are_chains_are_drawn(points, tmp_path):
    inputs = keras.Input((2,))
    branches = [keras.layers.Dense(size, "relu")(inputs) for size in (2, 3)]
    outputs = keras.layers.Dense(1, "sigmoid")(keras.layers.Concatenate()(branches))
    tracker = nl.ActivationTracker(tmp_path, *points)
    fit(keras.Model(inputs, outputs), *points, tracker, epochs=1)
    assert Read(tmp_path).tags("images") == {"boundary/input"}


@pytest.mark.parametrize(
    "build",
    [
        lambda: [keras.Input((5, 3)), keras.layers.Dense(2, "relu"), keras.layers.Dense(1)],
        lambda: [keras.Input((2,), dtype="int32"), keras.layers.Embedding(50, 4)],
        lambda: [keras.Input((2,)), keras.layers.Dense(3, "sigmoid")],
    ],
    ids=["positions", "words", "several-sigmoids"],
)
def test_nothing_is_drawn_automatically_that_means_nothing(build, tmp_path):
    model = keras.Sequential(build())
    shape, dtype = (30, *model.input_shape[1:]), model.inputs[0].dtype
    x = np.random.default_rng(0).integers(0, 50, shape).astype(dtype)
    nl.ActivationTracker(tmp_path / "a$b_{$", x, np.arange(30) % 2, strict=True).observe(model, 0)
    images = Read(tmp_path / "a$b_{$").tags("images")
    assert images <= {"boundary/input", "network"}
    assert ("boundary/input" in images) == (dtype == "float32" and shape == (30, 2))


@pytest.mark.parametrize("name", ["a$b", "a$b$c", "cost_$^$"])
def test_names_with_dollars_are_drawn(points, tmp_path, name):
    layers = [keras.layers.Dense(2, "relu", name=name), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse", run_eagerly=True)  # TensorFlow's graphs do not take the name
    tracker = nl.ActivationTracker(tmp_path, points[0], pictures=True, strict=True)
    model.fit(points[0], points[1], epochs=1, verbose=0, callbacks=[tracker])
    assert {f"heat_map/{name}", f"boundary/{name}"} <= Read(tmp_path).tags("images")


def test_a_folder_named_in_any_script_floods_no_screen(circle_model, points, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        tracker = nl.ActivationTracker(tmp_path / "实验一", *points, pictures=True, strict=True)
        tracker.observe(circle_model, 0)
    assert "network" in Read(tmp_path / "实验一").tags("images")


def test_an_event_file_of_the_circle_takes_20_kb_an_observation(tmp_path):
    """Its pictures, scalars, histograms and snapshots, and once the tags' descriptions."""
    model, (x, y) = build_model("relu-centred", seed=0), arm_data("relu-centred")
    run = tmp_path / "relu-centred"  # which the pictures' titles show, as the script calls it
    tracker = nl.ActivationTracker(run, x, y, strict=True)
    model.fit(x, y, batch_size=16, epochs=39, verbose=0, callbacks=[tracker])
    (file,) = run.iterdir()
    assert file.stat().st_size / 40 <= 20_000


def test_an_event_file_of_a_wide_network_takes_60_kb_an_observation(tmp_path):
    random = np.random.default_rng(0)
    x, y = random.random((2000, 784), dtype=np.float32), random.integers(0, 10, 2000)
    dense = keras.layers.Dense
    model = keras.Sequential([dense(512, "relu"), dense(512, "relu"), dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    tracker = nl.ActivationTracker(tmp_path, x, y, strict=True)
    tracker.observe(model, 0)
    tracker.close()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 60_000
