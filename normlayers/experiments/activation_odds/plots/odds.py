"""How much of the data activates the neurons of many networks.

Every picture compares kinds of networks, which its legend or its panels name. Mappings are from
these names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from normlayers.pictures.palette import INK, STATES_OF_NEURONS

Array = npt.NDArray[Any]

# Of kinds of networks: none that a state of a neuron has. Okabe and Ito's (2008).
COLOURS = ("#E69F00", "#CC79A7")
# The exact values that samples of points approximate.
EXACT = "exact, whole cube"
SHIFT = "shift c of the data U(c - 1, c + 1)"
LEGEND: dict[str, Any] = {"fontsize": 10, "frameon": False, "handlelength": 1.2}


def active_neurons(shares: Mapping[str, Sequence[float]], exact: Array, title: str) -> Figure:
    """The distribution of the number of active neurons: one bar per kind, and marks.

    Args:
        shares: for each kind the shares of the points with 0, 1, ... active neurons.
        exact: the exact shares, drawn as marks.
        title: the picture's title.

    Example:
        >>> figure = active_neurons({"bias 0": [0.3, 0.7]}, [0.5, 0.5], "one neuron")
        >>> [float(bar.get_height()) for bar in figure.axes[0].patches]
        [0.3, 0.7]
    """
    figure = Figure(figsize=(5.0, 3.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    exact = np.asarray(exact)
    # Of a large layer only the numbers that occur.
    shown = np.flatnonzero(exact > 1e-4 * exact.max())
    width = 0.8 / len(shares)
    for i, (kind, share) in enumerate(shares.items()):
        places = shown + (i - (len(shares) - 1) / 2) * width
        axes.bar(places, np.asarray(share)[shown], width, color=COLOURS[i], label=kind)
    size = 8 if len(shown) <= 20 else 3
    axes.plot(
        shown, exact[shown], "D", color=INK, markeredgecolor="white", markersize=size, label="exact"
    )
    axes.set_xlabel("number of active neurons", fontsize=12)
    axes.set_ylabel("share of the points", fontsize=12)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_ylim(0, 1.22 * exact.max())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_title(title, fontsize=11)
    axes.legend(loc="upper center", ncols=len(shares) + 1, **LEGEND)
    _plain(axes)
    return figure


def share_histograms(
    shares: Mapping[str, Sequence[float]],
    title: str,
    axis_labels: tuple[str, str],
    top: float | None = None,
    uniform: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> Figure:
    """Histograms over [0, 1], one panel per kind.

    Args:
        shares: for each kind the share in each of the equal bins, 1 in all.
        title: the picture's title.
        axis_labels: what the bins are of, and what is counted.
        top: the upper end of the vertical axis, the same in all frames of a film; ``None`` fits it.
        uniform: for kinds that have it, ``(low, high)`` of the exact uniform distribution.

    Example:
        >>> figure = share_histograms({"bias 0": [0.3, 0.7]}, "no shift", ("share", "neurons"))
        >>> [float(bar.get_height()) for bar in figure.axes[0].patches]
        [0.3, 0.7]
    """
    figure = Figure(figsize=(6.8, 3.6), dpi=110, layout="constrained")
    apart = {"wspace": 0.06}
    panels = figure.subplots(1, len(shares), sharey=True, squeeze=False, gridspec_kw=apart)[0]
    for axes, colour, (kind, share) in zip(panels, COLOURS, shares.items(), strict=False):
        bins = len(share)
        axes.bar((np.arange(bins) + 0.5) / bins, share, 0.9 / bins, color=colour)
        if kind in uniform:
            low, high = uniform[kind]
            height = 1 / (bins * (high - low))
            axes.plot([low, low, high, high], [0, height, height, 0], color=INK, linewidth=2,
                      label=f"{EXACT}: U({low:g}, {high:g})")  # fmt: skip
            axes.legend(loc="upper right", **LEGEND)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks([0, 0.5, 1])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(kind, fontsize=12)
        _plain(axes)
    panels[0].set_ylim(0, top or 1.1 * max(max(share) for share in shares.values()))
    panels[0].set_ylabel(axis_labels[1], fontsize=12)
    figure.supxlabel(axis_labels[0], fontsize=12)
    figure.suptitle(title, fontsize=11)
    return figure


def shifted_histograms(
    shares: Mapping[str, Sequence[Sequence[float]]], shifts: Sequence[float], title: str
) -> Figure:
    """Histograms over [0, 1] as columns of a heat map, one per shift; a panel per kind.

    Colours are logarithmic: from 0.1 % of what is counted, or less, to all of it.

    Args:
        shares: for each kind and shift the share in each of the equal bins.
        shifts: of the data.
        title: the picture's title.

    Example:
        >>> figure = shifted_histograms({"bias 0": [[0.3, 0.7], [0.5, 0.5]]}, [0, 1], "two shifts")
        >>> figure.axes[0].images[0].get_array().tolist()
        [[0.3, 0.5], [0.7, 0.5]]
    """
    figure = Figure(figsize=(8.0, 3.8), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(shares), sharey=True, squeeze=False)[0]
    for axes, (kind, columns) in zip(panels, shares.items(), strict=True):
        # Cividis can be read with all kinds of colour vision, and in greyscale.
        image = axes.imshow(
            np.transpose(columns), cmap="cividis", norm=LogNorm(1e-3, 1, clip=True),
            origin="lower", aspect="auto", interpolation="nearest",
            extent=(-0.5, len(shifts) - 0.5, 0, 1),
        )  # fmt: skip
        axes.set_xticks(range(len(shifts)), [f"{shift:g}" for shift in shifts])
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(kind, fontsize=12)
        axes.tick_params(labelsize=10)
    percent = FuncFormatter(lambda share, position: f"{100 * share:g}%")
    bar = figure.colorbar(image, ax=list(panels), format=percent)
    bar.set_label("neurons", fontsize=12)
    panels[0].set_ylabel("share of the data\nthat activates a neuron", fontsize=12)
    figure.supxlabel(SHIFT, fontsize=12)
    figure.suptitle(title, fontsize=11)
    return figure


def neuron_states(
    states: Mapping[str, Mapping[str, Sequence[float]]],
    exact: Mapping[str, Mapping[str, Sequence[float]]],
    shifts: Sequence[float],
    title: str,
) -> Figure:
    """Shares of the neurons that are always on, selective and dead, over the data's shift.

    Args:
        states: for each kind and each of ``STATES_OF_NEURONS`` the share of the neurons at each
            shift.
        exact: the same of the kinds it is known for, drawn as marks where two states meet.
        shifts: of the data.
        title: the picture's title.

    Example:
        >>> shares = {"bias 0": {"always on": [0, 0.4], "selective": [1, 0.2], "dead": [0, 0.4]}}
        >>> figure = neuron_states(shares, shares, [0, 1], "two shifts")
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['always on', 'selective', 'dead', 'exact, whole cube']
    """
    figure = Figure(figsize=(8.0, 3.8), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(states), sharey=True, squeeze=False)[0]
    places = np.arange(len(shifts))
    for axes, (kind, found) in zip(panels, states.items(), strict=True):
        below = np.zeros(len(shifts))
        for state, colour in STATES_OF_NEURONS.items():
            axes.bar(places, found[state], 0.8, below, color=colour, edgecolor=INK, linewidth=0.6,
                     label=state)  # fmt: skip
            below = below + found[state]
        if kind in exact:
            first, second = (np.asarray(exact[kind][state]) for state in ("always on", "selective"))
            borders = np.concatenate([first, first + second])
            axes.plot(np.tile(places, 2), borders, "D", color=INK, markeredgecolor="white",
                      markersize=6, label=EXACT)  # fmt: skip
        axes.set_xticks(places, [f"{shift:g}" for shift in shifts])
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_title(kind, fontsize=12)
        _plain(axes)
    panels[0].set_ylabel("neurons", fontsize=12)
    figure.supxlabel(SHIFT, fontsize=12)
    figure.suptitle(title, fontsize=11)
    handles, labels = panels[0].get_legend_handles_labels()
    order = [labels.index(name) for name in (*STATES_OF_NEURONS, EXACT) if name in labels]
    figure.legend(
        [handles[i] for i in order], [labels[i] for i in order], loc="outside right center",
        **LEGEND,
    )  # fmt: skip
    return figure


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=10)
    axes.spines[["top", "right"]].set_visible(False)
