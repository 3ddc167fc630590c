"""The grid a boundary is evaluated on."""

import keras
import numpy as np
import pytest

from normlayers.tracking.boundary import Survey, boundary_over
from normlayers.tracking.plane import plane_through, principal_plane
from normlayers.tracking.reading.probe import Probe


def test_the_logit_is_that_of_the_grid_point():
    points = np.array([[0.0, 10.0], [10.0, 30.0]])
    boundary = boundary_over(points, lambda x: x[:, 0] + 100 * x[:, 1], resolution=13)
    assert boundary.extent == (-1, 11, 8, 32)
    for row, up in enumerate(np.linspace(8, 32, 13)):
        for column, across in enumerate(np.linspace(-1, 11, 13)):
            assert boundary.logit[row, column] == pytest.approx(across + 100 * up, rel=1e-6)


def test_points_on_a_line_still_get_an_area():
    points = np.array([[0.0, 1.0], [0.0, 3.0]])
    left, right, bottom, top = boundary_over(points, lambda x: x[:, 0]).extent
    assert (left, right) == (-0.5, 0.5)
    assert (bottom, top) == pytest.approx((0.8, 3.2))


def test_refuses_points_that_are_no_pairs():
    with pytest.raises(ValueError, match=r"shape \(4, 3\)"):
        boundary_over(np.zeros((4, 3)), lambda x: x[:, 0])


def survey(model, x, wanted):
    probe = Probe(model)
    reading = probe.read(x)
    return Survey(probe, x, wanted).read(reading)


def test_a_model_of_two_inputs_shows_them_and_its_layers_of_two_neurons(circle_model, points):
    found = survey(circle_model, points[0], "auto")
    assert set(found) == {"boundary/input", "boundary/hidden"}
    hidden = found["boundary/hidden"]
    (left, right, bottom, top), corner = hidden.extent, hidden.logit[0, 0]
    assert corner == pytest.approx(left - 2 * bottom + 0.25, rel=1e-5)
    assert hidden.logit[-1, -1] == pytest.approx(right - 2 * top + 0.25, rel=1e-5)
    assert survey(circle_model, points[0], False) == {}


def test_a_layer_before_several_neurons_shows_the_line_of_each(points):
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, "tanh", name="two"),
            keras.layers.Dense(3, "relu", name="three"),
        ]
    )
    boundary = survey(model, points[0], "auto")["boundary/two"]
    assert boundary.logit.shape == (101, 101, 3)
    assert not boundary.classes


@pytest.mark.parametrize("wanted", ["principal", [0, 1, 2]])
def test_a_plane_is_read_by_the_whole_model(wanted):
    x = np.random.default_rng(0).normal(size=(30, 2, 3)).astype("float32")
    model = keras.Sequential([keras.Input((2, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    boundary = survey(model, x, wanted)["boundary/plane"]
    plane = (principal_plane if wanted == "principal" else lambda p: plane_through(p, wanted))(
        x.reshape(30, 6)
    )
    left, _, bottom, _ = boundary.extent
    corner = plane.lift(np.array([[left, bottom]])).reshape(1, 2, 3).astype("float32")
    expected = keras.ops.convert_to_numpy(model(corner))[0]
    np.testing.assert_allclose(boundary.logit[0, 0], expected, rtol=1e-4, atol=1e-4)
    assert boundary.classes


def test_a_plane_that_stays_shows_the_model_as_it_becomes(monkeypatch):
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, "tanh")])
    for kept in (2**24, 0):
        monkeypatch.setattr("normlayers.tracking.boundary.KEPT", kept)
        probe = Probe(model)
        shown = Survey(probe, x, "principal")
        before = shown.read(probe.read(x))["boundary/plane"].logit
        model.set_weights([-weight for weight in model.get_weights()])
        after = shown.read(probe.read(x))["boundary/plane"].logit
        np.testing.assert_allclose(after, -before, rtol=1e-5)


def test_says_what_cannot_be_drawn(circle_model):
    x = np.random.default_rng(0).normal(size=(30, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"model of two inputs.*shape \(30, 5\)"):
        survey(model, x, True)
    with pytest.raises(ValueError, match=r"three of the 30 points.*\[0, 1, 30\]"):
        survey(model, x, [0, 1, 30])
    assert survey(model, x, "auto") == {}


@pytest.mark.parametrize("name", ["input", "plane"])
def test_a_layer_does_not_take_the_place_of_the_inputs(points, name):
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, "tanh", name=name), keras.layers.Dense(1)]
    )
    wanted = {"input": "auto", "plane": [0, 1, 2]}[name]
    found = survey(model, points[0], wanted)
    assert set(found) == {f"boundary/{name}", f"boundary/layer/{name}"}
    inside = keras.Model(model.inputs, model.get_layer(name).output)
    of_layer = keras.ops.convert_to_numpy(inside(points[0]))
    np.testing.assert_allclose(found[f"boundary/layer/{name}"].points, of_layer, rtol=1e-5)
    if name == "input":
        np.testing.assert_array_equal(found["boundary/input"].points, points[0])
