"""The Neurons view in a browser, on runs whose answers NumPy knows: clicks, keys, addresses."""

import io
import re
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.known_runs import (
    STATIC,
    STEPS,
    Tab,
    encode,
    inline_page,
    layer,
    meta_of,
    points,
    small_activity,
    small_run,
    wide_activity,
    wide_run,
)

pytestmark = needs_chromium
POSITION, LABELS = points()
PAD = 10  # of the input space's drawing, in pixels
NASTY = '<img src=x onerror="window.hacked=1">/"quoted" </script><script>window.hacked=1</script>'


@pytest.fixture(scope="module")
def tab():
    """The small run, twice, the wide one, and one that has no snapshots."""
    server = Tab([small_run(), small_run("shifted", [0, 30, 60], 0.6), wide_run()], ["old <b>run"])
    yield server
    server.shutdown()


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def lit_points(page, run="circle"):
    shown = page.get_by_role("article", name=f"run {run}", exact=True).locator(".lit-points .chip")
    return numbers(" ".join(shown.all_inner_texts()))


def click_point(page, row):
    """Click where a point is drawn, found from the recorded extent alone."""
    canvas = page.locator(".plane canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    across, up = (POSITION[row] + 1.2) / 2.4
    x = PAD + across * (box["width"] - 2 * PAD)
    y = box["height"] - PAD - up * (box["height"] - 2 * PAD)
    canvas.click(position={"x": float(x), "y": float(y)})


def painted(page, step):
    page.wait_for_selector(f'.runs[data-painted="{step}"] .run[data-step="{step}"]')


def address_has(page, **parts):
    """Wait until the address says it."""
    wanted = [f"{name}={urllib.parse.quote(str(value))}" for name, value in parts.items()]
    page.wait_for_function(
        "wanted => wanted.every(part => location.hash.slice(1).split('&').includes(part))",
        arg=[part.replace("/", "%2F") for part in wanted],
    )


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


def test_the_files_are_small_and_evaluate_nothing():
    files = [path for path in Path(STATIC).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 150_000
    for path in files:
        text = path.read_text()
        assert len(text.splitlines()) <= 320, path
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacent|https?://(?!www\.w3\.org|personal)",
            text,
        ), path
