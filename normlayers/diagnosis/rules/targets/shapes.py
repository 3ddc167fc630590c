"""Targets that have another shape than the output that they are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.evidence.calls import Graph
from normlayers.diagnosis.evidence.outputs import Output
from normlayers.diagnosis.finding import Severity

Array = npt.NDArray[Any]
Said = tuple[Severity, str, str] | None


def other_places(output: Output, y: Array, graph: Graph) -> Said:
    """What there is to say of targets for other places of a row than the output has.

    Places are the axes between rows and units: steps, or the pixels of an image.

    Args:
        output: with a loss that is known.
        y: its targets, in the form in which losses compare them.
        graph: of the run that made the output.
    """
    places = output.values.shape[1:-1]
    if y.ndim - 1 - len(places) in (0, 1) and y.shape[1 : 1 + len(places)] == places:
        return None
    return "error", f"{_shapes(output, y)}: {_what_follows(output, y)}", _cure(output, y, graph)


def not_computed(output: Output, y: Array) -> Said:
    """What there is to say of targets of another shape, of which the loss cannot be computed."""
    if not output.refused:
        return None
    return (
        "error",
        f"{_shapes(output, y)}: the loss cannot be computed ({output.refused.rstrip('.')})",
        "Give the targets and the output shapes that the loss takes.",
    )


def across_rows(output: Output, y: Array) -> Said:
    """What there is to say of a loss that compares each target with the predictions of all rows."""
    if not output.tried.across_rows:
        return None
    return (
        "warning",
        f"{output.loss.name if output.loss else 'the loss'} is the same whatever row a target is "
        f"of: it compares each with the predictions of all rows ({_shapes(output, y)})",
        "Unless that is meant, give both one shape in the loss, as by "
        "y = keras.ops.reshape(y, keras.ops.shape(predicted)): arrays of shape (rows,) and "
        "(rows, 1) make one of (rows, rows).",
    )


def _shapes(output: Output, y: Array) -> str:
    return f"the targets have the shape {_shape(y)}, and the output {_shape(output.values)}"


def _shape(values: Array) -> str:
    return f"({', '.join(['rows', *map(str, values.shape[1:])])}{',' if values.ndim == 1 else ''})"


def _what_follows(output: Output, y: Array) -> str:
    if output.refused:
        return "the loss cannot be computed, and training stops at its first batch"
    more, less = sorted((y, output.values), key=np.ndim, reverse=True)
    # Keras takes an axis of length 1 at the end away; then NumPy's rules put others in front.
    if more.ndim == less.ndim or (more.ndim == less.ndim + 1 and more.shape[-1] == 1):
        ones, others = ("value", "targets") if y is more else ("target", "values")
        return f"each {ones} is compared with several {others}"
    return "each row is compared with the targets of other rows too, and cannot be learned"


def _cure(output: Output, y: Array, graph: Graph) -> str:
    # One number a row, or one for each unit.
    if y[0].size in (1, output.units) and output.values.ndim > 2:
        of_classes = output.loss is not None and output.loss.kind == "sparse"
        wanted = output.values[..., 0] if of_classes or output.units == 1 else output.values
        return (
            f"Where a row has one target, {_one_place(graph)} Where each place has one, give y the "
            f"shape {_shape(wanted)}."
        )
    if y.ndim > output.values.ndim:
        return (
            "Where each place of a row has a target, let the output keep them, as with "
            "return_sequences=True or without Flatten and pooling. Else give y one target a row."
        )
    return "Give both the same lengths, as with padding='same', or cut the targets to the output's."


def _one_place(graph: Graph) -> str:
    sequences = [call.name for call in graph.calls if getattr(call.layer, "return_sequences", 0)]
    if sequences:
        return f"set return_sequences=False on {sequences[-1]!r}."
    return "put a Flatten or a global pooling before the output."
