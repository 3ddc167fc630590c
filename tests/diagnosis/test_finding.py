import json

import pytest

from normlayers.diagnosis.finding import Finding

IDLE = Finding("idle_bias", "dense", {"layer": "dense"}, "note", "It does nothing.", "Drop it.")


def test_a_finding_is_plain_json_with_its_consequences_in_it():
    cause = Finding("outliers", "x", {"share": 0.5}, "warning", "Some.", "Clip.", True)
    both = cause.with_consequences(IDLE)
    assert json.loads(json.dumps(both.to_dict()))["consequences"] == [IDLE.to_dict()]
    assert cause.consequences == ()


def test_a_finding_does_not_change():
    with pytest.raises(AttributeError):
        IDLE.where = "another"
