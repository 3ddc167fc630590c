"""What is wrong with a model on its data."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from normlayers.diagnosis.causes import under_their_causes
from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.evidence.data import Data, read_data
from normlayers.diagnosis.evidence.gathered import Evidence, gather_data, gather_model
from normlayers.diagnosis.evidence.problem import CannotCheckError, reason
from normlayers.diagnosis.evidence.random_states import own_random_numbers
from normlayers.diagnosis.evidence.running import run_of, run_rows, tensors
from normlayers.diagnosis.evidence.subject import (
    Subject,
    fixed_rows,
    keeps_states,
    subject_of,
)
from normlayers.diagnosis.finding import Finding
from normlayers.diagnosis.remarks import remarks
from normlayers.diagnosis.rules.table import OF_VALIDATION, RULES
from normlayers.inference.graph import input_names
from normlayers.statistics.counts import check_counts

# A first run on so few rows tells how many more the model can be run on.
FIRST_ROWS = 4


def diagnose(
    model: keras.Model,
    x: Any,
    y: Any = None,
    validation_data: Any = None,
    batch_size: int = 32,
    seed: int = 0,
) -> Diagnosis:
    """Name what is wrong with a model, its data and its training, with evidence and cure.

    It reads the data, the layers' wiring and what they do on up to 1,000 rows, the gradients, and
    short trial trainings; all on a copy. The model, its optimizer and every random state are left
    as they were. What cannot be measured, as without ``y`` or a loss, is in ``unchecked``, and the
    other rules are checked.

    Args:
        model: any Keras model: built or not, compiled or not, trained or not.
        x: the training inputs, shape ``(rows, ...)``: an array, a tensor, a frame or lists; a list
            or a dict of those for several inputs; or a ``tf.data.Dataset``, a
            ``keras.utils.PyDataset``, a ``DataLoader`` or a generator of batches ``(x, y)`` or
            ``(x, y, w)``, of which the first 4,096 rows are read. Rows of weight 0 are left out,
            all others count alike.
        y: the targets, as ``fit`` takes them.
        validation_data: ``(x, y)``, ``(x, y, w)`` or ``x`` of the validation, to be compared; rows
            of weight 0 do not count. For a model of one input, a list of two or three arrays is
            such a tuple.
        batch_size: of training; a model that takes no other number of rows than its ``Input`` says,
            as with recurrent states, has that one.
        seed: of the rows and trials that are drawn at random.

    Returns:
        the findings, worst first.

    Raises:
        ValueError: ``x`` has no rows, or the model cannot be run on it.
        TypeError: ``model`` is no Keras model, or the data are no numbers.

    Example:
        >>> import normlayers as nl
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 4)) * 1e4
        >>> y = (x[:, 0] > 0).astype(int)
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((4,)),
        ...         keras.layers.Dense(8, "tanh"),
        ...         keras.layers.Dense(1, "sigmoid"),
        ...     ]
        ... )
        >>> model.compile(loss="binary_crossentropy")
        >>> found = nl.diagnose(model, x, y)
        >>> found.findings[0].fault, found.findings[0].severity
        ('inputs_not_scaled', 'error')
    """
    return look(model, x, y, validation_data, batch_size, seed)


def look(
    model: keras.Model,
    x: Any,
    y: Any = None,
    validation_data: Any = None,
    batch_size: int = 32,
    seed: int = 0,
    trials: bool = True,
) -> Diagnosis:
    """``diagnose``; without ``trials`` no training is tried, and rules that need it are left out.

    Args:
        model, x, y, validation_data, batch_size, seed: as for ``diagnose``; ``x`` may also be
            ``Data``, that were read.
        trials: whether to take steps of training on a copy.
    """
    _check(model, batch_size, seed)
    with own_random_numbers(int(seed)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a rule says in its own words
        data = x if isinstance(x, Data) else read_data(model, x, y)
        validation = _validation(model, validation_data, data)
        evidence = Evidence(data, validation, int(batch_size))
        gather_data(evidence)
        try:
            few = run_rows(data, 1, seed)[:FIRST_ROWS]
            with subject_of(model, tensors(data.take(few)[0])) as subject:
                rows = _rows_to_run(evidence, subject, seed)
                gather_model(evidence, subject, rows, int(seed), trials)
                return _judge(evidence)
        except CannotCheckError as problem:
            evidence.measure("subject", _raising(problem))
            for part in _MODEL_PARTS:
                evidence.parts.setdefault(part, CannotCheckError(str(problem)))
            return _judge(evidence)


_MODEL_PARTS = (
    "graph",
    "first_inputs",
    "first_trained",
    "scaled",
    "activities",
    "normalizations",
    "outputs",
    "relations",
    "mixed_rows",
    "training",
    "idle",
)


def _check(model: Any, batch_size: Any, seed: Any) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(f"model must be a keras.Model. Received: {type(model).__name__}")
    check_counts(batch_size=batch_size)
    check_counts(seed=seed, least=0)


def _validation(model: keras.Model, validation_data: Any, data: Data) -> Data | None:
    if validation_data is None:
        return None
    given = validation_data if _has_targets(model, validation_data) else (validation_data,)
    try:
        found = read_data(model, *given)
    except ValueError as error:
        raise ValueError(f"validation_data: {error}") from error
    if _forms(model, found) != _forms(model, data):
        shapes = [" and ".join(str(part.shape) for part in d.parts) for d in (found, data)]
        raise ValueError(
            "validation_data must have the inputs that x has. "
            f"Received: validation inputs of shape {shapes[0]} for x of shape {shapes[1]}."
        )
    return found


def _has_targets(model: keras.Model, validation_data: Any) -> bool:
    """Whether these are ``(x, y)`` or ``(x, y, w)``; a list may be, as for ``fit``, or inputs."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        return False
    one_input = len(input_names(model)) == 1
    of_arrays = all(hasattr(entry, "shape") for entry in validation_data)
    return isinstance(validation_data, tuple) or (one_input and of_arrays)


def _forms(model: keras.Model, data: Data) -> list[tuple[int, int]]:
    """Of each input its axes, and of amounts in rows their number.

    Rows of other kinds may differ: sequences in length, images in size.
    """
    shapes = [getattr(tensor, "shape", ()) for tensor in getattr(model, "inputs", None) or ()]
    varies = any(shape[-1:] == (None,) for shape in shapes)
    return [
        (max(2, p.ndim), p.shape[1] if p.ndim == 2 and p.dtype.kind == "f" and not varies else 1)
        for p in data.parts
    ]


def _rows_to_run(evidence: Evidence, subject: Subject, seed: int) -> Any:
    """As many as the model takes; it trains on so many where it takes no other number."""
    data, model = evidence.data, subject.model
    fixed = fixed_rows(model)
    exactly = fixed if keeps_states(model) else None
    try:
        values = _values_of_a_row(subject, data, seed, exactly)
    except ValueError:
        if fixed in (None, exactly):
            raise
        exactly = fixed  # which many declare, and few depend on
        values = _values_of_a_row(subject, data, seed, exactly)
    evidence.batch_size = exactly or evidence.batch_size
    return run_rows(data, values, seed, exactly)


def _values_of_a_row(subject: Subject, data: Data, seed: int, exactly: int | None) -> int:
    """How many activations the model has for a row; the first time that it is run."""
    few = run_rows(data, 1, seed, exactly)[: exactly or FIRST_ROWS]
    graph = run_of(subject.model, data, data.take(few)[0])
    values = sum(int(np.prod(t.shape)) for call in graph.calls for t in call.gives)
    return values // max(1, len(few))


def _raising(problem: Exception) -> Any:
    def fail() -> Any:
        raise problem

    return fail


def _judge(evidence: Evidence) -> Diagnosis:
    """What the rules say."""
    findings: list[Finding] = []
    unchecked: dict[str, str] = {}
    for rule in RULES:
        try:
            findings += rule.check(evidence)
        except Exception as error:  # a rule that breaks stops no other
            unchecked[rule.fault] = reason(error)
    if evidence.validation is None:
        unchecked |= dict.fromkeys(OF_VALIDATION, "validation_data is missing")
    return Diagnosis(under_their_causes(findings), unchecked, remarks(evidence))
