"""What may be watched."""

import numpy as np
import pytest
import scipy.sparse

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
