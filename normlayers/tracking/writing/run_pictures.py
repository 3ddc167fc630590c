"""The pictures of a run: what is drawn of each reading, and how it is titled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from normlayers.pictures.album import Album
from normlayers.tracking.boundary import Boundary, Survey, Wanted
from normlayers.tracking.observed_scalars import SMALL_LAYER
from normlayers.tracking.reading.probe import Probe, Reading
from normlayers.tracking.reading.wiring import Wiring
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.tracker_arguments import check_flag


class RunPictures:
    """Draws what a model does on the points it is watched on.

    Args:
        points: the points.
        boundary: as for ``Survey``.
        pictures: ``"auto"`` draws small networks, ``True`` each layer's heat map and distribution
            too, ``False`` nothing but boundaries.
        unit: what steps are counted in.
        films: whether to keep the pictures for ``write_films``.

    Raises:
        ValueError: ``films`` is not a boolean.
    """

    def __init__(
        self,
        points: TrackedPoints,
        boundary: Wanted,
        pictures: Literal["auto"] | bool = "auto",
        unit: str = "epoch",
        films: bool = False,
    ) -> None:
        check_flag("films", films)
        self._points = points
        self._boundary = boundary
        self._pictures = pictures
        self._unit = unit
        self._films = films
        self._album = Album(points.labels, unit, films)
        self._seen: tuple[Probe, Wiring] | None = None

    def look_over(self, probe: Probe) -> None:
        """Get ready to draw a model that is new, or has other layers than before.

        Raises:
            ValueError: it has no boundary to draw though one is asked for.
        """
        seen = (probe, probe.wiring)
        if seen != self._seen:
            self._survey = Survey(probe, self._points.x, self._boundary)
            self._album = Album(self._points.labels, self._unit, self._films)
            self._seen = seen

    def boundaries(self, reading: Reading) -> dict[str, Boundary]:
        """The boundaries of the model that was looked over, by tag; none of one that diverged."""
        return self._survey.read(reading) if reading.is_finite else {}

    def draw(
        self,
        reading: Reading,
        boundaries: Mapping[str, Boundary],
        wiring: Wiring,
        run: str,
        step: int,
        layers: Sequence[str],
    ) -> dict[str, bytes]:
        """The pictures of a reading of the model that was looked over, as PNG files by tag.

        There are none of a model that has diverged.

        Args:
            reading: what is drawn.
            boundaries: of the same reading.
            wiring: of the same reading.
            run: the run's name, for the titles.
            step: for the titles.
            layers: the layers shown in detail.
        """
        if not reading.is_finite:
            return {}
        title = f"{run} · {self._unit} {step}"
        images = {
            tag: self._album.boundary(
                tag, title, b.points, b.extent, b.logit, b.axis_labels, b.classes
            )
            for tag, b in boundaries.items()
        }
        sizes = [self._points.features, *wiring.neurons.values()]
        if self._pictures and wiring.is_chain and max(sizes) <= SMALL_LAYER:
            lit = [active[self._points.lit] for active in reading.active.values()]
            images["network"] = self._album.network(title, sizes, self._points.captions, lit)
        if self._pictures is True:
            for name in (layer for layer in layers if layer in reading.activations):
                values = reading.activations[name]
                images[f"heat_map/{name}"] = self._album.heat_map(name, title, values)
                images[f"distribution/{name}"] = self._album.distribution(name, step, title, values)
        return images

    def write_films(self, folder: Path) -> None:
        """Write each picture's course, as ``Album.write_films``."""
        self._album.write_films(folder)
