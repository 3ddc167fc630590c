from dataclasses import replace

import pytest

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
    assert "<td>follows: note</td><td>idle_bias</td>" in found._repr_html_()
    assert "follows: note" in str(found)


def test_no_name_is_cut_off_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    long = Finding("dropout_before_normalization", "a_layer_of_a_name_so_long_that_it_folds", {},
                   "warning", "It is.", "Turn them round.")  # fmt: skip
    text = str(Diagnosis([long]))
    assert "…" not in text
    cells = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
    assert "".join(cells) == f"warning{long.fault}{long.where}"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_table_is_as_wide_as_the_terminal_and_loses_no_letter(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    cure = "normlayers.Standardize in front, with statistics_of_the_training_data_and_no_others."
    found = Finding("inputs_not_scaled", "x", {}, "error", "It varies. " * 20, cure)
    lines = str(Diagnosis([found.with_consequences(found)])).splitlines()
    assert {len(line) for line in lines} <= {len(lines[0])}
    assert len(lines[0]) <= width
    cells = [line.split("│")[3].strip() for line in lines if line.startswith("│")]
    assert "".join(cells).replace(" ", "") == 2 * cure.replace(" ", "")


def test_text_and_page_show_names_as_they_are():
    found = Diagnosis([NOTE], {"outliers": "<none>"})
    assert "[dense]" in str(found).replace("\n", "")
    page = found._repr_html_()
    assert "&lt;b&gt;[dense]" in page
    assert "&lt;none&gt;" in page
    assert "<none>" not in page


def test_of_many_alike_the_first_few_have_rows():
    many = [replace(NOTE, where=f"dense_{number}") for number in range(53)]
    found = Diagnosis([many[0].with_consequences(*many[1:])])
    assert len(found.of("idle_bias")) == 53
    page = found._repr_html_()
    assert page.count("<tr>") == 1 + 1 + 3 + 1  # the head, the first, three more, the others
    assert "idle_bias, 49 more" in page
    assert "dense_4, dense_5, dense_6, dense_7, …" in page
    assert "49 more" in str(found)
    few = Diagnosis([many[0].with_consequences(*many[1:5])])
    assert few._repr_html_().count("<tr>") == 1 + 5
