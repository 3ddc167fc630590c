"""Article A2's figures G5 to G8, and two more, from what ``activation_odds`` measured.

- ``G5_active_neurons.png``: the number of active neurons at a point, centred data;
- ``G6_share_of_data.png``: the share of the data that activates a neuron, centred data;
- ``G7_shift.gif``: a film of it as the data shift, and ``G7_all_shifts.png``, all in one picture;
- ``G8_active_neurons_shifted.png``: as G5, for the data shifted furthest;
- ``overlap.png``: the share of the data that activates both of two neurons, centred data;
- ``neuron_states.png``: the shares of neurons that are always on, selective and dead.

TensorBoard has them as ``initialization/<name>``, without endings, in a group of their own that
does not stand before what trained networks show; the film's frames are steps, numbered by the
shift.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from normlayers.experiments.activation_odds.plots.odds import (
    active_neurons,
    neuron_states,
    share_histograms,
    shifted_histograms,
)
from normlayers.experiments.activation_odds.simulated_odds import BIASES
from normlayers.experiments.running.log_directory import LogDirectory
from normlayers.pictures.film import write_gif
from normlayers.pictures.png import to_png
from normlayers.tracking.writing.event_log import EventLog

# Kinds of networks, as results.json and as the pictures name them.
KINDS = dict(zip(BIASES, ("bias 0", "bias U(-1, 1)"), strict=True))
# The states of a neuron as pictures name them, and the measures of their shares.
STATES = {"always on": "share_on_all", "selective": "share_on_part", "dead": "share_on_none"}
STILLS = (
    "G5_active_neurons",
    "G6_share_of_data",
    "G7_all_shifts",
    "G8_active_neurons_shifted",
    "neuron_states",
)
OVERLAP = "overlap"
FILM = "G7_shift"
# Their group in TensorBoard.
GROUP = "initialization"
# The last frame stays ten times as long.
FRAME_MILLISECONDS = 500

Measures = Mapping[str, Any]
Sizes = Mapping[str, int]


def data_range(shift: float) -> str:
    """What the data at a shift are drawn from.

    Example:
        >>> data_range(9)
        'U(8, 10)'
    """
    return f"U({shift - 1:g}, {shift + 1:g})"


def picture_files(neurons: int) -> list[str]:
    """The names of all files for networks of so many neurons; a single one has no overlap."""
    stills = [*STILLS, OVERLAP] if neurons > 1 else STILLS
    return [*(f"{still}.png" for still in stills), f"{FILM}.gif"]


def captions(sizes: Sizes) -> list[dict[str, str]]:
    """results.json's ``figures``, in the article's order.

    Args:
        sizes: the numbers of ``networks``, ``points``, ``inputs`` and ``neurons``.
    """
    of = (
        f"{sizes['networks']:,} networks with weights and {sizes['points']:,} points of their own, "
        "with bias 0 and with bias from U(-1, 1)"
    )
    texts = {
        "G5_active_neurons.png": "G5: how many hidden neurons a point activates at initialization, "
        f"on data from U(-1, 1). Diamonds are what can be derived. {of}.",
        "G6_share_of_data.png": "G6: the share of the data that activates a neuron at "
        f"initialization, on data from U(-1, 1). {of}.",
        f"{FILM}.gif": "G7: that share as the data move from U(-1, 1) to U(8, 10). Neurons come to "
        f"be active on all of the data or on none. {of}.",
        "G7_all_shifts.png": "G7 in one picture: a column is the distribution at one shift of the "
        f"data, lighter where more neurons are. {of}.",
        "G8_active_neurons_shifted.png": "G8: how many hidden neurons a point activates at "
        f"initialization, on data from U(8, 10). {of}.",
        "neuron_states.png": "The shares of neurons that are always on (active on all of the "
        "data), selective (on part) and dead (on none) as the data move away from 0. Diamonds are "
        f"what can be derived. {of}.",
        f"{OVERLAP}.png": "The share of the data that activates both of two neurons, on data from "
        f"U(-1, 1). {of}.",
    }
    there = picture_files(sizes["neurons"])
    return [{"file": file, "caption": texts[file]} for file in texts if file in there]


def write_pictures(measures: Measures, sizes: Sizes, directory: LogDirectory, folder: Path) -> None:
    """Draw everything.

    Args:
        measures: of ``activation_odds``.
        sizes: the numbers of ``networks``, ``points``, ``inputs`` and ``neurons``.
        directory: the pictures go to.
        folder: the event file goes to.
    """
    stills = {name: to_png(figure) for name, figure in _stills(measures, sizes).items()}
    tallest = max(max(max(h) for h in measures[kind]["share_histogram"]) for kind in KINDS)
    frames = [
        to_png(_shares(measures, sizes, at, top=1.1 * tallest))
        for at in range(len(measures["shift"]))
    ]
    for name, png in stills.items():
        directory.write(f"{name}.png", png)
    write_gif(frames, directory.path / f"{FILM}.gif", FRAME_MILLISECONDS)
    told = {f"{GROUP}/{Path(of['file']).stem}": of["caption"] for of in captions(sizes)}
    with EventLog(folder, lambda tag: told[tag]) as log:
        log.write(0, images={f"{GROUP}/{name}": png for name, png in stills.items()})
        for shift, frame in zip(measures["shift"], frames, strict=True):
            log.write(shift, images={f"{GROUP}/{FILM}": frame})


def _stills(measures: Measures, sizes: Sizes) -> dict[str, Figure]:
    stills = {
        "G5_active_neurons": _active(measures, sizes, 0),
        "G6_share_of_data": _shares(measures, sizes, 0),
        "G7_all_shifts": shifted_histograms(
            _of_kinds(measures, "share_histogram"),
            measures["shift"],
            _title("Share of the data that activates a neuron", sizes),
        ),
        "G8_active_neurons_shifted": _active(measures, sizes, -1),
        "neuron_states": neuron_states(
            _states(measures),
            _states(measures["exact"]),
            measures["shift"],
            _title("States of the neurons", sizes),
        ),
    }
    return stills if sizes["neurons"] == 1 else {**stills, OVERLAP: _overlap(measures, sizes)}


def _active(measures: Measures, sizes: Sizes, at: int) -> Figure:
    return active_neurons(
        _of_kinds(measures, "number_active", at),
        measures["exact"]["number_active"],
        _title("Neurons active at a point", sizes, measures["shift"][at]),
    )


def _shares(measures: Measures, sizes: Sizes, at: int, top: float | None = None) -> Figure:
    return share_histograms(
        _of_kinds(measures, "share_histogram", at),
        _title("Share of the data that activates a neuron", sizes, measures["shift"][at]),
        ("share of the data that activates a neuron", "neurons"),
        top,
    )


def _overlap(measures: Measures, sizes: Sizes) -> Figure:
    known = measures["exact"]["overlap_quantiles"] is not None
    return share_histograms(
        _of_kinds(measures, "overlap_histogram", 0),
        _title("Overlap of two neurons", sizes, measures["shift"][0]),
        ("share of the data that activates both", "pairs of neurons"),
        uniform={KINDS["bias_zero"]: (0, 0.5)} if known else {},
    )


def _states(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        label: {state: found[kind][share] for state, share in STATES.items()}
        for kind, label in KINDS.items()
        if found[kind] is not None
    }


def _of_kinds(measures: Measures, name: str, at: int | slice = slice(None)) -> dict[str, Any]:
    return {label: measures[kind][name][at] for kind, label in KINDS.items()}


def _title(what: str, sizes: Sizes, shift: float | None = None) -> str:
    data = "" if shift is None else f", data {data_range(shift)}"
    return (
        f"{what}{data}\n{sizes['networks']:,} networks, inputs: {sizes['inputs']:,}, "
        f"neurons: {sizes['neurons']:,}"
    )
