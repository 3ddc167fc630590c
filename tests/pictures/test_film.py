"""Films."""

import pytest
from matplotlib.figure import Figure
from PIL import Image

from normlayers.pictures.film import write_gif
from normlayers.pictures.png import to_png


def test_a_film_shows_every_frame_and_rests_on_the_last(tmp_path):
    frames = [to_png(Figure(figsize=(1, 1), dpi=20, facecolor=c)) for c in ("red", "lime", "blue")]
    write_gif(frames, tmp_path / "film.gif", milliseconds=50)
    seen, durations = [], []
    with Image.open(tmp_path / "film.gif") as film:
        for frame in range(film.n_frames):
            film.seek(frame)
            seen.append(film.convert("RGB").getpixel((10, 10)))
            durations.append(film.info["duration"])
    assert seen == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert durations == [50, 50, 500]


def test_refuses_a_film_of_nothing(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        write_gif([], tmp_path / "film.gif")
    assert not (tmp_path / "film.gif").exists()
