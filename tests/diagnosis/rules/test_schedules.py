"""Learning-rate schedules that come to nothing too early; and those that do not."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis.small_models import classifier, points

X, _ = points()
Y = (X.sum(1) > 0).astype("int64")
BATCH = 10
EPOCH = len(X) // BATCH
schedules, Adam = keras.optimizers.schedules, keras.optimizers.Adam
FAULT = "schedule_ends_early"


def found(schedule, trained=0, seed=0, kind=Adam):
    """Of a model that has been trained for so many epochs with a schedule."""
    keras.utils.set_random_seed(seed)
    model = classifier(optimizer=kind(schedule))
    if trained:
        model.fit(X, Y, batch_size=BATCH, epochs=trained, verbose=0)
    return nl.diagnose(model, X, Y, batch_size=BATCH)


def piecewise(*steps, rates):
    return schedules.PiecewiseConstantDecay(list(steps), list(rates))


# Each with the first step whose rate is below a thousandth of the highest.
EARLY = {
    "steps of a cosine that are epochs": (schedules.CosineDecay(1e-3, 15), 15),
    "half as much every step": (schedules.ExponentialDecay(1e-3, 1, 0.5), 10),
    "in one stair": (piecewise(13, rates=(1e-3, 1e-9)), 14),
    "a polynomial": (schedules.PolynomialDecay(1e-3, 16, 1e-8), 16),
    "after a warm-up": (schedules.CosineDecay(0.0, 10, warmup_target=1e-3, warmup_steps=4), 14),
}


@pytest.mark.parametrize(("schedule", "step"), EARLY.values(), ids=EARLY)
@pytest.mark.parametrize("trained", [0, 3])
def test_a_schedule_that_ends_in_the_first_epoch(schedule, step, trained):
    (finding,) = found(schedule, trained).of(FAULT)
    assert finding.severity == "warning"
    assert finding.evidence["step"] == step
    assert finding.evidence["highest_rate"] == pytest.approx(1e-3)
    assert type(schedule).__name__ in finding.message
    assert (f"{EPOCH * trained} steps" if trained else "an epoch") in finding.message


@pytest.mark.parametrize("trained", [0, 30])
@pytest.mark.parametrize(
    "schedule",
    [
        schedules.ExponentialDecay(1e-3, 1, 0.9),  # an epoch's decay at every step
        schedules.ExponentialDecay(1e-3, 10, 0.5),
        schedules.InverseTimeDecay(1e-3, 1, 5.0),
    ],
)
def test_a_schedule_whose_steps_add_up_to_few(schedule, trained):
    (finding,) = found(schedule, trained).of(FAULT)
    steps = keras.ops.arange(EPOCH * trained or 2**17, dtype="float32")
    rates = keras.ops.convert_to_numpy(schedule(steps))
    assert finding.evidence["worth"] == pytest.approx(rates.sum() / 1e-3, rel=0.05)


HOLDS = {
    "a constant rate": 1e-3,
    "none": 0.0,
    "to the end of training": schedules.CosineDecay(1e-2, 3 * EPOCH),
    "for forty steps": piecewise(40, rates=(1e-2, 1e-9)),
    "slowly": schedules.ExponentialDecay(1e-2, 100, 0.9),
    "in stairs down to a thousandth": piecewise(10, 20, rates=(1e-2, 1e-3, 1e-5)),
    "with restarts": schedules.CosineDecayRestarts(1e-2, 10, t_mul=1.0),
    "a warm-up from 0": schedules.CosineDecay(0.0, 1000, warmup_target=1e-2, warmup_steps=20),
    "a warm-up that goes on": schedules.CosineDecay(
        0.0, 10_000, warmup_target=1e-2, warmup_steps=5_000
    ),
    "by time": schedules.InverseTimeDecay(1e-2, 1, 0.05),
}


@pytest.mark.parametrize("schedule", HOLDS.values(), ids=HOLDS)
@pytest.mark.parametrize("trained", [0, 3])
def test_schedules_that_hold(schedule, trained):
    assert not found(schedule, trained).of(FAULT)


def test_a_network_that_has_learned_before_the_end_has_not_been_stopped_early():
    slow = piecewise(5 * EPOCH, rates=(0.02, 1e-9))
    assert not found(slow, trained=20).of(FAULT)
    stopped = piecewise(3, rates=(0.02, 1e-9))
    assert found(stopped, trained=20).of(FAULT)


def test_a_network_that_a_short_trial_leaves_behind_has_been_stopped_early():
    """Of targets far from 0 most of the loss is gone once their mean is found."""
    keras.utils.set_random_seed(0)
    y = (X[:, 0] * X[:, 1] + 3).astype("float32")
    schedule = piecewise(30, rates=(0.02, 1e-9))
    model = classifier(output="linear", loss="mse", optimizer=Adam(schedule))
    model.fit(X, y, batch_size=BATCH, epochs=10, verbose=0)
    assert nl.diagnose(model, X, y, batch_size=BATCH).of(FAULT)


def test_the_first_forty_steps_are_early_however_short_an_epoch_is():
    keras.utils.set_random_seed(0)
    model = classifier(optimizer=Adam(piecewise(38, rates=(1e-2, 1e-9))))
    (finding,) = nl.diagnose(model, X, Y, batch_size=len(X)).of(FAULT)
    assert "an epoch of these 200 rows ends at step 1, in batches of 200." in finding.message


def test_less_than_half_of_training_may_be_idle():
    schedule = piecewise(3 * EPOCH, rates=(1e-6, 1e-12))
    assert not found(schedule, trained=5).of(FAULT)
    assert found(schedule, trained=7).of(FAULT)


def test_a_scaled_losss_optimizer_is_looked_into():
    def scaled(schedule):
        return keras.optimizers.LossScaleOptimizer(Adam(schedule))

    assert found(EARLY["in one stair"][0], kind=scaled).of(FAULT)


class Cyclic(schedules.LearningRateSchedule):
    """Somebody's own, which is never 0 for long."""

    def __call__(self, step):
        return 1e-3 * keras.ops.abs(keras.ops.sin(keras.ops.cast(step, "float32")))

    def get_config(self):
        return {}


def test_a_schedule_of_ones_own_that_is_near_0_now_and_then():
    assert not found(Cyclic()).of(FAULT)


def test_repair_takes_a_constant_rate():
    keras.utils.set_random_seed(0)
    model = classifier(optimizer=Adam(schedules.CosineDecay(1e-2, 10)))
    done = nl.repair(model, X, Y, batch_size=BATCH, epochs=8)
    (change,) = (c for c in done.changes if c.fault == FAULT)
    assert "instead of the schedule, CosineDecay" in change.done
    assert done.after > done.before["trained as long"] + 0.1
    assert np.isfinite(float(keras.ops.convert_to_numpy(done.model.optimizer.learning_rate)))
