"""The tracker in model.fit, and what TensorBoard then finds."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

import normlayers as nl
from tests.tracking.reading import Read


def fit(model, x, y, tracker=None, **options):
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(0)
    callbacks = [tracker] if tracker else []
    return model.fit(x, y, batch_size=20, verbose=0, callbacks=callbacks, **options)


def test_writes_every_tag_it_promises(circle_model, points, tmp_path):
    x, y = points
    fit(circle_model, x, y, nl.ActivationTracker(tmp_path, x, y), epochs=3, validation_split=0.2)
    read = Read(tmp_path)
    observed = {
        *(f"activity/hidden/{part}" for part in ("dead", "always_on", "selective", "overlap")),
        *(f"activity/output/{part}" for part in ("dead", "always_on", "selective")),
        *("activity/hidden/neuron_0", "activity/hidden/neuron_1", "activity/output/neuron_0"),
        "linearity",
    }
    logged = {"epoch_loss", "epoch_accuracy", "epoch_val_loss", "epoch_val_accuracy"}
    assert read.tags("scalars") == observed | logged
    assert read.tags("histograms") == {"activations/hidden", "activations/output"}
    assert read.tags("images") == {"boundary/input", "boundary/hidden", "network"}
    assert read.steps("linearity") == read.steps("network") == [0, 1, 2, 3]
    assert read.steps("epoch_loss") == [1, 2, 3]


def test_scalars_are_the_measures_of_the_model_at_that_step(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    hidden = np.maximum(x @ [[1.0, -1.0], [0.0, 2.0]] + [0.5, 0.0], 0)
    share = (hidden > 0).mean(axis=0)
    history = fit(circle_model, x, y, tracker, epochs=1)
    read = Read(tmp_path)
    for neuron in range(2):
        tag = f"activity/hidden/neuron_{neuron}"
        assert read.values(tag)[0] == pytest.approx(share[neuron])
        assert tracker.history[tag][0] == pytest.approx(share[neuron])
    assert read.values("activity/hidden/overlap")[0] == pytest.approx(
        np.mean((hidden > 0).all(axis=1))
    )
    assert read.values("epoch_loss")[0] == pytest.approx(history.history["loss"][0])


def test_training_is_untouched_bit_for_bit(circle_model, points, tmp_path):
    x, y = points
    start = circle_model.get_weights()
    ends = []
    for tracker in (None, nl.ActivationTracker(tmp_path, x, y)):
        circle_model.set_weights(start)
        fit(circle_model, x, y, tracker, epochs=3)
        ends.append(circle_model.get_weights())
    for plain, tracked in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, tracked)


@pytest.mark.parametrize(
    ("every", "epochs", "steps"), [(2, 5, [0, 2, 4, 5]), (3, 3, [0, 3]), (9, 4, [0, 4])]
)
def test_observes_at_the_start_when_due_and_at_the_end(
    circle_model, points, tmp_path, every, epochs, steps
):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, every=every, boundary=False)
    fit(circle_model, x, y, tracker, epochs=epochs)
    assert tracker.history["step"] == steps


def test_counts_steps_in_passes_where_an_epoch_spans_several(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y, passes_per_epoch=10)
    fit(circle_model, x, y, tracker, epochs=2)
    assert tracker.history["step"] == [0, 10, 20]
    assert Read(tmp_path).steps("epoch_loss") == [10, 20]


def test_training_that_goes_on_goes_on_numbering(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(circle_model, x, y, tracker, epochs=2)
    fit(circle_model, x, y, tracker, epochs=4, initial_epoch=2)
    assert tracker.history["step"] == [0, 1, 2, 3, 4]


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
    insisting = nl.ActivationTracker(tmp_path, x, boundary=True)
    with pytest.raises(ValueError, match="two inputs and one output"):
        model.fit(x, np.zeros((30, 3)), verbose=0, callbacks=[insisting])


def test_logits_as_output_have_a_boundary_too(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0, callbacks=[nl.ActivationTracker(tmp_path, x)])
    read = Read(tmp_path)
    assert "boundary/input" in read.tags("images")
    np.testing.assert_allclose(read.values("linearity"), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": 0}, "every must be a whole number from 1"),
        ({"every": 1.5}, "every must be a whole number"),
        ({"layers": "hidden"}, "layers must be a list"),
        ({"y": np.arange(60)}, "y must be 0 or 1"),
        ({"passes_per_epoch": -1}, "passes_per_epoch must be a whole number"),
        ({"boundary": "always"}, "boundary must be"),
        ({"tolerance": 0.7}, "tolerance must be in"),
        ({"y": np.zeros(7)}, "one label a point, 60 in all"),
    ],
)
def test_refuses_impossible_arguments(points, tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        nl.ActivationTracker(tmp_path, points[0], **options)


@pytest.mark.parametrize("x", [np.empty((0, 2)), np.zeros(5), None, [["a", "b"]], [[1, np.nan]]])
def test_refuses_what_are_no_points(tmp_path, x):
    with pytest.raises(ValueError, match=r"x must be .* Received"):
        nl.ActivationTracker(tmp_path, x)


def test_refuses_a_log_directory_that_is_a_file(points, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="log_dir must be a folder"):
        nl.ActivationTracker(tmp_path / "file", points[0])


def test_points_that_the_model_does_not_take_are_refused(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"shape \(points, 2\) .* Received: x of shape \(5, 3\)"):
        fit(circle_model, x, y, tracker)


def test_an_unbuilt_model_is_built_from_the_points(points, tmp_path):
    x, y = points
    model = keras.Sequential([keras.layers.Dense(2, "relu"), keras.layers.Dense(1, "sigmoid")])
    tracker = nl.ActivationTracker(tmp_path, x, y)
    fit(model, x, y, tracker, epochs=1)
    assert tracker.history["step"] == [0, 1]


def test_a_model_that_diverges_goes_on_training(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, x, y)
    spoil = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: (
            epoch and circle_model.set_weights([w * np.nan for w in circle_model.get_weights()])
        )
    )
    circle_model.compile("sgd", "mse")
    circle_model.fit(x, y, epochs=2, verbose=0, callbacks=[spoil, tracker])
    assert tracker.history["step"] == [0, 1, 2]
    assert all(len(values) == 3 for values in tracker.history.values())
    assert np.isnan(tracker.history["linearity"][-1])
    assert np.isnan(tracker.history["activity/output/dead"][-1])
    assert Read(tmp_path).steps("network") == [0, 1]


def test_only_networks_that_are_chains_are_drawn(points, tmp_path):
    inputs = keras.Input((2,))
    branches = [keras.layers.Dense(size, "relu")(inputs) for size in (2, 3)]
    outputs = keras.layers.Dense(1, "sigmoid")(keras.layers.Concatenate()(branches))
    tracker = nl.ActivationTracker(tmp_path, *points)
    fit(keras.Model(inputs, outputs), *points, tracker, epochs=1)
    assert Read(tmp_path).tags("images") == {"boundary/input"}


def test_unknown_layers_are_refused_before_anything_is_written(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path / "run", x, y, layers=["hiden"])
    with pytest.raises(ValueError, match="no layer 'hiden'"):
        fit(circle_model, x, y, tracker)
    assert not (tmp_path / "run").exists()
