"""The first two weights are the same bits however the data are cut, ordered and merged."""

import random

import numpy as np
import pytest

import normlayers as nl

RNG = np.random.default_rng(18)
ROWS = 512
PARTITIONINGS = 125


def uint8_ties():
    """Pixels whose variances lie halfway between two float32 numbers: any rounding shows."""
    found = []
    while len(found) < 4:
        column = RNG.integers(0, 256, ROWS)
        variance = column.astype(float).var()
        halfway = np.abs(variance - np.float64(np.float32(variance)))
        if halfway == float(np.spacing(np.float32(variance))) / 2:
            found.append(column)
    return np.stack(found, axis=1).astype(np.uint8)


DATA = {
    "float64": RNG.normal(size=(ROWS, 4)),
    "float64, mean 1e4 std": RNG.normal(1e4, size=(ROWS, 4)),
    "float64, mean 1e8 std": RNG.normal(1e9, 10, size=(ROWS, 4)),
    "float64, heavy tails": RNG.standard_cauchy((ROWS, 4)),
    "float32": RNG.normal(size=(ROWS, 4)).astype("float32"),
    "float32, mean 1e3 std": RNG.normal(1e3, size=(ROWS, 4)).astype("float32"),
    "seconds since 1970": RNG.integers(1_600_000_000, 1_700_000_000, (ROWS, 4)),
    "pixels": uint8_ties(),
}


def in_some_order(kind, x, order):
    """A layer's statistics of ``x``, in shuffled batches that are merged in a random tree."""
    x = x[np.array(order.sample(range(len(x)), len(x)))]
    cuts = sorted(order.sample(range(1, len(x)), order.randrange(1, 12)))
    parts = []
    for rows in np.split(x, cuts):
        parts.append(kind.statistics_class())
        size = order.randrange(1, len(x))
        for start in range(0, len(rows), max(size, 50)):
            parts[-1].update(rows[start : start + max(size, 50)])
    while len(parts) > 1:
        one = parts.pop(order.randrange(len(parts)))
        parts[order.randrange(len(parts))].merge(one)
    return parts[0]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("kind", [nl.Standardize, nl.MinMaxScale])
def test_a_thousand_partitionings(kind, data):
    x, order = DATA[data], random.Random(0)
    layer = kind()
    layer.adapt(x)
    expected = [weight.tobytes() for weight in layer.get_weights()]
    # Of small integers, and of extrema, the third, which has the digits that float32 cuts off, too.
    same = 3 if x.dtype == np.uint8 or kind is nl.MinMaxScale else 2
    for _ in range(PARTITIONINGS if kind is nl.Standardize else 10):
        layer.take(in_some_order(kind, x, order), x.shape)
        found = [weight.tobytes() for weight in layer.get_weights()]
        assert found[:same] == expected[:same]


@pytest.mark.parametrize("mean", [0, 3, 50, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_blocks_whatever_their_size(mean, dtype, monkeypatch):
    """Those whose sums are taken in one pass, on one thread and on several."""
    from normlayers.statistics import blocks

    x = RNG.normal(mean, size=(60_000, 3)).astype(dtype)
    weights = set()
    for size, threads in ((60_000, 1), (60_000, 4), (25_000, 2), (23_456, 3), (999, 1)):
        monkeypatch.setattr(blocks, "THREADS", threads)
        monkeypatch.setattr(blocks, "VALUES_PER_BLOCK", 3 * size)
        layer = nl.Standardize()
        layer.adapt(x, batch_size=size)
        weights.add(b"".join(weight.tobytes() for weight in layer.get_weights()[:2]))
    assert len(weights) == 1


@pytest.mark.parametrize("kind", [nl.Standardize, nl.MinMaxScale])
def test_a_generator_may_fill_one_array_again_and_again(kind):
    data = DATA["float32"]
    weights = RNG.integers(1, 4, ROWS).astype("float32")

    def in_one_array(values):
        held = np.empty_like(values[:32])
        for start in range(0, ROWS, 32):
            held[:] = values[start : start + 32]
            yield held

    def in_batches(values):
        return [values[start : start + 32] for start in range(0, ROWS, 32)]

    def adapted(read):
        layers = [kind(), kind(), kind()]
        layers[0].adapt(read(data))
        layers[1].adapt(read(data), sample_weight=read(weights))
        nl.adapt({"x": layers[2]}, ({"x": batch} for batch in read(data)))
        return [weight for layer in layers for weight in layer.get_weights()]

    for ours, expected in zip(adapted(in_one_array), adapted(in_batches), strict=True):
        np.testing.assert_array_equal(ours, expected)
