import json

import numpy as np
import pytest

from normlayers.diagnosis.finding import Finding

IDLE = Finding("idle_bias", "dense", {"layer": "dense"}, "note", "It does nothing.", "Drop it.")


def test_a_finding_is_plain_json_with_its_consequences_in_it():
    cause = Finding("outliers", "x", {"share": 0.5}, "warning", "Some.", "Clip.", True)
    both = cause.with_consequences(IDLE)
    assert json.loads(json.dumps(both.to_dict()))["consequences"] == [IDLE.to_dict()]
    assert cause.consequences == ()


def test_what_json_has_no_word_for_is_none():
    evidence = {"a": float("nan"), "b": [1.0, -np.inf], "c": {"d": np.float64("inf")}, "e": "nan"}
    cause = Finding("outliers", "x", {}, "warning", "Some.", "Clip.")
    whole = cause.with_consequences(
        Finding("dead_neurons", "a", evidence, "note", "", "")
    ).to_dict()
    (told,) = json.loads(json.dumps(whole, allow_nan=False))["consequences"]
    assert told["evidence"] == {"a": None, "b": [1.0, None], "c": {"d": None}, "e": "nan"}


def test_a_finding_does_not_change():
    with pytest.raises(AttributeError):
        IDLE.where = "another"
