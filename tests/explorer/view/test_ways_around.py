"""Steps, points, neurons and runs reached by slider, keys and address; the address says where."""

import re

import numpy as np

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import STEPS, points, small_activity
from tests.explorer.view.read_page import address_has, lit_points

pytestmark = needs_chromium
POSITION, _ = points()


def painted(page, step):
    page.wait_for_selector(f'.runs[data-painted="{step}"] .run[data-step="{step}"]')


def test_the_slider_and_the_keys_reach_every_observation(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=0")
    slider = page.get_by_role("slider", name="observation")
    for place, step in enumerate(STEPS):
        slider.fill(str(place))
        painted(page, step)
        assert page.locator(".now").inner_text() == f"epoch {step}"
        assert f"loss {1 / (1 + step / 20):.3g}" in page.locator(".values").inner_text()
    page.evaluate("document.activeElement.blur()")
    for key, step in [("Home", 0), ("ArrowRight", 20), ("Shift+ArrowRight", 60), ("ArrowLeft", 40)]:
        page.keyboard.press(key)
        painted(page, step)
    address_has(page, step=40)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    painted(page, 60)
    assert page.get_by_role("button", name="play").is_visible()


def test_points_and_neurons_are_chosen_from_the_keyboard(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=40")
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.get_by_role("heading", name="Point 1", exact=True).wait_for()
    page.keyboard.press("p")
    page.get_by_role("heading", name="Point 0", exact=True).wait_for()
    page.locator(".plane canvas").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("/point=(?!0)/.test(location.hash)")
    chosen = int(re.search(r"point=(\d+)", page.evaluate("location.hash"))[1])
    assert POSITION[chosen][0] > POSITION[0][0]
    page.locator('[data-neuron="hidden:2"]').focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Neuron hidden 2").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Choose a point to see the neurons it lights.").wait_for()
    page.get_by_text("Choose a neuron to see which points light it.").wait_for()


def test_arrows_stop_at_the_outermost_point_and_say_which_it_is(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=40&point=0")
    page.locator(".plane canvas").focus()
    outermost = int(POSITION[:, 0].argmax())
    for _ in range(len(POSITION)):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(20)
    page.get_by_role("heading", name=f"Point {outermost}", exact=True).wait_for()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert page.get_by_role("heading", name=f"Point {outermost}", exact=True).is_visible()
    assert (
        page.locator('.plane [role="status"]').inner_text().startswith(f"point {outermost}, class")
    )


def test_space_chooses_the_neuron_that_has_the_focus(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=0")
    page.locator('[data-neuron="hidden:2"]').focus()
    page.keyboard.press("Space")
    page.get_by_role("heading", name="Neuron hidden 2").wait_for()
    assert page.get_by_role("button", name="play").is_visible()
    assert page.locator(".run").get_attribute("data-step") == "0"


def test_the_list_of_runs_closes_by_escape_and_where_the_focus_leaves(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=40&point=5")
    details, summary = page.locator(".chooser"), page.locator(".chooser summary")
    for leave in ("Escape", "Shift+Tab"):
        summary.click()
        assert details.get_attribute("open") is not None
        page.get_by_label("shifted", exact=True).focus()
        page.keyboard.press(leave)
        if leave == "Shift+Tab":
            page.locator(".toolbar input").focus()
        page.wait_for_function("!document.querySelector('.chooser').open")
        # What was chosen stays.
        assert page.get_by_role("heading", name="Point 5", exact=True).is_visible()


def test_an_address_restores_the_view_also_when_it_changes(opened, tab):
    page = opened(f"{tab.address}#run=circle&run=shifted&step=30&point=5&neuron=hidden:2")
    page.wait_for_selector('.run[data-step="20"]')
    page.wait_for_selector('.run[data-step="30"]')
    assert page.locator(".run h2").all_inner_texts() == ["circle", "shifted"]
    for run, step, shift in [("circle", 20, 0.0), ("shifted", 30, 0.6)]:
        active = small_activity(step, POSITION, shift)[1][:, 1] > 0
        assert lit_points(page, run) == np.flatnonzero(active).tolist()
    page.evaluate("location.hash = '#run=wide&step=2&point=7'")
    page.wait_for_selector('.run[data-step="2"] .cells')
    page.get_by_role("heading", name="Point 7", exact=True).wait_for()


def test_runs_are_chosen_and_stand_side_by_side(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=60")
    page.locator(".chooser summary").click()
    page.get_by_label("shifted", exact=True).check()
    page.get_by_label("wide", exact=True).check()
    page.wait_for_selector(".run:nth-child(3)[data-step]")
    tops = {round(page.locator(".run").nth(n).bounding_box()["y"]) for n in range(3)}
    assert len(tops) == 1
    # The slider goes over all runs' observations; each shows its last one.
    assert page.get_by_role("slider", name="observation").get_attribute("max") == "9"
    page.get_by_label("circle", exact=True).uncheck()
    page.wait_for_function("document.querySelectorAll('.run').length === 2")
    address_has(page, run="wide")
    assert "“old <b>run”" in page.locator(".notices").inner_text()


def test_runs_chosen_before_the_first_has_come_are_all_shown(opened, tab):
    """Answers held back, and let through in the other order."""
    page = opened(f"{tab.address}#run=circle&step=60")
    held = []
    page.route(re.compile(r"/meta\?run=(shifted|wide)"), lambda route: held.append(route))
    page.locator(".chooser summary").click()
    for run in ("shifted", "wide"):
        page.get_by_label(run, exact=True).check()
    page.wait_for_function(
        "document.querySelector('.chooser summary').textContent.includes('3 of')"
    )
    while held:
        held.pop().continue_()
        page.wait_for_timeout(300)
    page.wait_for_selector(".run:nth-child(3)[data-step]")
    assert page.locator(".run h2").all_inner_texts() == ["circle", "shifted", "wide"]
    # One that is no longer wanted when it comes stays away.
    page.get_by_label("wide", exact=True).uncheck()
    page.get_by_label("wide", exact=True).check()
    page.get_by_label("wide", exact=True).uncheck()
    while held:
        held.pop().continue_()
        page.wait_for_timeout(300)
    assert page.locator(".run h2").all_inner_texts() == ["circle", "shifted"]
    assert not page.get_by_label("wide", exact=True).is_checked()
