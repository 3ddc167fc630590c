"""The cases: healthy ones, and for each fault as many, over families, variants, states, seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from benchmarks.fault_injection.data_injections import DATA_INJECTIONS
from benchmarks.fault_injection.families import FAMILIES, TUNING
from benchmarks.fault_injection.injection import Injection
from benchmarks.fault_injection.model_injections import MODEL_INJECTIONS
from benchmarks.fault_injection.situation import Situation, healthy

INJECTIONS = [*DATA_INJECTIONS, *MODEL_INJECTIONS]
FAULTS = list(dict.fromkeys(injection.fault for injection in INJECTIONS))
Half = Literal["tuning", "reporting"]
# The digits' corner pixels are 0 in every image.
NATURAL = {name: {"constant_feature"} for name in FAMILIES if name.startswith("digits_")}


def known(faults: list[str] | None) -> list[str] | None:
    """Names of faults that were asked for, as they are.

    Raises:
        SystemExit: one of them is no fault.
    """
    for fault in faults or ():
        if fault not in FAULTS:
            raise SystemExit(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}.")
    return faults


@dataclass(frozen=True)
class Case:
    """A situation by name; ``fault`` is empty where it is healthy."""

    fault: str
    variant: str
    family: str
    trained: bool
    seed: int

    @property
    def name(self) -> str:
        state = "trained" if self.trained else "fresh"
        what = f"{self.fault}, {self.variant}" if self.fault else "healthy"
        return f"{what}: {self.family}, {state}, {self.seed}"

    @property
    def half(self) -> Half:
        return "tuning" if self.family in TUNING else "reporting"

    def injection(self) -> Injection | None:
        named = (self.fault, self.variant)
        return next((i for i in INJECTIONS if (i.fault, i.variant) == named), None)

    def allowed(self) -> set[str]:
        """Faults that may be reported beside the one injected."""
        injection = self.injection()
        return NATURAL.get(self.family, set()) | (set(injection.also) if injection else set())

    def situation(self) -> Situation:
        """The situation, made anew."""
        sound = healthy(FAMILIES[self.family], self.seed, self.trained)
        injection = self.injection()
        if injection is None:
            return sound
        random = np.random.default_rng([self.seed, len(self.variant), len(self.family)])
        return replace(injection.change(sound, random), trained=self.trained)


def healthy_cases(seeds: int, half: Half | None = None) -> list[Case]:
    """Each family, fresh and trained."""
    return [
        case
        for seed in range(seeds)
        for family in FAMILIES
        for trained in (False, True)
        if (case := Case("", "", family, trained, seed)).half == half or half is None
    ]


def faulty_cases(number: int, half: Half | None = None) -> list[Case]:
    """``number`` of each fault and half, its variants, families and states in turns."""
    halves: tuple[Half, ...] = (half,) if half else ("tuning", "reporting")
    return [
        case for fault in FAULTS for one in halves for case in islice(_in_turns(fault, one), number)
    ]


def _in_turns(fault: str, half: Half) -> list[Case]:
    """All cases of a fault over 40 seeds; of each seed every variant once, in another family."""
    found = []
    for seed in range(40):
        for offset, injection in enumerate(INJECTIONS):
            families = [
                name
                for name, family in FAMILIES.items()
                if injection.fault == fault
                and injection.fits(family)
                and (name in TUNING) == (half == "tuning")
            ]
            if families:
                turn = seed + seed // len(families)
                state = injection.states[turn % len(injection.states)]
                family = families[(seed + offset) % len(families)]
                found.append(Case(fault, injection.variant, family, state, seed))
    return found
