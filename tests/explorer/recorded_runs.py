"""Small runs, written as the tracker writes them."""

import numpy as np

from normlayers.explorer.records import FORMAT, snapshot_value
from normlayers.explorer.snapshot import encode
from normlayers.tracking.writing.event_log import EventLog

META = {
    "format": FORMAT,
    "unit": "epoch",
    "layers": [
        {
            "name": "h",
            "activation": "relu",
            "neurons": 2,
            "shown": [0, 1],
            "role": "hidden",
            "inputs": "",
        }
    ],
    "points": {
        "total": 3,
        "shown": [0, 1, 2],
        "position": None,
        "axes": ["x0", "x1"],
        "labels": None,
        "classes": None,
    },
}


def active_at(step):
    """What a step's neurons do: the step's lowest six bits."""
    return np.array([bool(step >> bit & 1) for bit in range(6)]).reshape(3, 2)


def snapshot_at(step):
    return encode(step, {"active/h": active_at(step)})


def write_run(folder, steps, meta=META):
    """A run with ``snapshot_at`` of each step, and a loss of a hundredth of the step."""
    with EventLog(folder) as log:
        for number, step in enumerate(steps):
            value = snapshot_value(snapshot_at(step), None if number else meta)
            log.write(step, {"epoch_loss": step / 100, "hidden_from_view": 1.0}, others=[value])
    return folder


def write_other_run(folder):
    with EventLog(folder) as log:
        log.write(0, {"epoch_loss": 1.0})
