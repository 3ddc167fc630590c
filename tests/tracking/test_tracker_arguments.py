"""Arguments and points that the tracker refuses, before anything is written."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.tracking.watched_fit import fit


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": 0}, "every must be a positive integer"),
        ({"every": 1.5}, "every must be a positive integer"),
        ({"every": True}, "every must be a positive integer"),
        ({"layers": "hidden"}, "layers must be a list"),
        ({"y": np.arange(60) / 2}, "y must be classes"),
        ({"y": -np.ones(60)}, "y must be classes"),
        ({"y": np.full(60, np.inf)}, "y must be classes.* to inf"),
        ({"y": np.full(60, 2**31)}, "y must be classes.* to 2147483648"),
        ({"films": "yes"}, "films must be True or False"),
        ({"keep_history": "no"}, "keep_history must be True or False"),
        ({"strict": "no"}, "strict must be True or False.*'no'"),
        ({"diagnose": 1}, "diagnose must be True or False"),
        ({"unit": "batch"}, "unit must be .*'batch'"),
        ({"pictures": "all"}, "pictures must be"),
        ({"pictures": 1}, "pictures must be"),
        ({"passes_per_epoch": -1}, "passes_per_epoch must be a positive integer"),
        ({"boundary": "always"}, "boundary must be"),
        ({"tolerance": 0.7}, "tolerance must be in"),
        ({"details": -1}, "details must be a non-negative integer"),
        ({"details": "hidden"}, "details must be .* Received: 'hidden'"),
        ({"y": {"b": np.zeros(60), "a": np.zeros(60)}}, r"a dict of 2: \['a', 'b'\]"),
        ({"y": np.zeros(7)}, "one class a point, 60 in all"),
        ({"y": {"last": np.zeros(7)}}, "one class a point, 60 in all"),
    ],
)
def test_refuses_impossible_arguments(points, tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        nl.ActivationTracker(tmp_path, points[0], **options)


@pytest.mark.parametrize("boundary", [None, 5, [0, 1], [0.0, 1, 2], {0, 1, 2}, "plane"])
def test_boundaries_that_are_none(points, tmp_path, boundary):
    with pytest.raises(ValueError, match="boundary must be"):
        nl.ActivationTracker(tmp_path, points[0], boundary=boundary)
    nl.ActivationTracker(tmp_path, points[0], boundary=np.array([0, 1, 2]))


@pytest.mark.parametrize("every", ["2", None, float("nan")])
def test_every_must_be_a_number(points, tmp_path, every):
    with pytest.raises(ValueError, match="every must be a positive integer"):
        nl.ActivationTracker(tmp_path, points[0], every=every)


@pytest.mark.parametrize("tolerance", ["x", None, float("nan"), 0.5])
def test_tolerances_that_are_none(points, tmp_path, tolerance):
    with pytest.raises(ValueError, match="tolerance must be in"):
        nl.ActivationTracker(tmp_path, points[0], tolerance=tolerance)


@pytest.mark.parametrize("x", [np.empty((0, 2)), np.zeros(()), None, [["a", "b"]], [[1, np.nan]]])
def test_refuses_what_are_no_points(tmp_path, x):
    with pytest.raises(ValueError, match=r"x must be .* Received"):
        nl.ActivationTracker(tmp_path, x)


def test_refuses_a_log_directory_that_is_a_file(points, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="log_dir must be a folder"):
        nl.ActivationTracker(tmp_path / "file", points[0])


def test_points_that_the_model_does_not_take_are_refused(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path, np.zeros((5, 3)), strict=True)
    with pytest.raises(ValueError, match=r"shape \(points, 2\) .* Received: x of shape \(5, 3\)"):
        fit(circle_model, x, y, tracker)


def test_inputs_by_name(tmp_path):
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([b, a], keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    x = {"a": np.ones((9, 2), "float32"), "b": np.ones((9, 3), "float32")}
    tracker = nl.ActivationTracker(tmp_path, x, strict=True)
    tracker.observe(model, 0)
    with pytest.raises(ValueError, match="x must have the shape"):
        nl.ActivationTracker(tmp_path / "a", {"a": x["a"]}, strict=True).observe(model, 0)


def test_unknown_layers_are_refused_before_anything_is_written(circle_model, points, tmp_path):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path / "run", x, y, layers=["hiden"], strict=True)
    with pytest.raises(ValueError, match="no layer 'hiden'"):
        fit(circle_model, x, y, tracker)
    assert not (tmp_path / "run").exists()
