"""The command line's page, from what each command's ``--help`` prints."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from reference_pages import write_changed

DOCS = Path(__file__).parents[1]
SCRIPTS = DOCS.parent / "scripts"
PAGE = DOCS / "reference" / "commands.md"
ABOUT = """# Command line

`python -m ...` comes with the package. The scripts are files of the source tree; `make` installs
what they need (the extra `articles`), and `make reproduce` runs them all. What follows is what each
prints for `--help`.
"""


def commands() -> dict[str, list[str]]:
    """By what a user types, the arguments of this interpreter."""
    modules = ["normlayers.explorer"]
    if (DOCS.parent / "normlayers" / "__main__.py").exists():
        modules.insert(0, "normlayers")
    found = {f"python -m {module}": ["-m", module] for module in modules}
    for script in sorted(SCRIPTS.glob("*.py")):
        if script.stem != "quiet_start":  # which the others import
            found[f"python scripts/{script.name}"] = [str(script)]
    return found


def help_of(arguments: list[str]) -> str:
    """What the command prints."""
    environment = {**os.environ, "COLUMNS": "88", "NO_COLOR": "1"}
    command = [sys.executable, *arguments, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.rstrip()


def write_page(app: Any) -> None:
    """Write it."""
    parts = [ABOUT]
    for command, arguments in commands().items():
        parts.append(f"## `{command}`\n\n```text\n{help_of(arguments)}\n```\n")
    write_changed(PAGE, "\n".join(parts))


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_page)
    return {"parallel_read_safe": True}
