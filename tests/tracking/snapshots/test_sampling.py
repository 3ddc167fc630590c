import numpy as np
import pytest

from normlayers.explorer.snapshot import encode
from normlayers.tracking.snapshots.sampling import AUTO_BUDGET, SMALLEST_BUDGET, budget_of, sample


def encoded(chosen, outputs):
    """The bytes of a snapshot of what was chosen."""
    points = len(chosen.rows)
    exact, quantized = {}, {}
    for name, columns in chosen.columns.items():
        exact[f"active/{name}"] = np.zeros((points, len(columns)), bool)
        exact[f"share/{name}"] = np.zeros(len(columns))
        exact[f"state/{name}"] = np.zeros(4)
        quantized[f"value/{name}"] = np.zeros((points, len(columns)))
    if chosen.predictions:
        exact["prediction"] = np.zeros((points, outputs))
    if chosen.grid:
        quantized["boundary"] = np.zeros((51, 51))
    return len(encode(10**6, exact, quantized, (-1.23456789,) * 4))


@pytest.mark.parametrize("budget", [SMALLEST_BUDGET, 10_000, AUTO_BUDGET, 500_000])
@pytest.mark.parametrize("points", [1, 7, 166, 2_000, 100_000])
@pytest.mark.parametrize(
    ("widths", "outputs"),
    [([2, 1], 1), ([512, 512, 10], 10), ([64] * 100, 1_000), ([4096], 50), ([1, 900], 1), ([], 1)],
)
def test_stays_within_its_budget(budget, points, widths, outputs):
    neurons = {f"layer_{i}": width for i, width in enumerate(widths)}
    chosen = sample(points, neurons, outputs, budget)
    assert encoded(chosen, outputs) <= budget
    assert 1 <= len(chosen.rows) <= points
    assert np.all(np.diff(chosen.rows) > 0)
    assert set(chosen.rows) <= set(range(points))
    for name, columns in chosen.columns.items():
        assert set(columns) <= set(range(neurons[name]))
        assert np.all(np.diff(columns) > 0)


def test_a_small_network_is_recorded_whole():
    chosen = sample(166, {"hidden": 2, "output": 1}, 1, AUTO_BUDGET)
    assert chosen.rows.tolist() == list(range(166))
    assert [columns.tolist() for columns in chosen.columns.values()] == [[0, 1], [0]]
    assert chosen.predictions
    assert chosen.grid


def test_points_of_every_class_are_among_them_in_whatever_order():
    labels = np.arange(2_000) % 2
    chosen = sample(2_000, {"a": 512, "b": 512}, 1, AUTO_BUDGET)
    assert 0.4 < labels[chosen.rows].mean() < 0.6


@pytest.mark.parametrize("snapshots", [True, None, "all", 1, -5, 2_000.0, SMALLEST_BUDGET - 1])
def test_other_arguments_are_refused(snapshots):
    with pytest.raises(ValueError, match="snapshots must be"):
        budget_of(snapshots)
