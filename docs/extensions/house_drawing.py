"""The house's drawing, made from the imports that the modules hold."""

import ast
from html import escape
from pathlib import Path
from typing import Any

from reference_pages import write_changed

DOCS = Path(__file__).parents[1]
PACKAGE = DOCS.parent / "normlayers"
DRAWING = DOCS / "design" / "_house.svg"
# The experiments do not know each other, and import the same rooms: one box for all.
SHARED = ("claims", "running", "data", "plots", "report")
WIDTH, ROW, BOX, HEIGHT = 860, 104, 148, 52


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module, from the path or the import's names below the package."""
    if parts[0] != "experiments":
        return parts[0]
    if len(parts) < 2:
        return ""
    return f"experiments/{parts[1]}" if parts[1] in SHARED else "experiments/<name>"


def imports() -> dict[str, set[str]]:
    """By room, the rooms whose modules it imports."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        if len(parts) < 2 or not room_of(parts[:-1]):
            continue
        room = found.setdefault(room_of(parts[:-1]), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                package, *below = name.split(".")
                if package == "normlayers" and below:
                    room.add(room_of(tuple(below)))
    # Public names, as `from normlayers import adapt`, are no rooms.
    return {room: (others & set(found)) - {room} for room, others in found.items()}


def floors(below: dict[str, set[str]]) -> dict[str, int]:
    """How high each room stands: one above the highest that it imports."""

    def floor(room: str) -> int:
        return 1 + max(map(floor, below[room]), default=-1)

    return {room: floor(room) for room in below}


def direct(below: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows to draw: those that no way over another room makes superfluous."""

    def reached(room: str) -> set[str]:
        return set().union(*({other} | reached(other) for other in below[room]))

    return sorted(
        (room, other)
        for room, others in below.items()
        for other in others
        if not any(other in reached(between) for between in others - {other})
    )


def places(of_floor: dict[str, int]) -> dict[str, tuple[float, float]]:
    """The centre of each room's box."""
    top = max(of_floor.values())
    found = {}
    for floor in range(top + 1):
        rooms = sorted(room for room in of_floor if of_floor[room] == floor)
        for number, room in enumerate(rooms):
            x = WIDTH * (number + 0.5) / len(rooms)
            found[room] = (x, (top - floor) * ROW + HEIGHT / 2 + 4)
    return found


def drawing() -> str:
    """The SVG, in the page's own colours."""
    below = imports()
    of_floor = floors(below)
    at = places(of_floor)
    parts = []
    for room, other in direct(below):
        (x, y), (to_x, to_y) = at[room], at[other]
        y, to_y = y + HEIGHT / 2, to_y - HEIGHT / 2 - 5
        bend = (to_y - y) / 2
        parts.append(
            f'<path d="M{x:.0f} {y:.0f} C{x:.0f} {y + bend:.0f} {to_x:.0f} {to_y - bend:.0f} '
            f'{to_x:.0f} {to_y:.0f}" marker-end="url(#arrow)"/>'
        )
    for room, (x, y) in at.items():
        left, top = x - BOX / 2, y - HEIGHT / 2
        parts.append(
            f"<g><title>{escape(room)} imports {', '.join(sorted(below[room])) or 'nothing'}"
            f'</title><rect x="{left:.0f}" y="{top:.0f}" width="{BOX}" height="{HEIGHT}" rx="6"/>'
            f'<text x="{x:.0f}" y="{y + 5:.0f}">{escape(room)}</text></g>'
        )
    height = (max(of_floor.values()) + 1) * ROW - (ROW - HEIGHT) + 8
    return (
        f'<svg class="house" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="The rooms of the package and what they import">\n<defs><marker id="arrow" '
        'viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z"/></marker></defs>\n' + "\n".join(parts) + "\n</svg>"
    )


def write_drawing(app: Any) -> None:
    """Write it as what a page includes."""
    write_changed(DRAWING, f'<div class="wide">{drawing()}</div>\n')


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_drawing)
    return {"parallel_read_safe": True}
