"""Measures by arm; an arm that was not run is something else than a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Measures = TypeVar("Measures")


class ArmNotRunError(LookupError):
    """The experiment has this arm, but the run left it out. It is raised by ``ByArm`` only."""


class ByArm(dict[str, Measures]):
    """What was measured, by arm.

    A claim whose evidence needs an arm that was not run stays open, and a figure is not drawn. A
    name that is no arm of the experiment is a mistake in the code, and raises ``KeyError``.

    Args:
        measures: by arm's name, what was measured of the arms that were run.
        arms: the names of all arms that the experiment has.

    Raises:
        KeyError: ``measures`` has an arm that is not among ``arms``.

    Example:
        >>> found = ByArm({"relu": 0.9}, arms=["relu", "tanh"])
        >>> found["relu"], found.get("tanh"), "tanh" in found
        (0.9, None, False)
        >>> found["tanh"]
        Traceback (most recent call last):
        normlayers.experiments.claims.findings.ArmNotRunError: the arm 'tanh' was not run.
    """

    def __init__(self, measures: Mapping[str, Measures], arms: Iterable[str]) -> None:
        super().__init__(measures)
        self.arms = frozenset(arms)
        for name in self.keys() - self.arms:
            raise KeyError(f"there is no arm {name!r}.")

    def __missing__(self, name: str) -> Measures:
        if name in self.arms:
            raise ArmNotRunError(f"the arm {name!r} was not run.")
        raise KeyError(f"there is no arm {name!r}.")
