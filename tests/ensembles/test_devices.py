"""The devices that Keras computes on."""

import os

import keras
import pytest

from normlayers.ensembles import devices


def test_devices_are_named():
    assert devices.device() == f"{', '.join(devices.devices())}; {os.cpu_count()} cores"
    assert devices.devices()


@pytest.mark.parametrize(("count", "names"), [(0, ["cpu:0"]), (2, ["gpu:0", "gpu:1"])])
def test_torchs_devices_are_asked_of_torch(monkeypatch, count, names):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert devices.devices() == names
