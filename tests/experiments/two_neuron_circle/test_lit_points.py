"""Who is active when, and the pictures of it."""

import numpy as np
import pytest

import normlayers as nl
from normlayers.experiments.two_neuron_circle.films import pictures_of
from normlayers.experiments.two_neuron_circle.lit_points import (
    LIT_FILMS,
    Activity,
    ActivityRecorder,
    log_lit_points,
    log_network,
)
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.writing.event_log import EventLog
from tests.tensorboard_reader import Read

NAMES = [["x0", "x1"], ["h0", "h1"], ["y"]]


def observed(points, observations):
    rng = np.random.default_rng(0)
    return [
        Activity(20 * i, [rng.random((points, size)) > 0.5 for size in (2, 1)])
        for i in range(observations)
    ]


def test_the_recorder_keeps_what_the_tracker_observes(tmp_path, points, circle_model):
    x, y = points
    circle_model.compile(loss="binary_crossentropy")
    tracker = nl.ActivationTracker(tmp_path, x, y, every=2, pictures=False, boundary=False)
    recorder = ActivityRecorder(tracker, ["hidden", "output"])
    circle_model.fit(x, y, epochs=5, verbose=0, callbacks=[tracker, recorder])
    assert [now.epoch for now in recorder.observed] == [0, 2, 4, 5]
    for i in range(2):
        shares = [now.active[0][:, i].mean() for now in recorder.observed]
        np.testing.assert_allclose(shares, tracker.history[f"activity/hidden/neuron_{i}"])
    z = x @ circle_model.layers[0].kernel.numpy() + circle_model.layers[0].bias.numpy()
    np.testing.assert_array_equal(recorder.observed[-1].active[0], z > 0)


@pytest.mark.parametrize(("points", "shown"), [(60, 40), (5, 5)])
def test_each_film_has_its_pictures(tmp_path, points, shown):
    x = np.random.default_rng(1).normal(size=(points, 2))
    tracked = TrackedPoints(x, x[:, 0] > 0)
    with EventLog(tmp_path) as log:
        log_lit_points(log, "name", LIT_FILMS, tracked, NAMES, observed(points, 7))
    read = Read(tmp_path)
    assert read.tags("images") == {f"lit/{film}" for film in LIT_FILMS}
    for film, epoch in (("start", 0), ("early", 20), ("end", 120)):
        # The step is the epoch; a point is a sample, after the picture's width and height.
        assert read.steps(f"lit/{film}") == [epoch]
        ((_, _, *samples),) = read.values(f"lit/{film}")
        assert len(set(samples)) == len(samples) == shown
        assert len(pictures_of(tmp_path)[f"lit/{film}"]) == shown
    assert read.steps("lit/training") == [0, 20, 40, 60, 80, 100, 120]


def test_the_network_is_drawn_as_the_tracker_draws_it(tmp_path, points, circle_model):
    x, y = points
    tracker = nl.ActivationTracker(tmp_path / "run", x, y)
    recorder = ActivityRecorder(tracker, ["hidden", "output"])
    recorder.set_model(circle_model)
    for epoch in (0, 7):
        tracker.observe(circle_model, epoch)
        recorder.on_epoch_end(epoch)
    tracker.close()
    with EventLog(tmp_path / "ours") as log:
        log_network(log, "run", tracker.points, recorder.observed)
    own, ours = Read(tmp_path / "run"), Read(tmp_path / "ours")
    assert ours.steps("network") == own.steps("network") == [0, 7]
    np.testing.assert_array_equal(ours.values("network"), own.values("network"))
