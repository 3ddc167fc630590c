"""The report in a real browser: nothing is loaded, nothing is cut off, everything is reachable."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from normlayers.experiments.claims.articles import ARTICLES
from normlayers.experiments.report.content import Ran, shown_experiments
from normlayers.experiments.report.page import write_report
from normlayers.experiments.report.reproduction import EXPERIMENTS
from tests.chromium import SCREENSHOTS, needs_chromium
from tests.experiments.found import row, write_found, write_picture

pytestmark = needs_chromium
VERDICTS = ("holds", "holds in part", "does not hold")
IDS = [name for article in ARTICLES for name in article.claims]
# One claim is left open, and one experiment has no results.
CHECKED, WITH_RESULTS = IDS[:-1], EXPERIMENTS[:-1]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report with all there can be: every claim but one, wide pictures, films, long words."""
    log_dir = tmp_path_factory.mktemp("logs")
    for number, name in enumerate(WITH_RESULTS):
        claims = [
            row(claim, verdict=VERDICTS[at % 3], exact=at % 5 == 0, figure=f"a_{at % 2}.png",
                measure="share of networks with_a_name_that_is_long_and_has_no_break_anywhere")
            for at, claim in enumerate(CHECKED) if at % len(WITH_RESULTS) == number
        ]  # fmt: skip
        (log_dir / name).mkdir()
        write_picture(log_dir / name / "a_0.png", size=(1240, 400))
        figures = ["a_0.png", "a_1.png", "film.gif", "surface.html"]
        measures = {"arms": {"relu-raw": {"diverged": 0.03}}}
        write_found(log_dir, name, claims, figures, measures=measures)
    (log_dir / WITH_RESULTS[0] / "surface.html").unlink()
    scripts = Path(__file__).parents[1] / "scripts"
    page = log_dir / "report.html"
    ran = {WITH_RESULTS[0]: Ran(3, 4.0, 0.0), WITH_RESULTS[1]: Ran(0, 14.0, 0.0)}
    experiments = shown_experiments(EXPERIMENTS, scripts, log_dir, page, ran)
    write_report(page, experiments, 61.0, lambda names: f"make reproduce ONLY={names[0]}")
    # Away from the figures: it has to do without them.
    return Path(shutil.copy(page, tmp_path_factory.mktemp("alone") / "report.html"))


@pytest.fixture
def opened(browser, report):
    """The page at a width; what it asked for and complained about is in ``asked`` and ``said``."""
    pages = []

    def at(width):
        page = browser.new_page(viewport={"width": width, "height": 900})
        pages.append(page)
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(report.as_uri(), wait_until="networkidle")
        return page

    yield at
    for page in pages:
        page.close()


def show_all(page):
    """Play every film and wait until every picture is there, scrolled to or not."""
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.wait_for_function(
        "[...document.querySelectorAll('img')].filter(image => image.checkVisibility())"
        ".every(image => image.complete && image.naturalWidth > 0)"
    )


def test_nothing_is_loaded_and_every_picture_is_there(opened, report):
    page = opened(1280)
    stills = page.locator("img.still")
    assert stills.count() == 3 * len(WITH_RESULTS)
    for number in range(stills.count()):
        stills.nth(number).scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('img.still')].every(image => image.naturalWidth > 0)"
    )
    show_all(page)
    widths = page.evaluate("[...document.querySelectorAll('img')].map(i => i.naturalWidth)")
    assert len(widths) == 4 * len(WITH_RESULTS)
    assert all(widths)
    assert [url for url in page.asked if not url.startswith("data:")] == [report.as_uri()]
    assert page.said == []


def test_a_film_takes_the_place_of_its_last_frame(opened):
    page = opened(1280)
    figure = page.locator("figure", has=page.locator("details")).first
    film, still = figure.locator("details img"), figure.locator("img.still")
    assert (film.is_visible(), still.is_visible()) == (False, True)
    figure.locator("summary").click()
    film.wait_for()
    assert not still.is_visible()


def test_pictures_have_their_room_before_they_are_there(opened):
    page = opened(1280)
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.evaluate("Promise.all([...document.querySelectorAll('img.still')].map(i => i.decode()))")
    assert page.evaluate(height) == before


@pytest.mark.parametrize("width", [390, 1280])
def test_a_figure_grows_on_a_tap_and_shrinks_by_the_keyboard(opened, width):
    page = opened(width)
    figure = page.locator("figure.wide").first
    picture = figure.locator("img.still")
    small = picture.bounding_box()["width"]
    assert small <= width
    figure.locator(".enlarge").click()
    large = picture.bounding_box()
    assert large["width"] > small
    assert large["width"] >= picture.evaluate("image => image.naturalWidth")
    area = figure.locator(".picture")
    room = area.evaluate("a => [a.scrollWidth, a.clientWidth, getComputedStyle(a).position]")
    assert room[0] >= large["width"]
    assert room[1:] == [width, "fixed"]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Close"
    page.keyboard.press("Enter")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.picture')).position != 'fixed'"
    )
    assert picture.bounding_box()["width"] == small
    assert figure.evaluate("f => f.getBoundingClientRect().top") < 900


@pytest.mark.parametrize("width", [390, 1280])
def test_the_contents_are_a_tap_away_from_everywhere(opened, width):
    page = opened(width)
    back, end = page.locator("a.back"), "document.documentElement.scrollHeight"
    for part in (0, 0.3, 0.6, 1):
        page.evaluate(f"scrollTo(0, {part} * {end})")
        box = back.bounding_box()
        assert 0 <= box["y"] <= 900 - box["height"]
        assert 0 <= box["x"] <= width - box["width"]
        back.click()
        top = page.evaluate("document.querySelector('#contents').getBoundingClientRect().top")
        assert 0 <= top < 100


def test_every_link_leads_somewhere_and_no_id_is_there_twice(opened):
    page = opened(1280)
    links = page.evaluate("[...document.links].map(link => link.getAttribute('href'))")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(part => part.id)")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    contents = page.evaluate(
        "[...document.querySelectorAll('nav a')].map(link => link.getAttribute('href'))"
    )
    assert len(contents) == 3 + len(ARTICLES) + len(EXPERIMENTS)
    # Others are to pages beside the report.
    others = [link for link in links if not link.startswith("#")]
    assert others == [f"{name}/surface.html" for name in WITH_RESULTS[1:]]


def test_every_claim_has_its_row(opened):
    page = opened(1280)
    rows = page.locator("tr.claim")
    assert page.evaluate("[...document.querySelectorAll('tr.claim')].map(row => row.id)") == IDS
    told = rows.nth(IDS.index("A2.1")).inner_text()
    for part in ("A2.1", "share of networks", "at least 0.9", "0.930", "Figure"):
        assert part in told
    assert "open" in rows.last.inner_text()
    # Every verdict is a word with a mark.
    assert page.locator("tr.claim .verdict svg").count() == len(IDS)


def test_a_reader_without_eyes_finds_their_way(opened):
    page = opened(1280)
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.evaluate("[...document.images].every(image => image.alt.length > 5)")


@pytest.mark.parametrize("width", [320, 360, 1024, 1280])
def test_the_page_never_scrolls_sideways(opened, width):
    page = opened(width)
    show_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        "[...document.querySelectorAll('td, th, p, figure, img, h1, h2, h3')]"
        ".filter(part => !part.closest('.scroll') && part.checkVisibility())"
        ".filter(part => part.getBoundingClientRect().right > innerWidth + 1)"
        ".map(part => part.outerHTML.slice(0, 80))"
    )
    assert beyond == []
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"report-{width}.png", full_page=True)


def test_on_a_phone_the_rows_are_cards_with_their_headings(opened):
    page = opened(360)
    cell = page.locator('tr.claim td[data-label="Value"]').first
    assert "Value" in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert cell.evaluate("cell => cell.getBoundingClientRect().width") > 250


def test_it_prints(opened):
    page = opened(1280)
    SCREENSHOTS.mkdir(exist_ok=True)
    pdf = page.pdf(path=SCREENSHOTS / "report.pdf", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert page.locator("details.film").first.is_hidden()
    assert page.locator("thead th").first.is_visible()
    assert page.locator("tr.claim").first.evaluate("r => getComputedStyle(r).display") == (
        "table-row"
    )
