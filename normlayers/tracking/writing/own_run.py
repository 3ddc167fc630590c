"""Copies of a callback that writes a run."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any

# What depends on the model that is watched, or on the folder that is written to; Keras's, too.
_OF_A_RUN = (
    *("_folder", "_guard", "_drawn", "_findings", "_recorder", "_probe", "_measures", "_numbers"),
    *("_observed", "on_train_batch_end"),
)
_OF_KERAS = {"_model": None, "params": None}


class OwnRun:
    """A callback of which each copy has a run of its own, as in a search over many models.

    A copy, of a pickle too, takes over the arguments and, until it observes anything, what was
    observed. Models, compiled functions, figures and open files stay with the callback.
    """

    _history: Any

    @abstractmethod
    def _begin(self) -> None:
        """Make what belongs to a run."""

    def __getstate__(self) -> dict[str, Any]:
        state = vars(self) | _OF_KERAS
        return {name: value for name, value in state.items() if name not in _OF_A_RUN}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._history = copy.copy(self._history)  # of a shallow copy, too
        self._history.end()
        self._begin()
