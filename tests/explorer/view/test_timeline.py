"""The labels of the timeline's axis, and where the small curves' marks stand."""

import pytest

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import STEPS, Tab, small_run

pytestmark = needs_chromium

NOTE_TEXTS = """() => {
  window.texts = [];
  const own = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    if (this.canvas.closest('.timeline')) window.texts.push(text);
    return own.call(this, text, ...at);
  };
}"""


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ([1, 0.5, 0.4, 0.25], ["1", "0.25"]),
        ([0.6931, 0.6930, 0.6929, 0.6929], ["0.6931", "0.6929"]),
        ([2.000001, 2, 2, 2], ["2.000001", "2"]),
        ([1.0004e-5, 1.0001e-5, 1e-5, 1e-5], ["1.0004e\N{MINUS SIGN}5", "1.0000e\N{MINUS SIGN}5"]),
        ([123456.7, 123456.5, 123456.3, 123456.2], ["1.23457e+5", "1.23456e+5"]),
        ([0.5, 0.5, 0.5, 0.5], ["0.5"]),
    ],
)
def test_labels_of_the_axis_differ_where_the_losses_do(opened, losses, labels):
    meta, snapshots = small_run()
    meta["scalars"] = {"epoch_loss": [list(pair) for pair in zip(STEPS, losses, strict=True)]}
    server = Tab([(meta, snapshots)])
    page = opened(server.address)
    page.evaluate(NOTE_TEXTS)
    page.set_viewport_size({"width": 1000, "height": 900})
    page.wait_for_function("window.texts.length > 0")
    server.shutdown()
    steps = [str(step) for step in STEPS]
    assert [text for text in page.evaluate("window.texts") if text not in steps] == labels


def test_the_mark_in_small_curves_stays_at_its_observation(opened, tab):
    """However wide the window is made, and whatever stands beside them."""
    page = opened(f"{tab.address}#run=circle&step=40")
    page.wait_for_selector('.run[data-step="40"]')
    places = """() => [...document.querySelectorAll('.course .cursor')].map((mark) => {
      const [box, course] = [mark, mark.parentElement].map((one) => one.getBoundingClientRect());
      return course.width ? (box.x - course.x) / (course.width - box.width) : null;
    }).filter((place) => place !== null)"""
    expected = STEPS.index(40) / (len(STEPS) - 1)
    for width in (1200, 700, 400, 1500):
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate(places)
        assert found
        assert found == pytest.approx([expected] * len(found), abs=0.01)
