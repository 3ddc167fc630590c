"""Trains an arm's networks and measures them, chunk by chunk, to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import open_memmap

from normlayers.ensembles.ensemble import train_ensemble
from normlayers.ensembles.stacked_optimizers import OPTIMIZERS
from normlayers.experiments.two_neuron_ensemble.arms import ARMS
from normlayers.experiments.two_neuron_ensemble.measures import StackedMeasures
from normlayers.pictures.whole_file import whole_file

Array = npt.NDArray[Any]

NETWORKS = "networks.npy"
# Networks in a program; what more do in an epoch leaves the caches.
CHUNK = 128


def train(
    arguments: Mapping[str, Any], arm: str, folder: Path, advance: Callable[[int], None]
) -> None:
    """Train an arm's networks and write the measures of all of them to ``NETWORKS``.

    The file is never held in memory: there may be a hundred million networks.

    Args:
        arguments: the experiment's.
        arm: one of ``ARMS``.
        folder: the arm's.
        advance: called as training goes on with the epochs of networks trained since.
    """
    architecture, (x, y) = ARMS[arm].architecture, ARMS[arm].data()
    measures = StackedMeasures(architecture, x, y)
    chunks = train_ensemble(
        architecture,
        x,
        y,
        networks=arguments["networks"],
        epochs=arguments["epochs"],
        batch_size=arguments["batch-size"],
        optimizer=OPTIMIZERS[arguments["optimizer"]](),
        seed=arguments["seed"],
        chunk=CHUNK,
        advance=advance,
    )
    kept: Any = None
    with whole_file(folder / NETWORKS) as file, closing(chunks):
        for chunk in chunks:
            found = measures.of(chunk)
            if kept is None:
                fields = [(name, values.dtype) for name, values in found.items()]
                kept = open_memmap(file, "w+", np.dtype(fields), (arguments["networks"],))
            for name, values in found.items():
                kept[name][chunk.first : chunk.first + len(values)] = values
        kept.flush()


def kept_networks(folder: Path) -> Array:
    """The measures that ``train`` wrote, shape ``(networks,)``, a field a measure; on disk."""
    return np.load(folder / NETWORKS, mmap_mode="r")
