"""The site: its sources, and, where it is built (``make docs``), its pages in a browser."""

import os
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import normlayers
from tests.chromium import SCREENSHOTS, needs_chromium

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SITE = DOCS / "_build" / "html"
PAGES = sorted(SITE.rglob("*.html"))

needs_site = pytest.mark.skipif(
    not PAGES and not os.environ.get("CI"), reason="needs the site: make docs"
)


@pytest.mark.parametrize("name", normlayers.__all__)
def test_each_public_name_has_an_example(name):
    value = getattr(normlayers, name)
    texts = [value.__doc__, *(getattr(member, "__doc__", None) for member in vars(value).values())]
    assert any(">>>" in (text or "") for text in texts)


def test_every_page_of_the_sources_is_in_the_contents():
    """Sphinx warns of one that is not, and warnings are errors; so each file is one or included."""
    contents = (DOCS / "index.md").read_text()
    for page in [*DOCS.glob("tutorials/*.md"), *DOCS.glob("howto/*.md")]:
        assert page.relative_to(DOCS).with_suffix("").as_posix() in contents


def test_make_docs_takes_warnings_for_errors():
    makefile = (ROOT / "Makefile").read_text()
    (command,) = re.findall(r"sphinx-build .*", makefile)
    assert " -W " in command


def test_release_has_one_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()


def test_no_host_is_made_up():
    """The project has no public address yet; so neither metadata nor pages name one of its own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "urls" not in project


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: make backends")
def test_the_example_of_two_processes_moves_the_same_statistics_in_both():
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launch, str(DOCS / "howto" / "two_processes.py")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    printed = sorted(line.split() for line in done.stdout.splitlines())
    assert [rank for rank, _ in printed] == ["0", "1"]
    assert printed[0][1] == printed[1][1]


class _Links(HTMLParser):
    """What a page refers to, and the places that it has itself."""

    def __init__(self):
        super().__init__()
        self.targets, self.places = set(), set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.targets.add(value)
            if name == "id":
                self.places.add(value)


@pytest.fixture(scope="module")
def links():
    """By page, what is in it."""
    found = {}
    for page in PAGES:
        found[page.resolve()] = parser = _Links()
        parser.feed(page.read_text(encoding="utf-8"))
    return found


@needs_site
def test_each_public_name_has_a_page():
    for name in normlayers.__all__:
        page = SITE / "reference" / "names" / f"{name}.html"
        assert ">>>" in re.sub(r"<[^>]*>", "", page.read_text()).replace("&gt;", ">"), name


@needs_site
def test_links_lead_to_a_file_and_a_place_in_it(links):
    assert links
    wrong = []
    for page, parser in links.items():
        for target in parser.targets:
            parts = urlsplit(target)
            if parts.scheme in ("http", "https", "data", "mailto") or target in ("#", ""):
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not file.exists():
                wrong.append((page.name, target, "no such file"))
                continue
            places = links[file].places if file.suffix == ".html" else {unquote(parts.fragment)}
            if parts.fragment and unquote(parts.fragment) not in places:
                wrong.append((page.name, target, "no such place"))
    assert wrong == []


@needs_site
@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_open_without_an_error_a_request_or_a_sideways_scroll(browser, width):
    """From the disk: every page, at a desk's width and a phone's."""
    assert PAGES
    SCREENSHOTS.mkdir(exist_ok=True)
    page = browser.new_page(viewport={"width": width, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append((message.type, message.text)))
    page.on("pageerror", lambda error: said.append(("error", str(error))))
    page.on("request", lambda request: asked.append(request.url))
    wrong = {}
    for path in PAGES:
        said.clear(), asked.clear()
        page.goto(path.as_uri(), wait_until="load")
        page.wait_for_timeout(50)
        name = path.relative_to(SITE).as_posix()
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults = [text for kind, text in said if kind in ("error", "warning")]
        faults += [url for url in asked if urlsplit(url).scheme not in ("file", "data", "about")]
        faults += [f"{beyond} px wider than the window"] * (beyond > 0)
        if faults:
            wrong[name] = faults
        shot = SCREENSHOTS / f"site_{name.replace('/', '_').removesuffix('.html')}_{width}.png"
        page.screenshot(path=shot)
    page.close()
    assert wrong == {}


@needs_site
@needs_chromium
def test_search_finds_a_name_from_the_disk(browser):
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=without_idle_bias")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
    assert any("without_idle_bias" in link for link in found)
    assert said == []
    page.close()


@needs_site
@needs_chromium
def test_a_notebook_shows_the_neurons_view(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto((SITE / "index.html").as_uri())
    frame = page.frame_locator("iframe").first
    frame.locator("svg, canvas").first.wait_for(state="visible")
    page.close()
