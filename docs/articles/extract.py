"""Keep of a full run what the site shows: ``python docs/articles/extract.py logs``.

Writes ``claims.json`` beside this file, and the figures that claims name to ``figures/``. A log
folder is git-ignored, so the site is made from these; run this after ``make reproduce``.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).parent
# Kept once, for the README too.
IN_README = {"losses.png", "contours.png", "sweep.png"}
COLOURS = 128
MEDIAN = 2  # of five quantiles
# What the prose says beside the claims' own values: experiment, and where in its measures.
SURFACE = ("loss_surface", "mean_squared_error")
ENSEMBLE = ("two_neuron_ensemble", "arms")
CIRCLE = ("two_neuron_circle", "arms")
NUMBERS: dict[str, tuple[str | int, ...]] = {
    "condition raw": (*SURFACE, "raw", "condition_quantiles", MEDIAN),
    "condition standardized": (*SURFACE, "standardized", "condition_quantiles", MEDIAN),
    "condition x/std": (*SURFACE, "divided_by_std", "condition_quantiles", MEDIAN),
    "steps raw": (*SURFACE, "raw", "all", "steps_quantiles", MEDIAN),
    "steps standardized": (*SURFACE, "standardized", "all", "steps_quantiles", MEDIAN),
    "steps x/std": (*SURFACE, "divided_by_std", "all", "steps_quantiles", MEDIAN),
    "logistic regression": ("two_neuron_ensemble", "logistic_regression_accuracy"),
    "best line": ("two_neuron_ensemble", "best_line_accuracy"),
    "line beats": (*ENSEMBLE, "none-shift-10", "beats"),
    "beyond lines centred": (*ENSEMBLE, "relu-shift-0", "beats_any_line"),
    "beyond lines shifted": (*ENSEMBLE, "relu-shift-10", "beats_any_line"),
    "beyond lines standardized": (*ENSEMBLE, "relu-standardized", "beats_any_line"),
    "beyond lines bn pre": (*ENSEMBLE, "relu-bn-pre", "beats_any_line"),
    "beyond lines bn post": (*ENSEMBLE, "relu-bn-post", "beats_any_line"),
    "circle centred": (*CIRCLE, "relu-centred", "accuracy"),
    "circle shifted": (*CIRCLE, "relu-shifted", "accuracy"),
    "circle standardized": (*CIRCLE, "relu-shifted-standardized", "accuracy"),
    "sigmoid first to last": (
        "deep_networks",
        "arms",
        "sigmoid-none-standardized-depth-20",
        "first_to_last",
        MEDIAN,
    ),
}


def kept(log_dir: Path) -> list[dict[str, Any]]:
    """What each experiment with claims found, and with what."""
    found = []
    for path in sorted(log_dir.glob("*/results.json")):
        results = json.loads(path.read_text())
        if not results.get("claims"):
            continue
        shown = {claim["figure"] for claim in results["claims"]}
        found.append(
            {
                "experiment": results["experiment"],
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                **{key: results[key] for key in ("seed", "versions", "device", "runtime_seconds")},
                "claims": results["claims"],
                "figures": [f for f in results["figures"] if f["file"] in shown],
            }
        )
    return found


def numbers(log_dir: Path) -> dict[str, Any]:
    """The value of each of ``NUMBERS``, and the experiment that it is of."""
    found = {}
    for name, (experiment, *way) in NUMBERS.items():
        value = json.loads((log_dir / str(experiment) / "results.json").read_text())["measures"]
        for key in way:
            value = value[key]
        found[name] = {"experiment": experiment, "value": value}
    return found


def keep_figure(source: Path, target: Path) -> None:
    """Copy a picture in few colours, a third of its size; a film as it is."""
    if source.suffix == ".gif":
        target.write_bytes(source.read_bytes())
        return
    with Image.open(source) as picture:
        flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        flat.save(target, optimize=True)


def main() -> None:
    """Read the folder, write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log_dir", type=Path)
    log_dir = parser.parse_args().log_dir
    experiments = kept(log_dir)
    for experiment in experiments:
        name = experiment["experiment"]
        for figure in experiment["figures"]:
            if figure["file"] not in IN_README:
                target = HERE / "figures" / f"{name}_{figure['file']}"
                keep_figure(log_dir / name / figure["file"], target)
    found = {"experiments": experiments, "numbers": numbers(log_dir)}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (HERE / "claims.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
