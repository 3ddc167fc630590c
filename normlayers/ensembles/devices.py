"""The devices that Keras computes on."""

from __future__ import annotations

import os

import keras


def device() -> str:
    """The devices that Keras computes on, and the cores beside them."""
    return f"{', '.join(devices())}; {os.cpu_count()} cores"


def devices() -> list[str]:
    """Names of the devices that Keras computes on, such as ``"cpu:0"`` and ``"gpu:0"``."""
    if keras.backend.backend() == "torch":  # of which Keras gives no list
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())] or ["cpu:0"]
    return [name.lower() for name in keras.distribution.list_devices()]
