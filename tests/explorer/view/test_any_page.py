"""The view wherever it is: from the disk, under any names, in windows of any width."""

import urllib.parse

import numpy as np
import pytest

from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.view.known_runs import (
    Tab,
    encode,
    inline_page,
    layer,
    meta_of,
    points,
    small_activity,
    small_run,
)
from tests.explorer.view.read_page import lit_points, numbers

pytestmark = needs_chromium
POSITION, _ = points()
NASTY = '<img src=x onerror="window.hacked=1">/"quoted" </script><script>window.hacked=1</script>'


def test_the_page_opens_from_the_disk(opened, tmp_path):
    path = tmp_path / "run.html"
    path.write_text(inline_page([small_run()]))
    page = opened(f"{path.as_uri()}#run=circle&step=40&neuron=hidden:1")
    page.wait_for_selector(".lit-points")
    active = small_activity(40, POSITION)[1][:, 0] > 0
    assert lit_points(page) == np.flatnonzero(active).tolist()


def test_names_are_text(opened, tmp_path):
    steps = [0, 1]
    position, labels = points(5)
    meta = meta_of(NASTY, position, labels, steps, [layer(NASTY, 3)])
    meta["points"] |= {"axes": [NASTY, NASTY], "classes": [NASTY, NASTY]}
    active = np.eye(5, 3, dtype=bool)
    snapshots = [encode({"step": step}, [(f"active/{NASTY}", "bits", active)]) for step in steps]
    where = urllib.parse.urlencode({"run": NASTY, "point": 1, "neuron": f"{NASTY}:2"})
    served = Tab([(meta, snapshots)], [NASTY])
    path = tmp_path / "page.html"
    path.write_text(inline_page([(meta, snapshots)]))
    for address in (served.address, path.as_uri()):
        page = opened(f"{address}#{where.replace('+', '%20')}", width=390)
        page.wait_for_selector(".lit-points")
        assert page.locator("h2").inner_text() == NASTY
        assert page.evaluate("window.hacked") is None
        assert page.locator(".normlayers img, .normlayers script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    served.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("run", ["circle", "wide"])
def test_nothing_is_wider_than_the_window(opened, tab, scheme, width, run):
    chosen = "neuron=hidden:1" if run == "circle" else "point=4&neuron=first:20"
    page = opened(f"{tab.address}#run={run}&step=3&{chosen}", width, scheme)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    back = page.evaluate("getComputedStyle(document.querySelector('.normlayers')).backgroundColor")
    assert (max(numbers(back)) < 80) == (scheme == "dark")
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"neurons-{run}-{width}-{scheme}.png", full_page=True)
