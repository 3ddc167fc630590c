"""An optimizer's steps on values are those that Keras takes on variables."""

import keras
import numpy as np
import pytest
from keras import ops

from normlayers.diagnosis.evidence.training.optimizers import NUMBER_BY_NUMBER, may_be_one
from normlayers.diagnosis.evidence.training.updates import Updates
from tests.diagnosis.repair.made import numbers
from tests.diagnosis.repair.made import values as values_of

NOT_ONE = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")
OPTIMIZERS = [
    kind
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type) and name not in NOT_ONE
]
OPTIONS = (
    {},
    {"clipvalue": 0.1},
    {"global_clipnorm": 0.1},
    {"clipnorm": 0.1},
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
)
SHAPES = (3, 2), (2,), (), (1, 4, 2)


def steps(count=3, seed=1):
    """Gradients, and one that is zero at first."""
    random = np.random.default_rng(seed)
    gradients = [
        [random.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(count)
    ]
    gradients[0][1] *= 0
    return gradients


def variables(dtypes=("float32",) * 4):
    random = np.random.default_rng(0)
    return [
        keras.Variable(random.normal(size=shape).astype("float32"), dtype=dtype)
        for shape, dtype in zip(SHAPES, dtypes, strict=True)
    ]


def compare(kind, options, own, tolerance=1e-6):
    """Three steps by ``Updates``, and as Keras takes them."""
    theirs = [keras.Variable(ops.copy(variable), dtype=variable.dtype) for variable in own]
    optimizer = kind(learning_rate=0.01, **options)
    optimizer.build(theirs)
    other = kind(learning_rate=0.5, **options)
    updates = Updates(other, own, may_be_one(other))
    before = values_of(own)
    trained = [ops.copy(variable) for variable in own]  # torch's are changed in place
    values = updates.at_rate(updates.begin(trained), 0.01)
    for gradients in steps():
        gradients = [
            ops.cast(gradient, variable.dtype)
            for gradient, variable in zip(gradients, own, strict=True)
        ]
        optimizer.apply(gradients, theirs)
        trained, values = updates.apply(gradients, trained, values)
    for value, variable, first, mine in zip(trained, theirs, before, own, strict=True):
        np.testing.assert_allclose(
            numbers(ops.cast(value, "float32")),
            numbers(ops.cast(variable, "float32")),
            tolerance,
            tolerance,
        )
        assert (numbers(mine) == first).all()


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: next(iter(options), "plain"))
@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_they_are_those_of_every_optimizer(kind, options):
    if kind.__name__ == "ScheduleFreeAdamW" and keras.backend.backend() == "torch":
        pytest.skip("Keras's own step takes the new momentum for the old one there")
    if kind is keras.optimizers.Muon:
        options = {**options, "exclude_embeddings": False}
    compare(kind, options, variables())


def test_weights_of_two_types_are_kept_apart():
    dtypes = ("float32", "float16", "float32", "float16")
    compare(keras.optimizers.SGD, {"momentum": 0.9}, variables(dtypes), 1e-3)


def test_a_kind_of_the_users_own_may_look_at_whole_variables():
    class Centred(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient - ops.mean(gradient), variable, learning_rate)

    compare(Centred, {}, variables())


def test_keras_has_the_optimizers_that_are_known_to_be_number_by_number():
    assert set(NUMBER_BY_NUMBER) < set(OPTIMIZERS)


@pytest.mark.parametrize("as_one", [True, False])
def test_each_begin_is_one_before_any_step(as_one):
    own = variables()
    optimizer = keras.optimizers.Adam(0.01)
    updates = Updates(optimizer, own, as_one and may_be_one(optimizer))
    first = [np.array(numbers(value)) for value in updates.begin([ops.copy(v) for v in own])]
    gradients = [ops.full(v.shape, float("nan")) for v in own]
    trained = [ops.copy(v) for v in own]
    updates.apply(gradients, trained, updates.begin(trained))
    again = updates.begin([ops.copy(v) for v in own])
    for value, expected in zip(again, first, strict=True):
        np.testing.assert_array_equal(numbers(value), expected)
