"""A diagnosis's findings above the layers, from the step on at which each was made."""

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import inline_page, small_run

pytestmark = needs_chromium

FINDINGS = [
    {
        "step": 0,
        "fault": "inputs_not_scaled",
        "where": "",
        "severity": "error",
        "message": "The inputs vary by up to 1e4.",
        "cure": "Put a Standardize in front.",
    },
    {
        "step": 40,
        "fault": "dead_neurons",
        "where": "<hidden>",
        "severity": "warning",
        "message": "Half of the neurons are dead.",
        "cure": "Lower the learning rate.",
    },
]


def found_at(opened, path, step):
    page = opened(f"{path.as_uri()}#run=circle&step={step}")
    return [row.inner_text() for row in page.locator(".findings li").all()]


def test_findings_are_shown_from_their_step_on(opened, tmp_path):
    meta, snapshots = small_run()
    path = tmp_path / "run.html"
    path.write_text(inline_page([({**meta, "findings": FINDINGS}, snapshots)]))
    (first,) = found_at(opened, path, 20)
    assert "error: inputs not scaled" in first
    assert "The inputs vary by up to 1e4." in first
    assert "Put a Standardize in front." in first
    _, second = found_at(opened, path, 40)
    assert "warning: dead neurons · <hidden>" in second


def test_a_run_that_was_not_diagnosed_has_no_list(opened, tmp_path):
    path = tmp_path / "run.html"
    path.write_text(inline_page([small_run()]))
    assert found_at(opened, path, 40) == []
