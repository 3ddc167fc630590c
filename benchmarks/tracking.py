"""P5: what tracking costs a 784-512-512-10 network, an epoch of 60,000 rows at batch 128.

Every contestant trains the same network in the same process, an epoch a turn, each round in its
own order: plain `fit`; with the tracker on 2,000 points, without pictures (and without snapshots),
with a diagnosis and with a decision boundary each epoch; with Keras's own TensorBoard callback; and
with a plain `predict` of every layer on the same points. The ratio of medians is to plain `fit`;
since epochs differ by more than what is measured, the callbacks' own seconds are shown too, as a
share of the plain epoch (goals: 1 % without pictures, 2 % with). Before it, new networks: the first
observation in seconds, and a `fit` of two epochs with the tracker to one without, compilation
included. Processor seconds stand beside those of the clock, for where others keep the cores busy.
The data are noise: what is learned does not matter.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=9, help="epochs that are counted; starts: a third as many"
    )
    parser.add_argument("--rows", type=int, default=60_000)
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import keras
    import numpy as np
    from measured import Measured, keep
    from rich.console import Console
    from rich.table import Table
    from side_by_side import medians

    import normlayers as nl


Seconds = tuple[float, float]
HOOKS = [
    f"on_{what}_{when}" for what in ("train", "epoch", "train_batch") for when in ("begin", "end")
]


class Timed(keras.callbacks.Callback):
    """Another callback, and the seconds spent in each call of it."""

    def __init__(self, callback: Any) -> None:
        super().__init__()
        self.callback = callback
        self.forget()
        for name in HOOKS:
            hook = getattr(callback, name)
            # Keras waits for every step where a callback has hooks for steps.
            if not getattr(hook, "_is_default", False):
                setattr(self, name, partial(self._timed, hook))

    def forget(self) -> None:
        """Begin at no seconds."""
        self.spent: list[Seconds] = []

    def _timed(self, hook: Any, *args: Any, **kwargs: Any) -> None:
        self.spent.append(seconds_of(lambda: hook(*args, **kwargs)))

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.callback.set_model(model)

    def set_params(self, params: Any) -> None:
        self.callback.set_params(params)


class PredictEveryLayer(keras.callbacks.Callback):
    """What people write without a tracker."""

    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        for layer in self.model.layers:
            keras.Model(self.model.inputs, layer.output).predict(self.x, verbose=0)


def network() -> keras.Model:
    dense = keras.layers.Dense
    model = keras.Sequential(
        [keras.Input((784,)), dense(512, "relu"), dense(512, "relu"), dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def contestants(folder: Path, x: Any, y: Any) -> dict[str, Any]:
    """A trained network each, with its callback; every observation is one after an epoch."""
    points = {"x": x[:2000], "y": y[:2000]}
    return {
        "plain fit": None,
        "tracker, no pictures or snapshots": nl.ActivationTracker(
            folder / "bare", **points, snapshots=False
        ),
        "tracker, no pictures": nl.ActivationTracker(folder / "plain", **points),
        "tracker, diagnose": nl.ActivationTracker(folder / "diagnose", **points, diagnose=True),
        "tracker, boundary each epoch": nl.ActivationTracker(
            folder / "boundary", **points, boundary="principal"
        ),
        "keras TensorBoard": keras.callbacks.TensorBoard(str(folder / "keras")),
        "predict of every layer": PredictEveryLayer(points["x"]),
    }


def seconds_of(work: Callable[[], object]) -> Seconds:
    """Seconds of the clock and of the processors that some work takes."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


def first_observation(folder: Path, x: Any, y: Any) -> Seconds:
    """Of a network that has been trained, and so compiled, with snapshots."""
    model = network()
    model.fit(x[:1280], y[:1280], batch_size=128, verbose=0)
    tracker = nl.ActivationTracker(folder, x[:2000], y[:2000])
    return seconds_of(lambda: tracker.observe(model, 0))


def two_epochs(x: Any, y: Any, folder: Path | None = None) -> Seconds:
    """A new network's first two epochs, tracked if there is a folder for it."""
    keras.backend.clear_session()
    model = network()
    watching = [] if folder is None else [nl.ActivationTracker(folder, x[:2000], y[:2000])]
    return seconds_of(
        lambda: model.fit(x, y, batch_size=128, epochs=2, verbose=0, callbacks=watching)
    )


def from_the_start(folder: Path, x: Any, y: Any, rounds: int) -> list[Measured]:
    """The table of what people see first; medians, and the ratio of medians."""
    times: dict[str, list[Seconds]] = {}
    for number in range(rounds):
        turns = {
            "first observation": partial(first_observation, folder / f"first{number}", x, y),
            "fit of two epochs, plain": partial(two_epochs, x, y),
            "fit of two epochs, tracked": partial(two_epochs, x, y, folder / f"two{number}"),
        }
        for name, work in turns.items():
            times.setdefault(name, []).append(work())
    table = Table(title="P5: from the start, compilation included")
    for column in ("what", "seconds", "processor seconds"):
        table.add_column(column)
    found = {name: np.median(of, axis=0) for name, of in times.items()}
    for name, (clock, busy) in found.items():
        table.add_row(name, f"{clock:.2f}", f"{busy:.2f}")
    ratio = found["fit of two epochs, tracked"] / found["fit of two epochs, plain"]
    table.add_row("tracked / plain (goal 1.10)", f"{ratio[0]:.3f}", f"{ratio[1]:.3f}")
    Console().print(table)
    first, _ = found["first observation"]
    return [
        Measured("first observation", float(first), 1.5, "s"),
        Measured("fit of two epochs, tracked / plain", float(ratio[0]), 1.10),
        Measured("the same in processor time", float(ratio[1]), None),
    ]


def shares(
    seconds: Mapping[str, float], timed: Mapping[str, list[Timed]], runs: int, busy: float
) -> list[Measured]:
    """The table of epochs, and what part of one an observation takes.

    Args:
        seconds: of an epoch with each contestant.
        timed: their callbacks.
        runs: epochs that these were timed over.
        busy: processor seconds of a plain epoch.
    """
    measured = []
    table = Table(title="P5: tracking 784-512-512-10, 2,000 points")
    for column in ("what", "an epoch, s", "ratio", "in the callback, ms", "share", "processor"):
        table.add_column(column)
    plain = seconds["plain fit"]
    for name, value in seconds.items():
        spent = [times for callback in timed[name] for times in callback.spent]
        own, own_busy = np.sum(spent, axis=0) / runs if spent else (0.0, 0.0)
        table.add_row(
            name,
            f"{value:.3f}",
            f"{value / plain:.3f}",
            f"{own * 1e3:.1f}",
            f"{own / plain:.2%}",
            f"{own_busy / busy:.2%}",
        )
        if "tracker" in name:
            goal = 2.0 if "boundary" in name else 1.0
            what = f"{name}: an observation, of an epoch"
            measured.append(Measured(what, 100 * float(own / plain), goal, "%"))
            what = f"{name}: the same in processor time"
            measured.append(Measured(what, 100 * float(own_busy / busy), goal, "%"))
    Console().print(table)
    return measured


def main(options: Namespace) -> None:
    generator = np.random.default_rng(0)
    x = generator.random((options.rows, 784), dtype=np.float32)
    y = generator.integers(0, 10, options.rows)
    with tempfile.TemporaryDirectory() as folder:
        measured = from_the_start(Path(folder), x, y, -(-options.rounds // 3))
        callbacks = contestants(Path(folder), x, y)
        work, timed = {}, {}
        for name, callback in callbacks.items():
            model, epochs = network(), iter(range(10**6))
            timed[name] = [] if callback is None else [Timed(callback)]

            def epoch(
                model: Any = model, epochs: Any = epochs, watching: Any = timed[name]
            ) -> None:
                at = next(epochs)
                model.fit(
                    x, y, batch_size=128, verbose=0,
                    initial_epoch=at, epochs=at + 1, callbacks=watching,
                )  # fmt: skip

            work[name] = epoch
            epoch()  # compiled, and the points measured for the first time
        for watching in timed.values():
            for callback in watching:
                callback.forget()
        busy = seconds_of(work["plain fit"])[1]
        seconds = medians(work, options.rounds, uncounted=0)
        size = sum(path.stat().st_size for path in (Path(folder) / "plain").glob("events*"))
        observations = len(callbacks["tracker, no pictures"].history["step"])
    measured += shares(seconds, timed, options.rounds, busy)
    print(f"event files: {size / observations / 1e3:.1f} kB an observation, logs included")
    keep("tracking", measured)


if __name__ == "__main__":
    main(OPTIONS)
