"""results.json read again: whole, or with the reason why not."""

import json

import pytest

from normlayers.experiments.report.kept_results import NoResultsError, read_results, why_again
from tests.experiments.found import row, write_found

FIGURE = {"file": "all.html", "caption": "All.", "preview": "all.png"}


def test_what_an_experiment_wrote_is_read(tmp_path):
    written = write_found(tmp_path, "circle", [row("A2.4")], ["all.png"])
    assert read_results(tmp_path / "circle") == written
    assert why_again(tmp_path / "circle") is None


def test_results_without_figures_have_none(tmp_path):
    written = write_found(tmp_path, "circle")
    del written["figures"]
    (tmp_path / "circle" / "results.json").write_text(json.dumps(written))
    assert read_results(tmp_path / "circle")["figures"] == []


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text, content: text[: len(text) // 2], "is half-written"),
        (lambda text, content: "", "is half-written"),
        (lambda text, content: b"\xff\xfe\x00", "is half-written"),
        (lambda text, content: "[1, 2]", "holds no JSON object"),
        (lambda text, content: content | {"experiment": "other"}, "is not of circle"),
        (lambda text, content: content | {"claims": None}, "lacks 'claims'"),
        (lambda text, content: content | {"runtime_seconds": "long"}, "lacks 'runtime_seconds'"),
        (lambda text, content: {**content, "versions": 1}, "lacks 'versions'"),
        (lambda text, content: content | {"claims": [{"id": "A2.1"}]}, "lacks a claim's 'claim'"),
        (lambda text, content: content | {"claims": ["A2.1"]}, "lacks a claim's 'id'"),
        (lambda text, content: content | {"claims": [row("B.1")]}, "'B.1', which is no claim's id"),
        (lambda text, content: content | {"claims": [row("A2.1", ci95=[1])]}, "no interval of"),
        (lambda text, content: content | {"claims": [row("A2.1", ci95=["", 1])]}, "no interval of"),
        (lambda text, content: content | {"figures": [{}]}, "lacks a figure's 'file'"),
        (
            lambda text, content: content | {"figures": [{**FIGURE, "preview": 1}]},
            "lacks a figure's 'preview'",
        ),
    ],
)
def test_what_is_damaged_is_told(tmp_path, damage, says):
    content = write_found(tmp_path, "circle")
    file = tmp_path / "circle" / "results.json"
    damaged = damage(file.read_text(), content)
    damaged = json.dumps(damaged) if isinstance(damaged, dict) else damaged
    file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    with pytest.raises(NoResultsError, match=says):
        read_results(tmp_path / "circle")
    assert says in why_again(tmp_path / "circle")


def test_results_that_are_missing_are_amiss_only_where_a_run_was(tmp_path):
    with pytest.raises(NoResultsError, match="is missing"):
        read_results(tmp_path)
    assert why_again(tmp_path) is None
    assert why_again(tmp_path / "nowhere") is None
    (tmp_path / "arguments.json").write_text("{}")
    assert why_again(tmp_path) == "is missing"


def test_results_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "results.json").mkdir()
    assert "cannot be read" in why_again(tmp_path)
