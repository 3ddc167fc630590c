"""The drawing of a small network: its inputs, and lines only from what feeds a layer."""

import numpy as np
import pytest

from tests.chromium import needs_chromium
from tests.explorer.view.known_runs import Tab, encode, layer, meta_of, points

pytestmark = needs_chromium


@pytest.fixture
def network(opened):
    """Opens a run of such layers, and such recorded weights, and returns its drawing."""
    servers = []

    def show(layers, kernels, width=1280, **about_points):
        position, labels = points(5)
        meta = meta_of("run", position, labels, [0], layers)
        meta["points"] |= about_points
        active = [(f"active/{n['name']}", "bits", np.ones((5, n["neurons"]))) for n in layers]
        weights = [(f"kernel/{name}", "f32", kernel) for name, kernel in kernels.items()]
        biases = [(f"bias/{name}", "f32", np.zeros(len(k[0]))) for name, k in kernels.items()]
        servers.append(Tab([(meta, [encode({"step": 0}, active + weights + biases)])]))
        page = opened(f"{servers[-1].address}#neuron={layers[0]['name']}:1", width=width)
        return page.locator(".run")

    yield show
    for server in servers:
        server.shutdown()


def inputs(run):
    """The names of the inputs as they are read, whole."""
    return run.locator(".network text.input").evaluate_all(
        "all => all.map(text => text.querySelector('title')?.textContent ?? text.textContent)"
    )


def lines(run):
    """Where lines start, where they end, and how thick they are."""
    return run.locator(".network .edge").evaluate_all(
        """all => all.map(line => {
          const [from, to] = [0, line.getTotalLength()].map(at => line.getPointAtLength(at));
          return [from.x, from.y, to.x, to.y, +line.getAttribute('stroke-width')];
        })"""
    )


def centres(run, name):
    return run.locator(f".network [data-neuron^='{name}:'] circle").evaluate_all(
        "all => all.map(node => [+node.getAttribute('cx'), +node.getAttribute('cy')])"
    )


def starts_and_ends(run, names):
    """How many lines go from layer to layer; None are the inputs."""
    centre_of = {name: np.array(centres(run, name)) for name in names}

    def layer_at(*place):
        near = [name for name, at in centre_of.items() if np.abs(at - place).max(1).min() < 0.01]
        return near[0] if near else None

    found = {}
    for x0, y0, x1, y1, _ in lines(run):
        way = layer_at(x0, y0), layer_at(x1, y1)
        found[way] = found.get(way, 0) + 1
    return found


@pytest.mark.parametrize("features", [1, 2, 5, 16])
def test_as_many_inputs_as_the_weights_are_of(network, features):
    kernel = np.arange(1, 2 * features + 1).reshape(features, 2)
    layers = [layer("h", 2) | {"fed_by": [""]}]
    # The axes are those of a plane through the inputs, and say nothing of these.
    run = network(layers, {"h": kernel}, features=features, axes=["component 1", "component 2"])
    names = [f"x{index}" for index in range(features)]
    assert inputs(run) == names
    thickness = [line[4] for line in lines(run)]
    assert thickness == pytest.approx(0.4 + 3.6 * kernel.ravel() / kernel.max(), abs=0.006)
    said = ", ".join(f"{name}: {w}" for name, w in zip(names, kernel[:, 0], strict=True))
    assert said in run.locator(".weights").inner_text()


def test_inputs_of_a_run_of_an_earlier_version(network):
    run = network([layer("h", 2)], {"h": np.ones((3, 2))})
    assert inputs(run) == ["x0", "x1", "x2"]


@pytest.mark.parametrize("width", [1280, 360])
def test_names_of_columns_are_not_cut_off_at_the_edge(network, width):
    names = ["age", "household income in thousands of euros", "W" * 60]
    layers = [layer("h", 2) | {"fed_by": [""]}]
    run = network(layers, {"h": np.ones((3, 2))}, width, features=3, feature_names=names)
    assert inputs(run) == names
    drawing = run.locator(".network svg").bounding_box()
    boxes = [text.bounding_box() for text in run.locator(".network text.input").all()]
    assert all(box["x"] >= drawing["x"] for box in boxes)
    first = min(line[0] for line in lines(run)) * drawing["width"] / 420
    assert max(box["x"] + box["width"] for box in boxes) <= drawing["x"] + first


@pytest.mark.parametrize(
    ("kernels", "features", "said"),
    [({}, None, "input"), ({}, 5, "5 inputs"), ({"h": np.ones((40, 2))}, 40, "40 inputs")],
)
def test_inputs_without_weights_are_one_block(network, kernels, features, said):
    run = network([layer("h", 2) | {"fed_by": [""]}], kernels, features=features)
    assert inputs(run) == [said]
    assert run.locator(".network rect.input").count() == 1
    assert len(lines(run)) == 2
    assert run.locator(".network .edge:not(.unknown)").count() == 0
    assert "weights not shown" in run.locator(".network .legend").inner_text()
    assert "weight > 0" not in run.locator(".network .legend").inner_text()


def test_weights_of_several_inputs_are_not_those_of_one(network):
    layers = [layer(name, 2) | {"fed_by": [""]} for name in ("a", "b")]
    run = network(layers, {"a": np.ones((2, 2)), "b": np.ones((3, 2))}, features=None)
    assert inputs(run) == ["input"]
    assert starts_and_ends(run, "ab") == {(None, "a"): 2, (None, "b"): 2}
    assert "input 1: 1, input 2: 1" in run.locator(".weights").inner_text()


def test_heads_stand_beside_each_other(network):
    layers = [
        layer("h", 3) | {"fed_by": [""]},
        layer("q", 2, "h", "output") | {"fed_by": ["h"]},
        layer("p", 1, "h", "output") | {"fed_by": ["h"]},
    ]
    kernels = {"h": np.ones((2, 3)), "q": np.ones((3, 2)), "p": np.ones((3, 1))}
    run = network(layers, kernels, features=2)
    assert starts_and_ends(run, "hqp") == {(None, "h"): 6, ("h", "q"): 6, ("h", "p"): 3}
    (q, _), (p,) = centres(run, "q"), centres(run, "p")
    assert q[0] == p[0] > centres(run, "h")[0][0]


def test_lines_only_from_what_feeds_a_layer(network):
    layers = [
        layer("a", 2) | {"fed_by": [""]},
        layer("b", 2, "a") | {"fed_by": ["a"]},
        layer("c", 1, "b") | {"fed_by": ["a", "b"]},
        layer("d", 1, "c", "output") | {"fed_by": None},
    ]
    run = network(layers, {"a": np.ones((2, 2)), "b": np.ones((2, 2))}, features=2)
    ways = {(None, "a"): 4, ("a", "b"): 4, ("b", "c"): 2, ("a", "c"): 2}
    assert starts_and_ends(run, "abcd") == ways
    # Past the layer between, in a bow.
    assert run.locator(".network path.edge").count() == 2
    assert "what feeds it is not known" in run.locator(".network .note").inner_text()
    assert "“d”" in run.locator(".network .note").inner_text()


def test_a_chain_that_an_earlier_version_took_for_granted_is_not_drawn(network):
    layers = [layer("conv", 2), layer("h", 2, "conv"), layer("y", 1, "h", "output")]
    run = network(layers, {"y": np.ones((2, 1))})
    assert starts_and_ends(run, ["conv", "h", "y"]) == {("h", "y"): 2}
    assert "“conv”, “h”" in run.locator(".network .note").inner_text()
