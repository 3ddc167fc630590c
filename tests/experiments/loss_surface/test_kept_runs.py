"""Runs of gradient descent, there and back through a file of arrays."""

import numpy as np

from normlayers.experiments.loss_surface.data import draw
from normlayers.experiments.loss_surface.kept_runs import arrays_of, runs_of
from normlayers.experiments.loss_surface.measures import SURFACES, descend_everywhere, surfaces_of
from normlayers.experiments.running.whole_files import write_arrays


def test_runs_come_back_from_a_file_as_they_were(tmp_path):
    data, counted = draw(2, 60), []
    runs = descend_everywhere(data, surfaces_of(data), 0.01, 0.5, 1000, counted.append)
    assert sum(counted) == len(runs) == SURFACES
    write_arrays(tmp_path / "runs.npz", arrays_of(runs))
    with np.load(tmp_path / "runs.npz") as kept:
        again = runs_of(dict(kept))
    assert list(again) == list(runs)
    for key, descents in runs.items():
        np.testing.assert_array_equal(again[key].steps, descents.steps)
        np.testing.assert_array_equal(again[key].length, descents.length)
        assert again[key].outcome == descents.outcome
        assert len(again[key].paths) == len(descents.paths) == (0 if key[0] == "all" else 3)
        for path, expected in zip(again[key].paths, descents.paths, strict=True):
            np.testing.assert_array_equal(path, expected)
