"""The experiment's runs, resumed and refused.

Covers too: arms.py, data.py, table.py, tracked_fit.py.
"""

import json
from functools import partial

import numpy as np
import pytest

from normlayers.experiments.input_normalization import experiment as input_normalization
from normlayers.experiments.running.command_line import UsageError
from tests.experiments.printed_run import printed_run

SMALL = {"networks": 3, "epochs": 4, "arms": ["wine-relu-raw", "wine-relu-standardized"]}
run = partial(printed_run, input_normalization, columns=120, **SMALL)


def test_a_run_writes_what_it_found_and_takes_it_up_again(tmp_path, monkeypatch):
    results, printed = run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])
    assert json.loads((tmp_path / "results.json").read_text()) == results
    arm = results["measures"]["arms"]["wine-relu-raw"]
    assert (arm["networks"], arm["diverged"], len(arm["feature_gradients"])) == (3, 0, 13)
    assert [len(q) for q in arm["loss_quantiles"]] == [5] * 4
    assert 0 < results["measures"]["fit"]["fit-standardized"]["validation_accuracy"] <= 1
    assert list((tmp_path / "fit-standardized").glob("events.out.tfevents.*"))
    assert "not run" in printed

    def forbidden(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(input_normalization, "train_arm", forbidden)
    monkeypatch.setattr(input_normalization, "tracked_fit", forbidden)
    again, _ = run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])
    assert again == results
    events = next((tmp_path / "fit-standardized").glob("events.out.tfevents.*"))
    events.write_bytes(events.read_bytes()[:-10])
    with pytest.raises(AssertionError, match="trained again"):
        run(tmp_path, arms=["wine-relu-raw", "fit-standardized"])


def test_the_same_seed_gives_the_same_measures(tmp_path):
    first, again = (run(tmp_path / name)[0]["measures"] for name in ("one", "two"))
    assert first == again
    assert run(tmp_path / "other", seed=1)[0]["measures"] != first


def test_a_diverged_arm_is_told(tmp_path, monkeypatch):
    real = input_normalization.train_arm

    def diverging(*arguments):
        found = real(*arguments)
        found["diverged"][:] = True
        found["validation_accuracy"][:] = np.nan
        return found

    monkeypatch.setattr(input_normalization, "train_arm", diverging)
    results, printed = run(tmp_path)
    assert results["measures"]["arms"]["wine-relu-raw"]["diverged"] == 1
    assert "diverged" in printed


def test_a_damaged_file_is_made_again(tmp_path):
    before, _ = run(tmp_path)
    (tmp_path / "wine-relu-raw" / "networks.npz").write_bytes(b"half")
    assert run(tmp_path)[0]["measures"] == before["measures"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"networks": 0}, "--networks must be from 1 to 100000, not 0."),
        ({"epochs": -1}, "--epochs must be from 1"),
        ({"arms": ["wine-relu"]}, "there is no arm 'wine-relu'"),
    ],
)
def test_impossible_arguments_are_refused_before_anything_is_written(tmp_path, changed, message):
    with pytest.raises(UsageError, match=message):
        run(tmp_path / "logs", **changed)
    assert not (tmp_path / "logs").exists()
