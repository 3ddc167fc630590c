"""What may be tried for each fault, the cure that its finding names first."""

from __future__ import annotations

from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.repair.cures import (
    dropouts,
    inputs,
    neurons,
    normalization,
    outputs,
    steps,
)
from normlayers.diagnosis.repair.given import Cure, Given
from normlayers.diagnosis.repair.plan import Plan


def _first_of(*cures: Cure) -> Cure:
    """The first of some cures that changes anything."""

    def cure(plan: Plan, given: Given, fault: str, places: list[str]) -> Plan | None:
        """Of several cures the first that changes anything."""
        tried = (each(plan, given, fault, places) for each in cures)
        return next((found for found in tried if found is not None), None)

    return cure


NEURONS: tuple[Cure, ...] = (
    neurons.start_afresh,
    neurons.normalize,
    neurons.rectify,
    neurons.rectify_and_normalize,
)
# In the order in which they are applied: from the inputs to the steps.
CURES: dict[str, tuple[Cure, ...]] = {
    "non_finite_input": (inputs.fill_missing,),
    "not_adapted": (inputs.adapt_layers, inputs.standardize),
    "normalized_twice": (inputs.drop_layers, inputs.standardize),
    "outliers": (inputs.cut_off_outliers, inputs.standardize),
    "inputs_not_scaled": (inputs.standardize, inputs.min_max_scale),
    "inputs_not_centred": (inputs.standardize, inputs.min_max_scale),
    "constant_feature": (inputs.take_constants_away, inputs.standardize),
    "labels_do_not_fit_output": (outputs.fit_output,),
    "output_does_not_fit_loss": (_first_of(normalization.leave_out, outputs.fit_output),),
    "dropout_on_output": (dropouts.predict_whole,),
    "targets_not_scaled": (outputs.scale_targets,),
    "non_finite_weights": (neurons.start_afresh,),
    "missing_nonlinearity": (neurons.rectify, neurons.use_tanh, neurons.rectify_and_normalize),
    "hidden_softmax": (neurons.rectify, neurons.use_tanh),
    "dead_neurons": NEURONS,
    "always_on_neurons": NEURONS,
    "saturated_neurons": NEURONS,
    "duplicate_neurons": NEURONS,
    "vanishing_gradients": (
        neurons.rectify,
        neurons.rectify_and_normalize,
        neurons.normalize,
        neurons.start_afresh,
    ),
    "exploding_gradients": NEURONS,
    "dropout_before_normalization": (normalization.dropout_behind,),
    "idle_bias": (normalization.drop_idle_biases,),
    "epsilon_dominates": (normalization.smaller_epsilon,),
    "batch_too_small": (normalization.normalize_rows, normalization.larger_batches),
    "stale_moving_statistics": (normalization.recalibrate,),
    "penalty_too_strong": (steps.weaken_penalties, steps.drop_penalties),
    "dropout_too_strong": (dropouts.weaken_dropouts, dropouts.drop_dropouts),
    "clipping_too_strong": (steps.do_not_clip,),
}
# Cured by a learning rate, which every search chooses.
BY_RATE = ("learning_rate_too_high", "learning_rate_too_low", "schedule_ends_early")
# Without these the model cannot be trained, or what it is trained to do is something else.
NEEDED = (
    "non_finite_input",
    "non_finite_weights",
    "labels_do_not_fit_output",
    "output_does_not_fit_loss",
)


def has_cure(finding: Finding) -> bool:
    """Whether there is a cure for a finding."""
    # Of some faults not every kind: NaN in y, and y of another shape, have none.
    return finding.repairable and (finding.fault in CURES or finding.fault in BY_RATE)
