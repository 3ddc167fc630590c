"""Films made from event files."""

import io
import shutil

import pytest
from PIL import Image

from normlayers.experiments.two_neuron_circle.films import film_file, pictures_of, write_films
from normlayers.tracking.writing.event_log import EventLog


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Two event files: one picture in both, another in the first, and a scalar."""
    with EventLog(tmp_path) as log:
        log.write(0, {"loss": 1.0}, images={"a/b": png("red"), "c": png("black")})
        log.write(1, images={"a/b": png("lime")})
    with EventLog(tmp_path) as log:
        log.write(2, images={"a/b": png("blue")})
    return tmp_path


def test_pictures_are_found_in_the_order_they_were_written_in(folder):
    assert pictures_of(folder) == {
        "a/b": [png("red"), png("lime"), png("blue")],
        "c": [png("black")],
    }


def test_a_film_shows_each_of_them(folder):
    write_films(folder, {"a/b": 50})
    assert not list(folder.glob("*.mp4"))
    seen = []
    with Image.open(folder / film_file("a/b")) as film:
        assert film.info["duration"] == 50
        for frame in range(film.n_frames):
            film.seek(frame)
            seen.append(film.convert("RGB").getpixel((4, 4)))
    assert seen == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def test_a_picture_that_is_not_there_is_named(folder):
    with pytest.raises(KeyError, match="other"):
        write_films(folder, {"other": 50})


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg")
def test_some_are_mp4_files_too(folder):
    write_films(folder, {"a/b": 50, "c": 50}, mp4=["a/b"])
    assert {path.name for path in folder.glob("*.[gm]*")} == {"a_b.gif", "a_b.mp4", "c.gif"}
