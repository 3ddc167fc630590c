"""What is not shown of a run is said; what is not known of a layer is not."""

import numpy as np
import pytest

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import Tab, encode, layer, meta_of, points, wide_run

pytestmark = needs_chromium


@pytest.fixture
def shown(opened):
    """Opens a run, and returns it on the page."""
    servers = []

    def show(meta, snapshots):
        servers.append(Tab([(meta, snapshots)]))
        return opened(servers[-1].address).locator(".run")

    yield show
    for server in servers:
        server.shutdown()


def small(layers):
    position, labels = points(5)
    sections = [(f"active/{n['name']}", "bits", np.ones((5, len(n["shown"])))) for n in layers]
    return meta_of("run", position, labels, [0], layers), [encode({"step": 0}, sections)]


def test_layers_left_out_are_said(shown):
    meta, snapshots = wide_run()
    meta["layers_total"] = 51
    run = shown(meta, snapshots)
    for part in (".cells", ".layers"):
        assert "3 of 51 layers are shown." in run.locator(part).inner_text()


def test_nothing_is_said_where_nothing_is_left_out(shown):
    meta, snapshots = wide_run()
    run = shown(meta | {"layers_total": 3}, snapshots)
    assert "layers are shown" not in run.inner_text()


def test_layers_and_neurons_left_out_of_a_small_network_are_said(shown):
    layers = [layer("h", 8) | {"shown": [0, 3, 7]}, layer("y", 1, "h", "output")]
    meta, snapshots = small(layers)
    run = shown(meta | {"layers_total": 4}, snapshots)
    said = run.locator(".network .note").inner_text()
    assert "2 of 4 layers are shown. h: 3 shown of 8 neurons." in said
    names = run.locator(".network .neuron").evaluate_all("all => all.map(n => n.dataset.neuron)")
    assert names == ["h:1", "h:4", "h:8", "y:1"]


def test_an_activation_that_is_not_known_is_not_called_linear(shown):
    layers = [layer("lstm", 4, activation=""), layer("y", 1, "lstm", "output", "linear")]
    names = shown(*small(layers)).locator(".layer-name").all_inner_texts()
    assert names == ["lstm 4", "y 1 · linear"]


def test_a_linear_hidden_layer_is_not_called_nan(shown):
    """As it is recorded: shares of its neurons, and no states."""
    meta, _ = small([layer("lin", 2, activation="linear")])
    sections = [
        ("active/lin", "bits", np.ones((5, 2))),
        ("value/lin", "u8", np.ones((5, 2))),
        ("share/lin", "f32", np.ones(2)),
        ("state/lin", "f32", np.full(4, np.nan)),
    ]
    row = shown(meta, [encode({"step": 0}, sections)]).locator(".layers tbody")
    assert "NaN" not in row.inner_text()
    assert "only those of hidden layers that are not linear are" in row.inner_text()
    assert row.get_attribute("class") == ""
