"""What is said of outputs, positions and states, and that it is of the observation shown."""

import numpy as np
import pytest

from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.view.known_runs import (
    encode,
    inline_page,
    layer,
    meta_of,
    points,
    reload,
    small_run,
)

pytestmark = needs_chromium
POSITION, LABELS = points()


def run_of(name, layers, sections, **changes):
    meta = meta_of(name, POSITION, LABELS, [0], layers)
    return {**meta, **changes}, [encode({"step": 0}, sections)]


@pytest.mark.parametrize(
    ("kind", "outputs", "says"),
    [
        ("logit", [0.445], "prediction: class inside (output 0.445)"),
        ("logit", [-2.0], "prediction: class outside (output \N{MINUS SIGN}2)"),
        ("probability", [0.445], "prediction: class outside (output 0.445)"),
        ("", [0.445], "prediction: 0.445"),
        ("classes", [0.1, 0.9], "prediction: class inside (output 0.9)"),
        ("", [0.1, 0.7, 0.2, 1.31], "outputs: 0.1, 0.7, 0.2, 1.31"),
        ("", np.arange(9) / 4, "outputs: 0, 0.25, 0.5, 0.75, 1, 1.25 and 3 more"),
        # Earlier versions did not say which they are.
        (None, [0.445], "prediction: 0.445"),
        (None, [0.1, 0.9], "outputs: 0.1, 0.9"),
    ],
)
def test_what_outputs_say(opened, served, kind, outputs, says):
    last = layer("out", len(outputs), "", "output", "linear")
    changes = {} if kind is None else {"prediction": kind}
    told = np.tile(np.asarray(outputs, float), (len(POSITION), 1))
    page = opened(served(run_of("r", [last], [("prediction", "f32", told)], **changes)).address)
    page.locator(".toolbar input").fill("3")
    page.locator(".toolbar input").press("Enter")
    facts = page.locator(".point .facts")
    facts.wait_for()
    assert says in facts.inner_text()
    assert ("✓" in facts.inner_text() or "✗" in facts.inner_text()) == ("class" in says)


def test_positions_are_not_taken_for_points(opened, served):
    active = np.ones((len(POSITION), 2), bool)
    sections = [("active/conv", "bits", active), ("share/conv", "f32", [0.46, 0.0])]
    conv = {**layer("conv", 2), "positions": True}
    page = opened(served(run_of("r", [conv], sections)).address + "#neuron=conv:1")
    said = page.locator(".neuron-facts").inner_text()
    assert "active at 46 % of all positions, somewhere on 100 % of class outside" in said
    assert "It is active at some positions and not at others." in said
    assert f"Active somewhere on {len(POSITION)} of {len(POSITION)} points" in said
    assert "Share of all positions it is active at" in page.locator(".detail").inner_text()


def test_what_is_dead_by_the_runs_own_tolerance_is_dead_everywhere(opened, served):
    active = np.zeros((len(POSITION), 40), bool)
    active[0] = True
    share, states = active.mean(axis=0), [1, 0, 0, np.nan]
    sections = [("active/w", "bits", active), ("share/w", "f32", share), ("state/w", "f32", states)]
    run = run_of("r", [layer("w", 40)], sections, tolerance=0.1)
    page = opened(served(run).address + "#neuron=w:1&filter=dead")
    said = page.locator(".neuron-facts").inner_text()
    assert said.split("\n")[2].startswith("dead")
    assert "Almost no point lights it: almost no gradient" in said
    assert "w · 40 dead of 40" in page.locator(".cells").inner_text()


@pytest.mark.parametrize(
    ("activation", "cannot_learn", "linear"),
    [("relu", True, True), ("leaky_relu", False, True), ("tanh", False, False), ("", False, False)],
)
def test_what_a_state_means_is_of_the_activation(opened, served, activation, cannot_learn, linear):
    active = np.zeros((len(POSITION), 2), bool)
    active[:, 1] = True
    sections = [
        ("active/h", "bits", active),
        ("share/h", "f32", active.mean(axis=0)),
        ("state/h", "f32", [0.5, 0.5, 0, np.nan]),
    ]
    run = run_of("r", [layer("h", 2, activation=activation)], sections)
    page = opened(served(run).address + "#neuron=h:1")
    said = page.locator(".run").inner_text()
    assert ("so it cannot learn" in said) == ("and cannot learn" in said) == cannot_learn
    page.locator('[data-neuron="h:2"]').click()
    page.get_by_role("heading", name="Neuron h 2").wait_for()
    said = page.locator(".run").inner_text()
    assert ("adds nothing but a linear term" in said) == linear
    assert ("add only linear terms" in said) == linear


def test_values_are_told_as_exactly_as_they_are_kept(opened, served):
    value = np.full((len(POSITION), 3), [125.7, 0.64, 0.3])
    value[0] = [255.0, 0.0, 0.0]  # so that steps are of 1
    sections = [("active/h", "bits", value > 0), ("value/h", "u8", value)]
    page = opened(served(run_of("r", [layer("h", 3)], sections)).address + "#point=5")
    assert page.locator(".lights .chip").all_inner_texts() == ["1: 126", "2: 1", "3: < 1"]


def test_findings_and_curves_come_while_the_view_is_open(opened, served):
    meta, snapshots = small_run()
    server = served((meta, snapshots))
    page = opened(server.address, clock=True)
    assert page.locator("tbody .shares td:last-child").first.inner_text() == "25 %"
    finding = {"step": 0, "fault": "dead_neurons", "where": "", "severity": "error"}
    news = {"findings": [{**finding, "message": "All are dead.", "cure": "Begin anew."}]}
    news["scalars"] = {**meta["scalars"], "activity/hidden/overlap": [[0, 0.25], [60, 0.75]]}
    server.runs["circle"] = ({**meta, **news}, snapshots)
    reload(page)
    page.get_by_text("All are dead.").wait_for()
    page.get_by_text("75 %").wait_for()


def test_what_has_diverged_does_not_keep_its_last_finite_numbers(opened, served):
    meta, snapshots = small_run(steps=[0, 20])
    nothing = np.zeros((len(POSITION), 2), bool)
    diverged = [
        ("active/hidden", "bits", nothing),
        ("share/hidden", "f32", [0.0, 0.0]),
        ("state/hidden", "f32", [np.nan] * 4),
    ]
    meta["steps"], meta["scalars"]["epoch_loss"] = [0, 20, 40], [[0, 1.0], [20, 0.5], [40, None]]
    server = served((meta, [*snapshots, encode({"step": 40}, diverged)]))
    page = opened(server.address + "#step=20")
    page.get_by_text("loss 0.5 ·").wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("loss NaN or infinite").wait_for()
    assert "linearity NaN or infinite" in page.locator(".values").inner_text()
    assert page.locator("tbody .shares td:last-child").first.inner_text() == "\N{EN DASH}"


def test_what_could_not_be_fetched_is_asked_for_again(browser, served):
    """Both what the reader looks at and what is filled in behind, for the curves."""
    server = served(small_run())
    server.failing = True
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.goto(server.address + "#step=60")
    page.get_by_text("The observation at epoch 60 cannot be shown").wait_for()
    server.failing = False
    page.wait_for_selector('.run[data-step="60"] .network .neuron')
    page.get_by_text("cannot be shown").wait_for(state="hidden")
    page.keyboard.press("Home")
    page.wait_for_selector('.run[data-step="0"]')
    page.get_by_text("not loaded yet").first.wait_for(state="hidden")
    page.close()


def test_regions_of_hundreds_of_classes(opened, served):
    u = np.tile(np.repeat(np.arange(2) * 300.0, 10), (20, 1))
    extent = {"step": 0, "extent": [-1.2, 1.2, -1.2, 1.2]}
    meta = meta_of("many", POSITION, LABELS, [0], [layer("out", 301, "", "output", "softmax")])
    page = opened(served((meta, [encode(extent, [("classes", "f32", u)])])).address)
    assert "No decision regions" not in page.locator(".plane").inner_text()


def test_a_page_holds_snapshots_deflated_and_run_by_run(opened, tmp_path):
    path = tmp_path / "run.html"
    path.write_text(inline_page([small_run(), small_run("shifted", [0, 30, 60], 0.6)]))
    page = opened(f"{path.as_uri()}#run=circle&run=shifted&step=60&point=3")
    page.wait_for_selector('.run:nth-child(2)[data-step="60"]')
    assert page.locator(".point .facts").count() == 2
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "neurons-two-runs.png")


def test_runs_that_count_differently_are_said_to(opened, served):
    steps = small_run("steps")
    steps[0]["unit"] = "step"
    page = opened(served(small_run(), steps).address + "#run=circle&run=steps&step=60")
    page.wait_for_selector(".run:nth-child(2)[data-step]")
    assert page.locator(".now").inner_text() == "epoch or step 60"
    assert "count differently" in page.locator(".values").inner_text()


def test_a_name_that_is_no_text_leaves_the_address_alone(opened, tmp_path):
    meta, snapshots = small_run("bad\udcff")
    path = tmp_path / "run.html"
    path.write_text(inline_page([(meta, snapshots)]))
    page = opened(path.as_uri())  # which sees that the page complains of nothing
    page.keyboard.press("n")
    page.get_by_role("heading", name="Point 0", exact=True).wait_for()
    page.wait_for_timeout(300)
