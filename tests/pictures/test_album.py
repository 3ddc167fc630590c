"""The album's films, and its memory."""

import numpy as np
from PIL import Image

from normlayers.pictures.album import STEPS_KEPT, Album

RNG = np.random.default_rng(0)


def test_films_have_every_picture(tmp_path):
    album = Album(np.array([0, 1, 2]), films=True)
    for step in range(3):
        album.heat_map("h", f"epoch {step}", RNG.normal(size=(3, 4)))
        album.distribution("h", step, f"epoch {step}", RNG.normal(size=(3, 4)))
    album.write_films(tmp_path)
    for name in ("heat_map_h.gif", "distribution_h.gif"):
        with Image.open(tmp_path / name) as film:
            assert film.n_frames == 3


def test_a_long_course_is_thinned_and_keeps_its_ends():
    album = Album(None)
    course = album._courses.setdefault("h", [])
    course += [(step, np.zeros(5)) for step in range(STEPS_KEPT)]
    album.distribution("h", STEPS_KEPT, "epoch", np.zeros((2, 2)))
    steps = [step for step, _ in album._courses["h"]]
    assert steps[0] == 0
    assert steps[-1] == STEPS_KEPT
    assert len(steps) <= STEPS_KEPT / 2 + 2
    assert set(np.diff(steps)) <= {1, 2}


def test_labels_of_more_than_two_classes_do_not_colour_a_boundary_of_two():
    album = Album(np.array([0, 1, 2]))
    points, extent = RNG.normal(size=(3, 2)), (-3.0, 3.0, -3.0, 3.0)
    png = album.boundary("boundary/input", "t", points, extent, np.zeros((5, 5)), ("a", "b"), True)
    assert png[1:4] == b"PNG"
