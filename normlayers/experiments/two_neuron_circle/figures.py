"""The circle experiment's pictures: article A2's figures by their numbers, and the overview."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from normlayers.experiments.two_neuron_circle.films import (
    ARCHITECTURE,
    DATA,
    data_picture,
    film_file,
    network_picture,
)
from normlayers.explorer.page import page_of
from normlayers.explorer.runs import FolderRuns
from normlayers.pictures.boundary import boundary_overview
from normlayers.pictures.png import to_png
from normlayers.tracking.boundary import boundary_over
from normlayers.tracking.reading.probe import Probe
from normlayers.tracking.writing.tag_descriptions import tag_description

Array = npt.NDArray[Any]

TWO_CIRCLES = "G01_two_circles.png"
NETWORK = "G02_network.png"
# Each is a copy of the film of an arm's picture.
COPIES = {
    "G03_relu_centred_boundary.gif": ("relu-centred", "boundary/input"),
    "G04_relu_centred_boundary_hidden.gif": ("relu-centred", "boundary/hidden"),
    "G09_relu_centred_lit_at_start.gif": ("relu-centred", "lit/start"),
    "G10_relu_centred_lit_early.gif": ("relu-centred", "lit/early"),
    "G11_relu_centred_lit_while_training.gif": ("relu-centred", "lit/training"),
    "G12_relu_shifted_lit_at_start.gif": ("relu-shifted", "lit/start"),
    "G13_relu_shifted_lit_early.gif": ("relu-shifted", "lit/early"),
    "G14_relu_shifted_lit_while_training.gif": ("relu-shifted", "lit/training"),
    "G15_sigmoid_shifted_lit_at_start.gif": ("sigmoid-shifted", "lit/start"),
    "G16_sigmoid_shifted_lit_at_end.gif": ("sigmoid-shifted", "lit/end"),
    "G17_sigmoid_shifted_boundary.gif": ("sigmoid-shifted", "boundary/input"),
}
FIGURES = (TWO_CIRCLES, NETWORK, *COPIES)
OVERVIEW, PAGE = "overview.png", "neurons.html"
# Beside each other they tell the article's story.
OPENED = ("relu-centred", "relu-shifted", "relu-shifted-standardized")
LIT = "A neuron is filled where the point activates it, and white where it does not."
# Of each picture's film, what it shows.
SHOWN = {
    "boundary/input": "The decision boundary of one network ({arm}) over its data, from start to "
    "end of training. Green is where the network says Y = 1, and paler where it is less sure.",
    "boundary/hidden": "The boundary of one network ({arm}) and its data in the space of the two "
    "hidden neurons, from start to end of training. There it is a straight line at every epoch.",
    "lit/start": f"One network ({{arm}}) before training, point after point. {LIT}",
    "lit/early": f"One network ({{arm}}) early in training, point after point. {LIT}",
    "lit/training": "One network ({arm}) through the whole of training, at each epoch shown with "
    f"another point. {LIT}",
    "lit/end": f"One network ({{arm}}) after training, point after point. {LIT}",
}


def figures(log_dir: Path, arms: Sequence[str], x: Array, y: Array) -> Iterator[tuple[str, bytes]]:
    """The figures of some arms, and those of none: their names and contents.

    Args:
        log_dir: where each arm has a folder.
        arms: the arms there.
        x: the centred data, shape ``(points, 2)``.
        y: its labels, 0 or 1, shape ``(points, 1)``.
    """
    yield TWO_CIRCLES, data_picture(x, y, "Y = 1 where x0² + x1² ≥ 1")
    yield NETWORK, network_picture()
    for figure, (arm, tag) in COPIES.items():
        if arm in arms:
            yield figure, (log_dir / arm / film_file(tag)).read_bytes()


def captions(arms: Sequence[str], epochs: int) -> list[dict[str, str]]:
    """results.json's ``figures``: the overview, and the article's by their numbers.

    Args:
        arms: the arms that were run.
        epochs: that they were trained for.

    Example:
        >>> [figure["file"] for figure in captions(["relu-shifted-bn-pre"], epochs=10)]
        ['overview.png', 'neurons.html', 'G01_two_circles.png', 'G02_network.png']
    """
    texts = {
        OVERVIEW: f"Decision boundaries after {epochs:,} epochs, one network a panel, "
        f"{len(arms)} in all, with their accuracies. The shifted data are the centred ones plus "
        "10; standardized and BN (batch normalization) are what is done to them.",
        PAGE: "One network an arm at every observation: one slider for all, and for each point the "
        "neurons that it lights. In its place here, the boundaries at the end.",
        TWO_CIRCLES: "G1: the data, two concentric circles of points. No line tells the classes "
        "apart.",
        NETWORK: "G2: the network, two inputs, two hidden neurons and one output.",
    }
    for figure, (arm, tag) in COPIES.items():
        if arm in arms:
            texts[figure] = f"G{int(figure[1:3])}: {SHOWN[tag].format(arm=_in_words(arm))}"
    return [
        {"file": file, "caption": caption, **({"preview": OVERVIEW} if file == PAGE else {})}
        for file, caption in texts.items()
    ]


def neurons_page(log_dir: Path, arms: Sequence[str]) -> bytes:
    """The explorer's view of some arms as a page of its own; ``OPENED`` are shown first.

    Args:
        log_dir: where each arm has a folder with its event file.
        arms: the arms there.
    """
    recorded = FolderRuns(log_dir)
    runs = [run for run in map(recorded.read, arms) if run is not None]
    return page_of(runs, opened=[arm for arm in OPENED if arm in arms]).encode()


def _in_words(arm: str) -> str:
    activation, data = arm.split("-", 1)
    return f"{'ReLU' if activation == 'relu' else activation}, {data} data"


def describe(arm: str, tag: str) -> str:
    """What TensorBoard says of a picture of an arm, as Markdown."""
    if tag == DATA:
        return (
            "**Data**: the arm's points in the colours of their classes. No line tells them apart."
        )
    if tag == ARCHITECTURE:
        return "**Architecture**: two inputs, two hidden neurons and one output, none of them lit."
    said = SHOWN[tag].format(arm=_in_words(arm)) if tag in SHOWN else tag_description(tag)
    if not tag.startswith("lit/"):
        return said
    return (
        f"**Lit points**: {said} The step is the epoch, the sample a point. Good: different points "
        "light different neurons. Bad: neurons that no point lights, or that every one does."
    )


def overview(panels: Sequence[tuple[str, Array, Any]], y: Array, columns: int) -> bytes:
    """Models' decision boundaries side by side, as a PNG.

    Args:
        panels: for each a title, its points of shape ``(points, 2)``, and the model.
        y: the points' labels, 0 or 1, the same in each panel, shape ``(points, 1)``.
        columns: panels in a row.
    """
    drawn = [(title, boundary_over(x, Probe(model).logit)) for title, x, model in panels]
    figure = boundary_overview(
        [(b.points, b.extent, b.logit, title) for title, b in drawn], y.ravel() > 0.5, columns
    )
    return to_png(figure)
