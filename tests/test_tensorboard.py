"""What the circle script writes, in TensorBoard, in a real browser."""

import re

import pytest

from normlayers.experiments.two_neuron_circle import experiment
from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.tensorboard_server import tensorboard

ARMS = ["relu-centred", "relu-shifted"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """TensorBoard on a short run's log directory."""
    log_dir = tmp_path_factory.mktemp("logs")
    experiment.run(log_dir, epochs=4, arms=ARMS, every=2)
    arguments = ["--logdir", str(log_dir), "--load_fast", "false"]
    with tensorboard(tmp_path_factory.mktemp("environment"), *arguments) as served:
        yield f"{served.address}/"


@pytest.fixture(scope="module")
def page(browser):
    return browser.new_page(viewport={"width": 1500, "height": 1100})


@needs_chromium
@pytest.mark.parametrize(
    ("tag", "card", "drawn"),
    [
        ("overview/dead_worst", "scalar-card", "svg"),
        ("linearity", "scalar-card", "svg"),
        ("activity/hidden/dead", "scalar-card", "svg"),
        ("activations/hidden", "histogram-card", "svg"),
        ("boundary/input", "image-card", "img"),
        ("network", "image-card", "img"),
        ("lit/start", "image-card", "img"),
    ],
)
def test_the_page_shows_every_kind_of_tag_for_every_run(address, page, tag, card, drawn):
    page.goto(f"{address}?tagFilter={tag}#timeseries")
    for run in ARMS:
        page.get_by_text(run, exact=True).first.wait_for(timeout=60_000)
    cards = page.locator(card)
    # Scalars share a card, the others have one a run.
    for number in range(1 if card == "scalar-card" else len(ARMS)):
        cards.nth(number).locator(drawn).first.wait_for(timeout=60_000)
        assert tag in re.sub(r"\s", "", cards.nth(number).inner_text())
    if drawn == "img":
        page.wait_for_function(
            "[...document.querySelectorAll('image-card img')].every(image => image.naturalWidth)"
        )
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"tensorboard-{tag.replace('/', '-')}.png")
