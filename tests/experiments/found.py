"""Log directories as experiments leave them, made up."""

import json

from PIL import Image

ROW = {
    "article": "A2", "claim": "It is so.", "measure": "share of networks", "rule": "at least 0.9",
    "value": 0.93, "ci95": [0.91, 0.95], "n": 1234, "exact": False, "verdict": "holds",
    "figure": "all.png",
}  # fmt: skip


def row(name, **other):
    return {**ROW, "id": name, "article": name.split(".")[0], **other}


def write_found(log_dir, name, claims=(), figures=(), **other):
    """What an experiment leaves: results.json, and its figures unless they are there.

    ``figures`` are files, or captions by files.
    """
    captions = figures if isinstance(figures, dict) else {f: f"{f} is seen." for f in figures}
    folder = log_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "experiment": name,
        "seed": 0,
        "arguments": {"seed": 0, "networks": 1234, "arms": [f"arm-{n}" for n in range(9)]},
        "versions": {"keras": "3.15.1", "backend": "tensorflow"},
        "device": "cpu:0; 2 cores",
        "runtime_seconds": 12.3,
        "measures": {},
        "claims": list(claims),
        "figures": [{"file": file, "caption": captions[file]} for file in figures],
        **other,
    }
    (folder / "results.json").write_text(json.dumps(content))
    for file in figures:
        if not (folder / file).exists():
            write_picture(folder / file)
    return content


def write_picture(path, size=(60, 40), colours=("#1F5FA8", "#4DAF4A", "#CC6677")):
    """A picture of the first colour; a film of them all; or a page."""
    first, *rest = (Image.new("RGB", size, colour) for colour in colours)
    if path.suffix == ".html":
        path.write_text("<p>To be turned.</p>")
    elif path.suffix == ".gif":
        first.save(path, save_all=True, append_images=rest, duration=100, loop=0)
    else:
        first.save(path)
