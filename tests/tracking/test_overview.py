"""The overview against what NumPy measures of each layer.

Covers too: reading/input_summary.py.
"""

import warnings

import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.tracking import measures
from normlayers.tracking.reading.input_summary import input_measures
from normlayers.tracking.reading.probe import Probe
from tests.tensorboard_reader import Read

layers = keras.layers
RNG = np.random.default_rng(0)


def observed(tmp_path, model, x, y=None, **options):
    tracker = nl.ActivationTracker(
        tmp_path, x, y, strict=True, boundary=False, pictures=False, **options
    )
    tracker.observe(model, 0)
    tracker.close()
    return tracker


def test_worst_and_mean_are_over_the_hidden_layers(tmp_path):
    x = (RNG.normal(size=(80, 3)) + 4).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(7, "relu", name="a"),
            layers.Dense(6, "tanh", name="b", kernel_initializer="random_normal"),
            layers.Dense(5, name="linear"),
            layers.Dense(4, "sigmoid", name="c"),
            layers.Dense(1, "sigmoid", name="out"),
        ]
    )
    history = observed(tmp_path, model, x).history
    read = Probe(model).read(x).activations
    share = {name: (read[name] > (0.5 if name == "c" else 0)).mean(axis=0) for name in "abc"}
    for state in ("dead", "always_on"):
        each = [measures.state_shares(of)[state] for of in share.values()]
        assert history[f"overview/{state}_worst"][0] == pytest.approx(max(each))
        assert history[f"overview/{state}_mean"][0] == pytest.approx(np.mean(each))
    saturation = [
        measures.saturation(read[name].astype("float32"), activation).mean()
        for name, activation in (("b", "tanh"), ("c", "sigmoid"))
    ]
    assert history["overview/saturation_worst"][0] == pytest.approx(max(saturation), abs=1e-6)
    assert history["overview/saturation_mean"][0] == pytest.approx(np.mean(saturation), abs=1e-6)
    for layer in ("linear", "out"):
        states = {"dead", "always_on", "selective", "entropy", "overlap"}
        assert not {f"activity/{layer}/{state}" for state in states} & history.keys()


def test_a_network_of_relu_has_zero_gradient_and_no_saturation(tmp_path, circle_model, points):
    history = observed(tmp_path, circle_model, *points).history
    hidden = np.maximum(points[0] @ [[1.0, -1.0], [0.0, 2.0]] + [0.5, 0.0], 0)
    assert history["activity/hidden/zero_gradient"][0] == pytest.approx((hidden == 0).mean())
    assert not [tag for tag in history if "saturation" in tag and "output" not in tag]


def test_inputs_are_those_behind_what_normalizes_them(tmp_path, points):
    x = points[0] * [1, 100] + [30, -500]
    x = x.astype("float32")
    standardize = nl.Standardize()
    standardize.adapt(x)
    raw = keras.Sequential([keras.Input((2,)), layers.Dense(2, "relu"), layers.Dense(1)])
    behind = keras.Sequential([keras.Input((2,)), standardize, layers.Dense(1)])
    found = observed(tmp_path / "raw", raw, x).history
    deviation, offset = x.std(axis=0, dtype=float), np.abs(x.mean(axis=0, dtype=float))
    for name, expected in {
        "offset_worst": (offset / deviation).max(),
        "offset_mean": (offset / deviation).mean(),
        "scale_worst": deviation[1],
        "scale_mean": np.sqrt(deviation.prod()),
    }.items():
        assert found[f"overview/input_{name}"][0] == pytest.approx(expected, rel=1e-5)
    found = observed(tmp_path / "behind", behind, x).history
    assert found["overview/input_offset_worst"][0] == pytest.approx(0, abs=1e-5)
    assert found["overview/input_scale_worst"][0] == pytest.approx(1, abs=1e-5)


def test_channels_are_the_features_of_images_and_constant_ones_are_left_aside(tmp_path):
    x = RNG.normal(size=(10, 5, 5, 3)).astype("float32") * [1, 10, 0] + [0, 0, 7]
    x = x.astype("float32")
    model = keras.Sequential([keras.Input((5, 5, 3)), layers.Conv2D(2, 3), layers.Flatten()])
    with pytest.warns(UserWarning, match="leaves linearity out"):
        found = observed(tmp_path, model, x).history
    assert found["overview/input_scale_worst"][0] == pytest.approx(x[..., 1].std(), rel=1e-5)
    assert np.isnan(input_measures(np.array([7.0]), np.array([0.0]))["input_scale_mean"])


def test_words_have_no_scale(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            layers.Embedding(9, 3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    found = observed(tmp_path, model, RNG.integers(0, 9, (20, 4))).history
    assert not [tag for tag in found if "input_" in tag]


def deep(blocks):
    stack = [keras.Input((20,))]
    for i in range(blocks):
        stack += [layers.Dense(12, "relu", name=f"relu_{i}")]
    return keras.Sequential([*stack, layers.Dense(2, "softmax", name="out")])


def test_fifty_layers_have_an_overview_and_details_within_a_budget(tmp_path):
    x, y = RNG.normal(size=(40, 20)).astype("float32"), np.arange(40) % 2
    model = deep(50)
    model.compile("sgd", "sparse_categorical_crossentropy")
    observed(tmp_path / "default", model, x, y)
    read = Read(tmp_path / "default")
    shown = {tag.split("/")[1] for tag in read.tags("scalars") if tag.startswith("activity/")}
    assert len(shown) == 12
    assert {"relu_0", "out"} < shown
    assert read.tags("histograms") == {f"activations/{layer}" for layer in shown}
    assert len(read.tags("scalars") | read.tags("histograms")) < 130
    note = read.values("overview/notes")[0].item().decode()
    assert "12 of 51 layers" in note
    assert "relu_0" in note
    observed(tmp_path / "asked", model, x, y, details=["relu_7"])
    read = Read(tmp_path / "asked")
    assert read.tags("histograms") == {"activations/relu_7"}
    assert "activity/relu_7/neuron_11" in read.tags("scalars")
    assert "overview/dead_worst" in read.tags("scalars")
    observed(tmp_path / "some", model, x, y, details=np.int64(3))
    assert len(Read(tmp_path / "some").tags("histograms")) == 3
    observed(tmp_path / "named", model, x, y, layers=[f"relu_{i}" for i in range(14)])
    assert len(Read(tmp_path / "named").tags("histograms")) == 14


def test_linearity_that_cannot_be_measured_is_said_once(tmp_path):
    x = RNG.normal(size=(20, 19)).astype("float32")
    model = keras.Sequential([keras.Input((19,)), layers.Dense(3, "relu"), layers.Dense(1)])
    model.compile("sgd", "mse")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tracker = nl.ActivationTracker(tmp_path, x)
        model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[tracker])
    said = [str(warning.message) for warning in caught if "linearity" in str(warning.message)]
    assert len(said) == 1
    assert "takes 21 points or more of 19 features, and x has 20" in said[0]
    read = Read(tmp_path)
    assert read.steps("overview/notes") == [0]
    assert (
        "`linearity` is left out: it takes 21 points"
        in read.values("overview/notes")[0].item().decode()
    )
    assert "linearity" not in read.tags("scalars")
    assert np.isnan(tracker.history["linearity"]).all()
