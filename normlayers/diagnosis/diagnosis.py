"""What ``diagnose`` returns."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from normlayers.diagnosis.finding import SEVERITIES, Finding

HEADER = ("severity", "fault", "where", "what is wrong", "cure")
# Of the faults' names.
LONGEST_FAULT = 28
# Findings that differ by their places alone, in a table.
MOST_ALIKE = 4


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
            table = Table(show_lines=True)
            # Names are copied: they are not cut off, however narrow the terminal.
            table.add_column("fault, and where", overflow="fold", width=LONGEST_FAULT)
            for heading in ("what is wrong", "cure"):
                table.add_column(heading, overflow="fold")
            for top in self.findings:
                for severity, fault, where, *texts in _rows(top):
                    table.add_row("\n".join(filter(None, (severity, fault, where))), *texts)
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
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
            for top in self.findings
            for cells in _rows(top)
        )
        return f"<table><tr>{head}</tr>{rows}</table>{lines}"


def _rows(top: Finding) -> Iterator[tuple[str, ...]]:
    """The cells of a finding and of its consequences; of many alike, those of the first few."""
    found = list(_with_depth(top))
    alike: dict[tuple[str, int], list[Finding]] = {}
    for finding, depth in found:
        alike.setdefault((finding.fault, depth), []).append(finding)
    for finding, depth in found:
        left = alike[finding.fault, depth][MOST_ALIKE - 1 :]
        if len(left) < 2 or not any(finding is other for other in left):
            yield _cells(finding, depth)
        elif finding is left[0]:
            severity, fault, *_ = _cells(finding, depth)
            yield severity, f"{fault}, {len(left)} more", _listed(left), "The same fault there.", ""


def _listed(findings: list[Finding]) -> str:
    first = ", ".join(finding.where for finding in findings[:MOST_ALIKE])
    return f"{first}, …" if len(findings) > MOST_ALIKE else first


def _cells(finding: Finding, depth: int) -> tuple[str, ...]:
    follows = "  " * (depth - 1) + "follows: " if depth else ""
    return (
        follows + finding.severity,
        finding.fault,
        finding.where,
        finding.message,
        finding.cure,
    )


def _with_depth(finding: Finding, depth: int = 0) -> Iterator[tuple[Finding, int]]:
    yield finding, depth
    for consequence in finding.consequences:
        yield from _with_depth(consequence, depth + 1)
