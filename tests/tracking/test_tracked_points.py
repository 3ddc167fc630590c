"""What may be watched."""

import keras
import numpy as np
import pytest
import scipy.sparse

from normlayers import measures
from normlayers.tracking.tracked_points import TrackedPoints


def test_a_torch_tensor_that_requires_a_gradient_is_taken():
    torch = pytest.importorskip("torch")
    x = torch.ones((5, 2), requires_grad=True)
    np.testing.assert_array_equal(TrackedPoints(x).x, np.ones((5, 2)))
    assert x.requires_grad


def torch_sparse():
    return pytest.importorskip("torch").eye(3).to_sparse()


def tensorflow_sparse():
    return pytest.importorskip("tensorflow").sparse.eye(3)


def jax_sparse():
    sparse = pytest.importorskip("jax.experimental.sparse")
    return sparse.BCOO.fromdense(np.eye(3))


@pytest.mark.parametrize(
    "x",
    [lambda: scipy.sparse.eye(3).tocsr(), lambda: scipy.sparse.csr_array(np.eye(3)), torch_sparse,
     tensorflow_sparse, jax_sparse],
)  # fmt: skip
def test_sparse_points_are_named(x):
    with pytest.raises(ValueError, match=r"x must be dense\. Received: .*, which is sparse"):
        TrackedPoints(x())


def test_ragged_points_are_named():
    tensorflow = pytest.importorskip("tensorflow")
    with pytest.raises(ValueError, match=r"one shape\. Received: .*RaggedTensor, which is ragged"):
        TrackedPoints(tensorflow.ragged.constant([[1.0], [1.0, 2.0]]))
    with pytest.raises(ValueError, match="points of different shapes; pad them"):
        TrackedPoints([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize("dependent", [False, True])
def test_linearity_on_the_models_device_is_that_of_the_measure(dependent, monkeypatch):
    random = np.random.default_rng(0)
    x, logit = random.normal(size=(50, 6)).astype("float32"), random.normal(size=(50, 2))
    logit[:, 0] += x[:, 1]
    if dependent:
        x[:, 5] = 2 * x[:, 1]
    expected = measures.linearity(x, logit)
    if not dependent:
        monkeypatch.setattr(np.linalg, "svd", None)
    rounding = 1e-5 if keras.backend.backend() == "jax" else 1e-12  # it computes in float32
    assert TrackedPoints(x).linearity(logit) == pytest.approx(expected, abs=rounding)
