"""P6: the Neurons tab in TensorBoard and headless Chromium: slider moves, and how soon it opens.

A move is painted when the frame after it ends that shows the observation; one that takes at most
33 ms is within two frames. Of 1,000 observations of 500 points and three layers of 64 neurons,
places are visited at random and by dragging, in turns: in a new page from its first view on, while
the run is still loading, and again when it has loaded. Then the tab is opened on a folder of runs,
within TensorBoard and without it around, from the navigation to the first painted view.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from normlayers.explorer.records import FORMAT, snapshot_value
from normlayers.explorer.snapshot import encode
from normlayers.tracking.writing.event_log import EventLog

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measured import Measured, keep

OBSERVATIONS, POINTS, WIDTH = 1000, 500, 64
LAYERS = ["first", "second", "third"]
PAGE = "/data/plugin_entry.html?name=normlayers"  # TensorBoard's, around the tab alone
FRAMES = 33  # milliseconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# From the event that moves the slider to the end of the frame that shows the observation.
SCRUB = """async (order) => {
    const slider = document.querySelector('.chart input');
    const run = document.querySelector('.run');
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    for (const place of order) {
        await frame();
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
        const began = performance.now();
        slider.value = place;
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        while (run.dataset.step !== String(place)) await frame();
        await new Promise((resolve) => setTimeout(resolve));
        times.push(performance.now() - began);
    }
    return times;
}"""
PAINTED = """() => {
    const found = document.querySelector('iframe');
    const seen = found ? found.contentDocument : document;
    return Boolean(seen && seen.querySelector('.run[data-step]'));
}"""


def write_wide_run(folder: Path) -> None:
    """The long run; its observations differ, as do those of a network that trains."""
    generator = np.random.default_rng(0)
    position = generator.uniform(-1, 1, (POINTS, 2))
    layers = [
        {
            "name": name, "activation": "relu", "neurons": WIDTH, "shown": list(range(WIDTH)),
            "role": "hidden", "inputs": before,
        }
        for name, before in zip(LAYERS, ["", *LAYERS], strict=False)
    ]  # fmt: skip
    labels = (np.hypot(*position.T) < 0.75).astype(int).tolist()
    points = {
        "total": POINTS, "shown": list(range(POINTS)), "position": position.tolist(),
        "axes": ["x0", "x1"], "labels": labels, "classes": ["0", "1"],
    }  # fmt: skip
    meta = {"format": FORMAT, "unit": "epoch", "layers": layers, "points": points}
    kernels = [generator.normal(size=(n, WIDTH)) / np.sqrt(n) for n in (2, WIDTH, WIDTH)]
    with EventLog(folder) as log:
        for step in range(OBSERVATIONS):
            exact, quantized, values = {}, {}, position
            for name, kernel in zip(LAYERS, kernels, strict=True):
                before = values @ (kernel + 0.3 * np.sin(step / 50)) - 0.1
                values = np.maximum(before, 0)
                share = (before > 0).mean(axis=0)
                states = [(share == 0).mean(), (share == 1).mean()]
                exact[f"active/{name}"] = before > 0
                exact[f"share/{name}"] = share
                exact[f"state/{name}"] = np.array([*states, 1 - sum(states), np.nan])
                quantized[f"value/{name}"] = values
            value = snapshot_value(encode(step, exact, quantized), None if step else meta)
            log.write(step, {"epoch_loss": float(np.exp(-step / 300))}, others=[value])


def write_many_runs(folder: Path, count: int) -> None:
    """Runs of a two-neuron network, 100 observations each, as its experiment's arms are."""
    import keras

    import normlayers as nl

    x = np.random.default_rng(0).uniform(-1, 1, (200, 2)).astype("float32")
    y = (np.hypot(*x.T) < 0.75).astype("float32")
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((2,)), dense(2, "relu"), dense(1, "sigmoid")])
    model.compile("rmsprop", "binary_crossentropy")
    tracker = nl.ActivationTracker(folder / "run-0", x, y, boundary="auto")
    model.fit(x, y, batch_size=50, epochs=100, verbose=0, callbacks=[tracker])
    for number in range(1, count):
        shutil.copytree(folder / "run-0", folder / f"run-{number}")


@contextmanager
def tensorboard(folder: Path) -> Iterator[str]:
    """Its address; it has the plugin as far as this package is installed."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
    command += ["--host", "localhost", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert server.stderr is not None
    try:
        for line in server.stderr:
            if found := re.search(r"http://localhost:\d+", line):
                break
        else:
            raise SystemExit("TensorBoard did not start")
        yield found.group()
    finally:
        server.terminate()
        server.wait()


def wait_for_runs(page: Any, address: str, count: int, steps: int) -> None:
    """Until TensorBoard has loaded all there is."""
    page.goto(f"{address}/data/plugin/normlayers/static/style.css")
    asked = """async ([count, steps]) => {
        const { runs } = await (await fetch('../runs')).json();
        if (runs.length !== count) return false;
        const meta = await (await fetch(`../meta?run=${runs[0]}`)).json();
        return meta.steps.length === steps;
    }"""
    while not page.evaluate(asked, [count, steps]):
        time.sleep(0.3)


def scrub(context: Any, address: str, rounds: int, moves: int) -> dict[str, list[float]]:
    """Milliseconds of each move, by what is measured."""
    times: dict[str, list[float]] = {}
    random = np.random.default_rng(0)
    for _ in range(rounds):
        start = random.integers(0, OBSERVATIONS - 3 * moves)
        orders = {
            "at random": random.permutation(OBSERVATIONS)[:moves],
            "dragged": start + 3 * np.arange(moves),
        }
        for how, places in orders.items():
            order = places.tolist()
            page = context.new_page()
            page.goto(f"{address}{PAGE}#step=0&point=7&neuron=first:20")
            page.wait_for_selector(".run[data-step]")
            times.setdefault(f"{how}, loading", []).extend(page.evaluate(SCRUB, order))
            page.wait_for_timeout(5_000)
            times.setdefault(f"{how}, loaded", []).extend(page.evaluate(SCRUB, order))
            page.close()
    return times


def opening(context: Any, address: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds until the first view is painted, by what is opened."""
    times: dict[str, list[float]] = {}
    pages = {
        "TensorBoard's tab": f"{address}/#normlayers",
        "the plugin's page alone": f"{address}{PAGE}",
    }
    for _ in range(rounds):
        for what, where in pages.items():
            page = context.new_page()
            began = time.perf_counter()
            page.goto(where, wait_until="commit")
            page.wait_for_function(PAINTED, polling="raf")
            times.setdefault(what, []).append(1e3 * (time.perf_counter() - began))
            page.close()
    return times


def show(title: str, times: dict[str, list[float]], limit: float) -> None:
    """A table of what part is within a limit."""
    table = Table(title=title)
    for column in (
        "what",
        "count",
        f"within {limit:,.0f} ms",
        "median, ms",
        "95 %, ms",
        "worst, ms",
    ):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, found in times.items():
        values = np.array(found)
        numbers = (np.median(values), np.quantile(values, 0.95), values.max())
        share = f"{(values <= limit).mean():.1%}"
        table.add_row(name, str(len(values)), share, *(f"{number:,.0f}" for number in numbers))
    Console().print(table)


def within_goals(moves: dict[str, list[float]], pages: dict[str, list[float]]) -> list[Measured]:
    """What is to be reached: 95 % of moves in time, and the first view in 2 s."""
    shares = [
        Measured(
            f"moves painted within {FRAMES:.0f} ms, {how}",
            100 * float(np.mean(np.array(milliseconds) <= FRAMES)),
            95.0,
            "%",
            at_least=True,
        )
        for how, milliseconds in moves.items()
    ]
    opened = [
        Measured(f"first view of {what}", float(np.median(milliseconds)) / 1e3, 2.0, "s")
        for what, milliseconds in pages.items()
    ]
    return shares + opened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="pages opened, each way")
    parser.add_argument("--moves", type=int, default=150, help="of the slider, each way; under 333")
    parser.add_argument("--runs", type=int, default=60, help="in the folder of many runs")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="its path")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        logs = Path(folder)
        write_wide_run(logs / "wide" / "run")
        with tensorboard(logs / "wide") as address:
            wait_for_runs(page, address, 1, OBSERVATIONS)
            moves = scrub(context, address, options.rounds, options.moves)
        show("P6: slider moves, 1,000 observations x 500 points x 3 layers of 64", moves, FRAMES)
        write_many_runs(logs / "many", options.runs)
        with tensorboard(logs / "many") as address:
            wait_for_runs(page, address, options.runs, 101)
            pages = opening(context, address, 3 * options.rounds)
        show(f"P6: from navigation to the first view, {options.runs} runs", pages, 2_000)
        keep("neurons_tab", within_goals(moves, pages))
        browser.close()


if __name__ == "__main__":
    main()
