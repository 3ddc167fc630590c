"""The circle experiment of the article: its outcome on a fixed seed, its figures, its results.

Covers too: figures.py, table.py.
"""

import json
import re

import numpy as np
import pytest
from PIL import Image

from normlayers.experiments.two_neuron_circle import experiment
from tests.experiments.printed_run import printed_run
from tests.tensorboard_reader import Read


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """Four of the ReLU arms over the article's 1,000 epochs."""
    log_dir = tmp_path_factory.mktemp("article")
    arms = ["relu-centred", "relu-shifted", "relu-shifted-standardized", "relu-shifted-bn-pre"]
    results, printed = printed_run(experiment, log_dir, arms=arms, every=100)
    return log_dir, results, printed


def test_centred_relu_beats_logistic_regression_clearly(article):
    measures = article[1]["measures"]
    centred = measures["arms"]["relu-centred"]
    assert centred["accuracy"] > measures["logistic_regression_accuracy"] + 0.15
    assert centred["start"]["state"] == centred["end"]["state"] == ["selective", "selective"]
    assert centred["end"]["linearity"] < 0.5


def test_shifted_relu_does_not_move(article):
    measures = article[1]["measures"]
    shifted = measures["arms"]["relu-shifted"]
    assert shifted["start"]["active_share"] == shifted["end"]["active_share"] == [1.0, 0.0]
    assert shifted["end"]["state"] == ["always_on", "dead"]
    assert shifted["end"]["linearity"] == pytest.approx(1, abs=1e-6)
    assert shifted["accuracy"] < measures["logistic_regression_accuracy"] + 0.03


def test_no_observation_sees_the_shifted_neurons_change(article):
    read = Read(article[0] / "relu-shifted")
    assert read.steps("linearity") == list(range(0, 1001, 100))
    for neuron, share in ((0, 1), (1, 0)):
        assert read.values(f"activity/hidden/neuron_{neuron}") == [share] * 11


def test_standardizing_cures_it(article):
    arms = article[1]["measures"]["arms"]
    cured, centred = arms["relu-shifted-standardized"], arms["relu-centred"]
    assert cured["end"]["state"] == ["selective", "selective"]
    assert cured["accuracy"] == pytest.approx(centred["accuracy"], abs=0.03)


def test_a_batch_normalization_makes_neurons_selective(article):
    cured = article[1]["measures"]["arms"]["relu-shifted-bn-pre"]
    # Before the first batch it normalizes nothing.
    assert cured["start"]["state"] == ["always_on", "dead"]
    assert cured["end"]["state"] == ["selective", "selective"]


def test_every_run_is_there_for_tensorboard(article):
    log_dir, results, _ = article
    for arm in results["measures"]["arms"]:
        read = Read(log_dir / arm)
        lit = ["start", "early", "training", "end"]
        if arm not in ("relu-centred", "relu-shifted"):
            lit = ["start", "end"]
        tags = {f"lit/{film}" for film in lit} | {"boundary/input", "boundary/hidden", "network"}
        assert read.tags("images") == tags | {"data", "architecture"}
        assert all(read.description(tag) for tag in read.tags("images") | read.tags("scalars"))
        assert read.steps("epoch_loss") == list(range(100, 1001, 100))
        assert read.steps("boundary/hidden") == read.steps("network") == list(range(0, 1001, 100))
        assert read.steps("lit/start") == [0]
        assert read.steps("lit/end") == [1000]
        films = {film.name for film in (log_dir / arm).glob("*.gif")}
        assert films == {f"{tag.replace('/', '_')}.gif" for tag in tags}
        assert not any("hidden_dense" in tag for tag in read.tags("scalars"))


def test_the_articles_figures_are_there_by_their_numbers(article):
    log_dir = article[0]
    found = {path.name[:3]: path for path in log_dir.glob("G*")}
    # G15 to G17 are of an arm that was not asked for.
    assert sorted(found) == ["G01", "G02", "G03", "G04", *(f"G{i:02}" for i in range(9, 15))]
    for number, film in (
        ("G03", "relu-centred/boundary_input.gif"),
        ("G09", "relu-centred/lit_start.gif"),
        ("G13", "relu-shifted/lit_early.gif"),
        ("G14", "relu-shifted/lit_training.gif"),
    ):
        assert found[number].read_bytes() == (log_dir / film).read_bytes()
    for number, frames in (("G04", 11), ("G10", 40), ("G11", 11)):
        with Image.open(found[number]) as film:
            assert film.n_frames == frames


def test_every_figure_has_a_caption_with_its_number(article):
    log_dir, results, _ = article
    figures = {figure["file"]: figure["caption"] for figure in results["figures"]}
    assert set(figures) == {
        "overview.png",
        "neurons.html",
        *(path.name for path in log_dir.glob("G*")),
    }
    assert "1,000 epochs" in figures["overview.png"]
    for file, caption in figures.items():
        assert file in ("overview.png", "neurons.html") or caption.startswith(
            f"G{int(file[1:3])}: "
        )
        assert ("one network" in caption.lower()) == (file not in ("G01_two_circles.png",
                                                                   "G02_network.png"))  # fmt: skip
    assert "ReLU, shifted data" in figures["G12_relu_shifted_lit_at_start.gif"]


def test_the_page_holds_every_arm_at_every_observation(article):
    log_dir, results, _ = article
    page = (log_dir / "neurons.html").read_text()
    assert len(page) < 1e6
    (held,) = re.findall(r'<script id="normlayers-data"[^>]*>(.*?)</script>', page)
    data = json.loads(held)
    assert [meta["run"] for meta in data["runs"]] == list(results["measures"]["arms"])
    assert data["opened"] == ["relu-centred", "relu-shifted", "relu-shifted-standardized"]
    assert all(meta["steps"] == list(range(0, 1001, 100)) for meta in data["runs"])
    (last,) = (f for f in results["figures"] if f["file"] == "neurons.html")
    assert (log_dir / last["preview"]).is_file()


def test_shifted_data_light_the_same_neurons_point_after_point(article):
    """As the article's figures show: much movement on centred data, a frozen network on others."""

    def networks(name):
        """How many different networks there are, whatever is written over them."""
        seen = []
        with Image.open(article[0] / name) as film:
            for frame in range(film.n_frames):
                film.seek(frame)
                right = (film.width * 0.52, film.height * 0.15, film.width, film.height * 0.85)
                drawn = np.array(film.convert("RGB").crop(tuple(map(int, right))), int)
                # Each frame has a palette of its own.
                if all(abs(drawn - other).max() > 50 for other in seen):
                    seen.append(drawn)
        return len(seen)

    assert networks("G09_relu_centred_lit_at_start.gif") >= 4
    assert networks("G12_relu_shifted_lit_at_start.gif") == 1


def test_results_hold_what_they_promise(article):
    log_dir, results, printed = article
    assert json.loads((log_dir / "results.json").read_text()) == results
    assert set(results) == {
        *("experiment", "seed", "arguments", "versions", "device", "runtime_seconds"),
        *("measures", "claims", "figures"),
    }
    assert results["runtime_seconds"] > 0
    for arm, found in results["measures"]["arms"].items():
        assert arm in printed
        assert f"{found['accuracy']:.3f}" in printed
    assert "0.614" in printed
    assert "always on" in printed
