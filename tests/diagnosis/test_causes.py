import pytest

from normlayers.diagnosis.causes import FOLLOWS, under_their_causes
from normlayers.diagnosis.finding import Finding


def finding(fault, severity="error", where=""):
    return Finding(fault, where, {"largest": 1e4}, severity, "", "")


def test_what_follows_is_listed_under_its_cause():
    found = [finding("dead_neurons"), finding("inputs_not_scaled"), finding("idle_bias", "note")]
    told = under_their_causes(found)
    assert [f.fault for f in told] == ["inputs_not_scaled", "idle_bias"]
    assert [f.fault for f in told[0].consequences] == ["dead_neurons"]


def test_a_warning_does_not_explain_an_error():
    found = [finding("inputs_not_scaled", "warning"), finding("dead_neurons")]
    assert under_their_causes(found) == found


def test_a_fault_of_many_layers_is_reported_once():
    found = [finding("dead_neurons", where=name) for name in "abc"]
    (told,) = under_their_causes(found)
    assert told.where == "a"
    assert [f.where for f in told.consequences] == ["b", "c"]


def test_weights_that_are_nan_follow_from_what_made_training_diverge():
    for cause in ("inputs_not_scaled", "targets_not_scaled", "learning_rate_too_high", "outliers"):
        (told,) = under_their_causes([finding("non_finite_weights"), finding(cause)])
        assert told.fault == cause


@pytest.mark.parametrize("fault", FOLLOWS)
def test_nothing_follows_from_itself(fault):
    alone = [finding(fault)]
    assert under_their_causes(alone) == alone
