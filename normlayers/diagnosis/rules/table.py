"""Every rule: a new one is a function and a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from normlayers.diagnosis.evidence.gathered import Evidence
from normlayers.diagnosis.finding import Finding, Severity
from normlayers.diagnosis.rules import (
    batch_normalization,
    duplicates,
    first_layers,
    forward_values,
    gradients,
    inputs,
    learning_rate,
    neurons,
    nonlinearity,
    preprocessing,
    validation,
    weights,
)
from normlayers.diagnosis.rules.targets import labels, order, outputs, predictions

Check = Callable[[Evidence], list[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
        fault: what its findings are called.
        check: from evidence to findings.
        worst: the most severe finding it may make.
        threshold: from when on it does, with the source.
    """

    fault: str
    check: Check
    worst: Severity
    threshold: str


_EFFICIENT = "LeCun et al. 1998, Efficient BackProp"
RULES = (
    Rule("non_finite_input", inputs.non_finite_input, "error", "one value"),
    Rule("non_finite_weights", weights.non_finite_weights, "error", "one value"),
    Rule(
        "non_finite_activations",
        forward_values.non_finite_activations,
        "error",
        "one NaN in an output",
    ),
    Rule(
        "prediction_depends_on_batch",
        forward_values.prediction_depends_on_batch,
        "error",
        "logic: in inference, two rows beside two others and beside copies of the first",
    ),
    Rule(
        "output_does_not_fit_loss",
        outputs.output_does_not_fit_loss,
        "error",
        "logic: what Keras documents of each loss; 1 % of regression targets out of reach",
    ),
    Rule(
        "loss_prefers_errors",
        outputs.loss_prefers_errors,
        "warning",
        "logic: a loss of one's own that falls in four steps from right predictions to wrong ones "
        "(targets of 0 to 1, amounts); a warning where its name is a score's",
    ),
    Rule("dropout_on_output", outputs.dropout_on_output, "error", "logic: a loss of Keras's"),
    Rule(
        "labels_do_not_fit_output",
        labels.labels_do_not_fit_output,
        "error",
        "logic: what Keras documents of each loss",
    ),
    Rule(
        "not_adapted",
        preprocessing.not_adapted,
        "error",
        f"no statistics; or outputs beyond scale 0.1 to 4, offset 3 ({_EFFICIENT})",
    ),
    Rule(
        "normalized_twice",
        preprocessing.normalized_twice,
        "error",
        "fitting data made unfit, by the same bounds; or multiples of 1/n² up to 1/n",
    ),
    Rule(
        "inputs_not_scaled",
        first_layers.inputs_not_scaled,
        "error",
        f"scale over 4 (error 20) or under 0.06 (0.006), ranges 50 (1e4) apart ({_EFFICIENT}; A3)",
    ),
    Rule(
        "inputs_not_centred",
        first_layers.inputs_not_centred,
        "error",
        f"median over 3 spreads and 2 (error 8 and 4) from 0 ({_EFFICIENT}; article A2)",
    ),
    Rule(
        "outliers",
        inputs.outliers,
        "error",
        "30 (error 300) quartile spreads from the median; of 10,000 normal values the furthest is "
        "4 off",
    ),
    Rule(
        "constant_feature",
        inputs.constant_feature,
        "error",
        "one value; an error if all are, but for a mask",
    ),
    Rule(
        "train_validation_shift",
        validation.train_validation_shift,
        "error",
        "means 0.5 (error 2) deviations apart beyond 5 standard errors, or spreads by 3 (10)",
    ),
    Rule(
        "validation_rows_in_training",
        validation.validation_rows_in_training,
        "warning",
        "0.05 of the validation rows beyond those that repeat themselves anyway (Good 1953)",
    ),
    Rule(
        "unshuffled_rows",
        order.unshuffled_rows,
        "warning",
        "logic: of a stream, classes in one stretch or two each, and in a batch half of the "
        "mixture that all rows have",
    ),
    Rule(
        "targets_unrelated_to_inputs",
        preprocessing.targets_unrelated_to_inputs,
        "warning",
        "near rows' agreement, the closest rank correlation and the sum of their squares within 4 "
        "deviations of those of 100 permutations of the targets",
    ),
    Rule(
        "targets_not_scaled",
        labels.targets_not_scaled,
        "error",
        "mean or deviation over 10 (error 30), or all below 0.02",
    ),
    Rule(
        "duplicate_neurons",
        duplicates.duplicate_neurons,
        "error",
        "half of a hidden layer's neurons have, or began with, the weights of another",
    ),
    Rule(
        "missing_nonlinearity",
        nonlinearity.missing_nonlinearity,
        "error",
        "logic (article A2, claim A2.1); an error where the whole network is linear",
    ),
    Rule("softmax_of_one", nonlinearity.softmax_of_one, "error", "logic: it is 1"),
    Rule("hidden_softmax", nonlinearity.hidden_softmax, "warning", "logic: values add up to 1"),
    Rule(
        "dead_neurons",
        neurons.dead_neurons,
        "error",
        "0.7 (error 0.95) of a layer; fewer is usual in trained networks",
    ),
    Rule(
        "always_on_neurons",
        neurons.always_on_neurons,
        "error",
        "0.7 (error 0.95) of a layer always on, or 0.95 always on or dead",
    ),
    Rule(
        "saturated_neurons",
        neurons.saturated_neurons,
        "error",
        "0.6 (error 0.9) of a layer's values; Glorot & Bengio 2010",
    ),
    Rule(
        "vanishing_gradients",
        gradients.vanishing_gradients,
        "error",
        "1e-4 (error 1e-6) of the steepest layer's, relative to the weights; or 1e-5 (1e-7) of the "
        "loss along all of a layer's weights",
    ),
    Rule(
        "exploding_gradients",
        gradients.exploding_gradients,
        "error",
        "100 (error 1e4) times as long as the weights",
    ),
    Rule(
        "learning_rate_too_high",
        learning_rate.learning_rate_too_high,
        "error",
        "a quarter of a lower rate's progress in a short trial",
    ),
    Rule(
        "learning_rate_too_low",
        learning_rate.learning_rate_too_low,
        "error",
        "a rate 100 (error 1000) times higher makes 100 (500) times the progress, and a step "
        "moves weights by less than 1e-4 (CS231n: 1e-3 is usual)",
    ),
    Rule(
        "schedule_ends_early",
        learning_rate.schedule_ends_early,
        "warning",
        "logic: before 0.9 of the first epoch, 40 steps, or half of a training without success the "
        "rate falls below a thousandth of its highest; or all steps train as half as many at that "
        "(of a training, 0.05 of its steps)",
    ),
    Rule(
        "clipping_too_strong",
        learning_rate.clipping_too_strong,
        "error",
        "less than a hundredth of a gradient is left, and a quarter of the progress that a short "
        "trial makes without clipping; at a rate 10 or 100 times higher, a tenth",
    ),
    Rule(
        "penalty_too_strong",
        weights.penalty_too_strong,
        "error",
        "a tenth (warning: a quarter, or a tenth at a rate 10 times higher) of the progress that a "
        "short trial makes without regularizers, from the loss of weights that are 0 on",
    ),
    Rule(
        "dropout_too_strong",
        weights.dropout_too_strong,
        "error",
        "rates over 0.5, and a tenth (warning: a quarter, or a tenth at 10 times the rate where "
        "the model's tells nothing) of the progress that a short trial makes without dropouts, "
        "measured on the whole network",
    ),
    Rule("idle_bias", batch_normalization.idle_bias, "note", "logic (article A3, claim A3.6)"),
    Rule(
        "batch_too_small",
        batch_normalization.batch_too_small,
        "error",
        "under 8 values a channel (error: 2); Wu & He 2018",
    ),
    Rule(
        "stale_moving_statistics",
        batch_normalization.stale_moving_statistics,
        "error",
        "means 1 (error 3) deviations off, or variances by a factor of 3 (10); 0.3 and 1.25 while "
        "momentum**steps is over 0.2",
    ),
    Rule(
        "one_class_predicted",
        predictions.one_class_predicted,
        "note",
        "one class for all of 100 values or more, of which five and more are of another",
    ),
    Rule("nothing_to_train", weights.nothing_to_train, "warning", "logic"),
    Rule(
        "unfrozen_normalization",
        batch_normalization.unfrozen_normalization,
        "warning",
        "logic (Keras's guide to transfer learning)",
    ),
    Rule(
        "dropout_before_normalization",
        batch_normalization.dropout_before_normalization,
        "warning",
        "logic (Li et al. 2019)",
    ),
    Rule(
        "epsilon_dominates",
        batch_normalization.epsilon_dominates,
        "error",
        "median variance under epsilon (error: 1 % of it)",
    ),
)
FAULTS = tuple(rule.fault for rule in RULES)
# Of these nothing is known without validation data.
OF_VALIDATION = ("train_validation_shift", "validation_rows_in_training")
