"""Classifiers that differ in their activations, as one stack: one program is compiled for all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from normlayers.ensembles.classifier_network import Classifier

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class MixedClassifier(Classifier):
    """As ``Classifier``, but the stack has equal parts, each of networks of one activation.

    Networks of the same number within their parts start from the same kernels and see the data in
    the same order: those that a stack of one part has.

    Args:
        activations: of each part's hidden layers, by their Keras names; may be alike.
            ``activation`` is not used.

    Example:
        >>> mixed = MixedClassifier(4, (8,), classes=3, activations=("relu", "tanh"))
        >>> kernel = mixed.initial_weights(6, np.random.default_rng(0))[0]["kernel"]
        >>> kernel.shape, bool((kernel[:3] == kernel[3:]).all())
        ((6, 8, 4), True)
    """

    activations: tuple[str, ...] = ("relu",)

    @property
    def alike_drawn(self) -> int:
        """See ``DenseNetworks``."""
        return len(self.activations)

    def ordered(self, x: Any, y: Any, order: Any) -> tuple[Any, Any]:
        """See ``DenseNetworks``; ``order`` is one part's."""
        own_x, own_y = (
            ops.tile(own, (self.alike_drawn, 1, 1)) for own in super().ordered(x, y, order)
        )
        return own_x, own_y

    def activated(self, z: Any, layer: dict[str, Any]) -> Any:
        """See ``DenseNetworks``."""
        part = z.shape[0] // len(self.activations)
        # Of neighbours that are alike as one: each part is copied once.
        alike = [(name, len(list(parts))) for name, parts in groupby(self.activations)]
        if len(alike) == 1:
            return keras.activations.get(alike[0][0])(z)
        # Split, not sliced: a slice's gradient is as large as all parts.
        ends = np.cumsum([part * count for _, count in alike])[:-1].tolist()
        activated = [
            keras.activations.get(name)(own)
            for (name, _), own in zip(alike, ops.split(z, ends), strict=True)
        ]
        return ops.concatenate(activated, axis=0)

    def _kernels(
        self, random: np.random.Generator, limit: float, networks: int, before: int, after: int
    ) -> Array:
        drawn = super()._kernels(random, limit, networks // self.alike_drawn, before, after)
        return np.tile(drawn, (self.alike_drawn, 1, 1))
