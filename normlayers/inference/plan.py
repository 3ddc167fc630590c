"""A model's layer calls as one graph, nested models opened, from which calls can be taken out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import keras

from normlayers.inference.graph import function_of, has_graph, inner_layers, nodes_of


@dataclass(eq=False)
class Step:
    """A call of a layer, or of an operation.

    Attributes:
        layer: what is called.
        tensor: the first symbolic tensor that it takes; ``None`` of a call that takes none.
        takes, gives: the tensors, as numbers.
        plain: whether it is called on one tensor, at inference, with no further arguments.
        gone: whether it was taken out.
    """

    layer: Any
    tensor: Any
    takes: list[int]
    gives: list[int]
    plain: bool
    gone: bool = False


class Plan:
    """The calls of a model that has a graph.

    A nested model that is called once is part of the graph around it. One that is called more often
    is a graph of its own, and so are its inputs and outputs; one that is called in training mode is
    a layer like any.

    Attributes:
        steps: the calls, each after those it takes tensors from.
        opened: the ids of the models whose calls are among them.
        times: how many calls there are of a layer, by its id; one more where a layer that is not
            opened has it in it.
    """

    def __init__(self, model: Any) -> None:
        self.steps: list[Step] = []
        self.opened = {id(model)}
        self.times: Counter[int] = Counter()
        self._same: dict[int, int] = {}
        self._leaving: Counter[int] = Counter()
        self._kept: list[Any] = []  # tensors, so that no other one gets their ids
        self._model_calls = _calls_of_models(function_of(model), Counter(), set())
        self._walk(model)
        self._leave(function_of(model).outputs)

    def source(self, tensor: int) -> int:
        """The tensor that this one is, past what was taken out and borders of models."""
        while tensor in self._same:
            tensor = self._same[tensor]
        return tensor

    def maker(self, tensor: int) -> Step | None:
        """The call that makes a tensor; ``None`` of one that comes into a graph."""
        tensor = self.source(tensor)
        made = (s for s in self.steps if not s.gone and tensor in s.gives)
        return next(made, None)

    def takers(self, tensor: int) -> list[Step]:
        """The calls that take a tensor, as often as they do."""
        tensor = self.source(tensor)
        return [
            step
            for step in self.steps
            if not step.gone
            for taken in step.takes
            if self.source(taken) == tensor
        ]

    def leaves(self, tensor: int) -> bool:
        """Whether a tensor is an output of a graph."""
        tensor = self.source(tensor)
        return any(self.source(output) == tensor for output in self._leaving)

    def take_out(self, step: Step) -> None:
        """Let what a call makes be what it takes."""
        step.gone = True
        self._same[step.gives[0]] = step.takes[0]

    def _walk(self, model: Any) -> None:
        function = function_of(model)
        self._kept += function.inputs
        for node in nodes_of(function):
            layer = node.operation
            takes, plain_arguments = _arguments(node)
            self._kept += [*node.input_tensors, *node.outputs]
            if has_graph(layer) and plain_arguments:
                self._open(layer, node)
                continue
            self.steps.append(
                Step(
                    layer,
                    next(iter(takes), None),
                    [id(tensor) for tensor in takes],
                    [id(tensor) for tensor in node.outputs],
                    plain_arguments and len(takes) == 1,
                )
            )
            self.times[id(layer)] += 1
            if isinstance(layer, keras.layers.Layer):
                self.times.update(id(inner) for inner in inner_layers(layer) if inner is not layer)

    def _open(self, model: Any, node: Any) -> None:
        function = function_of(model)
        first = id(model) not in self.opened
        self.opened.add(id(model))
        if self._model_calls[id(model)] == 1 and _joins(node, function):
            for inner, outer in zip(function.inputs, node.input_tensors, strict=True):
                self._same[id(inner)] = id(outer)
            for outer, inner in zip(node.outputs, function.outputs, strict=True):
                self._same[id(outer)] = id(inner)
        else:
            self._leave(node.input_tensors)
            self._leave(function.outputs)
        if first:
            self._walk(model)

    def _leave(self, tensors: Any) -> None:
        self._kept += tensors
        self._leaving.update(map(id, tensors))


def _calls_of_models(function: Any, calls: Counter[int], seen: set[int]) -> Counter[int]:
    """How often each nested model is called, by its id."""
    seen.add(id(function))
    for node in nodes_of(function):
        if has_graph(node.operation):
            calls[id(node.operation)] += 1
            inner = function_of(node.operation)
            if id(inner) not in seen:
                _calls_of_models(inner, calls, seen)
    return calls


def _arguments(node: Any) -> tuple[list[Any], bool]:
    """The tensors that a call takes, and whether it has no arguments besides, set or not False.

    The mask that comes with the inputs of a batch normalization says nothing at inference.
    """
    further = dict(node.arguments.kwargs)
    tensors = list(node.input_tensors)
    if isinstance(node.operation, keras.layers.BatchNormalization) and "mask" in further:
        mask = further.pop("mask")
        tensors = [tensor for tensor in tensors if tensor is not mask]
    besides = [*node.arguments.args[1:], *further.values()]
    return tensors, all(one is None or one is False for one in besides)


def _joins(node: Any, function: Any) -> bool:
    """Whether a model takes the tensors just as they come."""
    outer, inner = node.input_tensors, function.inputs
    return (
        len(outer) == len(inner)
        and len(node.outputs) == len(function.outputs)
        and all(
            o.dtype == i.dtype and len(o.shape) == len(i.shape)
            for o, i in zip(outer, inner, strict=True)
        )
    )
