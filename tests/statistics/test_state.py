"""States of moments and extrema: written out, and counted on with elsewhere."""

import pickle

import numpy as np
import pytest

import normlayers as nl


def exported(statistics, way, tmp_path):
    if way == "pickle":
        return pickle.loads(pickle.dumps(statistics))
    state = statistics.state()
    if way == "npz":
        np.savez(tmp_path / "state.npz", **state)
        state = np.load(tmp_path / "state.npz", allow_pickle=False)
    return type(statistics).from_state(state)


@pytest.mark.parametrize("way", ["pickle", "state", "npz"])
@pytest.mark.parametrize("kind", [nl.Moments, nl.Extrema])
@pytest.mark.parametrize("axis", [None, (-1, 1)])
def test_counting_goes_on_in_another_process(kind, way, axis, tmp_path):
    x = np.random.default_rng(8).normal(loc=1e7, size=(100, 2, 3))
    x[3, 1] = np.nan
    whole, part = (kind(axis=axis, missing="ignore") for _ in range(2))
    for start in (0, 60):
        whole.update(x[start : start + 60])
    part.update(x[:60])
    there = exported(part, way, tmp_path)
    there.update(x[60:])
    for one, other in zip(there.state().values(), whole.state().values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert there.rows == 140 - 40
    assert exported(kind(), way, tmp_path).rows == 0


def test_a_state_of_something_else_is_refused():
    with pytest.raises(ValueError, match=r"a state of Moments has .* sum_of_squares, .* maximum"):
        nl.Moments.from_state(nl.Extrema().state())
    with pytest.raises(ValueError, match="Received: none"):
        nl.Extrema.from_state({})


def test_a_state_is_the_callers_own():
    moments = nl.Moments()
    moments.update(np.array([[1.0], [3.0]]))
    state = moments.state()
    again = nl.Moments.from_state(state)
    state["total"][:] = 7
    assert again.mean.tolist() == moments.mean.tolist() == [2.0]
