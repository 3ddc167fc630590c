"""What is wrong with a watched model: a diagnosis at the start, and of each reading."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from normlayers.tracking.guard import plain_message
from normlayers.tracking.reading.probe import Probe, Reading
from normlayers.tracking.tracked_points import TrackedPoints
from normlayers.tracking.tracker_arguments import check_flag
from normlayers.tracking.writing.tag_descriptions import OVERVIEW_GROUP

TAG = f"{OVERVIEW_GROUP}/findings"
# By its name and when it is asked for, for that room stands on this one.
_DIAGNOSIS = "normlayers.diagnosis.watched"


class Findings:
    """The findings about a watched model.

    Args:
        wanted: whether there are to be any.

    Attributes:
        rows: the present ones, each with ``step`` (since when), ``fault``, ``where``,
            ``severity``, ``message`` and ``cure``.

    Raises:
        ValueError: ``wanted`` is not a boolean.
    """

    def __init__(self, wanted: bool) -> None:
        check_flag("diagnose", wanted)
        self.rows: list[dict[str, Any]] = []
        self._wanted = wanted
        self._of: Any = None
        self._at_start: list[dict[str, Any]] = []
        self._told: str | None = None

    def news(
        self, probe: Probe, reading: Reading, points: TrackedPoints, step: int
    ) -> dict[str, str]:
        """Take a reading in, and return a text by its tag where the findings have changed.

        Args:
            probe: of the model, whose first reading the model is diagnosed at.
            reading: of the model as it is.
            points: what it is read on.
            step: of the observation.
        """
        if not self._wanted:
            return {}
        try:
            found = self._found(probe, reading, points)
        except Exception as error:  # the watching goes on without
            found, text = [], f"The model could not be diagnosed: {plain_message(error)}"
        else:
            text = "\n".join(_line(row) for row in found) or "Nothing was found to be wrong."
        since = {_key(row): row["step"] for row in self.rows}
        self.rows = [{"step": since.get(_key(row), step), **row} for row in found]
        keys = repr([_key(row) for row in found]) or text
        if keys == self._told:
            return {}
        self._told = keys
        return {TAG: text}

    def _found(self, probe: Probe, reading: Reading, points: TrackedPoints) -> list[dict[str, Any]]:
        diagnosis = import_module(_DIAGNOSIS)
        if self._of is not probe.model:
            self._of, self._at_start = probe.model, diagnosis.at_start(probe.model, points.x)
        return [*self._at_start, *diagnosis.of_reading(reading.summaries, probe.wiring)]


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["fault"], row["where"], row["severity"]


def _line(row: dict[str, Any]) -> str:
    place = f" (`{row['where']}`)" if row["where"] else ""
    return f"- **{row['severity']}: {row['fault']}**{place}: {row['message']} {row['cure']}"
