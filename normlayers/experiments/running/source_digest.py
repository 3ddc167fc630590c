"""A digest of the source code that an arm's numbers depend on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]


def source_digest(*modules: str, package: Path = PACKAGE) -> str:
    """A digest of modules of this package and of all that they import from it.

    The rule: a module depends on each module of the package that an ``import`` statement anywhere
    in it names, and so on. A package's ``__init__`` counts only where a name is imported from it.
    What *calls* the modules, and what draws or judges their results, is not among them: an edit of
    a caption leaves the digest as it is.

    Args:
        modules: their full names, such as ``normlayers.statistics.moments``.
        package: the package's folder.

    Returns:
        12 hexadecimal digits.

    Raises:
        ValueError: there is no such module.

    Example:
        >>> len(source_digest("normlayers.statistics.moments"))
        12
    """
    digest = hashlib.sha256()
    for file in sorted(dependencies(*modules, package=package)):
        name = file.relative_to(package).as_posix()
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def dependencies(*modules: str, package: Path = PACKAGE) -> set[Path]:
    """The files of modules and of all that they import from the package; see ``source_digest``."""
    found: set[Path] = set()
    waiting = []
    for module in modules:
        file = _file_of(module, package)
        if file is None:
            raise ValueError(f"there is no module {module!r} in {package}.")
        waiting.append(file)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting.extend(_imported(file, package))
    return found


def _imported(file: Path, package: Path) -> Iterator[Path]:
    for candidates in _named(file.read_bytes()):
        files = (_file_of(name, package) for name in candidates)
        yield from [found for found in files if found is not None][:1]


@cache
def _named(source: bytes) -> tuple[tuple[str, ...], ...]:
    """What the imports in a source name, each with what else it may be, likeliest first.

    Kept, since a process that runs several experiments would parse the same files for each.
    """
    found: list[tuple[str, ...]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            # A name imported from a package may be a module.
            found += [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
    return tuple(found)


def _file_of(module: str, package: Path) -> Path | None:
    """The file of one of the package's modules; ``None`` of what is no module of it."""
    first, *rest = module.split(".")
    if first != package.name:
        return None
    path = package.joinpath(*rest)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
