"""What TensorBoard says of each tag, in its own words for it."""

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

import normlayers as nl
from normlayers.tracking.writing.event_log import EventLog
from normlayers.tracking.writing.tag_descriptions import tag_description


def descriptions(log_dir):
    """By tag, what TensorBoard's multiplexer has."""
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(log_dir))
    multiplexer.Reload()
    return {
        tag: multiplexer.SummaryMetadata(run, tag).summary_description
        for run, tags in multiplexer.Runs().items()
        for tag in tags["tensors"]
    }


def test_every_tag_of_a_training_has_one(points, tmp_path):
    x, y = points
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, "sigmoid", name="hidden"),
            keras.layers.Dense(3, "relu", name="wide"),
            keras.layers.Dense(1, "sigmoid", name="output"),
        ]
    )
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    tracker = nl.ActivationTracker(tmp_path / "run", x, y, pictures=True, strict=True)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[tracker], validation_split=0.2)
    plane = nl.ActivationTracker(tmp_path / "plane", x, boundary=[0, 1, 2], strict=True)
    plane.observe(model, 0)
    plane.close()
    found = descriptions(tmp_path)
    groups = {tag.split("/")[0] for tag in found}
    assert groups >= {"overview", "activity", "activations", "boundary", "network", "heat_map"}
    assert {"linearity", "distribution", "epoch_loss", "epoch_val_accuracy"} <= groups
    assert [tag for tag, said in found.items() if not said] == []
    for tag, said in found.items():
        if tag != "overview/notes":
            assert "good" in said.lower(), tag
    for tag in ("activity/hidden/dead", "overview/saturation_worst", "overview/input_scale_mean"):
        for part in ("**", "0", "Good:", "Bad:", "Source:"):
            assert part in found[tag]


@pytest.mark.parametrize("measure", ["dead", "saturation", "zero_gradient", "neuron_12"])
def test_a_layers_name_does_not_matter(measure):
    assert tag_description(f"activity/overview/{measure}")
    assert tag_description(f"activity/a.b/c/{measure}") == tag_description(f"activity/x/{measure}")


def test_they_are_written_once_a_file_and_others_can_be_given(tmp_path):
    text = "A description of its own, long enough to be seen in the file's size. " * 20
    with EventLog(tmp_path / "run", describe=lambda tag: text) as log:
        sizes = []
        for step in range(3):
            log.write(step, {"mine": 1.0})
            (path,) = (tmp_path / "run").iterdir()
            sizes.append(path.stat().st_size)
    assert np.diff(sizes)[0] == np.diff(sizes)[1] < 150
    assert descriptions(tmp_path) == {"mine": text}
