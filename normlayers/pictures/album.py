"""A run's pictures, each drawn again at every observation, and their films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.pictures.boundary import BoundaryPicture, Extent
from normlayers.pictures.class_regions import ClassRegionsPicture
from normlayers.pictures.distribution import QUANTILES, distribution
from normlayers.pictures.film import write_gif, write_mp4
from normlayers.pictures.heat_map import heat_map
from normlayers.pictures.network import NetworkPicture
from normlayers.pictures.plain_text import plain
from normlayers.pictures.png import to_png

Array = npt.NDArray[Any]

# Of a distribution's course every second step is dropped where it would grow beyond this.
STEPS_KEPT = 512
# Beyond this many, points of a heat map are narrower than its pixels.
POINTS_MAPPED = 300


class Album:
    """Draws a run's pictures from arrays, as PNG files by tag.

    Args:
        labels: the points' classes, integers, or ``None``.
        unit: what steps are counted in.
        films: whether to keep the pictures for ``write_films``.
    """

    def __init__(self, labels: Array | None, unit: str = "epoch", films: bool = False) -> None:
        self._labels = labels
        self._unit = unit
        self._films: dict[str, list[bytes]] | None = {} if films else None
        self._boundaries: dict[str, BoundaryPicture | ClassRegionsPicture] = {}
        self._network: NetworkPicture | None = None
        self._courses: dict[str, list[tuple[int, Array]]] = {}

    def boundary(
        self,
        tag: str,
        title: str,
        points: Array,
        extent: Extent,
        logit: Array,
        axis_labels: tuple[str, str],
        classes: bool,
    ) -> bytes:
        """A decision boundary: regions where logits are those of several classes."""
        axis_labels = (plain(axis_labels[0]), plain(axis_labels[1]))
        regions = logit.ndim == 3 and classes
        if tag not in self._boundaries:
            if regions:
                self._boundaries[tag] = ClassRegionsPicture(
                    logit.shape[-1], self._labels, axis_labels
                )
            else:
                self._boundaries[tag] = BoundaryPicture(self._two_classes(), axis_labels)
        picture = self._boundaries[tag]
        picture.draw(points, extent, logit, plain(title))
        return self._kept(tag, picture.png())

    def network(
        self, title: str, sizes: Sequence[int], captions: Sequence[str], lit: Sequence[Array]
    ) -> bytes:
        """The network, its neurons lit by points."""
        if self._network is None:
            self._network = NetworkPicture(sizes, captions)
        self._network.draw(lit, plain(title))
        return self._kept("network", self._network.png())

    def heat_map(self, layer: str, title: str, activations: Array) -> bytes:
        """A layer's activations, neurons by points."""
        # Where a layer has positions there are more activations than labels.
        fits = self._labels is not None and len(self._labels) == len(activations)
        some = np.linspace(0, len(activations) - 1, min(POINTS_MAPPED, len(activations)))
        some = some.astype(int)
        labels = self._labels[some] if fits and self._labels is not None else None
        png = to_png(heat_map(activations[some], plain(f"{layer} · {title}"), labels))
        return self._kept(f"heat_map/{layer}", png)

    def distribution(self, layer: str, step: int, title: str, activations: Array) -> bytes:
        """The course of the distribution of a layer's activations up to a step."""
        course = self._courses.setdefault(layer, [])
        course.append((step, np.quantile(activations, QUANTILES)))
        if len(course) > STEPS_KEPT:
            del course[1:-1:2]
        steps, quantiles = zip(*course, strict=True)
        figure = distribution(steps, np.array(quantiles), plain(f"{layer} · {title}"), self._unit)
        return self._kept(f"distribution/{layer}", to_png(figure))

    def write_films(self, folder: Path) -> None:
        """Write each picture's course as a GIF, and an MP4 where ffmpeg is installed."""
        if self._films:
            folder.mkdir(parents=True, exist_ok=True)
        for tag, frames in (self._films or {}).items():
            path = folder / tag.replace("/", "_")
            write_gif(frames, path.with_name(f"{path.name}.gif"))
            write_mp4(frames, path.with_name(f"{path.name}.mp4"))

    def _two_classes(self) -> Array | None:
        if self._labels is None or self._labels.max() > 1:
            return None
        return self._labels == 1

    def _kept(self, tag: str, png: bytes) -> bytes:
        if self._films is not None:
            self._films.setdefault(tag, []).append(png)
        return png
