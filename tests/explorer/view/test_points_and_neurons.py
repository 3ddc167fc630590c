"""What the view says of a point and of a neuron, and draws, on runs whose answers NumPy knows."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.view.known_runs import Tab, encode, layer, meta_of, points, small_activity
from tests.explorer.view.read_page import address_has, lit_points, numbers

pytestmark = needs_chromium
POSITION, LABELS = points()
PAD = 10  # of the input space's drawing, in pixels


def click_point(page, row):
    """Click where a point is drawn, found from the recorded extent alone."""
    canvas = page.locator(".plane canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    across, up = (POSITION[row] + 1.2) / 2.4
    x = PAD + across * (box["width"] - 2 * PAD)
    y = box["height"] - PAD - up * (box["height"] - 2 * PAD)
    canvas.click(position={"x": float(x), "y": float(y)})


@pytest.mark.parametrize("neuron", [0, 1])
def test_a_neuron_says_which_points_light_it(opened, tab, neuron):
    page = opened(f"{tab.address}#run=circle&step=40")
    page.locator(f'[data-neuron="hidden:{neuron + 1}"]').click()
    active = small_activity(40, POSITION)[1][:, neuron] > 0
    assert 0 < active.sum() <= 24
    page.wait_for_selector(".lit-points")
    assert lit_points(page) == np.flatnonzero(active).tolist()
    facts = page.locator(".neuron-facts").inner_text()
    of_classes = [round(100 * active[label == LABELS].mean()) for label in (0, 1)]
    assert f"active on {round(100 * active.mean())} % of the data" in facts
    assert f"{of_classes[0]} % of class outside, {of_classes[1]} % of class inside" in facts
    bias = small_activity(40, POSITION)[0][neuron]
    assert f"bias: {bias:.3g}".replace("-", "\N{MINUS SIGN}") in facts
    address_has(page, neuron=f"hidden:{neuron + 1}", step=40)


@pytest.mark.parametrize("row", [0, 5, 17])
def test_a_point_says_which_neurons_it_lights(opened, tab, row):
    page = opened(f"{tab.address}#run=circle&step=20")
    click_point(page, row)
    page.get_by_role("heading", name=f"Point {row}", exact=True).wait_for()
    _, before, output = small_activity(20, POSITION)
    lit = page.locator('.lights[data-layer="hidden"] .chip').all_inner_texts()
    assert [numbers(text)[0] - 1 for text in lit] == np.flatnonzero(before[row] > 0).tolist()
    for text, neuron in zip(lit, np.flatnonzero(before[row] > 0), strict=True):
        # Values are stored in 256 levels.
        step = np.maximum(before, 0).max() / 255
        assert float(text.split(": ")[1]) == pytest.approx(before[row, neuron], abs=float(step))
    facts = page.locator(".point .facts").inner_text()
    says, label = int(output[row, 0] >= 0.5), LABELS[row]
    assert f"label: class {('outside', 'inside')[label]}" in facts
    assert f"prediction: class {('outside', 'inside')[says]} (output {output[row, 0]:.3g})" in facts
    assert ("right" if says == label else "wrong") in facts
    nodes = page.locator(".neuron.lit").evaluate_all("all => all.map(n => n.dataset.neuron)")
    hidden = [f"hidden:{neuron + 1}" for neuron in np.flatnonzero(before[row] > 0)]
    assert nodes == hidden + ["output:1"] * says


def test_hovering_over_a_neuron_shades_the_half_it_is_active_on(opened, tab):
    page = opened(f"{tab.address}#run=circle&step=0")
    canvas = page.locator(".plane canvas")
    before = drawn(canvas)
    page.locator('[data-neuron="hidden:1"]').hover()
    page.wait_for_timeout(200)
    changed = np.any(before != drawn(canvas), axis=-1)
    height, width = changed.shape
    u, v = np.meshgrid(
        -1.2 + 2.4 * (np.arange(width) - PAD) / (width - 2 * PAD),
        1.2 - 2.4 * (np.arange(height) - PAD) / (height - 2 * PAD),
    )
    signed = small_activity(0, np.stack([u, v], -1))[1][..., 0]
    inside = (np.abs(u) < 1.15) & (np.abs(v) < 1.15)
    assert changed[inside & (signed > 0.1)].mean() > 0.15
    assert changed[inside & (signed < -0.1)].mean() < 0.05


GRID_SIDE, SPAN = 41, 1.5


def class_scores(u, v):
    """Three classes' logits: what is predicted is the largest."""
    return np.stack([u + 0.2, -u + 0.8 * v, 0.3 - 1.5 * v], -1)


def three_class_run():
    position = np.array([[-1.45, -1.45], [1.45, -1.45], [-1.45, 1.45]], np.float32)
    meta = meta_of("three", position, np.arange(3), [0], [layer("out", 3, "", "output", "softmax")])
    meta["points"]["classes"] = ["a", "b", "c"]
    u, v = np.meshgrid(*[np.linspace(-SPAN, SPAN, GRID_SIDE)] * 2)
    grid = ("classes", "u8", class_scores(u, v).argmax(axis=-1).astype(float))
    return meta, [encode({"step": 0, "extent": [-SPAN, SPAN, -SPAN, SPAN]}, [grid])]


def test_regions_of_three_classes_are_those_of_the_model(opened):
    server = Tab([three_class_run()])
    page = opened(server.address)
    assert "No decision regions" not in page.locator(".plane").inner_text()
    colours = page.locator(".plane .legend .dot").evaluate_all(
        "dots => dots.map(dot => getComputedStyle(dot).backgroundColor)"
    )
    image = drawn(page.locator(".plane canvas"))
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "neurons-three-classes.png")
    server.shutdown()
    paper = 255.0
    shades = [(np.array(numbers(colour)[:3]) - paper) for colour in colours]
    shades = np.stack([shade / np.linalg.norm(shade) for shade in shades])
    height, width = image.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    u = -SPAN + 2 * SPAN * (x + 0.5 - PAD) / (width - 2 * PAD)
    v = SPAN - 2 * SPAN * (y + 0.5 - PAD) / (height - 2 * PAD)
    scores = class_scores(u, v)
    # Points and the axes' names are near the edges; an edge between regions is within a cell of
    # where the model has it, and the logits' differences grow by at most 3.1 over a unit.
    best = np.sort(scores, axis=-1)
    inside = (np.abs(u) < 1.1) & (np.abs(v) < 1.1)
    sure = inside & (best[..., 2] - best[..., 1] > 3.1 * 2**0.5 * 2 * SPAN / (GRID_SIDE - 1))
    found = ((image - paper) @ shades.T).argmax(axis=-1)
    assert {0, 1, 2} == set(found[sure].tolist())
    assert (found == scores.argmax(axis=-1))[sure].all()
    assert sure.sum() > 0.7 * inside.sum()


def drawn(canvas):
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB"))
