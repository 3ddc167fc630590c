"""An arm that was not run, and a name that is no arm."""

import pytest

from normlayers.experiments.claims.findings import ArmNotRunError, ByArm


def test_an_arm_that_was_not_run_is_told_from_a_name_that_is_none():
    found = ByArm({"relu": 1}, ["relu", "tanh"])
    assert dict(found) == {"relu": 1}
    assert found["relu"] == 1
    with pytest.raises(ArmNotRunError, match="the arm 'tanh' was not run"):
        found["tanh"]
    with pytest.raises(KeyError, match="no arm 'tahn'"):
        found["tahn"]
    assert not issubclass(ArmNotRunError, KeyError)


def test_measures_of_an_arm_that_does_not_exist_are_refused():
    with pytest.raises(KeyError, match="no arm 'swish'"):
        ByArm({"swish": 1}, ["relu"])
