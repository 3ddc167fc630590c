"""Layers too wide to draw: cells that are sorted and filtered, and a table of what ails them."""

import numpy as np
import pytest

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import Tab, points, wide_activity, wide_run
from tests.explorer.view.read_page import address_has, numbers

pytestmark = needs_chromium


def test_wide_layers_are_cells_sorted_and_filtered(opened, tab):
    page = opened(f"{tab.address}#run=wide&step=3")
    position, _ = points(60, seed=5)
    active = [before > 0 for before in wide_activity(3, position)]
    titles = page.locator(".grid h4")
    assert titles.all_inner_texts() == [f"{n} · 64 neurons" for n in ("first", "second", "third")]
    states = {
        "dead": [~layer.any(axis=0) for layer in active],
        "always on": [layer.all(axis=0) for layer in active],
        "duplicate": [twins(layer) for layer in active],
    }
    for state, layers in states.items():
        page.get_by_label("show").select_option(state)
        page.wait_for_function(
            "state => document.querySelector('.grid h4').textContent.includes(state)", arg=state
        )
        counts = [numbers(title)[0] for title in titles.all_inner_texts()]
        assert counts == [layer.sum() for layer in layers]
    page.get_by_label("show").select_option("always on")
    page.wait_for_function("document.querySelector('.grid h4').textContent.includes('always')")
    page.locator(".grid canvas").first.click(position={"x": 6, "y": 6})
    first = np.flatnonzero(active[0].all(axis=0))[0]
    page.get_by_role("heading", name=f"Neuron first {first + 1}", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("show").select_option("all")
    page.get_by_label("sort cells by").select_option("share")
    page.locator(".grid canvas").nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    page.keyboard.press("ArrowRight")
    second = np.argsort(active[1].mean(axis=0), kind="stable")[1]
    page.get_by_role("heading", name=f"Neuron second {second + 1}", exact=True).wait_for()
    address_has(page, sort="share")


@pytest.mark.parametrize("total", [60, 2000])
def test_duplicates_of_sampled_points_are_said_to_be_so(opened, total):
    meta, snapshots = wide_run(steps=[0])
    meta["points"]["total"] = total
    server = Tab([(meta, snapshots)])
    page = opened(f"{server.address}#filter=duplicate")
    said = page.locator(".duplicates").inner_text()
    if total == 60:
        assert said == "Duplicates are lit by exactly the same points."
    else:
        assert "same of the 60 points shown; the other 1940 of 2000 may tell them apart" in said
    page.get_by_label("show").select_option("dead")
    page.locator(".duplicates").wait_for(state="hidden")
    server.shutdown()


def twins(active):
    """Selective neurons whose column of activity another has too."""
    columns = [column.tobytes() for column in active.T]
    selective = active.any(axis=0) & ~active.all(axis=0)
    return np.array([columns.count(column) > 1 for column in columns]) & selective


def test_the_table_says_what_ails_a_layer(opened, tab):
    page = opened(f"{tab.address}#run=wide&step=3")
    position, _ = points(60, seed=5)
    rows = page.locator(".layers tbody")
    for place, before in enumerate(wide_activity(3, position)):
        dead = (before <= 0).all(axis=0).mean()
        text = rows.nth(place).inner_text()
        assert f"{int(100 * dead + 0.5)} %" in text
        ill = rows.nth(place).get_attribute("class") == "ill"
        assert ill == (dead >= 0.2) == ("are dead and cannot learn" in text)
    assert rows.locator("xpath=self::*[@class='ill']").count() > 0
