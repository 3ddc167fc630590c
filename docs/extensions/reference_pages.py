"""One page for each public name, from its docstring."""

import inspect
from functools import cached_property
from pathlib import Path
from typing import Any, get_args, get_type_hints

from sphinx.util.inspect import signature, stringify_signature

import normlayers

FOLDER = Path(__file__).parents[1] / "reference" / "names"
# What a layer has beside the methods that Keras calls.
ADAPTIVE = ("adapt", "inverse", "reset_state", "update_state", "merge_state", "finalize_state")
MEMBERS = {
    "Standardize": ADAPTIVE,
    "MinMaxScale": ADAPTIVE,
    "BatchNormalization": (),
    "ActivationTracker": ("observe", "close", "history", "log_dir", "write_page"),
}


def kind_of(value: Any) -> str:
    """Which of autodoc's directives documents it."""
    if inspect.ismodule(value):
        return "module"
    return "class" if inspect.isclass(value) else "function"


def members_of(name: str, value: Any) -> list[tuple[str, str]]:
    """What its page describes: of a class autodoc's directive and the name of each member."""
    public = [member for member in vars(value) if not member.startswith("_")]
    found = []
    for member in MEMBERS.get(name, public):
        of_it = inspect.getattr_static(value, member)
        if isinstance(of_it, property | cached_property):
            found.append(("property", member))
        elif inspect.isroutine(of_it):  # a class method and a static one, too
            found.append(("method", member))
    return found


def page_of(name: str, shown: set[Any]) -> str:
    """The page as reStructuredText, which docstrings are written in.

    Classes that a function returns stand on its page, unless they are ``shown`` on another.
    """
    value = getattr(normlayers, name)
    kind = kind_of(value)
    title = f"nl.{name}"
    lines = [title, "=" * len(title), ""]
    if kind == "module":
        lines += [f".. automodule:: {value.__name__}", "   :members:"]
    else:
        target = f"{value.__module__}.{name}"
        lines.append(f".. auto{kind}:: {target}")
        if kind == "class":
            lines += member_lines(value)
        else:
            results = [result for result in results_of(value) if result not in shown]
            shown.update(results)
            lines += [line for result in results for line in class_lines(result)]
    return "\n".join([*lines, ""])


def results_of(function: Any) -> list[Any]:
    """The classes of ours that a function returns, and those that their attributes are of."""
    left, found = [get_type_hints(function).get("return")], []
    while left:
        hint = left.pop(0)
        left += get_args(hint)
        if inspect.isclass(hint) and hint.__module__.startswith("normlayers") and hint not in found:
            found.append(hint)
            left += get_type_hints(hint).values()
    return found


def class_lines(value: Any) -> list[str]:
    """A class and its members."""
    return ["", f".. autoclass:: {value.__module__}.{value.__name__}", *member_lines(value)]


def member_lines(value: Any) -> list[str]:
    """A class's members, within its description."""
    target = f"{value.__module__}.{value.__name__}"
    return [
        line
        for directive, member in members_of(value.__name__, value)
        for line in ("", f"   .. auto{directive}:: {target}.{member}")
    ]


def summary_of(name: str) -> str:
    """Its docstring's first sentence, as Markdown."""
    text = inspect.getdoc(getattr(normlayers, name)) or ""
    return text.split("\n\n")[0].replace("\n", " ").replace("``", "`")


def write_pages(app: Any) -> None:
    """Write the pages, and take away those of names that are gone."""
    FOLDER.mkdir(exist_ok=True)
    shown: set[Any] = set()
    pages = {f"{name}.rst": page_of(name, shown) for name in normlayers.__all__}
    for path in FOLDER.glob("*.rst"):
        if path.name not in pages:
            path.unlink()
    for file, text in pages.items():
        write_changed(FOLDER / file, text)
    rows = [f"| [`nl.{n}`](names/{n}.rst) | {summary_of(n)} |" for n in normlayers.__all__]
    names = "\n".join(["| name | |", "| --- | --- |", *rows, ""])
    write_changed(FOLDER.parent / "_names.md", names)


def write_changed(path: Path, text: str) -> None:
    """Write a file unless it is as it should be: Sphinx reads again what is newer than its page."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def signature_of(app: Any, what: str, name: str, value: Any, *_: Any) -> tuple[str, None] | None:
    """A class's signature is its constructor's: Keras's layers hide it behind ``__new__``."""
    if what != "class":
        return None
    constructor = signature(value.__init__, bound_method=True)
    shown = stringify_signature(
        constructor, show_return_annotation=False, unqualified_typehints=True
    )
    return shown, None


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-signature", signature_of)
    return {"parallel_read_safe": True}
