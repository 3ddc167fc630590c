"""Networks trained together against plain Keras ``fit`` of one, and against what the cores can do.

The first table trains article A2's network on its data: 1,000 epochs of batches of 4. Of ``fit``
one half runs before the ensembles and one after, for the machine may be faster at one time than
another. The second table compares the floating-point operations of training, counted by hand, with
two rates measured between its rows: of a large matrix product, and of additions and comparisons of
vectors in a core's cache, compiled as the ensembles are.
"""

import resource
import statistics
import sys
import time
from argparse import Namespace
from functools import partial
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
    parser.add_argument("--rates", action="store_true", help="the second table only")
    options = parser.parse_args()
    for name in ("epochs", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, not {getattr(options, name)}.")
    return options


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    from arithmetic import elementwise_rate, matrix_rate, median_seconds, operations
    from measured import Measured, keep
    from rich.console import Console
    from rich.table import Table

    from normlayers.ensembles.classifier_ensemble import Split, train_classifiers
    from normlayers.ensembles.classifier_network import Classifier
    from normlayers.ensembles.ensemble import train_ensemble
    from normlayers.ensembles.stacked_network import Architecture
    from normlayers.experiments.data.circles import BATCH_SIZE, circles
    from normlayers.experiments.data.digits import digits

NETWORKS = (1, 10, 100, 1000, 10_000)
# Of the second table: networks, neurons of each hidden layer, and of the classifiers the epochs.
SMALL = ((64, (2,)), (1024, (2,)), (1024, (8,)), (1024, (4, 4)))
LARGE = ((50, (16, 16), 20), (50, (64, 64), 10), (50, (256, 256), 4))
LARGE_BATCH = 128


def plain_fit(epochs: int) -> float:
    """Seconds that ``fit`` takes as the article calls it."""
    model = Architecture().keras_model()
    model.compile(loss="binary_crossentropy")
    x, y = circles()
    started = time.perf_counter()
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return time.perf_counter() - started


def together(networks: int, epochs: int, hidden: tuple[int, ...] = (2,), seed: int = 0) -> float:
    """Seconds that as many networks take together, their shuffling included.

    That of a seed is kept for a while: only another seed's is drawn anew.
    """
    x, y = circles()
    started = time.perf_counter()
    architecture = Architecture(hidden=hidden)
    for _ in train_ensemble(architecture, x, y, networks, epochs, BATCH_SIZE, seed=seed):
        pass
    return time.perf_counter() - started


def digits_together(networks: int, epochs: int, hidden: tuple[int, ...], seed: int = 0) -> float:
    """Seconds that as many classifiers of digits take together, their shuffling included."""
    data = digits()
    split = Split(data.x / 16, data.y, data.x[:100] / 16, data.y[:100])
    classifier = Classifier(data.x.shape[1], hidden, 10)
    started = time.perf_counter()
    train_classifiers(
        classifier, [split], networks, epochs, LARGE_BATCH, score_every=epochs, seed=seed
    )
    return time.perf_counter() - started


def peak_memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def against_fit(options: Namespace) -> tuple[Table, list[Measured]]:
    """How much faster the networks are trained together."""
    epochs = options.epochs
    half = max(1, epochs // 2)
    plain = plain_fit(half) / half
    first = together(1000, epochs)
    rows = []
    for networks in NETWORKS:
        together(networks, 1)  # compiles
        before = peak_memory()
        seconds = statistics.median(
            together(networks, epochs, seed=1 + number) for number in range(options.rounds)
        )
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
    times = plain * rows[-2][0] / rows[-2][1]
    what = f"{rows[-2][0]:,} networks together: times faster than fit"
    return table, [Measured(what, times, 10_000, "", at_least=True)]


def against_the_cores(options: Namespace) -> tuple[Table, list[Measured]]:
    """The operations of a core in a second of training, as shares of two rates of a core."""
    points, images = len(circles()[0]), len(digits().x)
    work = [
        ((2, *hidden, 1), "rmsprop", points, BATCH_SIZE, together, networks, 200, hidden)
        for networks, hidden in SMALL
    ] + [
        ((64, *hidden, 10), "adam", images, LARGE_BATCH, digits_together, networks, epochs, hidden)
        for networks, hidden, epochs in LARGE
    ]
    matrix_rates, vector_rates, rates = [], [], []
    for sizes, optimizer, data, batch, train, networks, epochs, hidden in work:
        seconds = median_seconds(partial(train, networks, epochs, hidden), options.rounds)
        matrix_rates.append(matrix_rate())
        vector_rates.append(elementwise_rate())
        count = operations(sizes, optimizer, data, -(-data // batch))
        rates.append((networks, sizes, networks * epochs * count / seconds))
    of_matrices, of_vectors = statistics.median(matrix_rates), statistics.median(vector_rates)
    table = Table(title="floating-point operations of a core in a second of training")
    for heading in ("networks", "layers", "1e9 a second", "of a matrix product's", "of vectors'"):
        table.add_column(heading, justify="right")
    for networks, sizes, rate in rates:
        table.add_row(
            f"{networks:,}", "-".join(map(str, sizes)), f"{rate / 1e9:.1f}",
            f"{rate / of_matrices:.0%}", f"{rate / of_vectors:.0%}",
        )  # fmt: skip
    table.caption = (
        f"A core's rate: {of_matrices / 1e9:.0f} in a matrix product, {of_vectors / 1e9:.0f} of "
        "vectors. Seconds are the processor's; shuffling is included."
    )
    shares = [
        Measured(
            f"{networks:,} x {'-'.join(map(str, sizes))}: of the vector operations a core can do",
            100 * rate / of_vectors, 25.0, "%", at_least=True,
        )
        for networks, sizes, rate in rates
    ]  # fmt: skip
    return table, shares


def main(options: Namespace) -> None:
    console, measured = Console(), []
    for part in (against_the_cores,) if options.rates else (against_fit, against_the_cores):
        table, found = part(options)
        console.print(table)
        measured += found
    keep("ensemble", measured)


if __name__ == "__main__":
    main(OPTIONS)
