"""The circle experiment: its data, its outcome on a fixed seed, its output.

Covers too: arms.py, figures.py, table.py, training.py.
"""

import errno
import io
import json
import re
import shutil
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from normlayers.experiments.running.command_line import UsageError
from normlayers.experiments.two_neuron_circle import experiment, training
from normlayers.experiments.two_neuron_circle.arms import ARMS
from tests.experiments.printed_run import printed_run
from tests.tracking.tensorboard_reader import Read

FEW_FILMS = ["sigmoid-centred", "sigmoid-shifted"]  # half as many as the article's two arms have
SHORT = {"arms": FEW_FILMS[1:], "epochs": 4, "every": 2}
run = partial(printed_run, experiment)


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """Four of the ReLU arms over the article's 1,000 epochs."""
    log_dir = tmp_path_factory.mktemp("article")
    arms = ["relu-centred", "relu-shifted", "relu-shifted-standardized", "relu-shifted-bn-pre"]
    results, printed = run(log_dir, arms=arms, every=100)
    return log_dir, results, printed


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """One arm over four epochs."""
    log_dir = tmp_path_factory.mktemp("short")
    return log_dir, *run(log_dir, **SHORT)


@pytest.fixture
def copied(short, tmp_path):
    """The short run in a folder that may be changed, what it found and what it printed."""
    log_dir = shutil.copytree(short[0], tmp_path / "copied")
    return log_dir, *short[1:]


def test_shifted_data_are_moved_by_10():
    x, y = training.arm_data("relu-centred")
    moved, labels = training.arm_data("relu-shifted")
    np.testing.assert_allclose(moved, x + 10, rtol=1e-6)
    np.testing.assert_array_equal(labels, y)


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


def test_all_arms_start_from_the_same_dense_weights():
    models = [training.build_model(arm, seed=5) for arm in ARMS]
    assert len(models) == 10
    for model in models:
        first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dense))
        for layer, same in zip((first, model.layers[-1]), models[0].layers, strict=True):
            np.testing.assert_array_equal(layer.kernel, same.kernel)
        assert model.get_layer("hidden").output.shape == (None, 2)


@pytest.mark.parametrize("placement", ["pre", "post"])
def test_a_batch_normalization_stands_on_its_side_of_the_activation(placement):
    model = training.build_model(f"sigmoid-shifted-bn-{placement}", seed=1)
    model.get_layer("hidden").beta.assign([3.0, 3.0])
    x = training.arm_data("sigmoid-shifted")[0]
    hidden = keras.Model(model.inputs, model.get_layer("hidden").output)([x])
    z = keras.ops.convert_to_numpy(model.get_layer("hidden_dense")(x))
    scale = 1 / np.sqrt(1 + 1e-3)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    expected = sigmoid(z * scale + 3) if placement == "pre" else sigmoid(z) * scale + 3
    np.testing.assert_allclose(hidden, expected, rtol=1e-4)


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


def test_another_seed_gives_other_measures(short, tmp_path):
    assert run(tmp_path, seed=1, **SHORT)[0]["measures"] != short[1]["measures"]


def test_a_second_run_takes_up_the_first(copied, monkeypatch):
    log_dir, first, printed = copied
    (log_dir / "G17_sigmoid_shifted_boundary.gif").unlink()
    monkeypatch.setattr(training, "train", None)  # nothing is left to train
    again = run(log_dir, **SHORT)
    assert again[0] == first
    assert again[1].partition("Films")[0] == printed.partition("Films")[0]
    assert (log_dir / "G17_sigmoid_shifted_boundary.gif").exists()


def test_an_interrupted_run_goes_on_with_the_missing_arms(tmp_path, monkeypatch):
    options = {"arms": FEW_FILMS, "epochs": 2}
    train, trained = training.train, []

    def interrupted(arm, *rest):
        trained.append(arm)
        if trained == FEW_FILMS:
            raise KeyboardInterrupt
        return train(arm, *rest)

    monkeypatch.setattr(training, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, **options)
    assert not (tmp_path / "results.json").exists()
    results, _ = run(tmp_path, **options)
    assert trained == [*FEW_FILMS, FEW_FILMS[1]]
    assert list(results["measures"]["arms"]) == FEW_FILMS


def test_a_damaged_arm_is_made_again(copied):
    """With the same measures, as the seed is the same."""
    log_dir, first, _ = copied
    model = log_dir / FEW_FILMS[1] / "model.keras"
    film = model.parent / "lit_start.gif"

    def events():
        return next(model.parent.glob("events.out.tfevents.*"))

    for damage in (film.unlink, lambda: model.write_text("no model"), lambda: events().unlink()):
        damage()
        assert run(log_dir, **SHORT)[0]["measures"] == first["measures"]
    assert events().stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "--epochs must be from 1 to 1000000000, not 0"),
        ({"epochs": -5}, "--epochs must be from 1 to 1000000000, not -5"),
        ({"every": 0}, "--every must be from 1 to"),
        ({"seed": -1}, "--seed must be from 0 to 4294967295, not -1"),
        ({"seed": 2**32}, "--seed must be from 0 to 4294967295, not 4294967296"),
        ({"arms": ["relu-center"]}, "no arm 'relu-center'; the arms are relu-centred,"),
        ({"arms": []}, "the arms are"),
    ],
)
def test_impossible_arguments_are_refused_and_nothing_is_written(tmp_path, options, says):
    with pytest.raises(UsageError, match=says):
        run(tmp_path / "logs", **options)
    assert not (tmp_path / "logs").exists()


def test_a_bar_is_shown_on_a_terminal_and_only_there(short, tmp_path):
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    experiment.run(tmp_path, console=console, **SHORT)
    assert "4/4" in console.file.getvalue()
    assert "4/4" not in short[2]


def test_a_model_that_does_not_fit_on_the_disk_leaves_no_half_of_itself(tmp_path, monkeypatch):
    def save_half(model, path):
        Path(path).write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", save_half)
    (arm,) = SHORT["arms"]
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, **SHORT)
    assert {path.name for path in (tmp_path / arm).glob("*model*")} == set()
    assert {path.name for path in (tmp_path / arm).glob(".*")} == set()
