"""Programs as people post them: the mistake is named first, and healthy ones are left in peace."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis import faulty_programs, faulty_training_programs, healthy_programs

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="the rules' own tests run on every backend, and these take minutes with the others",
)

FAULTY = faulty_programs.PROGRAMS
SERIOUS = ("error", "warning")

MISSED = {
    "own_loss_of_large_targets": "targets are compared with unit scale for Keras's own losses only",
    "binary_crossentropy_behind_a_softmax": "one-hot labels of one binary each are not noticed",
    "two_softmaxes": "the activation before the last one is not noticed",
    "one_of_two_inputs_not_scaled": "an input that is joined to an embedding is not checked",
    "subclassed_model_of_raw_features": "unbuilt and without get_config: nothing is checked",
    "weights_that_are_nan_from_an_earlier_fit": "said to be vanishing gradients",
}
ALARMS = {
    "attention_over_words": "outputs of attention and embeddings are taken for inputs",
    "fine_tuned_with_a_small_rate": "a small rate is an error, though the model is trained",
}


def cases(programs, wrong):
    marks = {name: pytest.mark.xfail(reason=reason, strict=True) for name, reason in wrong.items()}
    return [pytest.param(name, marks=marks.get(name, ())) for name in programs]


def made(program):
    keras.utils.set_random_seed(0)
    model, x, y, *more = program()
    return model, x, y, more[0] if more else {}


def serious(found):
    return [finding for finding in found if finding.severity in SERIOUS]


@pytest.mark.parametrize("name", cases(FAULTY, MISSED))
def test_the_mistake_is_named(name):
    assert faulty_training_programs  # registers its programs
    program, faults = FAULTY[name]
    model, x, y, more = made(program)
    findings = serious(nl.diagnose(model, x, y, **more))
    named = {finding.fault for finding in findings}
    right = [set(fault.split("|")) for fault in faults]
    assert all(names & named for names in right), named
    assert findings[0].fault in set.union(*right)


@pytest.mark.parametrize("name", cases(healthy_programs.PROGRAMS, ALARMS))
def test_healthy_programs_are_left_in_peace(name):
    model, x, y, _ = made(healthy_programs.PROGRAMS[name])
    found = nl.diagnose(model, x, y)
    assert [(finding.fault, finding.message) for finding in serious(found)] == []


@pytest.mark.xfail(reason="nothing is checked, and no finding says so", strict=True)
def test_a_healthy_subclassed_model_is_checked():
    model, x, y, _ = made(healthy_programs.PROGRAMS["subclassed"])
    assert "inputs_not_scaled" not in nl.diagnose(model, x, y).unchecked


@pytest.mark.filterwarnings("ignore:.*does not have a `build:UserWarning")
@pytest.mark.xfail(reason="zip() argument 2 is shorter than argument 1", strict=True)
def test_gradients_of_a_subclassed_model_that_build_was_called_on():
    x = np.random.default_rng(0).normal(size=(100, 2))
    model = faulty_training_programs.PriceNet()
    model.compile("adam", "mse")
    model.build((None, 2))
    assert "vanishing_gradients" not in nl.diagnose(model, x, x[:, 0]).unchecked


@pytest.mark.xfail(reason="the input that is scaled is named", strict=True)
def test_of_two_joined_inputs_the_raw_one_is_named():
    model, x, y, _ = made(FAULTY["one_of_two_joined_inputs_not_scaled"][0])
    assert "raw" in nl.diagnose(model, x, y).of("inputs_not_scaled")[0].where


@pytest.mark.xfail(reason="the same finding stands there twice", strict=True)
def test_one_cause_is_one_finding_where_two_layers_take_it():
    model, x, y, _ = made(FAULTY["own_layer_without_a_configuration"][0])
    assert len(nl.diagnose(model, x, y).of("inputs_not_scaled")) == 1


@pytest.mark.parametrize("name", ["wine_as_it_came", "house_prices_as_they_came"])
def test_neither_model_nor_data_change(name):
    model, x, y, _ = made(FAULTY[name][0])
    before = [weight.copy() for weight in model.get_weights()]
    rows = x.copy()
    nl.diagnose(model, x, y)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert np.array_equal(rows, x)
    assert model.optimizer.iterations == 0


@pytest.mark.xfail(reason="the inputs are taken in the order of sorted names", strict=True)
def test_repair_takes_inputs_by_name():
    model, x, y, _ = made(FAULTY["one_of_two_inputs_not_scaled"][0])
    try:
        repaired = nl.repair(model, x, y, trials=1, epochs=1)
    except ValueError as error:
        pytest.fail(str(error))
    assert repaired.model.predict(x, verbose=0).shape == (300, 1)


def test_repair_makes_it_learn():
    model, x, y, _ = made(FAULTY["house_prices_as_they_came"][0])
    repaired = nl.repair(model, x, y, trials=3).model
    error = repaired.predict(np.asarray(x, "float32"), verbose=0)[:, 0] - y.to_numpy()
    assert 1 - (error**2).mean() / y.var() > 0.9
