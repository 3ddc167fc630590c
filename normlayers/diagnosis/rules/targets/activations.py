"""Activations of an output that cannot give what its loss takes, whatever the targets are."""

from __future__ import annotations

import numpy as np

from normlayers.diagnosis.evidence.calls import NORMALIZING, Call
from normlayers.diagnosis.evidence.outputs import Output, are_ones
from normlayers.diagnosis.rules.neurons import RECTIFIERS
from normlayers.diagnosis.rules.targets.shapes import Said

SIGMOIDS = ("sigmoid", "hard_sigmoid")
SOFTMAXES = ("softmax", "sparsemax")
# What activations can give.
RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf),
    "softsign": (-1.0, 1.0),
    "exponential": (0.0, np.inf),
}
CROSS_ENTROPIES = ("binary", "categorical", "sparse")
# By how much a value may be beyond a range, in half precision too.
ROUNDING = 0.01


def one_softmax(output: Output) -> Said:
    """What there is to say of a softmax over one unit."""
    if output.activation in SOFTMAXES and output.units == 1 and are_ones(output.values):
        return (
            "error",
            f"The output {output.name!r} is a softmax of one unit, which is 1 whatever the input.",
            "Use sigmoid for two classes, no activation for regression, or as many units as there "
            "are classes.",
        )
    return None


def two_of_them(output: Output) -> Said:
    """What there is to say of a sigmoid or softmax of what another activation gives."""
    of = f"The output {output.name!r} is the {output.activation} of a {output.before}"
    if output.before in RECTIFIERS and output.activation in (*SIGMOIDS, *SOFTMAXES):
        one = output.activation in SIGMOIDS
        follows = (
            "of values that are not below 0 it gives no probability below 0.5."
            if one
            else "where a unit is 0 it gets no gradient, and a class whose unit is 0 on all rows "
            "is never learned."
        )
        return (
            "error" if one else "warning",
            f"{of}: {follows}",
            f"Leave the {output.before} out: give the layer with weights no activation before the "
            f"{output.activation}.",
        )
    if output.activation in (*SIGMOIDS, *SOFTMAXES) and output.before in (*SIGMOIDS, *SOFTMAXES):
        return (
            "error",
            f"{of}: of values from 0 to 1 it can give nothing near 0 or 1.",
            "Leave one of the two out.",
        )
    return None


def normalized_behind(output: Output, maker: Call | None) -> Said:
    """What there is to say of a normalization that takes what a sigmoid or softmax gives.

    Args:
        output: of the model.
        maker: the call that gives it.
    """
    loss = output.loss
    takes = loss is not None and loss.kind in CROSS_ENTROPIES and not loss.from_logits
    activated = output.activation in (*SIGMOIDS, *SOFTMAXES)
    if not (takes and activated and maker is not None and maker.kind in NORMALIZING):
        return None
    assert loss is not None
    return (
        "error",
        f"{maker.name!r} changes what the {output.activation} of the output {output.name!r} gives, "
        f"to values from {np.nanmin(output.values):.3g} to {np.nanmax(output.values):.3g}, where "
        f"{loss.name} takes probabilities.",
        f"Leave {maker.name!r} out, or put it before the {output.activation}."
        if output.units > 1 or maker.kind == "BatchNormalization"
        else f"Leave {maker.name!r} out: of one unit it makes a constant.",
    )


def _of_few_logits(output: Output) -> Said:
    """What there is to say of an activation that gives some logits only."""
    assert output.loss is not None
    low, high = RANGES.get(output.activation, (-np.inf, np.inf))
    beyond = np.any((output.values < low - ROUNDING) | (output.values > high + ROUNDING))
    if beyond or not np.isfinite([low, high]).any():  # one of somebody's own, of the same name
        return None
    one = output.loss.kind == "binary"
    what = (
        f"gives logits from {low:g} to {high:g} only"
        if np.isfinite(high)
        else ("gives no logits below 0" + (", and so no probability below 0.5" if one else ""))
    )
    return (
        "error" if one and low >= 0 else "warning",
        f"The output {output.name!r} has {output.activation}, and {what}, where {output.loss.name} "
        "with from_logits=True takes any.",
        "Give the output no activation.",
    )


def _is_probability(output: Output) -> bool:
    return bool(np.all((output.values >= 0) & (output.values <= 1)))


def for_cross_entropy(output: Output) -> Said:
    """What both cross-entropies say of logits."""
    assert output.loss is not None
    name, activation = output.loss.name, output.activation or "none that is known"
    if output.loss.from_logits:
        if output.activation in (*SIGMOIDS, *SOFTMAXES):
            return (
                "warning",
                f"The output {output.name!r} has {activation}, and {name} with from_logits=True "
                "applies another one.",
                "Leave out the activation, or from_logits=True, but not both.",
            )
        return _of_few_logits(output)
    unbounded = output.activation not in (*SIGMOIDS, *SOFTMAXES) and not _is_probability(output)
    if unbounded or output.activation in ("linear", "relu", "tanh"):
        right = "sigmoid" if output.loss.kind == "binary" else "softmax"
        return (
            "error",
            f"The output {output.name!r} has activation {activation} and gives values from "
            f"{np.nanmin(output.values):.3g} to {np.nanmax(output.values):.3g}, where {name} takes "
            "probabilities.",
            f"Give the output {right}, or the loss from_logits=True.",
        )
    return None
