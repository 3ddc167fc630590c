"""All that is measured of a model at each observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from normlayers.tracking.observed_scalars import observed_scalars
from normlayers.tracking.overview import notes, overview
from normlayers.tracking.reading.probe import Reading
from normlayers.tracking.reading.roles import Roles, detailed_layers
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.training_norms import TrainingNorms
from normlayers.tracking.writing.tag_descriptions import OVERVIEW_GROUP

# Of a layer's summary, for TensorBoard.
HISTOGRAM = ("low", "high", "counts")
# Of larger models so many layers are shown in detail, where nobody asks for others.
DETAILED = 12


class ModelMeasures:
    """Measures a model, from its readings on the same points.

    Args:
        model: the model that is read.
        points: what it is read on.
        tolerance: as for ``measures.states``.
        details: names of the layers to show in detail, or how many; ``None`` for ``DETAILED``.

    Attributes:
        layers: the layers shown in detail; known from the first reading on.
    """

    def __init__(
        self,
        model: keras.Model,
        points: TrackedPoints,
        tolerance: float,
        details: int | Sequence[str] | None,
    ) -> None:
        self.layers: list[str] = []
        self._points, self._tolerance = points, tolerance
        self._details = DETAILED if details is None else details
        self._norms = TrainingNorms(model, points)
        self._watched = 0
        self._told = ""

    def follow_change(self) -> None:
        """Measure the same model after its layers, activations or attributes have changed."""
        self._norms.follow_change()

    def scalars(self, reading: Reading, found: Roles) -> dict[str, float]:
        """Every scalar by its tag, the overview first; NaN where a model has diverged.

        Args:
            reading: of the model as it is.
            found: the layers' roles.

        Raises:
            ValueError: a layer to be shown in detail is not watched.
        """
        self.layers = detailed_layers(list(reading.summaries), found, self._details)
        self._watched = len(reading.summaries)
        norms = {f"{OVERVIEW_GROUP}/{name}": of for name, of in self._norms.read(reading).items()}
        scalars = overview(reading.summaries, reading.inputs, found, self._tolerance) | norms
        scalars["linearity"] = self._points.linearity(reading.logit)
        # Of a choice among many layers, hundreds of neurons would hide the rest.
        each = not isinstance(self._details, int) or len(self.layers) == self._watched
        return scalars | observed_scalars(reading, self._tolerance, found, self.layers, each)

    def histograms(self, reading: Reading) -> dict[str, Any]:
        """Of the outputs of each layer that is finite and shown in detail, for ``EventLog``."""
        return {
            f"activations/{name}": tuple(reading.summaries[name][part] for part in HISTOGRAM)
            for name in self.layers
            if reading.summaries[name]["finite"]
        }

    def notes(self) -> dict[str, str]:
        """A text by its tag on what is not measured or shown, where it is news."""
        remarks = [
            f"`{OVERVIEW_GROUP}/{n}` is left out: {why}." for n, why in self._norms.remarks.items()
        ]
        missing = self._points.not_linearity
        if missing:
            remarks.insert(0, f"`linearity` is left out: {missing}.")
        text = notes(remarks, self.layers, self._watched)
        if text == self._told:
            return {}
        self._told = text
        return {f"{OVERVIEW_GROUP}/notes": text}
