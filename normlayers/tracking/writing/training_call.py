"""Whether the call of ``fit`` that a callback was told of still runs."""

from __future__ import annotations

import sys
import weakref
from types import FrameType
from typing import Any

import keras


class TrainingCall:
    """The innermost call of ``fit`` that this was made in.

    Keras tells callbacks of the end of a training only where nothing interrupts it, as an error or
    a notebook's stop button does. A call is known by its list of callbacks, which it alone has;
    that may outlive it, in a traceback.

    Example:
        >>> def fit(callbacks):
        ...     call = TrainingCall()
        ...     return call, call.is_over
        >>> call, over_within = fit(keras.callbacks.CallbackList())
        >>> over_within, call.is_over, TrainingCall().is_over
        (False, True, False)
    """

    def __init__(self) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not _is_fit(frame):
            frame = frame.f_back
        self._callbacks = None if frame is None else weakref.ref(frame.f_locals["callbacks"])

    def __reduce__(self) -> Any:
        return TrainingCall, ()  # a copy, or one in another process, is in no other's call

    @property
    def is_over(self) -> bool:
        """Whether no thread is in it any more; of a loop of one's own nobody knows: ``False``."""
        if self._callbacks is None:
            return False
        callbacks = self._callbacks()
        stacks = sys._current_frames().values()
        return callbacks is None or not any(_is_in(frame, callbacks) for frame in stacks)


def _is_fit(frame: FrameType) -> bool:
    """Keras's, not a function of the user's own of that name."""
    if frame.f_code.co_name != "fit":
        return False
    return isinstance(frame.f_locals.get("callbacks"), keras.callbacks.CallbackList)


def _is_in(frame: FrameType | None, callbacks: Any) -> bool:
    while frame is not None:
        if _is_fit(frame) and frame.f_locals["callbacks"] is callbacks:
            return True
        frame = frame.f_back
    return False
