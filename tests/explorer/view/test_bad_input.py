"""What the Neurons view says of runs it cannot show whole, and that it shows the rest."""

import time

import numpy as np

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import encode, layer, meta_of, points, reload, small_run
from tests.explorer.view.read_page import address_has

pytestmark = needs_chromium


def odd_run(name, sections, count=3, **points_changes):
    position, labels = points(count)
    meta = meta_of(name, position, labels, [0], [layer("hidden", 2), layer("wide", 40, "hidden")])
    meta["points"] |= points_changes
    return meta, [encode({"step": 0}, sections)]


def test_no_runs(opened, served):
    page = opened(served(others=["old", "scalars only"]).address, wait=".warning:nth-child(2)")
    said = page.locator(".notices").inner_text()
    assert "2 runs have no snapshots (“old”, “scalars only”)" in said
    assert "No run with snapshots yet" in said
    assert page.get_by_text("no loss was recorded").count() == 0
    assert "ActivationTracker" in said


def test_nothing_recorded(opened, served):
    page = opened(served(odd_run("bare", [])).address + "#point=1&neuron=hidden:1")
    said = page.locator(".run").inner_text()
    for sentence in (
        "No decision regions were recorded.",
        "The activity of its neurons was not recorded.",
        "its prediction was not recorded",
        "Which points light it was not recorded.",
        "Its weights were not recorded",
        "The states of its neurons were not recorded.",
    ):
        assert sentence in said
    assert "no loss was recorded" in page.locator(".timeline").inner_text()


def test_no_labels_no_positions(opened, served):
    active = ("active/hidden", "bits", np.array([[1, 0], [1, 1], [0, 0]]))
    unplaced = odd_run("unplaced", [active], position=None, labels=None, classes=None)
    unlabelled = odd_run("unlabelled", [active], labels=None, classes=None)
    page = opened(served(unplaced, unlabelled).address + "#run=unplaced&run=unlabelled&point=1")
    page.wait_for_selector(".run:nth-child(2)[data-step]")
    said = page.locator(".run").all_inner_texts()
    assert "No plane to draw the points on was recorded" in said[0]
    assert "no label" in said[0]
    assert "hidden lights 2 of 2" in said[0].replace("\n", " ")
    assert "the points have no labels" in said[1]


def test_one_point_and_nan(opened, served):
    nan = np.full(2, np.nan)
    sections = [
        ("active/hidden", "bits", np.zeros((1, 2))),
        ("share/hidden", "f32", nan),
        ("state/hidden", "f32", np.full(4, np.nan)),
        ("prediction", "f32", [[np.nan]]),
        ("kernel/hidden", "f32", np.full((2, 2), np.nan)),
        ("bias/hidden", "f32", nan),
    ]
    run = odd_run("nan", sections, count=1)
    run[0]["scalars"] = {"epoch_loss": [[0, float("nan")]]}
    page = opened(served(run).address + "#point=0&neuron=hidden:1")
    said = page.locator(".run").inner_text()
    assert "Its states are not defined: its activations are NaN or infinite." in said
    assert "hidden: its activations are NaN or infinite" in said
    assert "2 of 2 neurons have no line: their weights are NaN or infinite." in said
    assert "dead" not in page.locator(".neuron-facts").inner_text()
    assert "lights 0" not in said
    assert "prediction: NaN or infinite" in said
    assert "Its activity was not recorded, or is NaN or infinite." in said
    assert "bias: NaN" in said


def test_shares_of_what_is_nan_are_not_those_of_dead_neurons(opened, served):
    """As they are recorded: nothing that is NaN is above 0."""
    sections = [
        ("active/hidden", "bits", np.zeros((3, 2))),
        ("share/hidden", "f32", np.zeros(2)),
        ("state/hidden", "f32", np.full(4, np.nan)),
    ]
    page = opened(served(odd_run("nan", sections)).address + "#neuron=hidden:1")
    assert page.locator(".neuron-facts .state").inner_text() == "unknown"


def test_layers_that_change_between_fits(opened, served):
    """The run is described by its latest layers; what is recorded of others is said."""
    meta, snapshots = odd_run("changed", [("active/hidden", "bits", np.ones((3, 2)))])
    meta["steps"] = [0, 1]
    before = [("active/former", "bits", np.ones((3, 5)))]
    snapshots = [encode({"step": 0}, before), *snapshots]
    page = opened(served((meta, snapshots)).address + "#step=0")
    page.get_by_text("At this observation the model had other layers (former)").wait_for()
    page.keyboard.press("End")
    page.wait_for_selector('.run[data-step="1"]')
    page.get_by_text("other layers").wait_for(state="hidden")


def test_a_point_that_was_not_sampled_names_one_that_was(opened, served):
    run = odd_run("sampled", [("active/hidden", "bits", np.ones((3, 2)))])
    run[0]["points"] |= {"total": 90, "shown": [4, 20, 70]}
    said = opened(served(run).address + "#point=21").locator(".point").inner_text()
    assert "Point 21 was not recorded in this run. 3 of 90 were; the next one is 70." in said


def test_a_corrupt_snapshot_is_said_and_the_others_shown(opened, served):
    meta, snapshots = small_run()
    snapshots[2] = snapshots[2][:500]
    page = opened(served((meta, snapshots)).address + "#step=20")
    page.keyboard.press("ArrowRight")
    page.get_by_text("The observation at epoch 40 cannot be shown: it is cut off.").wait_for()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('.run[data-step="60"]')
    assert (
        page.get_by_text("cannot be shown").count() == 0
        or not page.get_by_text("cannot be shown").is_visible()
    )


def test_lines_that_contradict_the_activity_are_not_drawn(opened, served):
    """A normalization between the inputs and the layer moves the lines out of this plane."""
    sections = [
        ("active/hidden", "bits", np.array([[1, 0], [1, 0], [1, 0]])),
        ("kernel/hidden", "f32", np.zeros((2, 2))),
        ("bias/hidden", "f32", [-1, 1]),
    ]
    page = opened(served(odd_run("normalized", sections)).address)
    assert (
        "something before the first layer changes these inputs"
        in page.locator(".plane").inner_text()
    )


def test_points_and_neurons_that_were_not_recorded(opened, served):
    address = served(small_run()).address
    page = opened(f"{address}#run=circle&run=gone&point=4000&neuron=hidden:9&step=nonsense")
    said = page.locator(".normlayers").inner_text()
    assert "Point 4000 was not recorded in this run." in said
    assert "It is not among the neurons recorded." in said
    assert "There is no run “gone” here." in said


def test_it_follows_a_run_that_goes_on_and_outlives_one_that_is_deleted(opened, served):
    meta, snapshots = small_run(steps=[0, 20, 40, 60])
    early = dict(meta, steps=meta["steps"][:3])
    server = served((early, snapshots))
    page = opened(f"{server.address}#step=20&neuron=hidden:1", clock=True)
    server.runs["circle"] = (meta, snapshots)
    reload(page)
    page.wait_for_function("document.querySelector('.chart input').max === '3'")
    # The reader stays where they were.
    assert page.locator(".run").get_attribute("data-step") == "20"
    page.keyboard.press("End")
    page.wait_for_selector('.run[data-step="60"]')
    address_has(page, step=60)
    # Who is at the end follows the run, and the address keeps no step that is not shown.
    server.runs["circle"] = small_run(steps=[0, 20, 40, 60, 80])
    reload(page)
    page.wait_for_selector('.run[data-step="80"]')
    page.wait_for_function("!location.hash.includes('step=')")
    server.runs.clear()
    server.others = ["circle"]
    reload(page)
    page.get_by_text("Run “circle” is no longer there; what was read of it stays.").wait_for()
    page.keyboard.press("Home")
    page.wait_for_selector('.run[data-step="0"]')


def unreadable(name):
    """A run whose description is not one."""
    return {"run": name, "steps": []}, []


def test_the_first_run_that_can_be_read_is_shown(opened, served):
    server = served(unreadable("bad"), unreadable("worse"), small_run(), small_run("other"))
    page = opened(server.address, clock=True)
    assert page.locator(".run h2").all_inner_texts() == ["circle"]
    said = page.locator(".notices").inner_text()
    assert "Run “bad” cannot be shown" in said
    assert "Run “worse” cannot be shown" in said
    reload(page)
    reload(page)
    assert sum("meta?run=bad" in path for path in server.asked) == 1
    # What was asked for and cannot be shown does not leave the page empty either.
    page = opened(f"{server.address}#run=worse")
    assert page.locator(".run h2").all_inner_texts() == ["circle"]
    assert "Run “worse” cannot be shown" in page.locator(".notices").inner_text()
    # The reader may ask again.
    server.runs["worse"] = small_run("worse")
    page.locator(".chooser summary").click()
    page.get_by_label("worse", exact=True).check()
    page.wait_for_selector(".run:nth-child(2)[data-step]")
    assert "cannot be shown" not in page.locator(".notices").inner_text()


def test_runs_of_which_none_can_be_read_are_not_asked_for_at_every_reload(opened, served):
    server = served(*[unreadable(f"bad {number}") for number in range(8)])
    page = opened(server.address, wait=".notices p:nth-child(6)", clock=True)
    assert "3 more cannot be shown." in page.locator(".notices").inner_text()
    reload(page)
    reload(page)
    assert sum("meta?" in path for path in server.asked) == 8


def test_a_hundred_runs(opened, served):
    runs = [small_run(f"run {number}", [0]) for number in range(100)]
    began = time.monotonic()
    page = opened(served(*runs).address + "#run=run 3")
    assert time.monotonic() - began < 10
    page.locator(".chooser summary").click()
    page.get_by_label("find a run").fill("run 99")
    for name in ("run 99",):
        page.get_by_label(name, exact=True).check()
    page.wait_for_selector(".run:nth-child(2)[data-step]")
