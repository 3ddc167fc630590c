"""A browser that notices what a page complains of, and a server of known runs."""

import re

import pytest

from tests.explorer.view.known_runs import Tab, small_run, wide_run


@pytest.fixture
def opened(browser):
    """Opens addresses; in the end no page has complained or asked anything of another origin."""
    contexts, complaints = [], []

    def open_at(address, width=1280, scheme="light", wait=".run[data-step]", clock=False):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        origin = re.split("/data/|#", address)[0]
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                # TensorBoard has no icon for a plugin's page alone, and warns of its own script.
                and not re.search(r"/favicon\.ico$|/index\.js\?_file_hash=", said.location["url"])
                and complaints.append(f"{said.text} {said.location['url']}")
            ),
        )
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith((origin, "data:", "blob:")) or complaints.append(asked.url)
            ),
        )
        if clock:  # one that a test can put forward, see ``reload``
            page.clock.install()
        page.goto(address)
        page.wait_for_selector(wait)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def tab():
    """The small run, twice, the wide one, and one that has no snapshots."""
    server = Tab([small_run(), small_run("shifted", [0, 30, 60], 0.6), wide_run()], ["old <b>run"])
    yield server
    server.shutdown()


@pytest.fixture
def served():
    """Serves runs of a test's own."""
    servers = []

    def serve(*runs, others=()):
        servers.append(Tab(runs, others))
        return servers[-1]

    yield serve
    for server in servers:
        server.shutdown()
