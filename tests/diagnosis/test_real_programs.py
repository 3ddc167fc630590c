"""Programs as people post them: the mistake is named first, and healthy ones are left in peace."""

import keras
import numpy as np
import pytest

import normlayers as nl
from tests.diagnosis import faulty_programs, faulty_training_programs, healthy_programs

FAULTY = faulty_programs.PROGRAMS
SERIOUS = ("error", "warning")


def made(program):
    keras.utils.set_random_seed(0)
    model, x, y, *more = program()
    return model, x, y, more[0] if more else {}


def serious(found):
    return [finding for finding in found if finding.severity in SERIOUS]


@pytest.mark.parametrize("name", FAULTY)
def test_the_mistake_is_named(name):
    assert faulty_training_programs  # registers its programs
    program, faults = FAULTY[name]
    model, x, y, more = made(program)
    findings = serious(nl.diagnose(model, x, y, **more))
    named = {finding.fault for finding in findings}
    right = [set(fault.split("|")) for fault in faults]
    assert all(names & named for names in right), named
    assert findings[0].fault in set.union(*right)


@pytest.mark.parametrize("name", healthy_programs.PROGRAMS)
def test_healthy_programs_are_left_in_peace(name):
    if name == "autoencoder" and keras.backend.backend() == "torch":
        pytest.skip("it has a layer with a dot in its name, which Keras cannot make on torch")
    model, x, y, _ = made(healthy_programs.PROGRAMS[name])
    found = nl.diagnose(model, x, y)
    assert [(finding.fault, finding.message) for finding in serious(found)] == []


def test_a_healthy_subclassed_model_is_checked():
    model, x, y, _ = made(healthy_programs.PROGRAMS["subclassed"])
    assert "inputs_not_scaled" not in nl.diagnose(model, x, y).unchecked


@pytest.mark.filterwarnings("ignore:.*does not have a `build:UserWarning")
def test_gradients_of_a_subclassed_model_that_build_was_called_on():
    x = np.random.default_rng(0).normal(size=(100, 2))
    model = faulty_training_programs.PriceNet()
    model.compile("adam", "mse")
    model.build((None, 2))
    assert "vanishing_gradients" not in nl.diagnose(model, x, x[:, 0]).unchecked


def test_of_two_joined_inputs_the_raw_one_is_named():
    model, x, y, _ = made(FAULTY["one_of_two_joined_inputs_not_scaled"][0])
    assert "raw" in nl.diagnose(model, x, y).of("inputs_not_scaled")[0].where


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
