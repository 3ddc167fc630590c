"""Adapting on a Dask cluster against a bare read of the same partitions, and against Dask's own.

C1: one scan on 1 and 2 worker processes: ``Standardize.adapt``, Dask's ``mean`` and ``var``, and
    dask_ml's ``StandardScaler`` where it is installed. The bare read is ``x.sum()``, which Dask
    fuses with making the partitions and sums as a tree, too. Data are float32, made on the workers.
C2: the worst error of the variance at a mean of 1e9 and a standard deviation of 1, in float64,
    against the same data in memory, summed without rounding.
C3: how the time grows with the data, and what that says for 1e12 numbers on 1,000 workers.
C4: data larger than the workers' memory: the highest memory of a worker and of the client.
C5: the same from Parquet files, made first.
"""

import math
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from quiet_start import quiet_start  # noqa: E402

from normlayers.experiments.running.command_line import ArgumentParser  # noqa: E402


def parsed() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=16_000_000, help="rows of C1 and, a tenth, C2")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of C1 that are counted")
    parser.add_argument("--most", type=int, default=10**9, help="numbers that C3 goes up to")
    parser.add_argument("--large", type=int, default=100_000_000, help="rows of C4")
    parser.add_argument("--parquet", type=float, default=2.5, help="gigabytes of C5")
    parser.add_argument("--only", nargs="+", metavar="C1", help="parts to run, such as C1 C3")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = parsed()  # before what is slow to import

with quiet_start():
    import dask.array as da
    import dask.dataframe as dd
    from dask.base import compute
    from distributed import Client, LocalCluster
    from measured import Measured, keep
    from side_by_side import Contestants, medians, show

    import normlayers as nl

FEATURES = 8
BLOCK_ROWS = 1_000_000


def made(rows: int, block: int = BLOCK_ROWS, seed: int = 0) -> Any:
    """Rows of 8 features in float32, made on the workers."""
    shape, chunks = (rows, FEATURES), (block, FEATURES)
    return da.random.default_rng(seed).standard_normal(shape, chunks=chunks, dtype="float32") + 2


def cluster(workers: int, memory: str = "1GB") -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, memory_limit=memory, dashboard_address=None
    )


def contestants(x: Any) -> Contestants:
    found: dict[str, Callable[[], object]] = {
        "x.sum(axis=0)": lambda: x.sum(axis=0).compute(),
        "normlayers": lambda: nl.Standardize().adapt(x),
        "normlayers MinMaxScale": lambda: nl.MinMaxScale().adapt(x),
        "dask mean, var": lambda: compute(x.mean(axis=0), x.var(axis=0)),
    }
    try:
        from dask_ml.preprocessing import StandardScaler
    except ImportError:
        print("dask_ml is not installed")
    else:
        found["dask_ml StandardScaler"] = lambda: StandardScaler().fit(x)
    return found


def one_scan(rows: int, rounds: int) -> list[Measured]:
    """C1, made anew in each scan, and held in the workers' memory."""
    found = []
    for workers in (1, 2):
        with cluster(workers, "4GB") as local, Client(local):
            title = f"C1: {rows:,} x {FEATURES} float32, {workers} worker(s)"
            seconds = medians(contestants(made(rows)), rounds)
            show(title + ", made in the scan", seconds)
            found += _against_one_read(f"{workers} worker(s), data made in the scan", seconds)
            held = made(rows, seed=1).persist()
            held.sum().compute()
            seconds = medians(contestants(held), rounds)
            show(title + ", in their memory", seconds)
            found += _against_one_read(f"{workers} worker(s), data in memory", seconds)
    return found


def _against_one_read(where: str, seconds: dict[str, float]) -> list[Measured]:
    return [
        Measured(f"{name} / Dask's sum, {where}", seconds[key] / seconds["x.sum(axis=0)"], 1.3)
        for name, key in (("Standardize", "normlayers"), ("MinMaxScale", "normlayers MinMaxScale"))
    ]


def errors(rows: int) -> list[Measured]:
    """C2."""
    errors = {}
    with cluster(2) as local, Client(local):
        x = (
            da.random.default_rng(1).standard_normal((rows, 2), chunks=(rows // 7, 2)) + 1e9
        ).persist()
        layer = nl.Standardize(dtype="float64")
        layer.adapt(x)
        own = x.var(axis=0).compute()
        array = x.compute()
    for name, found in (("normlayers", layer.variance.ravel()), ("dask", own)):
        worst = 0.0
        for feature in range(2):
            deviation = array[:, feature] - 1e9  # exact
            mean = math.fsum(deviation) / rows
            exact = math.fsum((deviation - mean) ** 2) / rows
            worst = max(worst, abs(found[feature] / exact - 1))
        print(f"C2: variance of {rows:,} float64 at mean 1e9, std 1: {name} is off by {worst:.1e}")
        errors[name] = worst
    name = "error of the variance at mean 1e9, std 1, in 1e-12"
    return [Measured(name, errors["normlayers"] * 1e12, 1.0)]


def growth(most: int) -> None:
    """C3."""
    seconds: dict[int, float] = {}
    with cluster(2) as local, Client(local):
        nl.Standardize().adapt(made(BLOCK_ROWS))
        numbers = 10**6
        while numbers <= most:
            rows = numbers // FEATURES
            x = made(rows, block=min(BLOCK_ROWS, rows // 2))
            started = time.perf_counter()
            nl.Standardize().adapt(x)
            seconds[numbers] = time.perf_counter() - started
            print(f"C3: {numbers:>13,} numbers: {seconds[numbers]:.2f} s")
            numbers *= 10
    largest = max(seconds)
    rate = largest / 2 / seconds[largest]
    tasks = 10**12 / FEATURES / BLOCK_ROWS
    print(
        f"On paper: {rate:.2g} numbers a second and worker, their making included: 1e12 on 1,000 "
        f"workers take {1e12 / 1000 / rate:,.0f} s; {tasks:,.0f} partitions of {BLOCK_ROWS:,} rows "
        f"take Dask's scheduler, at 1 ms each, {tasks * 2e-3:,.0f} s for two tasks a partition "
        "(partitions ten times as large: a tenth). Counts of 1 kB are merged 16 at a time, in "
        f"{math.ceil(math.log(tasks, 16))} rounds."
    )


def larger_than_memory(rows: int) -> None:
    """C4."""
    with cluster(2) as local, Client(local) as client:
        layer = nl.Standardize()
        layer.adapt(made(2, block=1))  # everything is loaded
        before = _highest_memory()
        started = time.perf_counter()
        layer.adapt(made(rows))
        seconds = time.perf_counter() - started
        grown = (_highest_memory() - before) / 1e6
        highest = max(client.run(_highest_memory).values()) / 1e6
    print(
        f"C4: {layer.count:,} x {FEATURES} float32 ({rows * FEATURES * 4 / 1e9:.1f} GB) on two "
        f"workers of 1 GB: {seconds:.0f} s; a worker's memory was {highest:,.0f} MB at most, the "
        f"client's grew by {grown:.0f} MB"
    )


def _highest_memory() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def from_parquet(gigabytes: float) -> None:
    """C5: the files are random numbers, which hardly compress."""
    files = math.ceil(gigabytes * 1e9 / (BLOCK_ROWS * FEATURES * 4))
    with tempfile.TemporaryDirectory() as folder, cluster(2) as local, Client(local) as client:
        dd.from_dask_array(made(files * BLOCK_ROWS), columns=list("abcdefgh")).to_parquet(folder)
        frame = dd.read_parquet(folder)
        seconds = {}
        for name, read in (
            ("frame.sum()", lambda: frame.sum().compute()),
            ("normlayers", lambda: nl.Standardize().adapt(frame)),
        ):
            started = time.perf_counter()
            read()
            seconds[name] = time.perf_counter() - started
        highest = max(client.run(_highest_memory).values()) / 1e6
    show(f"C5: {files} Parquet files, {files * BLOCK_ROWS * FEATURES * 4 / 1e9:.1f} GB", seconds)
    print(f"a worker's memory was {highest:,.0f} MB at most")


def main(options: Namespace) -> None:
    parts: dict[str, Callable[[], list[Measured] | None]] = {
        "C1": lambda: one_scan(options.rows, options.rounds),
        "C2": lambda: errors(options.rows // 10),
        "C3": lambda: growth(options.most),
        "C4": lambda: larger_than_memory(options.large),
        "C5": lambda: from_parquet(options.parquet),
    }
    measured = []
    for name, run in parts.items():
        if options.only is None or name in options.only:
            measured += run() or []
    keep("cluster", measured)


if __name__ == "__main__":
    main(OPTIONS)
