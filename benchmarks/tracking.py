"""P5: what tracking costs a 784-512-512-10 network, an epoch of 60,000 rows at batch 128.

Every contestant trains the same network in the same process, an epoch a turn, each round in its
own order: plain `fit`; with the tracker on 2,000 points, without pictures (and without snapshots)
and with a decision boundary each epoch; with Keras's own TensorBoard callback; and with a plain
`predict` of every layer on the same points. The ratio of medians is to plain `fit`; since epochs
differ by more than what is measured, the callbacks' own seconds are shown too, as a share of the
plain epoch. The data are noise: what is learned does not matter here.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping
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
    parser.add_argument("--rounds", type=int, default=7, help="epochs that are counted")
    parser.add_argument("--rows", type=int, default=60_000)
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import keras
    import numpy as np
    from rich.console import Console
    from rich.table import Table
    from side_by_side import medians

    import normlayers as nl


HOOKS = [
    f"on_{what}_{when}" for what in ("train", "epoch", "train_batch") for when in ("begin", "end")
]


class Timed(keras.callbacks.Callback):
    """Another callback, and the seconds spent in it."""

    def __init__(self, callback: Any) -> None:
        super().__init__()
        self.callback = callback
        self.spent = 0.0
        for name in HOOKS:
            hook = getattr(callback, name)
            # Keras waits for every step where a callback has hooks for steps.
            if not getattr(hook, "_is_default", False):
                setattr(self, name, partial(self._timed, hook))

    def _timed(self, hook: Any, *args: Any, **kwargs: Any) -> None:
        started = time.perf_counter()
        hook(*args, **kwargs)
        self.spent += time.perf_counter() - started

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
        "tracker, boundary each epoch": nl.ActivationTracker(
            folder / "boundary", **points, boundary="principal"
        ),
        "keras TensorBoard": keras.callbacks.TensorBoard(str(folder / "keras")),
        "predict of every layer": PredictEveryLayer(points["x"]),
    }


def main(options: Namespace) -> None:
    generator = np.random.default_rng(0)
    x = generator.random((options.rows, 784), dtype=np.float32)
    y = generator.integers(0, 10, options.rows)
    with tempfile.TemporaryDirectory() as folder:
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
                callback.spent = 0.0
        seconds = medians(work, options.rounds)
        runs = 2 * options.rounds
        size = sum(path.stat().st_size for path in (Path(folder) / "plain").glob("events*"))
        observations = len(callbacks["tracker, no pictures"].history["step"])
    table = Table(title="P5: tracking 784-512-512-10, 2,000 points")
    for column in ("what", "an epoch, s", "ratio", "in the callback, ms", "share"):
        table.add_column(column)
    plain = seconds["plain fit"]
    for name, value in seconds.items():
        own = sum(callback.spent for callback in timed[name]) / runs
        table.add_row(
            name, f"{value:.3f}", f"{value / plain:.3f}", f"{own * 1e3:.1f}", f"{own / plain:.2%}"
        )
    Console().print(table)
    print(f"event files: {size / observations / 1e3:.1f} kB an observation, logs included")


if __name__ == "__main__":
    main(OPTIONS)
