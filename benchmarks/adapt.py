"""Adapting, and calling, the input layer against Keras's, scikit-learn's and one plain read.

P1: 2,000,000 x 64 in memory, in float16, float32 and float64. The plain reads are a sum of the same
bytes by one thread, and by two: the fair limit where one cannot fill the memory bus (goal 1.3).
With numba installed, the rows of that name are of a process that has loaded the compiled loops, as
one does that has counted a thousand million values; how long they take to load is printed.
P2: 200,000 x 64 float32 from tf.data at batch 32; the plain read is iterating over it. The same
from a list and a generator of NumPy's batches; the plain read sums each (goal 1.5).
P3: the layer's compiled call. P4: the import. All ratios are of medians over rounds in which the
contestants take turns, on this machine. In P1 and P2 processor seconds stand beside those of the
clock, for where others keep the cores busy.
"""

import subprocess
import sys
import time
import tracemalloc
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
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
    from measured import Measured, keep
    from numpy.typing import NDArray
    from rich.console import Console
    from rich.table import Table
    from side_by_side import Contestants, medians, show
    from sklearn.preprocessing import StandardScaler

    import normlayers as nl
    from normlayers.statistics import compiling

LAYERS = {"Standardize": nl.Standardize, "MinMaxScale": nl.MinMaxScale}


def adapting(name: str, source: Callable[[], object]) -> Contestants:
    """A layer's ``adapt`` as NumPy and, where numba is installed, as compiled loops count."""
    layer = LAYERS[name]()

    def adapt(values_before: int) -> None:
        compiling.VALUES_BEFORE = values_before
        layer.adapt(source())

    contestants: Contestants = {name: lambda: adapt(sys.maxsize)}
    if find_spec("numba"):
        contestants[f"{name}, numba"] = lambda: adapt(0)
    return contestants


def in_memory(rows: int, rounds: int) -> list[Measured]:
    """P1."""
    x = np.empty((rows, 64), np.float32)
    generator = np.random.default_rng(0)
    for start in range(0, rows, 100_000):
        part = x[start : start + 100_000]
        part[:] = generator.standard_normal(part.shape, dtype=np.float32) * 3 + 7
    ours, theirs = nl.Standardize(), keras.layers.Normalization()
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
    others: Contestants = {
        "keras": lambda: theirs.adapt(x),
        "scikit-learn": lambda: StandardScaler().fit(x),
    }
    measured = adapted_in_memory(x, rounds, others)
    print(f"extra memory {extra:.1f} MB; variance off by {error:.1e} at most\n")
    for dtype in (np.float16, np.float64):
        measured += adapted_in_memory(x.astype(dtype), rounds, {})
    return measured


def adapted_in_memory(x: NDArray[np.floating], rounds: int, others: Contestants) -> list[Measured]:
    """P1, of one type."""
    ours = adapting("Standardize", lambda: x) | adapting("MinMaxScale", lambda: x)
    # Of the same bytes, for NumPy converts float16 one number at a time.
    numbers = x.view(np.float32) if x.dtype == np.float16 else x
    halves = numbers[: len(x) // 2], numbers[len(x) // 2 :]
    with ThreadPoolExecutor(2) as pool:
        contestants: Contestants = {
            "sum, one thread": numbers.sum,
            "sum, two threads": lambda: list(pool.map(np.sum, halves)),
            **ours,
            **others,
        }
        title = f"P1: adapt on {len(x):,} x 64 {x.dtype} in memory"
        seconds = compare(title, contestants, rounds, reads=2)
    return [
        Measured(f"{layer}, {x.dtype} / {read}", seconds[layer] / seconds[read], goal)
        for layer in ours
        for read, goal in (("sum, one thread", None), ("sum, two threads", 1.3))
    ]


def from_tf_data(rows: int, rounds: int) -> list[Measured]:
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
    ratio = seconds["normlayers"] / seconds["iterating"]
    measured = [Measured("Standardize, tf.data of batches of 32 / iterating", ratio, 1.5)]
    return measured + from_small_batches(x, rounds)


def from_small_batches(x: NDArray[np.floating], rounds: int) -> list[Measured]:
    """P2, of NumPy's batches."""
    measured = []
    listed = [x[start : start + 32] for start in range(0, len(x), 32)]

    def generated() -> Iterator[NDArray[np.floating]]:
        for start in range(0, len(x), 32):
            yield x[start : start + 32].copy()

    def read(batches: Iterable[NDArray[np.floating]]) -> None:
        for batch in batches:
            batch.sum()

    for name, source in (("a list", lambda: listed), ("a generator", generated)):
        ours = adapting("Standardize", source) | adapting("MinMaxScale", source)
        contestants: Contestants = {
            "a sum of each": lambda source=source: read(source()),
            **ours,
        }
        seconds = compare(f"P2: adapt on {name} of batches of 32 x 64", contestants, rounds)
        for layer in ours:
            what = f"{layer}, {name} of batches of 32 / a sum of each"
            measured.append(Measured(what, seconds[layer] / seconds["a sum of each"], 1.5))
    return measured


def compare(title: str, contestants: Contestants, rounds: int, reads: int = 1) -> dict[str, float]:
    """A table of medians, and of their ratios to each of the first contestants; the medians."""
    names = list(contestants)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            started, busy = time.perf_counter(), time.process_time()
            contestants[name]()
            found = time.perf_counter() - started, time.process_time() - busy
            if number:
                times[name].append(found)
    seconds = {name: np.median(of, axis=0) for name, of in times.items()}
    table = Table(title=title)
    columns = ("ms", *(f"/ {name}" for name in names[:reads]))
    for column in ("what", *columns, *(f"processor {column}" for column in columns)):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, of in seconds.items():
        cells = [name]
        for kind in (0, 1):
            ratios = (of[kind] / seconds[read][kind] for read in names[:reads])
            cells += [f"{of[kind] * 1e3:.1f}", *(f"{ratio:.2f}" for ratio in ratios)]
        table.add_row(*cells)
    Console(width=120).print(table)
    return {name: float(of[0]) for name, of in seconds.items()}


def loading() -> None:
    """How long the compiled loops take to load once they have been compiled, in a process each."""
    program = (
        "import time, numpy as np\nstarted = time.perf_counter()\n"
        "from normlayers.statistics import compiled_loops\n"
        "compiled_loops.deviation_sums(np.ones((9, 9), 'float32'), np.zeros(9))\n"
        "print(time.perf_counter() - started)"
    )
    command = [sys.executable, "-c", program]
    runs = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(3)
    ]
    print(f"the compiled loops load in {np.median(runs[1:]):.1f} s\n")


def calls(rounds: int) -> list[Measured]:
    """P3: the same data through both layers, as XLA and as TensorFlow's graph compiles them."""
    measured = []
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
        seconds = medians(contestants, rounds)
        show(f"P3: 20 calls on 8192 x 256, {name}", seconds)
        ratio = seconds["normlayers"] / seconds["keras"]
        measured.append(Measured(f"a call, {name} / Keras's Normalization", ratio, 1.05))
    return measured


def imports() -> None:
    """P4: whole processes, once."""

    def importing(statement: str) -> Callable[[], object]:
        command = [sys.executable, "-c", statement]
        return lambda: subprocess.run(command, check=True, stderr=subprocess.DEVNULL)

    contestants: Contestants = {
        "import keras": importing("import keras"),
        "import normlayers, a layer": importing("from normlayers import Standardize"),
    }
    show("P4: imports", medians(contestants, 1, uncounted=0))  # their files are in memory


def main(options: Namespace) -> None:
    measured = in_memory(options.rows, options.rounds)
    if find_spec("numba"):
        loading()
    measured += from_tf_data(options.rows // 10, options.rounds)
    measured += calls(options.rounds)
    imports()
    keep("adapt", measured)


if __name__ == "__main__":
    main(OPTIONS)
