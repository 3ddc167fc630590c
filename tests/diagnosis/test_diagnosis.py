from normlayers.diagnosis.diagnosis import Diagnosis
from normlayers.diagnosis.finding import Finding

NOTE = Finding("idle_bias", "<b>[dense]</b>", {}, "note", "It does nothing.", "Drop it.")
ERROR = Finding("dead_neurons", "hidden", {}, "error", "All are dead.", "Scale the inputs.")


def test_worst_first_and_true_where_there_are_findings():
    found = Diagnosis([NOTE, ERROR], {"batch_too_small": "no y"})
    assert found
    assert [finding.severity for finding in found] == ["error", "note"]
    assert found.errors == [ERROR]
    assert not Diagnosis([])
    assert found.to_dict()["unchecked"] == {"batch_too_small": "no y"}


def test_consequences_are_listed_under_their_cause():
    found = Diagnosis([ERROR.with_consequences(NOTE)])
    assert len(found) == 1
    assert found.of("idle_bias") == [NOTE]
    assert "follows: idle_bias" in found._repr_html_()


def test_text_and_page_show_names_as_they_are():
    found = Diagnosis([NOTE], {"outliers": "<none>"})
    assert "[dense]" in str(found).replace("\n", "")
    page = found._repr_html_()
    assert "&lt;b&gt;[dense]" in page
    assert "&lt;none&gt;" in page
    assert "<none>" not in page
