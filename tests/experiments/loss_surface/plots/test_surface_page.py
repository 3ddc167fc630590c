"""The page of surfaces: in one file, and in a real browser."""

import re

import numpy as np
import pytest
from PIL import Image

from normlayers.experiments.loss_surface.plots.surface_page import (
    Landscape,
    surface_page,
    surface_preview,
)
from tests.chromium import SCREENSHOTS, needs_chromium


@pytest.fixture(scope="module")
def landscapes():
    """Two losses in one scaling."""
    w = np.linspace(-1, 1, 11)
    path = np.array([[1.0, 0.5], [-0.5, 0.2], [0.0, 0.0]])
    steps = np.array([0, 1, 1234])
    rows = {
        name: Landscape(
            w, w, times * w**2 + w[:, np.newaxis] ** 2, path,
            times * path[:, 0] ** 2 + path[:, 1] ** 2, steps,
        )
        for name, times in (("steep", 40), ("round", 1))
    }  # fmt: skip
    return {"inputs": rows}


@pytest.fixture(scope="module")
def page(landscapes):
    return surface_page(landscapes, "Surfaces <of> two", "A note & more.")


def test_the_preview_shows_the_pages_surfaces_and_paths(landscapes):
    figure = surface_preview(landscapes, "two")
    assert [axes.get_title() for axes in figure.axes] == ["steep\ninputs", "round\ninputs"]
    for axes, landscape in zip(figure.axes, landscapes["inputs"].values(), strict=True):
        path, end = (np.array(line.get_data_3d()) for line in axes.lines)
        np.testing.assert_array_equal(path[:2].T, landscape.path)
        assert np.all(path[2] > landscape.path_losses)  # over the surface
        np.testing.assert_array_equal(end, path[:, -1:])
        assert len(axes.collections) == 1


def test_the_page_needs_no_other_file(page):
    # Outside of plotly's own script, which holds addresses as words.
    own = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"<script[^>]+src\s*=", page) == []
    assert "http://" not in own
    assert "https://" not in own
    assert re.findall(r"<link[^>]*href=\"(?!data:)", own) == []
    assert "@import" not in own
    assert len(page) > 3_000_000
    assert "<title>Surfaces &lt;of&gt; two</title>" in own
    assert "A note &amp; more." in own


@needs_chromium
def test_the_page_draws_surfaces_in_a_browser_without_a_network(browser, page, tmp_path):
    (tmp_path / "surfaces.html").write_text(page)
    problems, asked = [], []
    tab = browser.new_page(viewport={"width": 1200, "height": 700})
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((tmp_path / "surfaces.html").as_uri())
    tab.wait_for_function("document.querySelectorAll('#surfaces canvas').length == 2")
    shown = tab.evaluate(
        "document.getElementById('surfaces').data.map(d => [d.type, d.hovertemplate])"
    )
    scene = tab.evaluate("document.getElementById('surfaces')._fullLayout.scene.xaxis.title")
    words = tab.inner_text("body")
    SCREENSHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / "loss-surfaces.png")
    assert problems == []
    with Image.open(SCREENSHOTS / "loss-surfaces.png") as screenshot:
        red, green, blue = np.moveaxis(np.asarray(screenshot.convert("RGB"), int), -1, 0)
    # Cividis runs from a dark blue to yellow; the page has no other.
    for painted in ((blue > red + 40) & (red < 60), (red > blue + 60) & (green > blue + 50)):
        halves = painted[:, :600].sum(), painted[:, 600:].sum()
        assert min(halves) > 500
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [kind for kind, _ in shown] == ["surface", "scatter3d", "scatter3d"] * 2
    assert all("w1 %{x:.4g}" in text for _, text in shown)
    assert scene["text"] == "weight w1"
    for told in ("steep, inputs", "round, inputs", "gradient descent at the best learning rate"):
        assert told in words
