"""A model with the cures applied that help it."""

from __future__ import annotations

import numbers
from typing import Any

import keras

from normlayers.diagnosis.diagnose import diagnose, look
from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.evidence.data import read_data
from normlayers.diagnosis.evidence.problem import reason
from normlayers.diagnosis.evidence.random_states import own_random_numbers
from normlayers.diagnosis.evidence.subject import (
    FAITHFUL,
    fixed_rows,
    keeps_states,
)
from normlayers.diagnosis.repair.cures.table import has_cure
from normlayers.diagnosis.repair.given import Given
from normlayers.diagnosis.repair.own_loss import refuse_losses_of_layers_alone
from normlayers.diagnosis.repair.reading import read_given, with_loss
from normlayers.diagnosis.repair.rebuild import as_taken, build
from normlayers.diagnosis.repair.remarks import remark_of_worse, remarks_of
from normlayers.diagnosis.repair.result import Repair
from normlayers.diagnosis.repair.rows import rows_of
from normlayers.diagnosis.repair.search import Candidate, Search, Trial
from normlayers.diagnosis.repair.target import NONE, Score
from normlayers.diagnosis.repair.training import ShortTraining, Split, scored
from normlayers.inference.graph import inner_layers
from normlayers.inference.layer_copy import layer_like
from normlayers.statistics.counts import check_counts

# What the same model may differ by when it is computed in another order.
ROUNDING = 1e-4


def repair(
    model: keras.Model,
    x: Any,
    y: Any,
    diagnosis: Diagnosis | None = None,
    *,
    batch_size: int = 32,
    epochs: int | None = None,
    trials: int = 10,
    validation_split: float = 0.2,
    seed: int = 0,
) -> Repair:
    """Make a new model in which what was found to be wrong is cured, and show that it helps.

    Each finding has one or several cures: an adapted ``Standardize`` or ``MinMaxScale`` in front,
    scaled targets with their inverse behind the model, another activation or initialization, a
    ``BatchNormalization`` before the activation, idle biases dropped, statistics recalibrated, an
    output and a loss that fit the labels, another learning rate. Short trainings of equal length
    decide between them, and whether they help, on rows held out; all statistics are of the other
    rows. Weights that stay valid are kept, and frozen ones always.

    The new model takes ``x`` and ``y`` as the given one does: it scales inputs inside, and predicts
    in the targets' own units. It comes trained for the short training's ``epochs``, whether or not
    the given one was trained: what was tried is what is returned, and ``fit`` goes on from there.
    Only where the given one was trained, and more of it does harm, it comes without that.

    Of a model with a forward pass of its own (subclassed) inputs, targets and learning rate are
    repaired, around a copy of it. The given model, its optimizer and every random state stay as
    they were.

    Args:
        model: a Sequential, Functional or subclassed model; compiled or not.
        x: inputs, as ``diagnose`` takes them; rows of any weight but 0 count alike here too, in
            training and in what is compared.
        y: targets, as ``diagnose`` takes them; ``None`` where the batches of ``x`` hold them.
        diagnosis: what ``diagnose`` returned; ``None`` diagnoses.
        batch_size: rows a training step.
        epochs: passes a short training takes; ``None``: as many as make about 150 steps, at most
            20.
        trials: short trainings at most, that of the given model aside; at least 1.
        validation_split: the share of the rows that is held out, over 0 and under 1.
        seed: of the rows held out and of the trainings.

    Returns:
        the model, the changes in order, and the new model's diagnosis. Where no cure helped, the
        model is a copy of the given one and ``changes`` is empty.

    Raises:
        TypeError: ``model`` is no Keras model, ``diagnosis`` is none, or there are no targets.
        ValueError: an argument is out of range; the model takes one number of rows alone, or is
            trained by ``add_loss`` alone; there are fewer than 10 rows; an output that has a loss
            has no targets; the model's layers cannot be made of their configurations; and as
            ``diagnose``.

    Example:
        >>> import numpy as np
        >>> import normlayers as nl
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 3)) * 1e3 + 1e4
        >>> y = (x[:, 0] > 1e4).astype(int)
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((3,)),
        ...         keras.layers.Dense(8, "tanh"),
        ...         keras.layers.Dense(1, "sigmoid"),
        ...     ]
        ... )
        >>> model.compile("adam", "binary_crossentropy")
        >>> repaired = nl.repair(model, x, y)
        >>> repaired.changes[0].done
        'An adapted Standardize stands in front.'
    """
    _check(model, diagnosis, batch_size, epochs, trials, validation_split, seed)
    if keeps_states(model):
        raise ValueError(_of_fixed_rows("a recurrence with stateful=True."))
    with own_random_numbers(int(seed)):
        data = read_data(model, x, y)  # once: a generator has its batches only once
        rows = rows_of(model, data, float(validation_split), int(seed))
    if diagnosis is None:
        judged = with_loss(model, rows, batch_size, int(seed))
        diagnosis = look(judged, data, batch_size=batch_size, seed=seed)
    with own_random_numbers(int(seed)):
        given = read_given(model, rows, batch_size)
        faults = places(diagnosis)
        _refuse_what_cannot_be_made(given)
        refuse_losses_of_layers_alone(given)
        search = Search(given, faults, rows, epochs, int(trials) + 1, int(seed), _rates(diagnosis))
        as_given = scored(given.built, given, rows)
        untouched = search.attempt(Candidate({}))
        best = search.run() if faults else search.best
        training = _made(search, best)
    after = _diagnosed(training, rows, search.seed)
    if _is_idle(best, search, after):
        best = search.done[0]
        with own_random_numbers(int(seed)):
            training = _made(search, best)
        after = _diagnosed(training, rows, search.seed)
    return _result(diagnosis, search, best, training, as_given, untouched, rows, after)


def _rates(diagnosis: Diagnosis) -> tuple[float, ...]:
    """Learning rates that were found to be better; not where that follows from another fault."""
    rates = (each.evidence.get("better_rate") for each in diagnosis.findings)
    return tuple(rate for rate in rates if rate)


def _is_idle(best: Trial, search: Search, after: Diagnosis) -> bool:
    """Whether cures neither help nor take away any of what was found."""
    given, score = search.done[0], best.score
    if not best.changes or score.quality > given.score.quality + search.margin:
        return False
    return set(search.faults) <= {found.fault for found in after.every()}


def _made(search: Search, trial: Trial) -> ShortTraining:
    """The trained model of a trial, as it is returned."""
    training = search.model_of(trial)
    if trial.candidate.rate is not None:
        training.model.optimizer.learning_rate = trial.candidate.rate
    training.forget_labels()
    return training


def _diagnosed(training: ShortTraining, rows: Split, seed: int) -> Diagnosis:
    x, y = as_taken(training.model, rows.x), training.labels(rows.y)
    return diagnose(training.model, x, y, batch_size=training.plan.batch_size, seed=seed)


def _of_fixed_rows(why: str) -> str:
    return (
        "repair() runs the model on several numbers of rows. Give its Input no batch size, and "
        f"recurrent layers no stateful=True. Received: {why}"
    )


def _refuse_what_cannot_be_made(given: Given) -> None:
    try:
        outputs = len(given.output_tensors)
        if outputs == len(given.y):
            build(given.plan(), given)
    except Exception as error:
        if fixed_rows(given.built) is not None:
            raise ValueError(_of_fixed_rows(reason(error))) from error
        raise ValueError(
            "repair() makes the model anew of its layers' configurations, and could not: "
            f"{reason(error)}{_advice(given.model)}"
        ) from error
    if outputs != len(given.y):
        raise ValueError(
            "y must have targets for each output; those of a model that is called in code of its "
            f"own have no names. Received: targets for {len(given.y)} of {outputs} outputs; pass "
            "a Functional model, or one that gives only the outputs that are trained."
        )


def _advice(model: keras.Model) -> str:
    own = {type(x): x for x in inner_layers(model) if not type(x).__module__.startswith(FAITHFUL)}
    # One that can be made may still not be what it was.
    blamed = [kind for kind, layer in own.items() if not _can_be_made(layer)] or list(own)
    names = ", ".join(sorted(kind.__name__ for kind in blamed))
    return f" Write get_config() for what is your own: {names}." if names else ""


def _can_be_made(layer: Any) -> bool:
    try:
        layer_like(layer)
    except Exception:  # code of the user's own
        return False
    return True


def places(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """The faults that there are cures for, and where each was found."""
    found: dict[str, list[str]] = {}
    for finding in diagnosis.findings:
        if has_cure(finding):
            found.setdefault(finding.fault, []).append(finding.where)
    return found


def _result(
    diagnosis: Diagnosis,
    search: Search,
    best: Trial,
    training: Any,
    as_given: Score,
    untouched: Score,
    rows: Split,
    after: Diagnosis,
) -> Repair:
    before = {"as given": as_given.metric, "trained as long": untouched.metric}
    # Where no training could be scored, the model is a copy of the given one.
    score = best.score if best.changes or best.score > NONE else as_given
    worse = score.quality < as_given.quality - ROUNDING
    remarks = [rows.remark] if rows.remark else []
    remarks += remarks_of(diagnosis, search, best, training)
    if worse:
        remarks.append(remark_of_worse(score, as_given, training.epochs))
    return Repair(
        training.model,
        list(best.changes),
        after,
        before,
        score.metric,
        training.plan.batch_size,
        training.epochs,
        len(search.done),
        worse,
        remarks,
    )


def _check(
    model: Any, diagnosis: Any, batch_size: Any, epochs: Any, trials: Any, share: Any, seed: Any
) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model. Received: {type(model).__name__}")
    if diagnosis is not None and not isinstance(diagnosis, Diagnosis):
        raise TypeError(
            "diagnosis must be what normlayers.diagnose returned, or None. "
            f"Received: {type(diagnosis).__name__}"
        )
    check_counts(batch_size=batch_size, trials=trials)
    check_counts(epochs=epochs, optional=True)
    check_counts(seed=seed, least=0)
    if not isinstance(share, numbers.Real) or not 0 < float(share) < 1:
        raise ValueError(
            f"validation_split must be over 0 and under 1. Received: validation_split={share!r}"
        )
