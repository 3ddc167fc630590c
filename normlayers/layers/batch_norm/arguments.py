"""What the arguments of ``BatchNormalization`` may be.

Each function raises a ``ValueError`` that says which argument is wrong, what was received and what
to pass instead.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CHOICES = {"placement": ("pre", "post"), "implementation": ("auto", "reference", "fused")}
LIMITS = ("rmin", "rmax", "dmax")


def check_choices(**given: Any) -> None:
    """Refuse a placement or an implementation that there is not."""
    for name, value in given.items():
        if not isinstance(value, str) or value not in CHOICES[name]:
            known = ", ".join(repr(choice) for choice in CHOICES[name])
            raise ValueError(f"{name} must be one of {known}. Received: {name}={value!r}.")


def check_flags(**given: Any) -> None:
    """Refuse what is not a boolean; 0 and 1 are taken for one."""
    for name, value in given.items():
        if not isinstance(value, int | np.bool_) or value not in (0, 1):
            raise ValueError(f"{name} must be True or False. Received: {name}={value!r}.")


def check_axis(axis: Any) -> None:
    """Refuse what is not one integer."""
    if isinstance(axis, numbers.Integral) and not isinstance(axis, bool):
        return
    # Keras 2 took, and saved, lists of one axis.
    one = isinstance(axis, Sequence) and len(axis) == 1 and isinstance(axis[0], numbers.Integral)
    instead = f"; pass axis={axis[0]}" if one else ""
    raise ValueError(
        f"axis must be one integer, the channels' axis. Received: axis={axis!r}{instead}."
    )


def check_epsilon(epsilon: Any) -> None:
    """Refuse what could not be added to a variance."""
    if not _is_number(epsilon) or not 0 <= epsilon < math.inf:
        raise ValueError(
            f"epsilon must be 0 or more, and finite. Received: epsilon={epsilon!r}; "
            "pass a number such as 1e-3."
        )


def check_share(name: str, value: Any) -> None:
    """Refuse what is no number in [0, 1]."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1]. Received: {name}={value!r}; pass a number.")


def check_renorm_clipping(limits: Any) -> None:
    """Refuse limits of renorm that mean nothing; ``None`` does not limit."""
    if limits is not None and not isinstance(limits, Mapping):
        raise ValueError(
            f"renorm_clipping must be a dict with some of the keys {', '.join(LIMITS)}, or None. "
            f"Received: renorm_clipping={limits!r}."
        )
    limits = limits or {}
    unknown = [str(name) for name in limits if name not in LIMITS]
    if unknown:
        raise ValueError(
            f"renorm_clipping has the keys {', '.join(LIMITS)}. Received: {', '.join(unknown)}."
        )
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    for name, limit in limits.items():
        if not _is_number(limit) or not limit >= 0:
            raise ValueError(
                f"renorm_clipping[{name!r}] must not be negative. "
                f"Received: {limit!r}; pass a number or None."
            )
    if limits.get("rmin", 0) > limits.get("rmax", math.inf):
        raise ValueError(
            "renorm_clipping must have rmin <= rmax. "
            f"Received: rmin={limits['rmin']!r}, rmax={limits['rmax']!r}."
        )


def channels_of(shape: tuple[int | None, ...], axis: int) -> tuple[int, int]:
    """The channels' axis, counted from 0 on, and their number, of inputs of a shape."""
    rank = len(shape)
    if not -rank <= axis < rank:
        raise ValueError(f"axis {axis} is out of range. Received: inputs of shape {shape}.")
    channels = shape[axis]
    if channels is None:
        raise ValueError(
            f"the channels' axis, {axis}, needs a known length. "
            f"Received: inputs of shape {shape}; state it in keras.Input."
        )
    return axis % rank, channels


def check_mask(mask: Any, inputs: Any, implementation: str) -> None:
    """Refuse a mask that does not fit the inputs, or the kernel."""
    if len(mask.shape) != len(inputs.shape) - 1:
        raise ValueError(
            "mask must have the axes of the inputs but the last. "
            f"Received: mask of shape {tuple(mask.shape)}, inputs of shape "
            f"{tuple(inputs.shape)}."
        )
    if implementation == "fused":
        raise ValueError(
            'implementation="fused" takes no mask. Received: mask of shape '
            f'{tuple(mask.shape)}; take "auto" or "reference".'
        )


def _is_number(value: Any) -> bool:
    """Whether it is a real number; a scalar array or tensor is one too."""
    if isinstance(value, bool | str | bytes):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
