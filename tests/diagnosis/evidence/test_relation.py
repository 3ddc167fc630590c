import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import datasets
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from normlayers.diagnosis.evidence.relation import NEAREST, relation

KNOWN = {
    "iris": datasets.load_iris(return_X_y=True),
    "diabetes": datasets.load_diabetes(return_X_y=True),
    "digits": datasets.load_digits(return_X_y=True),
    "circles": datasets.make_circles(300, noise=0.1, factor=0.5, random_state=0),
}


def columns(y):
    return keras.utils.to_categorical(y) if y.dtype.kind == "i" else y[:, None]


@pytest.mark.parametrize("name", KNOWN)
def test_known_data_are_related_and_not_when_shuffled_apart(name):
    x, y = (part[:800] for part in KNOWN[name])
    assert not relation(x, columns(y), 0).is_chance
    shuffled = [
        relation(x, columns(np.random.default_rng(seed).permutation(y)), seed) for seed in range(20)
    ]
    assert np.mean([each.is_chance for each in shuffled]) >= 0.95


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), rows=st.integers(100, 300), features=st.integers(1, 20))
def test_chance_is_rarely_taken_for_a_relation(seed, rows, features):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(rows, features)), random.normal(size=(rows, 1))
    found = relation(x, y, 0)
    assert max(abs(found.neighbours), found.closest, found.together) < 8


def test_scale_and_far_values_change_nothing():
    x, y = KNOWN["diabetes"]
    y = y[:, None]
    stretched = np.exp(x * 100) * np.geomspace(1e-6, 1e6, x.shape[1])
    assert relation(x, y, 0) == relation(stretched, y**3, 0)


def test_what_they_are_against_scipy_and_scikit_learn():
    """The same neighbours and rank correlations; of 200 other permutations."""
    x, y = KNOWN["diabetes"]
    ranks = StandardScaler().fit_transform(np.apply_along_axis(stats.rankdata, 0, x))
    target = StandardScaler().fit_transform(stats.rankdata(y)[:, None])[:, 0]
    near = NearestNeighbors(n_neighbors=NEAREST).fit(ranks).kneighbors(return_distance=False)
    random = np.random.default_rng(1)

    def figures(y):
        ranks = [abs(stats.spearmanr(column, y).statistic) for column in x.T]
        return -np.abs(y[:, None] - y[near]).mean(), max(ranks), np.square(ranks).sum()

    chance = np.array([figures(random.permutation(target)) for _ in range(200)])
    expected = (np.array(figures(target)) - chance.mean(0)) / chance.std(0)
    found = relation(x, y[:, None], 0)
    assert [found.neighbours, found.closest, found.together] == pytest.approx(expected, rel=0.25)


def test_many_features_that_say_little_each():
    random = np.random.default_rng(0)
    x = (random.random((500, 200)) < 0.03) * 1.0
    y = (x[:, :60].sum(1) > x[:, 60:120].sum(1))[:, None] * 1.0
    found = relation(x, y, 0)
    assert max(abs(found.neighbours), found.closest) < found.together
    assert not found.is_chance


def test_nothing_is_said_of_what_is_all_the_same():
    x, y = KNOWN["iris"]
    assert relation(np.ones((150, 3)), columns(y), 0) is None
    assert relation(x, np.ones((150, 1)), 0) is None
