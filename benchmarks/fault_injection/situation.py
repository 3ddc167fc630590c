"""What a diagnosis is asked about: a network, its data and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras

from benchmarks.fault_injection import recipes
from benchmarks.fault_injection.families import Family
from benchmarks.fault_injection.recipes import Recipe
from benchmarks.fault_injection.tasks import Array, Task


@dataclass(frozen=True)
class Situation:
    """A network and its data, as someone has them who asks what is wrong.

    Args:
        family: the healthy network that it is made of.
        recipe, task: those of the family, or changed.
        relabel: what is done to the labels, so that they are not what the loss takes.
        validation: the held-out rows' inputs, where they are not the task's.
        trained: whether it has been trained.
        after_training: what is done to the trained network.
        streamed: whether the rows come in batches, in their order.
    """

    family: Family
    recipe: Recipe
    task: Task
    seed: int
    relabel: Callable[[Array], Array] | None = None
    validation: Any = None
    trained: bool = False
    after_training: Callable[[keras.Model], None] | None = field(default=None)
    streamed: bool = False

    def given_labels(self, held: bool = False) -> Any:
        """The labels as someone gives them."""
        if self.relabel is not None:
            return self.relabel(self.task.held_y if held else self.task.y)
        return recipes.labels(self.recipe, self.task, held)

    @property
    def y(self) -> Any:
        """The labels of the rows to learn."""
        return self.given_labels()

    @property
    def validation_data(self) -> tuple[Any, Any]:
        x = self.task.inputs(held=True) if self.validation is None else self.validation
        return x, recipes.labels(self.recipe, self.task, held=True)

    @property
    def data(self) -> tuple[Any, Any]:
        """What ``diagnose`` is given: a stream and nothing, or the inputs and the labels."""
        x, y, size = self.task.inputs(), self.y, self.recipe.batch_size
        if not self.streamed:
            return x, y

        def rows(part: Any, start: int) -> Any:
            return keras.tree.map_structure(lambda values: values[start : start + size], part)

        starts = range(0, len(self.task.y), size)
        return ((rows(x, start), rows(y, start)) for start in starts), None

    def model(self) -> keras.Model:
        """The network, trained if it is to be."""
        model = recipes.make(self.recipe, self.task, self.seed)
        if self.trained:
            self.fit(model)
            if self.after_training:
                self.after_training(model)
        return model

    def fit(self, model: keras.Model) -> None:
        """Train for the recipe's epochs."""
        recipe = self.recipe
        recipes.train(
            model, self.task.inputs(), self.y, recipe.batch_size, recipe.epochs, self.seed
        )


def healthy(family: Family, seed: int, trained: bool) -> Situation:
    return Situation(family, family.recipe, family.data(seed), seed, trained=trained)
