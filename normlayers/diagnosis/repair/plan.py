"""What a repaired model is to be made of, before it is made."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Self

import keras
import numpy as np
import numpy.typing as npt

from normlayers.diagnosis.repair.trained import Trained, are_frozen, are_learned, is_finite
from normlayers.inference.layer_copy import (
    compute_with_weights,
    own_classes,
    take_assets,
    take_functions,
)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Change:
    """One thing that was done.

    Attributes:
        fault: what it cures, as ``Finding.fault``.
        where: the layers, the input or the output it was done to; ``""`` for the whole model.
        done: what was done, in one sentence.
        why: why, in one sentence.
    """

    fault: str
    where: str
    done: str
    why: str

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        cured = f"{self.fault}{place}: " if self.fault else ""
        return f"{cured}{self.done} {self.why}"


@dataclass(frozen=True)
class Part:
    """A layer to be made.

    Attributes:
        kind: its class.
        config: its configuration.
        weights: to be kept, ``None`` for one that it is initialized with; none: all are.
        trained: as of the layer that it was read of; ``None``: all that can be.
        frozen: of each of its weights whether training leaves it as it is, see ``are_frozen``.
        learned: of each whether it is a statistic of data, which a layer in it adapted to.
        read_of: the layer that has what is in no weight, such as a vocabulary.
    """

    kind: Any
    config: Mapping[str, Any]
    weights: tuple[Array | None, ...] = ()
    trained: Trained | None = None
    frozen: tuple[bool, ...] = ()
    learned: tuple[bool, ...] = ()
    read_of: Any = None

    @classmethod
    def of(cls, layer: Any) -> Self:
        """A layer as it is, with its weights; of NaN or infinite ones all that is trained afresh.

        A frozen one of which weights are no numbers is trained.
        """
        found = [np.array(weight) for weight in layer.get_weights()] if layer.built else []
        weights: tuple[Array | None, ...] = tuple(found)
        trained, frozen, learned = Trained.of(layer), are_frozen(layer), are_learned(layer)
        are_finite = [is_finite(weight) for weight in found]
        if not all(are_finite):
            kept = tuple(fine and fixed for fine, fixed in zip(are_finite, frozen, strict=True))
            stay = map(any, zip(kept, learned, strict=True))
            weights = tuple(w if s else None for w, s in zip(found, stay, strict=True))
            if kept != frozen:
                weights, frozen, learned = (), (), ()
                trained = Trained((True,) * len(trained.layers), ())
        config = _config_of_lambda(layer) if type(layer) is keras.layers.Lambda else None
        config = {"name": layer.name, **(config or layer.get_config())}
        return cls(type(layer), config, weights, trained, frozen, learned, layer)

    def make(self) -> Any:
        """The layer; ``take_weights`` once it is built."""
        if self.kind is keras.layers.Lambda:
            layer = self.kind(**self.config)
        else:
            takes_name = self.read_of is None or "name" in self.read_of.get_config()
            config = {
                key: value for key, value in self.config.items() if takes_name or key != "name"
            }
            with nullcontext() if self.read_of is None else own_classes(self.read_of):
                layer = self.kind.from_config(copy.deepcopy(config))
            if not takes_name:
                layer.name = self.name
            if self.read_of is not None:
                before = self.read_of.get_config()
                changed = [key for key, entry in self.config.items() if entry != before.get(key)]
                take_functions(layer, self.read_of, changed)
                take_assets(layer, self.read_of)
        if self.trained is not None:
            self.trained.give(layer)
        return layer

    def take_weights(self, layer: Any) -> None:
        """Give a layer that was made the weights to be kept, where they fit it.

        Raises:
            ValueError: frozen ones do not.
        """
        initial = layer.get_weights()
        pairs = list(zip(self.weights, initial, strict=False))
        weights = [new if kept is None else kept for kept, new in pairs]
        fits = len(initial) == len(self.weights)
        fits = fits and all(kept is None or kept.shape == new.shape for kept, new in pairs)
        if self.is_frozen and not fits:
            raise ValueError(
                f"the layer made of {self.name}'s configuration does not take its frozen weights."
            )
        if fits:
            layer.set_weights(weights)
            if self.trained is not None:
                self.trained.give(layer)
            is_whole = all(kept is not None for kept in self.weights)
            compute_with_weights(layer, self.read_of if is_whole else None)

    def but(self, **config: Any) -> Self:
        """The same with other arguments."""
        return replace(self, config={**self.config, **config})

    def afresh(self) -> Self:
        """The same with new weights, but for statistics and frozen ones, which none would train."""
        if not any(self.frozen + self.learned):
            return replace(self, weights=())
        each = zip(self.weights, self.frozen, self.learned, strict=True)
        return replace(self, weights=tuple(w if any(stays) else None for w, *stays in each))

    def of_other_shape(self, **config: Any) -> Self:
        """The same with arguments that no weight outlasts, not even a frozen one."""
        gone = ("lora_rank", "lora_alpha", "quantization_config")
        kept = {key: value for key, value in self.config.items() if key not in gone}
        trained = Trained((True,), ())
        part = replace(self, config={**kept, **config}, trained=trained)
        return replace(part, weights=(), frozen=(), learned=())

    @property
    def is_frozen(self) -> bool:
        """Whether any of its weights is."""
        return any(self.frozen)

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.config["name"])


def new_part(kind: Any, name: str, **config: Any) -> Part:
    """A layer that the model did not have."""
    return Part(kind, kind(name=name, **config).get_config())


@dataclass(frozen=True)
class Plan:
    """A model to be made of another one.

    Attributes:
        chains: by name of a layer of the given model, what stands in its place, in order.
        fronts: for each input, what comes right behind it.
        behind: for each output, what comes after it.
        losses: for each output.
        loss_weights: for each output; ``None`` where there was none.
        optimizer: class and configuration.
        batch_size: rows a training step.
        drops_idle_biases: whether biases that a batch normalization takes away are dropped.
        recalibrates: whether batch normalizations get the statistics of the whole data at the end.
        changes: what was done to the given model, in order.
    """

    chains: Mapping[str, tuple[Part, ...]]
    fronts: tuple[tuple[Part, ...], ...]
    behind: tuple[tuple[Part, ...], ...]
    losses: tuple[Any, ...]
    loss_weights: tuple[float | None, ...]
    optimizer: tuple[Any, Mapping[str, Any]]
    batch_size: int
    drops_idle_biases: bool = False
    recalibrates: bool = False
    changes: tuple[Change, ...] = field(default=())

    @property
    def rate(self) -> float | None:
        """The learning rate; ``None`` of a schedule."""
        rate = self.optimizer[1].get("learning_rate")
        return float(rate) if isinstance(rate, int | float | np.floating) else None

    @property
    def schedule(self) -> str:
        """The name of what computes the learning rate at each step; ``""`` of a number."""
        rate = self.optimizer[1].get("learning_rate")
        if not isinstance(rate, Mapping):
            return ""
        return str(rate.get("registered_name") or rate.get("class_name"))

    def at_rate(self, rate: float) -> Self:
        """With another learning rate."""
        kind, config = self.optimizer
        return replace(self, optimizer=(kind, {**config, "learning_rate": rate}))

    def changed(self, change: Change, **fields: Any) -> Self:
        """With other fields, and the change noted."""
        return replace(self, changes=(*self.changes, change), **fields)

    def with_chain(self, name: str, *parts: Part) -> Self:
        """With these in the place of a layer."""
        return replace(self, chains={**self.chains, name: parts})

    def each_part(self, name: str, change: Callable[[Part], Part]) -> Self:
        """With each part in the place of a layer changed."""
        return self.with_chain(name, *map(change, self.chains[name]))

    def with_front(self, index: int, *parts: Part) -> Self:
        """With these right behind an input, in the place of what was put there."""
        return replace(self, fronts=put(self.fronts, index, parts))

    def afresh(self) -> Self:
        """With new weights in all that is trained; what adapted to data or is frozen stays."""
        chains = {
            name: tuple(part if is_adapted(part) else part.afresh() for part in parts)
            for name, parts in self.chains.items()
        }
        return replace(self, chains=chains)


def put(entries: tuple[Any, ...], index: int, value: Any) -> tuple[Any, ...]:
    """A tuple with another entry in one place."""
    return (*entries[:index], value, *entries[index + 1 :])


def is_adapted(part: Part) -> bool:
    """Whether a layer's weights are statistics of data."""
    return hasattr(part.kind, "adapt")


def _config_of_lambda(layer: Any) -> dict[str, Any]:
    """Keras makes no function of a layer's configuration."""
    config: dict[str, Any] = {"function": layer.function, "name": layer.name}
    config |= {"mask": layer.mask, "arguments": layer.arguments}
    return {**config, "output_shape": layer._output_shape}
