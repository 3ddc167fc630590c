"""One fault that a diagnosis reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """A fault, where it is, how it shows, and its cure.

    Attributes:
        fault: its name, one of ``rules.table.RULES``, such as ``"inputs_not_scaled"``.
        where: name of the layer, input, output or feature; ``""`` for the model as a whole.
        evidence: what was measured, as plain JSON values.
        severity: ``"error"``: training is expected to fail or to end much worse; ``"warning"``:
            to end worse or to take longer; ``"note"``: worth knowing.
        message: what is wrong, in one sentence.
        cure: what to change, in one sentence.
        repairable: whether ``normlayers.repair`` has a cure for it.
        consequences: findings that follow from this one, and that its cure may remove.

    Example:
        >>> Finding("idle_bias", "dense", {}, "note", "It does nothing.", "Drop it.").to_dict()[
        ...     "where"]
        'dense'
    """

    fault: str
    where: str
    evidence: dict[str, Any]
    severity: Severity
    message: str
    cure: str
    repairable: bool = False
    consequences: tuple[Finding, ...] = field(default=())

    def with_consequences(self, *more: Finding) -> Finding:
        """The same finding with further consequences."""
        return replace(self, consequences=(*self.consequences, *more))

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values, its consequences as a list of the same.

        Numbers that JSON has no word for, NaN and infinite ones, are ``None``.
        """
        return {
            "fault": self.fault,
            "where": self.where,
            "evidence": plain(self.evidence),
            "severity": self.severity,
            "message": self.message,
            "cure": self.cure,
            "repairable": self.repairable,
            "consequences": [finding.to_dict() for finding in self.consequences],
        }


def plain(value: Any) -> Any:
    """What JSON can hold of a structure: ``None`` for numbers that are NaN or infinite.

    Example:
        >>> plain({"lowest": -math.inf, "values": [1.5, math.nan]})
        {'lowest': None, 'values': [1.5, None]}
    """
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
