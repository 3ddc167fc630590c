"""Films."""

import shutil
import subprocess
import sys

import pytest
from matplotlib.figure import Figure
from PIL import Image

from normlayers.pictures.film import write_gif, write_mp4
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


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg")
def test_an_mp4_has_every_frame_and_an_even_size(tmp_path):
    frames = [to_png(Figure(figsize=(1.05, 1), dpi=20, facecolor=c)) for c in ("red", "lime")]
    assert write_mp4(frames, tmp_path / "film.mp4", milliseconds=100)
    shown = "width,height,nb_read_frames,pix_fmt"
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", f"stream={shown}"]
    found = subprocess.run(
        [*command, "-of", "csv=p=0", tmp_path / "film.mp4"], capture_output=True, check=True
    )
    assert found.stdout.decode().strip() == "22,20,yuv420p,2"


def test_without_ffmpeg_there_is_no_mp4(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not write_mp4([b"not looked at"], tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg")
def test_says_what_ffmpeg_says(tmp_path):
    with pytest.raises(OSError, match="ffmpeg could not write"):
        write_mp4([b"no png"], tmp_path / "film.mp4")


def test_a_film_that_does_not_fit_leaves_the_earlier_one(tmp_path):
    path = tmp_path / "film.gif"
    frames = [to_png(Figure(figsize=(1, 1), dpi=20, facecolor=c)) for c in ("red", "lime")]
    write_gif(frames, path)
    earlier = path.read_bytes()
    with pytest.raises(OSError, match="cannot identify"):
        write_gif([*frames, b"no png"], path)
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from normlayers.pictures.film import write_gif\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))\n"
        "frames = [Path(name).read_bytes() for name in sys.argv[2:]]\n"
        "try: write_gif(frames, sys.argv[1])\n"
        "except OSError: sys.exit(7)\n"
    )
    for number, frame in enumerate(frames):
        (tmp_path / f"{number}.png").write_bytes(frame)
    pictures = sorted(tmp_path.glob("*.png"))
    done = subprocess.run([sys.executable, "-c", code, path, *pictures], check=False)
    assert done.returncode == 7
    assert path.read_bytes() == earlier
    assert sorted(tmp_path.iterdir()) == [*pictures, path]
