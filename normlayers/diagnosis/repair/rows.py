"""The rows that a repair learns from, and those that it compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.data import Data
from normlayers.diagnosis.repair.given import learned_of, losses_of
from normlayers.diagnosis.repair.training import Split, split
from normlayers.inference.graph import input_names, output_names

Array = npt.NDArray[Any]

FEWEST_ROWS = 10


def rows_of(model: keras.Model, data: Data, share: float, seed: int) -> Split:
    """The rows that were read, some of them held out.

    Raises:
        TypeError: there are no targets.
        ValueError: there are fewer than 10 rows, or an output that is trained has no targets.
    """
    if data.y is None:
        raise TypeError("repair() compares by the targets; pass y. Received: y=None")
    if data.rows < FEWEST_ROWS:
        raise ValueError(
            f"repair() holds rows out and needs {FEWEST_ROWS} or more. Received: {data.rows}."
        )
    parts = dict(zip(data.names, data.parts, strict=True))
    inputs = input_names(model)
    # A dict's are in alphabetical order, and may be more than the model takes.
    order = inputs if inputs and set(inputs) <= set(parts) else data.names
    found = split(
        [np.asarray(parts[name]) for name in order],
        _by_output(model, data.y, data.rows),
        share,
        seed,
        tuple(order) if isinstance(data.x, Mapping) else (),
    )
    return replace(found, remark=data.remark)


def _by_output(model: keras.Model, targets: Any, rows: int) -> list[Array]:
    """One an output; of outputs that have neither targets nor a loss zeros, which nothing reads."""
    names = output_names(model)
    if isinstance(targets, Mapping) and set(names) & set(targets):
        found = [targets.get(name) for name in names]
    else:
        found = keras.tree.flatten(targets)
    if names and len(found) != len(names):
        raise ValueError(
            f"y must have targets for each of the outputs {', '.join(names)}; pass a dict by these "
            f"names. Received: targets for {len(found)}."
        )
    learned = learned_of(losses_of(model, names))
    without = [n for i, n in enumerate(names) if i in learned and found[i] is None]
    if without:
        raise ValueError(
            "y must have targets for each output that has a loss, and for all of a model that has "
            f"none. Received: no targets for {', '.join(without)}."
        )
    return [np.zeros(rows) if part is None else np.asarray(part) for part in found]
