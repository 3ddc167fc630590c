import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import normlayers as nl
from normlayers.explorer.runs import FolderRuns

TAG = "overview/findings/text_summary"


def tracked(folder, x, bias=0.0, **arguments):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(1, name="last")]
    model = keras.Sequential([keras.Input((2,)), *layers])
    layers[0].bias.assign(np.full(8, bias))
    tracker = nl.ActivationTracker(folder, x, strict=True, **arguments)
    tracker.observe(model, step=0)
    layers[0].bias.assign(np.full(8, 0.0))
    tracker.observe(model, step=1)
    tracker.observe(model, step=2)
    tracker.close()
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    texts = {}
    for tag in events.Tags()["tensors"]:
        if "findings" in tag:
            texts = {e.step: e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)}
    return texts, FolderRuns(folder).read(".")[0]


def points(scale=1.0):
    return (np.random.default_rng(0).normal(size=(50, 2)) * scale).astype("float32")


def test_findings_are_written_at_the_start_and_when_they_change(tmp_path):
    texts, meta = tracked(tmp_path, points(), bias=-100.0, diagnose=True)
    assert list(texts) == [0, 1]
    assert "dead_neurons" in texts[0]
    assert "Nothing was found" in texts[1]
    assert "findings" not in meta


def test_they_are_part_of_the_snapshots(tmp_path):
    texts, meta = tracked(tmp_path, points(1e4), diagnose=True)
    assert list(texts) == [0]
    first = meta["findings"][0]
    assert (first["fault"], first["step"]) == ("inputs_not_scaled", 0)
    assert set(first) == {"step", "fault", "where", "severity", "message", "cure"}


def test_without_being_asked_there_are_none(tmp_path):
    texts, meta = tracked(tmp_path, points(1e4))
    assert texts == {}
    assert "findings" not in meta


def test_diagnose_is_a_boolean(tmp_path):
    with pytest.raises(ValueError, match="diagnose must be True or False"):
        nl.ActivationTracker(tmp_path, points(), diagnose="yes")
