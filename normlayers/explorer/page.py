"""One self-contained HTML file of runs, which opens without a server or a network."""

from __future__ import annotations

import base64
import html
import json
import os
import posixpath
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from normlayers.explorer.records import deflate
from normlayers.explorer.static_files import static_files

Run = tuple[dict[str, Any], Sequence[bytes]]

# What names another module: import "./a.js", import { b } from "./a.js", export ... from "./a.js".
_IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*)(["'])(\.{1,2}/[^"']+)\2""")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style id="normlayers-style">
{style}
</style>
<script id="normlayers-data" type="application/json">{data}</script>
{snapshots}
<script type="importmap">{modules}</script>
</head>
<body>
<script type="module">import {{ render }} from "normlayers/index.js"; render();</script>
</body>
</html>
"""

# A browser reads no text of more than some 500 million letters: each run has one of its own.
_HELD = '<script class="normlayers-snapshots" type="application/base64">{}</script>'


def write_page(
    path: str | os.PathLike[str],
    runs: Sequence[Run],
    others: Sequence[str] = (),
    opened: Sequence[str] = (),
) -> None:
    """Write the page of some runs.

    Args:
        path: of the file; one that is there is replaced, or stays as it is where writing fails.
        runs: what describes each, and its snapshots, as ``FolderRuns.read`` returns them.
        others: names of runs that have no snapshots.
        opened: names of the runs shown first, side by side, at most four; by default the first.

    Raises:
        OSError: it cannot be written.
    """
    content = page_of(runs, others, opened).encode()
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # a device or a pipe, in whose place nothing is put
        path.write_bytes(content)
        return
    try:
        handle, temporary = tempfile.mkstemp(".partial", ".normlayers-", path.parent)
    except OSError as error:  # which names the temporary file
        raise type(error)(error.errno, error.strerror, str(path)) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # mkstemp's are for the owner alone
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def page_of(runs: Sequence[Run], others: Sequence[str] = (), opened: Sequence[str] = ()) -> str:
    """The page of some runs as HTML; see ``write_page``."""
    files = {name: file.read_text(encoding="utf-8") for name, file in _texts().items()}
    data = {
        "runs": [meta for meta, _ in runs],
        "others": list(others),
        "opened": list(opened),
    }
    names = ", ".join(meta["run"] for meta, _ in runs)
    return _PAGE.format(
        # A name on disk may hold bytes that are no text.
        title=html.escape(f"Neurons: {names}".encode(errors="backslashreplace").decode()),
        style="\n".join(text for name, text in files.items() if name.endswith(".css")),
        data=_in_a_script(data),
        snapshots="\n".join(_HELD.format(_deflated(snapshots)) for _, snapshots in runs),
        modules=_in_a_script(_import_map(files)),
    )


def _deflated(snapshots: Sequence[bytes]) -> str:
    return " ".join(base64.b64encode(deflate(s)).decode() for s in snapshots)


def _texts() -> dict[str, Path]:
    return {name: path for name, path in static_files().items() if path.suffix in (".js", ".css")}


def _import_map(files: Mapping[str, str]) -> dict[str, Any]:
    """Modules by a name of their own: one that is in a ``data:`` URL has no place to start from."""
    modules = {}
    for name, text in files.items():
        if not name.endswith(".js"):
            continue
        folder = posixpath.dirname(name)

        def named(found: re.Match[str], folder: str = folder) -> str:
            before, quote, target = found.groups()
            absolute = posixpath.normpath(posixpath.join(folder, target))
            return f"{before}{quote}normlayers/{absolute}{quote}"

        source = base64.b64encode(_IMPORT.sub(named, text).encode()).decode()
        modules[f"normlayers/{name}"] = f"data:text/javascript;charset=utf-8;base64,{source}"
    return {"imports": modules}


def _in_a_script(value: Any) -> str:
    """JSON in which no name can end the script that holds it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def frame_of(page: str) -> str:
    """A page within another, as a notebook shows it.

    Args:
        page: from ``page_of``.

    Example:
        >>> frame_of('<p title="a">')
        '<iframe srcdoc="&lt;p title=&quot;a&quot;&gt;" width="100%" height="820" \
style="border:0"></iframe>'
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" width="100%" height="820" style="border:0"></iframe>'
    )
