"""The articles' experiments; they need the extra ``articles``."""

from importlib.util import find_spec as _find_spec

_missing = [
    library
    for library in ("jinja2", "plotly", "scipy", "sklearn", "threadpoolctl")
    if _find_spec(library) is None
]
if _missing:
    raise ImportError(
        f"normlayers.experiments needs {', '.join(_missing)}, which the extra articles installs: "
        "pip install 'normlayers[articles]'"
    )
