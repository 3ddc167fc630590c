"""Small data sets to learn, each with a part held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from sklearn import datasets

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["regression", "binary", "classes"]
MOST_ROWS = 400


@dataclass(frozen=True)
class Task:
    """Rows to learn and rows held out.

    ``x`` and ``held_x`` are one array an input of the model; ``y`` are class numbers, or targets of
    shape ``(rows, 1)``.
    """

    kind: Kind
    x: tuple[Array, ...]
    y: Array
    held_x: tuple[Array, ...]
    held_y: Array
    classes: int = 0

    def inputs(self, held: bool = False) -> Any:
        """What ``fit`` takes: an array, or a list of them."""
        x = self.held_x if held else self.x
        return x[0] if len(x) == 1 else list(x)

    def each_x(self, change: Callable[[Array], Array], held: bool = True) -> Task:
        """With every input changed, those held out too."""
        held_x = tuple(map(change, self.held_x)) if held else self.held_x
        return replace(self, x=tuple(map(change, self.x)), held_x=held_x)

    def each_y(self, change: Callable[[Array], Array]) -> Task:
        return replace(self, y=change(self.y), held_y=change(self.held_y))


def split(kind: Kind, x: tuple[Array, ...], y: Array, seed: int) -> Task:
    """A task of rows in random order, a quarter of them held out."""
    rows = np.random.default_rng(seed).permutation(len(y))[:MOST_ROWS]
    train, held = rows[len(rows) // 4 :], rows[: len(rows) // 4]
    parts = [tuple(a[part].astype("float32") for a in x) for part in (train, held)]
    y = y.astype("float32").reshape(-1, 1) if kind == "regression" else y.astype("int64")
    classes = 0 if kind == "regression" else int(y.max()) + 1
    return Task(kind, parts[0], y[train], parts[1], y[held], classes)


def standardized(task: Task) -> Task:
    """With features, and targets of a regression, of mean 0 and standard deviation 1."""
    fits = [_moments(a) for a in task.x]
    x, held_x = (
        tuple((a - m) / s for a, (m, s) in zip(part, fits, strict=True))
        for part in (task.x, task.held_x)
    )
    return with_unit_targets(replace(task, x=x, held_x=held_x))


def with_unit_targets(task: Task) -> Task:
    """With the targets of a regression of mean 0 and standard deviation 1."""
    if task.kind != "regression":
        return task
    mean, deviation = task.y.mean(), task.y.std()
    return task.each_y(lambda y: (y - mean) / deviation)


def _moments(a: Array) -> tuple[Array, Array]:
    axes = tuple(range(a.ndim - 1))
    deviation = a.std(axes)
    return a.mean(axes), np.where(deviation > 0, deviation, 1)


def _bundled(name: str, kind: Kind) -> Callable[[int], Task]:
    def load(seed: int) -> Task:
        data = getattr(datasets, f"load_{name}")()
        return split(kind, (data.data,), data.target, seed)

    return load


def digit_images(seed: int) -> Task:
    """8 x 8 pixels from 0 to 16."""
    data = datasets.load_digits()
    return split("classes", (data.images[..., None],), data.target, seed)


def wine_in_two(seed: int) -> Task:
    """The wines' 13 measurements as two inputs."""
    data = datasets.load_wine()
    return split("classes", (data.data[:, :6], data.data[:, 6:]), data.target, seed)


def circles(seed: int) -> Task:
    x, y = datasets.make_circles(400, noise=0.08, factor=0.4, random_state=seed)
    return split("binary", (x,), y, seed)


def moons(seed: int) -> Task:
    x, y = datasets.make_moons(400, noise=0.15, random_state=seed)
    return split("binary", (x,), y, seed)


def friedman(seed: int) -> Task:
    x, y = datasets.make_friedman1(400, n_features=6, noise=0.3, random_state=seed)
    return split("regression", (x,), y, seed)


def friedman_in_two(seed: int) -> Task:
    x, y = datasets.make_friedman1(400, n_features=6, noise=0.3, random_state=seed)
    return split("regression", (x[:, :3], x[:, 3:]), y, seed)


def _waves(seed: int, rows: int = 320) -> tuple[Array, Array]:
    """Sequences of 12 steps of two features: a wave of some frequency, and noise."""
    random = np.random.default_rng(seed)
    frequency = random.uniform(0.3, 1.5, (rows, 1))
    phase = random.uniform(0, 2 * np.pi, (rows, 1))
    wave = np.sin(frequency * np.arange(12) + phase)
    noise = random.normal(size=(2, rows, 12))
    return np.stack([wave + 0.1 * noise[0], 0.5 * noise[1]], -1), frequency[:, 0]


def slow_or_fast(seed: int) -> Task:
    """Whether a wave is slow or fast."""
    x, frequency = _waves(seed)
    return split("binary", (x,), frequency > 0.9, seed)


def three_speeds(seed: int) -> Task:
    """Which third of the frequencies a wave is of."""
    x, frequency = _waves(seed)
    return split("classes", (x,), np.digitize(frequency, [0.7, 1.1]), seed)


def next_value(seed: int) -> Task:
    """The wave's last value from those before."""
    x, _ = _waves(seed)
    return split("regression", (x[:, :-1],), x[:, -1, 0], seed)


TASKS: dict[str, Callable[[int], Task]] = {
    "digits": _bundled("digits", "classes"),
    "digit_images": digit_images,
    "wine": _bundled("wine", "classes"),
    "wine_in_two": wine_in_two,
    "cancer": _bundled("breast_cancer", "binary"),
    "iris": _bundled("iris", "classes"),
    "diabetes": _bundled("diabetes", "regression"),
    "circles": circles,
    "moons": moons,
    "friedman": friedman,
    "friedman_in_two": friedman_in_two,
    "slow_or_fast": slow_or_fast,
    "three_speeds": three_speeds,
    "next_value": next_value,
}
