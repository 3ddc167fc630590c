import keras
import numpy as np
import pytest

import normlayers as nl
from normlayers.diagnosis.evidence.training import trials
from tests.diagnosis.small_models import classifier, points

X, _ = points()
Y = (X.sum(1) > 0).astype("int64")
schedules, optimizers = keras.optimizers.schedules, keras.optimizers
LAYERS = keras.layers
RATES = {"learning_rate_too_high", "learning_rate_too_low"}


def warm_up(peak, begin=0.0, steps=20, decay=1000):
    return schedules.CosineDecay(begin, decay, warmup_target=peak, warmup_steps=steps)


def diagnosed(optimizer):
    return nl.diagnose(classifier(optimizer=optimizer), X, Y)


@pytest.mark.parametrize("begin", [0.0, 1e-7])
def test_a_schedule_is_judged_by_the_rate_that_it_warms_up_to(begin):
    (finding,) = diagnosed(optimizers.Adam(warm_up(30.0, begin))).of("learning_rate_too_high")
    assert finding.severity == "error"
    assert 25 < finding.evidence["rate"] <= 30
    assert "which its schedule warms up to" in finding.message


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.Adam(warm_up(1e-3)),
        optimizers.Adam(warm_up(1e-2, steps=200)),
        optimizers.SGD(warm_up(0.3)),
        optimizers.Adam(warm_up(1e-2, steps=10_000, decay=100_000)),
        optimizers.Adam(schedules.ExponentialDecay(1e-2, 100, 0.9)),
    ],
)
def test_schedules_that_train_well(optimizer):
    found = diagnosed(optimizer)
    assert {finding.fault for finding in found.every() if finding.severity != "note"} == set()
    assert not RATES & set(found.unchecked)


def test_a_rate_of_0_is_said_to_be():
    found = diagnosed(optimizers.SGD(0.0))
    assert {found.unchecked[fault] for fault in RATES} == {"the learning rate is 0"}


@pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="Keras before 3.15")
def test_an_optimizer_of_several_rates_is_said_to_have_none():
    of_each = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam()))
    found = diagnosed(of_each)
    told = "the model's optimizer, MultiOptimizer, has no learning rate of its own"
    assert {found.unchecked[fault] for fault in RATES} == {told}


class OwnLoss(keras.Sequential):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y - y_pred) ** 2)


def test_a_model_that_computes_its_loss_itself_needs_none_to_be_compiled_with():
    model = OwnLoss([keras.Input((6,)), LAYERS.Dense(1)])
    model.compile("adam")
    found = nl.diagnose(model, X, Y[:, None].astype("float32"))
    told = "the model trains by a compute_loss of its own"
    assert {found.unchecked[fault] for fault in RATES} == {told}


def test_a_constant_rate_is_told_without_a_schedule():
    (finding,) = diagnosed(optimizers.Adam(3.0)).of("learning_rate_too_high")
    assert "schedule" not in finding.message
    assert np.isclose(finding.evidence["rate"], 3.0)


def test_long_trials_decide_whether_a_lower_rate_is_better(monkeypatch):
    """A large model takes few steps at each rate, in which a loss may rise before it falls."""
    monkeypatch.setattr(trials, "WORK", 0.0)
    (finding,) = diagnosed(optimizers.Adam(3.0)).of("learning_rate_too_high")
    assert finding.evidence["steps"] == trials.STEPS > trials.FEWEST_STEPS
    (finding,) = diagnosed(optimizers.SGD(1e-7)).of("learning_rate_too_low")
    assert finding.evidence["steps"] == trials.FEWEST_STEPS


@pytest.mark.parametrize(
    ("optimizer", "fault"),
    [
        (optimizers.SGD(0.1, clipnorm=1e-6), "clipping_too_strong"),
        (optimizers.SGD(0.1, global_clipnorm=1e-6), "clipping_too_strong"),
        (optimizers.SGD(0.1, clipvalue=1e-7), "clipping_too_strong"),
        (optimizers.SGD(0.1, momentum=0.9, clipnorm=1e-3), "clipping_too_strong"),
        (optimizers.SGD(0.1, clipnorm=1e-6, gradient_accumulation_steps=2), "clipping_too_strong"),
        (optimizers.SGD(0.001, clipnorm=1e-6), "clipping_too_strong"),
        (optimizers.Adagrad(0.1, clipnorm=1e-3), "clipping_too_strong"),  # from slots of 0.1
        (optimizers.Adam(1e-2, clipvalue=1e-10), "clipping_too_strong"),  # below its epsilon
        (optimizers.SGD(0.1, gradient_accumulation_steps=4), None),
        (optimizers.SGD(1e-7, clipnorm=1.0), "learning_rate_too_low"),
        (optimizers.SGD(0.1, clipnorm=1.0), None),
        (optimizers.Adam(1e-2, clipnorm=1e-3), None),  # whose steps are as long as ever
        (optimizers.Adam(1e-8, clipnorm=1e-3), "learning_rate_too_low"),
    ],
)
def test_clipping_that_leaves_nothing_is_no_low_learning_rate(optimizer, fault):
    found = diagnosed(optimizer)
    named = [f.fault for f in found.every() if f.fault in RATES | {"clipping_too_strong"}]
    assert named == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("optimizer", "size", "advice"),
    [(optimizers.Adam(1e-5), 1e4, "Bring inputs"), (optimizers.Adam(1e-8), 1.0, "Use a learning")],
)
def test_a_rate_beyond_1_is_none_to_advise(optimizer, size, advice):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(300, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, "relu")])
    model.add(keras.layers.Dense(1))
    model.compile(optimizer, "mse")
    told = nl.diagnose(model, x, (x[:, 0] + 1) * size)
    (low,) = told.of("learning_rate_too_low")
    assert low.cure.startswith(advice)
    assert (low.evidence["better_rate"] >= 1) == (size > 1)


@pytest.mark.parametrize("rate", [1e6, 1e10, 1e20])
def test_a_rate_that_is_beyond_all_measure(rate):
    """Weights become infinite; torch's cross-entropy refuses the predictions they make."""
    model = classifier(LAYERS.Dense(16, "relu"), optimizer=optimizers.SGD(rate))
    found = nl.diagnose(model, X, Y)
    (finding,) = found.of("learning_rate_too_high")
    assert finding.evidence["better_rate"] < 10
    assert not RATES & set(found.unchecked)
