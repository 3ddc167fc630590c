"""Values that are no numbers or hang on other rows, made in the forward pass."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from normlayers.diagnosis.evidence.calls import Call, Graph
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.outputs import Output
from normlayers.diagnosis.evidence.row_mixing import ROWS, STAYING, Mixed
from normlayers.diagnosis.finding import Finding, Severity

Said = tuple[str, str, str]
CURE = (
    "Keep what a logarithm, a root or a division takes above 0, as with "
    "keras.ops.maximum(x, 1e-7), and scale what is too large for its type."
)


def non_finite_activations(evidence: Evidence) -> list[Finding]:
    """NaN that reaches an output, though inputs and weights are finite.

    Infinite values alone may be meant, as in a mask of logits; they are told where NaN comes of it.
    """
    graph = evidence.graph
    if not any(np.isnan(_values(tensor)).any() for tensor in graph.outputs):
        return []
    said = _origin(graph)
    if said is None:
        return []
    where, what, cure = said
    share = np.mean([np.mean(np.isnan(_values(tensor))) for tensor in graph.outputs])
    measured = {"share": float(share)}
    message = f"{what}, and outputs become NaN whatever is learned."
    return [Finding("non_finite_activations", where, measured, "error", message, cure)]


def prediction_depends_on_batch(evidence: Evidence) -> list[Finding]:
    """Rows that are not predicted one by one: a softmax over the batch, a wrong reshape.

    As many outputs a row as there are rows, such as similarities within the batch, are meant.
    """
    mixed = {found.output: found for found in evidence.mixed_rows}
    return [
        _dependence(output, mixed[number])
        for number, output in enumerate(evidence.outputs)
        if number in mixed and output.values.shape[1:2] != output.values.shape[:1]
    ]


def _dependence(output: Output, mixed: Mixed) -> Finding:
    call = mixed.call
    where = "" if call is None else call.name
    what = f"{where!r} makes" if where else "Code of the model's own makes"
    cure = (
        "Leave the first axis, of rows, as it is: take a softmax over axis -1, reshape with -1 in "
        "the first place, and give attention steps of a sequence, not rows."
    )
    severity: Severity = "error" if output.loss is None or output.loss.kind else "warning"
    if call is not None and isinstance(call.layer, keras.layers.BatchNormalization):
        severity, cure = (
            "warning",
            ("Call it without training=True, so that predict takes the moving statistics."),
        )
    return Finding(
        "prediction_depends_on_batch",
        where or output.name,
        {"change": mixed.change, "spread": mixed.spread},
        severity,
        f"{what} a row's prediction depend on the other rows of its batch: with {ROWS - STAYING} "
        f"of {ROWS} rows replaced, {output.name!r} of the other {STAYING} changed by up to "
        f"{mixed.change:.3g}, where predictions are up to {mixed.spread:.3g} apart.",
        cure,
    )


def _origin(graph: Graph) -> Said | None:
    """What made the first NaN, back to the infinite value that it came of."""
    giving = (c for c in graph.calls if any(np.isnan(_values(t)).any() for t in c.gives))
    call = next(giving, None)
    if call is None:
        return "", "The model's own code gives NaN of finite values", CURE
    while bad := [tensor for tensor in call.takes if not np.isfinite(_values(tensor)).all()]:
        if graph.is_input(bad[0]):
            return None
        maker = graph.maker(bad[0])
        if maker is None:
            what = f"What {call.name!r} takes is NaN or infinite, made in code between the layers"
            return call.name, what, CURE
        call = maker
    weights = [ops.copy(weight) for weight in getattr(call.layer, "weights", [])]
    if not all(np.isfinite(_values(weight)).all() for weight in weights):
        return None
    return call.name, *(_of_embedding(call) or _of_values(call))


def _of_embedding(call: Call) -> tuple[str, str] | None:
    if not (isinstance(call.layer, keras.layers.Embedding) and call.looks_up):
        return None
    ids, entries = _values(call.takes[0]), int(call.layer.input_dim)
    return (
        f"{call.name!r} has entries for 0 to {entries - 1}, and takes {ids.min():g} to "
        f"{ids.max():g}: it gives NaN for those beyond",
        f"Give it input_dim={int(ids.max()) + 1}, or number what it takes from 0 to {entries - 1}.",
    )


def _of_values(call: Call) -> tuple[str, str]:
    taken = np.concatenate([_values(tensor).ravel() for tensor in call.takes] or [np.zeros(1)])
    return (
        f"{call.name!r} gives NaN or infinite values of finite ones, which go from "
        f"{taken.min():.3g} to {taken.max():.3g}",
        CURE,
    )


def _values(tensor: Any) -> Any:
    """Zeros in the place of what cannot be NaN."""
    if "bool" in str(tensor.dtype) or "str" in str(tensor.dtype) or "key" in str(tensor.dtype):
        return np.zeros(1, "float32")
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))
