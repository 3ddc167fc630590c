"""All evidence about a model and its data, gathered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.diagnosis.evidence.calls import SCALING, Graph, record
from normlayers.diagnosis.evidence.data import Data
from normlayers.diagnosis.evidence.features import FeatureStatistics, feature_statistics
from normlayers.diagnosis.evidence.layers import (
    Activity,
    FirstInput,
    Scaled,
    activities,
    counted_steps,
    first_inputs,
    scaled_inputs,
)
from normlayers.diagnosis.evidence.normalizations import Normalization, normalizations
from normlayers.diagnosis.evidence.outputs import Output, outputs_of
from normlayers.diagnosis.evidence.problem import CannotCheckError, reason
from normlayers.diagnosis.evidence.relation import Relation, relations
from normlayers.diagnosis.evidence.row_mixing import Mixed, mixed_rows
from normlayers.diagnosis.evidence.running import run_of, run_rows, tensors
from normlayers.diagnosis.evidence.subject import Subject, fixed_rows
from normlayers.diagnosis.evidence.training.first_steps import Training, training
from normlayers.diagnosis.evidence.training.program import TrainingProgram
from normlayers.inference.idle_bias import idle_biases

Array = npt.NDArray[Any]


@dataclass
class Evidence:
    """What was measured; each part raises ``CannotCheckError`` where it could not be.

    Attributes:
        data: the rows that were read.
        validation: those of the validation data; ``None`` without.
        batch_size: of training; that of the model, where it takes no other.
        parts: by name, what was measured, why it was not, or a function that measures it.
    """

    data: Data
    validation: Data | None
    batch_size: int
    parts: dict[str, Any] = field(default_factory=dict)

    def measure(self, name: str, function: Callable[[], Any]) -> None:
        """Keep what a function returns, or why it could not."""
        try:
            self.parts[name] = function()
        except Exception as error:  # anything may go wrong in somebody's own layer or loss
            self.parts[name] = CannotCheckError(reason(error))

    def _part(self, name: str) -> Any:
        part = self.parts.get(name, CannotCheckError("it was not measured"))
        if callable(part):  # to be measured when it is asked for
            self.measure(name, part)
            part = self.parts[name]
        if isinstance(part, CannotCheckError):
            raise part
        return part

    @property
    def subject(self) -> Subject:
        """The model that is run."""
        return self._part("subject")

    @property
    def graph(self) -> Graph:
        """The calls of one run."""
        return self._part("graph")

    @property
    def inputs(self) -> dict[str, FeatureStatistics]:
        """Statistics of each of the model's inputs of numbers."""
        return self._part("inputs")

    @property
    def validation_inputs(self) -> dict[str, FeatureStatistics]:
        """The same of the validation data; empty without."""
        return self._part("validation_inputs")

    @property
    def first_inputs(self) -> list[FirstInput]:
        """What the first layers with a matrix take."""
        return self._part("first_inputs")

    @property
    def first_trained(self) -> list[FirstInput]:
        """What the first layers that are trained take, behind frozen ones."""
        return self._part("first_trained")

    @property
    def scaled(self) -> list[Scaled]:
        """Layers that scale the inputs."""
        return self._part("scaled")

    @property
    def activities(self) -> list[Activity]:
        """What hidden layers do."""
        return self._part("activities")

    @property
    def fresh_graph(self) -> Graph | None:
        """The calls of a run with freshly initialized weights; ``None`` if those are not known."""
        return self._part("fresh_graph")

    @property
    def first_activities(self) -> list[Activity] | None:
        """What hidden layers do with freshly initialized weights; ``None`` if not known."""
        return self._part("first_activities")

    @property
    def normalizations(self) -> list[Normalization]:
        """Batch normalizations."""
        return self._part("normalizations")

    @property
    def outputs(self) -> list[Output]:
        """The model's outputs with losses and targets."""
        return self._part("outputs")

    @property
    def mixed_rows(self) -> list[Mixed]:
        """Outputs of which a row depends on the others of its batch."""
        return self._part("mixed_rows")

    @property
    def relations(self) -> dict[str, list[Relation]]:
        """By the output's name, how its targets go together with the inputs."""
        return self._part("relations")

    @property
    def training(self) -> Training:
        """The first steps of training."""
        return self._part("training")

    @property
    def idle(self) -> list[tuple[str, str]]:
        """Layers with an idle bias, and the normalizations after them."""
        return self._part("idle")


def gather_data(evidence: Evidence, maskings: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Measure the data alone.

    Args:
        evidence: with its data.
        maskings: by an input's name the ``Masking`` that takes it: its padding is left out.
    """
    data, other = evidence.data, evidence.validation
    evidence.measure("inputs", lambda: _input_statistics(data, maskings))
    evidence.measure(
        "validation_inputs", lambda: _input_statistics(other, maskings) if other else {}
    )


def _input_statistics(data: Data, maskings: Mapping[str, Any]) -> dict[str, FeatureStatistics]:
    """Of each input of numbers."""
    found = {}
    for name, part in zip(data.names, data.parts, strict=True):
        if part.dtype.kind in "biuf" and len(part):
            kept = counted_steps(part, maskings[name]) if name in maskings else np.array(False)
            found[name] = feature_statistics(part[kept] if kept.any() else part)
    return found


def gather_model(
    evidence: Evidence, subject: Subject, rows: Array, seed: int, trials: bool
) -> None:
    """Measure the model on some rows of the data.

    Args:
        evidence: with its data.
        subject: the model to run.
        rows: indices of rows.
        seed: of what is chosen at random.
        trials: whether to measure steps of training.
    """
    data, model = evidence.data, subject.model
    x, y = data.take(rows)
    evidence.parts["subject"] = subject
    evidence.parts["graph"] = run_of(model, data, x)
    names = data.names
    if maskings := _maskings(evidence, names):
        gather_data(evidence, maskings)
    evidence.measure("first_inputs", lambda: first_inputs(evidence.graph, names))
    evidence.measure("scaled", lambda: scaled_inputs(evidence.graph, names, SCALING))
    evidence.measure("activities", lambda: activities(evidence.graph))
    # Few ask for these.
    evidence.parts["first_trained"] = lambda: first_inputs(evidence.graph, names, trained=True)
    evidence.parts["fresh_graph"] = lambda: _fresh_graph(subject, tensors(x))
    evidence.parts["first_activities"] = lambda: _first_activities(evidence)
    evidence.measure("normalizations", lambda: normalizations(evidence.graph))
    loss = getattr(subject.original, "loss", None)
    evidence.measure("outputs", lambda: outputs_of(model, evidence.graph, loss, y, data.y))
    evidence.measure("relations", lambda: _relations(evidence, subject, x, seed))
    evidence.measure("mixed_rows", lambda: _mixed_rows(subject, data, rows))
    if trials:
        evidence.measure("training", lambda: _training(evidence, subject, seed))
    else:
        evidence.parts["training"] = CannotCheckError("no training was tried")
    evidence.measure("idle", lambda: _idle(model))


def _maskings(evidence: Evidence, names: list[str]) -> dict[str, Any]:
    """The ``Masking`` that alone takes an input, by the input's name."""
    graph, found = evidence.graph, {}
    for name, tensor in zip(names, graph.inputs, strict=False):
        # Beside it is the comparison that makes its mask.
        takers = [call for call in graph.taken_by(tensor) if call.kind != "NotEqual"]
        if takers and all(call.kind == "Masking" for call in takers):
            found[name] = takers[0].layer
    return found


def _first_activities(evidence: Evidence) -> list[Activity] | None:
    """With freshly initialized weights."""
    graph = evidence.fresh_graph
    return None if graph is None else activities(graph)


def _fresh_graph(subject: Subject, x: Any) -> Graph | None:
    """A run with freshly initialized weights; ``None`` where those are not known."""
    if subject.initial is None:
        return None
    pairs = zip(subject.model.variables, subject.initial, strict=True)
    values = [ops.convert_to_tensor(value, variable.dtype) for variable, value in pairs]
    return record(subject.model, x, values)


def _relations(
    evidence: Evidence, subject: Subject, x: Any, seed: int
) -> dict[str, list[Relation]]:
    graph = evidence.graph

    def fresh() -> Graph:
        return (evidence.fresh_graph if subject.trained else None) or graph

    return relations(graph, fresh, evidence.outputs, keras.tree.flatten(x), seed)


def _mixed_rows(subject: Subject, data: Data, rows: Array) -> list[Mixed]:
    """Of a model that is made for so many rows, as for the nodes of a graph, they may be one."""
    if fixed_rows(subject.model) is not None:
        return []
    return mixed_rows(subject.model, lambda some: tensors(data.take(some)[0]), rows)


def _training(evidence: Evidence, subject: Subject, seed: int) -> Training:
    data = evidence.data
    if data.y is None:
        raise CannotCheckError("y is missing")
    finite = run_rows(data, 1, seed)

    def take(chosen: Array) -> tuple[Any, Any]:
        x, y = data.take(finite[chosen])
        return tensors(x), tensors(y)

    initial = subject.initial if subject.trained else None
    return training(
        partial(TrainingProgram, subject.model, subject.original),
        subject.model,
        subject.values,
        initial,
        take,
        len(finite),
        evidence.batch_size,
        seed,
    )


def _idle(model: keras.Model) -> list[tuple[str, str]]:
    if not getattr(model, "inputs", None):
        raise CannotCheckError("its layers are called in code of its own")
    return [(layer.name, normalization.name) for layer, normalization in idle_biases(model)]
