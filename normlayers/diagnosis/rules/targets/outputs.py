"""Outputs that do not fit the loss they are trained with."""

from __future__ import annotations

import re

import numpy as np

from normlayers.diagnosis.evidence.calls import DROPOUTS, RESHAPING
from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.evidence.outputs import AS_IT_IS, Output, known
from normlayers.diagnosis.evidence.problem import CannotCheckError
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.rules.targets.activations import (
    RANGES,
    SIGMOIDS,
    SOFTMAXES,
    for_cross_entropy,
    normalized_behind,
    one_softmax,
    two_of_them,
)
from normlayers.diagnosis.rules.targets.shapes import Said

# Share of the targets that may lie outside.
OUT_OF_REACH = 0.01
# By its values alone a score is not told from a loss of which a target is the opposite.
SCORES = re.compile(
    r"(?i)accura|auc|coef|corr|dice|f1|f_?beta|f_?score|io_?u|jaccard|likelihood|overlap|precision|psnr"
    r"|(?<!\w)r2|recall|score|simil|ssim|tversky"
)
LOSSES = re.compile(r"(?i)loss|neg|nll|dist|error|minus|inverse|1m|anti")
# Fewer rows may hold one label each by chance.
FEWEST_ROWS = 20


def output_does_not_fit_loss(evidence: Evidence) -> list[Finding]:
    """Activations that do not give what the loss takes."""
    outputs, graph = evidence.outputs, evidence.graph
    findings = []
    for output, tensor in zip(outputs, graph.outputs, strict=True):
        said = one_softmax(output) or two_of_them(output)
        said = said or normalized_behind(output, graph.maker(tensor))
        if said is None and output.loss is not None:
            rule = {
                "binary": _binary,
                "categorical": _categorical,
                "sparse": _categorical,
                "regression": _regression,
                "relative": _relative,
            }
            said = rule.get(output.loss.kind, lambda _: None)(output)
        if said is not None:
            severity, what, cure = said
            findings.append(
                Finding(
                    "output_does_not_fit_loss",
                    output.layer or output.name,
                    {
                        "activation": output.activation,
                        "units": output.units,
                        "loss": output.loss.name if output.loss else "",
                        "from_logits": bool(output.loss and output.loss.from_logits),
                        "lowest": float(np.nanmin(output.values)),
                        "highest": float(np.nanmax(output.values)),
                    },
                    severity,
                    what,
                    cure,
                    True,
                )
            )
    if not findings and all(output.loss is None for output in outputs):
        raise CannotCheckError("the model is not compiled with a loss")
    return findings


def dropout_on_output(evidence: Evidence) -> list[Finding]:
    """A dropout of what is predicted: it is changed at random, and no weight can mend that.

    Where the loss is one of Keras's; a loss of one's own may compare features.
    """
    graph = evidence.graph
    findings = []
    for output, tensor in zip(evidence.outputs, graph.outputs, strict=True):
        call = graph.maker(tensor)
        if call is not None and call.kind in RESHAPING:
            call = graph.before(call, RESHAPING)
        if call is None or call.kind not in DROPOUTS or not call.layer.rate > 0:
            continue
        if output.loss is None or not output.loss.kind:
            continue
        said = (
            f"{call.name!r} sets {call.layer.rate:.0%} of what is predicted to 0 and divides the "
            f"rest by {1 - call.layer.rate:.3g}, and {output.loss.name} compares that with the "
            "targets."
        )
        if call.kind == "GaussianDropout":
            said = (
                f"{call.name!r} multiplies what is predicted by noise, and {output.loss.name} "
                "compares that with the targets."
            )
        findings.append(
            Finding(
                "dropout_on_output",
                call.name,
                {"rate": float(call.layer.rate), "loss": output.loss.name},
                "error",
                said,
                "Put the dropout before the last layer with weights.",
                True,
            )
        )
    return findings


def loss_prefers_errors(evidence: Evidence) -> list[Finding]:
    """A loss of somebody's own that falls as predictions leave the targets."""
    findings = []
    for output in evidence.outputs:
        if output.tried.errors_preferred is None or output.loss is None:
            continue
        near, far = output.tried.errors_preferred
        name = output.loss.name
        findings.append(
            Finding(
                "loss_prefers_errors",
                output.name,
                {"near": near, "far": far, "loss": name},
                "warning" if SCORES.search(name) and not LOSSES.search(name) else "note",
                f"{name} is {near:.2g} where the output {output.name!r} is near its targets and "
                f"{far:.2g} where it is far from them, and training makes it small.",
                "Unless a target stands for the opposite of what is predicted, as a pair that is "
                "alike for a small distance or a time for a rate, give back the loss with the "
                "other sign, or 1 less a score that is 1 at best.",
                False,
            )
        )
    return findings


def _binary(output: Output) -> Said:
    said = for_cross_entropy(output)
    y = output.every_target
    if said is not None or y is None or output.activation not in (*SIGMOIDS, *SOFTMAXES):
        return said
    y = known(y)
    yes_or_no = (
        y.ndim == 2
        and y.shape[1] == output.units > 1
        and len(y) >= FEWEST_ROWS
        and bool(np.isin(y, (0, 1)).all())
    )
    if not yes_or_no:
        return None
    others = float(np.mean(y.sum(axis=1) != 1))
    if output.activation in SOFTMAXES and others > OUT_OF_REACH:
        return (
            "error",
            f"The output {output.name!r} is a softmax, which adds up to 1, and {others:.0%} of "
            "the rows have several labels or none.",
            "Use sigmoid.",
        )
    if others or output.units == 2:
        return None
    if output.activation in SOFTMAXES:
        return (
            "warning",
            f"The output {output.name!r} is a softmax, and binary_crossentropy counts each of its "
            f"{output.units} classes as a question of its own, all but one of them easy.",
            "Use categorical_crossentropy.",
        )
    return (
        "warning",
        f"The output {output.name!r} has a sigmoid for each of {output.units} classes that "
        "exclude each other: every row has one label.",
        "Use softmax and categorical_crossentropy.",
    )


def _categorical(output: Output) -> Said:
    said = for_cross_entropy(output)
    if said is not None or output.activation not in SIGMOIDS or output.loss is None:
        return said
    if output.units == 1:
        return (
            "error",
            f"The output {output.name!r} has one unit, for which {output.loss.name} is constant "
            "or meaningless.",
            "Use binary_crossentropy for two classes.",
        )
    return (
        "error",
        f"The output {output.name!r} has a sigmoid for each class, and {output.loss.name} takes "
        "probabilities that add up to 1.",
        "Use softmax, or binary_crossentropy where a row may have several labels.",
    )


def _relative(output: Output) -> Said:
    assert output.loss is not None
    name, values = output.loss.name, output.values
    if name == "poisson" and (np.any(values < 0) or _is_lost(output)):
        return (
            "error",
            f"The output {output.name!r} has activation {output.activation or 'of its own'} and "
            f"gives values down to {np.nanmin(values):.3g}, where poisson takes the logarithm: of "
            "a negative one it is NaN.",
            "Give the output exponential or softplus.",
        )
    if name == "mean_squared_logarithmic_error" and values.size and np.all(values < 0):
        return (
            "error",
            f"The output {output.name!r} gives {np.min(values):.3g} to {np.max(values):.3g}, and "
            f"{name} takes all below 0 as 0: there is no gradient to learn by.",
            "Give the output softplus.",
        )
    return _regression(output)


def _is_lost(output: Output) -> bool:
    """Whether an output without bounds has become NaN, as poisson's of a negative one."""
    return output.activation == "linear" and bool(np.isnan(output.values).any())


def _regression(output: Output) -> Said:
    y = output.every_target
    if y is None or y.dtype.kind not in "biuf" or output.rescaled != AS_IT_IS:
        return None
    low, high = RANGES.get(output.activation, (-np.inf, np.inf))
    outside, given = (
        float(np.mean((values < low - 1e-6) | (values > high + 1e-6)))
        for values in (y, output.values)
    )
    if outside <= OUT_OF_REACH or given > OUT_OF_REACH:  # a normalization may stand behind it
        return None
    return (
        "error",
        f"The output {output.name!r} has {output.activation}, which gives {low:g} to {high:g}, and "
        f"{outside:.0%} of the targets lie outside: they go from {np.nanmin(y):.4g} to "
        f"{np.nanmax(y):.4g}.",
        "Give the output no activation, or scale the targets into its range.",
    )
