"""Adapting, and calling, the input layer against Keras's, scikit-learn's and one plain read.

P1: 2,000,000 x 64 float32 in memory; the plain read is ``x.sum()``.
P2: 200,000 x 64 float32 from tf.data at batch 32; the plain read is iterating over it.
P3: the layer's compiled call. P4: the import. All ratios are of medians over rounds in which the
contestants take turns, on this machine.
"""

import subprocess
import sys
import time
import tracemalloc
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of P1; P2 has a tenth")
    parser.add_argument("--rounds", type=int, default=9, help="rounds that are counted")
    options = parser.parse_args()
    if min(options.rows // 10, options.rounds) < 1:
        parser.error("--rows must be at least 10 and --rounds at least 1.")
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import keras
    import numpy as np
    import tensorflow as tf
    from side_by_side import Contestants, medians, show
    from sklearn.preprocessing import StandardScaler

    import normlayers as nl


def in_memory(rows: int, rounds: int) -> None:
    """P1."""
    x = np.empty((rows, 64), np.float32)
    generator = np.random.default_rng(0)
    for start in range(0, rows, 100_000):
        part = x[start : start + 100_000]
        part[:] = generator.standard_normal(part.shape, dtype=np.float32) * 3 + 7
    ours = nl.Standardize()
    ours.adapt(x[:1000])  # everything is loaded
    tracemalloc.start()
    ours.adapt(x)
    extra = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    mean = x.mean(axis=0, dtype=np.float64)
    exact = sum(
        ((x[start : start + 100_000] - mean) ** 2).sum(axis=0) for start in range(0, rows, 100_000)
    )
    error = np.abs(ours.variance / (exact / rows) - 1).max()
    min_max, theirs = nl.MinMaxScale(), keras.layers.Normalization()
    contestants: Contestants = {
        "x.sum()": x.sum,
        "normlayers": lambda: ours.adapt(x),
        "normlayers MinMaxScale": lambda: min_max.adapt(x),
        "keras": lambda: theirs.adapt(x),
        "scikit-learn": lambda: StandardScaler().fit(x),
    }
    show(f"P1: adapt on {rows:,} x 64 float32 in memory", medians(contestants, rounds))
    print(f"extra memory {extra:.1f} MB; variance off by {error:.1e} at most\n")


def from_tf_data(rows: int, rounds: int) -> None:
    """P2."""
    x = np.random.default_rng(0).standard_normal((rows, 64), dtype=np.float32)
    data = tf.data.Dataset.from_tensor_slices(x).batch(32)

    def iterate() -> None:
        for _ in data:
            pass

    contestants: Contestants = {
        "iterating": iterate,
        "normlayers": lambda: nl.Standardize().adapt(data),
    }
    seconds = medians(contestants, rounds)
    started = time.perf_counter()
    keras.layers.Normalization().adapt(data)
    seconds["keras, one run"] = time.perf_counter() - started
    show(f"P2: adapt from tf.data, {rows:,} x 64, batch 32", seconds)


def calls(rounds: int) -> None:
    """P3: the same data through both layers, as XLA and as TensorFlow's graph compiles them."""
    x = np.random.default_rng(0).standard_normal((8192, 256), dtype=np.float32) * 3 + 7
    layers = {"keras": keras.layers.Normalization(), "normlayers": nl.Standardize()}
    for name, xla in (("XLA", True), ("graph", False)):
        contestants: Contestants = {}
        for layer_name, layer in layers.items():
            layer.adapt(x)
            compiled = tf.function(layer, jit_compile=xla)
            tensor = tf.constant(x)

            def repeat(compiled: Callable[[object], object] = compiled) -> None:
                for _ in range(20):
                    compiled(tensor)  # noqa: B023  the same in every turn

            contestants[layer_name] = repeat
        show(f"P3: 20 calls on 8192 x 256, {name}", medians(contestants, rounds))


def imports(rounds: int) -> None:
    """P4: whole processes."""

    def importing(statement: str) -> Callable[[], object]:
        command = [sys.executable, "-c", statement]
        return lambda: subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    contestants: Contestants = {
        "import keras": importing("import keras"),
        "import normlayers": importing("import normlayers"),
    }
    show("P4: imports", medians(contestants, rounds))


def main(options: Namespace) -> None:
    in_memory(options.rows, options.rounds)
    from_tf_data(options.rows // 10, options.rounds)
    calls(options.rounds)
    imports(options.rounds)


if __name__ == "__main__":
    main(OPTIONS)
