"""Networks trained together against plain Keras ``fit`` of one, and how their time grows.

Both train article A2's network on its data: 1,000 epochs of batches of 4. Of ``fit`` one half runs
before the ensembles and one after, for the machine may be faster at one time than another.
"""

import resource
import statistics
import sys
import time
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=1000, help="passes over the data")
    parser.add_argument("--rounds", type=int, default=5, help="how often each ensemble is timed")
    options = parser.parse_args()
    for name in ("epochs", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, not {getattr(options, name)}.")
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    from rich.console import Console
    from rich.table import Table

    from normlayers.ensembles.ensemble import train_ensemble
    from normlayers.ensembles.stacked_network import Architecture
    from normlayers.experiments.data.circles import BATCH_SIZE, circles

NETWORKS = (1, 10, 100, 1000, 10_000)


def plain_fit(epochs: int) -> float:
    """Seconds that ``fit`` takes as the article calls it."""
    model = Architecture().keras_model()
    model.compile(loss="binary_crossentropy")
    x, y = circles()
    started = time.perf_counter()
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return time.perf_counter() - started


def together(networks: int, epochs: int) -> float:
    """Seconds that as many networks take together, their shuffling included."""
    x, y = circles()
    started = time.perf_counter()
    for _ in train_ensemble(Architecture(), x, y, networks, epochs, BATCH_SIZE):
        pass
    return time.perf_counter() - started


def peak_memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(options: Namespace) -> None:
    epochs = options.epochs
    half = max(1, epochs // 2)
    plain = plain_fit(half) / half
    first = together(1000, epochs)
    rows = []
    for networks in NETWORKS:
        together(networks, 1)  # compiles
        before = peak_memory()
        seconds = statistics.median(together(networks, epochs) for _ in range(options.rounds))
        rows.append((networks, seconds, peak_memory() - before))
    plain = epochs * (plain + plain_fit(half) / half) / 2
    table = Table(title=f"{epochs} epochs; plain fit of one network: {plain:.1f} s")
    for heading in ("networks", "seconds", "ms a network", "times faster than fit", "more memory"):
        table.add_column(heading, justify="right")
    rows.insert(0, (1000, first, float("nan")))
    for networks, seconds, memory in rows:
        table.add_row(
            f"{networks:,}", f"{seconds:.2f}", f"{1e3 * seconds / networks:.2f}",
            f"{plain * networks / seconds:,.0f}", f"{memory:.0f} MB",
        )  # fmt: skip
    table.caption = "First row: the first call, in which the program is compiled."
    Console().print(table)


if __name__ == "__main__":
    main(OPTIONS)
