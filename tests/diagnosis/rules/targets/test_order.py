import keras
import numpy as np
import pytest

from tests.diagnosis.small_models import BINARY, SPARSE, classifier, found, points

X, Y = points(rows=400)
CLASSES = np.digitize(X[:, 2], [-0.4, 0.4])


def batches(x, y, size=32):
    """As a generator gives them."""
    return ((x[start : start + size], y[start : start + size]) for start in range(0, len(x), size))


def of_classes():
    return classifier(units=3, output="softmax", loss=SPARSE)


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_rows_sorted_by_class(column, dtype):
    order = np.argsort(Y, kind="stable")
    y = Y[order].astype(dtype)
    (finding,) = found(
        "unshuffled_rows", classifier(), batches(X[order], y[:, None] if column else y)
    )
    assert finding.evidence["classes"] == 2
    counts = np.bincount(Y)
    assert finding.evidence["of_all"] == pytest.approx(counts.min() / 400)
    in_both = counts[0] % 32  # rows of class 0 in the one batch that has both
    assert finding.evidence["others"] == pytest.approx(min(in_both, 32 - in_both) / 400)
    assert finding.severity == "warning"
    assert not found("unshuffled_rows", classifier(), batches(X, Y))


def test_one_hot_rows_sorted_by_class():
    order = np.argsort(CLASSES, kind="stable")
    model = classifier(units=3, output="softmax", loss="categorical_crossentropy")
    assert found("unshuffled_rows", model, batches(X[order], np.eye(3)[CLASSES[order]]))
    assert not found("unshuffled_rows", model, batches(X, np.eye(3)[CLASSES]))


def test_arrays_are_shuffled_by_fit():
    order = np.argsort(Y, kind="stable")
    assert not found("unshuffled_rows", classifier(), X[order], Y[order])


def test_a_dataset_shuffled_before_it_is_batched():
    data = pytest.importorskip("tensorflow").data.Dataset
    order = np.argsort(CLASSES, kind="stable")
    rows = data.from_tensor_slices((X[order], CLASSES[order]))
    assert found("unshuffled_rows", of_classes(), rows.batch(32))
    assert not found("unshuffled_rows", of_classes(), rows.shuffle(400, seed=0).batch(32))


@pytest.mark.parametrize("rare", [3, 20, 60])
def test_a_rare_class_is_seldom_in_a_batch_by_chance_too(rare):
    y = np.zeros(len(X), int)
    y[np.random.default_rng(0).choice(len(X), rare, replace=False)] = 1
    assert not found("unshuffled_rows", classifier(), batches(X, y))
    order = np.argsort(y, kind="stable")
    # Of three rows, which one batch holds, it cannot be told.
    assert bool(found("unshuffled_rows", classifier(), batches(X, y[order]))) == (rare > 3)


def test_batches_of_two_classes_of_ten():
    y = np.repeat(np.arange(10), 40)
    model = classifier(units=10, output="softmax", loss=SPARSE)
    (finding,) = found("unshuffled_rows", model, batches(X, y))
    assert finding.evidence["others"] > 0.15
    shuffled = np.random.default_rng(0).permutation(y)
    assert not found("unshuffled_rows", model, batches(X, shuffled))
    assert not found("unshuffled_rows", model, batches(X, shuffled, size=4))


def test_batches_put_together_of_each_class():
    """As samplers do for imbalanced classes, or for triplets: sorted within, and mixed."""
    first, second = np.flatnonzero(Y == 0), np.flatnonzero(Y == 1)
    pairs = zip(first[:160].reshape(10, 16), second[:160].reshape(10, 16), strict=True)
    assert not found("unshuffled_rows", classifier(), ((X[r], Y[r]) for r in map(np.hstack, pairs)))


def test_regimes_of_a_time_series_come_and_go():
    """Sorted in stretches of 80 rows; only where each class has one of its own is it an order."""
    regimes = np.arange(400) // 80 % 2
    assert not found("unshuffled_rows", classifier(), batches(X, regimes))
    assert found("unshuffled_rows", classifier(), batches(X, np.sort(regimes)))
    of_one_class = np.arange(400) // 32 % 2  # in every batch
    assert found("unshuffled_rows", classifier(), batches(X, of_one_class))


def test_amounts_and_single_classes_have_no_order():
    model = classifier(output=None, loss="mse")
    assert not found("unshuffled_rows", model, batches(X, np.sort(X[:, 0])))
    assert not found("unshuffled_rows", model, batches(X, np.sort(CLASSES)))
    assert not found("unshuffled_rows", classifier(), batches(X, 0 * Y))
    few = np.argsort(Y[:40], kind="stable")
    assert not found("unshuffled_rows", classifier(), batches(X[few], Y[few]))


def test_several_labels_a_row_are_no_order():
    y = (X[:, :3] > 0).astype(int)
    model = classifier(units=3, loss=BINARY)
    assert not found("unshuffled_rows", model, batches(X, y[np.argsort(y[:, 0], kind="stable")]))


def test_sorted_batches_of_a_sequence_that_fit_takes_in_any_order():
    """Each has one class, whatever their order."""
    order = np.argsort(Y, kind="stable")

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 13

        def __getitem__(self, index):
            rows = order[32 * index : 32 * (index + 1)]
            return X[rows], Y[rows]

    assert found("unshuffled_rows", classifier(), Batches())
