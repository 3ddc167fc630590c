"""One cause is reported once: what follows from it is listed under it."""

from __future__ import annotations

from normlayers.diagnosis.finding import SEVERITIES, Finding

_NEURONS = ("dead_neurons", "always_on_neurons", "saturated_neurons")
_GRADIENTS = ("vanishing_gradients", "exploding_gradients")
_RATES = ("learning_rate_too_high", "learning_rate_too_low", "clipping_too_strong")
_STEPS = (*_GRADIENTS, *_RATES)
_TRAINING = (*_STEPS, "non_finite_weights", "one_class_predicted")
_OF_VALUES = (*_NEURONS, *_TRAINING, "epsilon_dominates", "stale_moving_statistics")
_OF_INPUTS = (*_OF_VALUES, "non_finite_activations")
# What may follow from a fault; earlier causes take first.
FOLLOWS: dict[str, tuple[str, ...]] = {
    "non_finite_input": ("outliers", *_OF_INPUTS),
    "labels_do_not_fit_output": (
        *("targets_not_scaled", "output_does_not_fit_loss"),
        *(*_NEURONS, *_TRAINING),
    ),
    "prediction_depends_on_batch": (*_NEURONS, *_TRAINING),
    "output_does_not_fit_loss": ("labels_do_not_fit_output", *_NEURONS, *_TRAINING),
    "loss_prefers_errors": (*_NEURONS, *_TRAINING),
    "not_adapted": ("inputs_not_scaled", "inputs_not_centred", "outliers", *_OF_INPUTS),
    "normalized_twice": ("inputs_not_scaled", "inputs_not_centred", *_OF_INPUTS),
    # Of frozen layers: what is behind them is as it is for their statistics.
    "stale_moving_statistics": ("inputs_not_scaled", *_NEURONS, *_GRADIENTS),
    "inputs_not_scaled": ("inputs_not_centred", *_OF_INPUTS),
    "inputs_not_centred": _OF_INPUTS,
    "outliers": _OF_INPUTS,
    "targets_not_scaled": (*_NEURONS, *_TRAINING),
    "targets_unrelated_to_inputs": (*_RATES, "one_class_predicted"),
    "dropout_on_output": (*_NEURONS, *_TRAINING),
    "softmax_of_one": (*_NEURONS, *_TRAINING),
    "hidden_softmax": (*_NEURONS, *_GRADIENTS),
    "penalty_too_strong": (
        *(*_NEURONS, *_GRADIENTS, "non_finite_weights", "learning_rate_too_high"),
        "one_class_predicted",
    ),
    "dropout_too_strong": (
        *(*_NEURONS, *_GRADIENTS, "learning_rate_too_high", "one_class_predicted"),
    ),
    "duplicate_neurons": (*_NEURONS, *_TRAINING, "epsilon_dominates"),
    "epsilon_dominates": (*_NEURONS, *_TRAINING),
    "batch_too_small": _TRAINING,
    "learning_rate_too_high": (
        *("non_finite_weights", *_NEURONS, *_GRADIENTS),
        *("stale_moving_statistics", "non_finite_activations", "one_class_predicted"),
    ),
    "learning_rate_too_low": ("one_class_predicted",),
    "schedule_ends_early": ("one_class_predicted",),
    "clipping_too_strong": ("one_class_predicted",),
    "non_finite_weights": (
        *(*_NEURONS, *_STEPS, "stale_moving_statistics", "one_class_predicted"),
    ),
    "non_finite_activations": (*_OF_VALUES, "output_does_not_fit_loss"),
    "exploding_gradients": (
        *(*_NEURONS, "learning_rate_too_high", "vanishing_gradients", "one_class_predicted"),
    ),
    "vanishing_gradients": (
        *(*_NEURONS, "learning_rate_too_low", "learning_rate_too_high", "one_class_predicted"),
    ),
    "saturated_neurons": _TRAINING,
    "dead_neurons": (*_TRAINING, "epsilon_dominates"),
    "always_on_neurons": _TRAINING,
}
# What these do to neurons and gradients was not there before training.
_IN_TRAINING = (
    *("learning_rate_too_high", "penalty_too_strong", "dropout_too_strong"),
    *(*_GRADIENTS, "output_does_not_fit_loss", "labels_do_not_fit_output", "targets_not_scaled"),
)

# A fault in one layer shows again in those behind it, or comes from one habit in all of them.
_ONCE = (
    *(*_NEURONS, "duplicate_neurons", "missing_nonlinearity", "stale_moving_statistics"),
    *("epsilon_dominates", "dropout_before_normalization", "unfrozen_normalization"),
    "idle_bias",
)


def under_their_causes(findings: list[Finding]) -> list[Finding]:
    """The findings, each that follows from another moved under it.

    A note causes nothing, and nothing is more severe than what it follows from.

    Example:
        >>> cause, effect = (
        ...     Finding(fault, "", {}, "error", "", "")
        ...     for fault in ("inputs_not_scaled", "dead_neurons")
        ... )
        >>> [found.fault for found in under_their_causes([effect, cause])]
        ['inputs_not_scaled']
    """
    rest = _once(findings)
    for cause, effects in FOLLOWS.items():
        causes = [f for f in rest if f.fault == cause and f.severity != "note"]
        if not causes:
            continue
        worst = min(causes, key=lambda f: SEVERITIES.index(f.severity))
        below = [f for f in rest if f.fault in effects and _may_follow(worst, f)]
        if below:
            place = next(i for i, f in enumerate(rest) if f is worst)
            rest[place] = worst.with_consequences(*below)
            rest = [f for f in rest if not any(f is other for other in below)]
    return rest


def _once(findings: list[Finding]) -> list[Finding]:
    """Of faults that many layers have at once the worst, earliest one, the others under it."""
    rest = list(findings)
    for fault in _ONCE:
        alike = [found for found in rest if found.fault == fault]
        if len(alike) > 1:
            first = min(alike, key=lambda found: SEVERITIES.index(found.severity))
            others = [found for found in alike if found is not first]
            rest = [
                first.with_consequences(*others) if found is first else found
                for found in rest
                if not any(found is other for other in others)
            ]
    return rest


def _may_follow(cause: Finding, effect: Finding) -> bool:
    if effect.fault == "epsilon_dominates" and cause.fault == "inputs_not_scaled":
        return bool(cause.evidence["largest"] < 1)
    if cause.fault == "stale_moving_statistics" and not cause.evidence["frozen"]:
        return False  # training normalizes by the batch
    if cause.fault == "stale_moving_statistics" and effect.fault == "inputs_not_scaled":
        return bool(effect.evidence.get("behind_frozen"))
    arises = effect.fault in _NEURONS or cause.fault == "learning_rate_too_high"
    began = effect.evidence.get("at_initialization", False)
    if cause.fault in _IN_TRAINING and arises and began is not False:
        return False
    return SEVERITIES.index(effect.severity) >= SEVERITIES.index(cause.severity)
