"""What ``diagnose`` returns."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from normlayers.diagnosis.finding import SEVERITIES, Finding

HEADER = ("severity", "fault", "where", "what is wrong", "cure")


class Diagnosis:
    """The findings about a model, worst first; true where there are any.

    Args:
        findings: in any order.
        unchecked: by rule (a fault's name), why it could not be checked.
        remarks: what was read, such as how many rows.

    Attributes:
        findings: list of ``Finding``, errors first, then warnings, then notes. What follows from
            another finding is in that one's ``consequences`` instead.
        unchecked: by rule, why it could not be checked.
        remarks: sentences on what was read.

    Example:
        >>> nothing = Diagnosis([])
        >>> bool(nothing), str(nothing).strip()
        (False, 'Nothing was found to be wrong.')
    """

    def __init__(
        self,
        findings: Iterable[Finding],
        unchecked: Mapping[str, str] | None = None,
        remarks: Iterable[str] = (),
    ) -> None:
        self.findings = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
        self.unchecked = dict(unchecked or {})
        self.remarks = list(remarks)

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def errors(self) -> list[Finding]:
        """The findings with which training is expected to fail."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def every(self) -> list[Finding]:
        """All findings, consequences right behind their cause."""
        return [finding for top in self.findings for finding, _ in _with_depth(top)]

    def of(self, fault: str) -> list[Finding]:
        """The findings of one fault, consequences included."""
        return [finding for finding in self.every() if finding.fault == fault]

    def to_dict(self) -> dict[str, Any]:
        """Findings, ``unchecked`` and ``remarks`` as plain JSON values."""
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "unchecked": dict(self.unchecked),
            "remarks": list(self.remarks),
        }

    def __repr__(self) -> str:
        names = ", ".join(finding.fault for finding in self.findings)
        return f"Diagnosis([{names}])"

    def __str__(self) -> str:
        """A table for the terminal, as wide as it is."""
        from rich.console import Console

        console = Console(force_terminal=False, color_system=None)
        with console.capture() as captured:
            for part in self.__rich__():
                console.print(part, markup=False)
        return captured.get().rstrip("\n")

    def __rich__(self) -> list[Any]:
        from rich.table import Table

        if not self.findings:
            parts: list[Any] = ["Nothing was found to be wrong."]
        else:
            table = Table(*HEADER, show_lines=True)
            for top in self.findings:
                for finding, depth in _with_depth(top):
                    table.add_row(*_cells(finding, depth))
            parts = [table]
        return [*parts, *self._closing()]

    def _closing(self) -> list[str]:
        rules: dict[str, list[str]] = {}
        for rule, why in self.unchecked.items():
            rules.setdefault(why, []).append(rule)
        missed = [f"Not checked, as {why}: {', '.join(of)}." for why, of in rules.items()]
        return [*missed, *self.remarks]

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self._closing())
        if not self.findings:
            return f"<p>Nothing was found to be wrong.</p>{lines}"
        head = "".join(f"<th>{cell}</th>" for cell in HEADER)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in _cells(finding, depth)) + "</tr>"
            for top in self.findings
            for finding, depth in _with_depth(top)
        )
        return f"<table><tr>{head}</tr>{rows}</table>{lines}"


def _cells(finding: Finding, depth: int) -> tuple[str, ...]:
    indent = "  " * (depth - 1) + "follows: " if depth else ""
    return (
        finding.severity,
        indent + finding.fault,
        finding.where,
        finding.message,
        finding.cure,
    )


def _with_depth(finding: Finding, depth: int = 0) -> Iterator[tuple[Finding, int]]:
    yield finding, depth
    for consequence in finding.consequences:
        yield from _with_depth(consequence, depth + 1)
