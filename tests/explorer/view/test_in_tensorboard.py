"""The view in TensorBoard itself, with its headers, on runs that are as bad as they come.

``opened`` fails where the page breaks TensorBoard's content security policy, or asks anything of
another origin.
"""

import shutil
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import expect

from normlayers.explorer.records import snapshot_value
from normlayers.explorer.snapshot import encode
from normlayers.tracking.writing.event_log import EventLog
from tests.chromium import SCREENSHOTS, needs_chromium
from tests.explorer.recorded_runs import META, active_at, snapshot_at, write_other_run, write_run
from tests.explorer.tensorboard_server import tensorboard
from tests.explorer.view.known_runs import reload

pytestmark = needs_chromium
ALONE = "/data/plugin_entry.html?name=normlayers"
MARKUP = "<img src=x onerror=alert(1)>\"quoted\" 'single' & more"
LONG = "long name " * 19 + "end"
NAMES = ["plain", "deep/er/est", MARKUP, LONG]


def write_odd_run(folder, sections, step=0, meta=META):
    with EventLog(folder) as log:
        log.write(step, others=[snapshot_value(encode(step, sections), meta)])


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Runs of every bad kind, and a hundred more."""
    folder = tmp_path_factory.mktemp("logs")
    for name in NAMES:
        write_run(folder / name, [0, 5, 45])
    write_other_run(folder / "of another tool")
    write_run(folder / "undescribed", [0], meta=None)
    write_run(folder / "cut off", [0, 5])
    (path,) = (folder / "cut off").iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    with EventLog(folder / "damaged") as log:
        value = snapshot_value(snapshot_at(0), META)
        value.tensor.string_val[0] = value.tensor.string_val[0][:-3]
        log.write(0, others=[value])
        log.write(5, others=[snapshot_value(snapshot_at(5))])
    nan = {"active/h": np.zeros((3, 2), bool), "state/h": np.full(4, np.nan)}
    write_odd_run(folder / "nan", nan | {"share/h": np.zeros(2)})
    one = {**META, "points": {**META["points"], "total": 1, "shown": [0], "labels": [0]}}
    one["points"] |= {"classes": ["only"], "position": [[0.0, 0.0]]}
    write_odd_run(folder / "one point", {"active/h": np.array([[True, False]])}, meta=one)
    write_odd_run(folder / "layers change", {"active/former": np.ones((3, 4), bool)})
    write_odd_run(folder / "layers change", {"active/h": active_at(5)}, 5)
    for number in range(100):
        write_run(folder / "many" / str(number), [0])
    return folder


@pytest.fixture(scope="module")
def board(logs, tmp_path_factory):
    arguments = ["--logdir", str(logs)]
    with tensorboard(tmp_path_factory.mktemp("environment"), *arguments) as served:
        served.wait_for(lambda: served.get("/runs")[2].count(b"many/") == 100)
        served.wait_for(lambda: b'"steps": [0, 5, 45]' in served.get("/meta?run=plain")[2])
        yield served


def test_the_tab_follows_its_own_slider_and_address(opened, board):
    page = opened(f"{board.address}/#normlayers&run=plain&step=0&neuron=h:1", wait="iframe")
    tab = page.frame_locator("iframe")
    tab.locator('.run[data-step="0"]').wait_for()
    tab.get_by_role("slider", name="observation").fill("1")
    tab.locator('.run[data-step="5"]').wait_for()
    lit = tab.locator(".lit-points .chip").all_inner_texts()
    assert [int(row) for row in lit] == np.flatnonzero(active_at(5)[:, 0]).tolist()
    page.wait_for_function(
        "location.hash.includes('step=5') && location.hash.includes('normlayers')"
    )
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "neurons-tab.png")


@pytest.mark.parametrize("name", NAMES)
def test_any_name(opened, board, name):
    page = opened(f"{board.address}{ALONE}#run={quote(name, safe='')}&step=5", width=390)
    assert page.locator("h2").inner_text() == name
    assert page.locator(".lights, .run").count() > 0
    assert page.locator(".normlayers img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".run").get_attribute("data-step") == "5"


@pytest.mark.parametrize("opens", [".chooser", ".keys"])
def test_what_opens_at_the_top_is_within_a_narrow_phone(opened, board, opens):
    """The list of runs, some with long names, and the keys."""
    page = opened(f"{board.address}{ALONE}#run=plain", width=320)
    page.locator(f"{opens} summary").click()
    box = page.locator(f"{opens} .sheet").bounding_box()
    assert 0 <= box["x"] < box["x"] + box["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


SAID = {
    "nan": "its activations are NaN or infinite",
    "layers change": "At this observation the model had other layers (former)",
    "one point": "class only",
    "cut off": "h lights 0 of 2",
}


@pytest.mark.parametrize("run", SAID)
def test_what_cannot_be_shown_is_said(opened, board, run):
    page = opened(f"{board.address}{ALONE}#run={quote(run)}&step=0&point=0&neuron=h:1", width=1000)
    page.get_by_text(SAID[run]).first.wait_for()
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"neurons-{run.replace(' ', '-')}.png", full_page=True)


def test_runs_without_snapshots_are_named_and_a_hundred_others_listed(opened, board):
    page = opened(f"{board.address}{ALONE}")
    said = page.locator(".notices").inner_text()
    assert "1 run has no snapshots (“of another tool”)" in said
    page.locator(".chooser summary").click()
    page.get_by_label("find a run").fill("many/7")
    assert page.locator(".names label:visible").count() == 11


def test_runs_of_different_models_stand_side_by_side(opened, board):
    chosen = "&".join(f"run={quote(run)}" for run in ("plain", "one point", "nan", "layers change"))
    page = opened(f"{board.address}{ALONE}#{chosen}&point=2")
    page.wait_for_selector(".run:nth-child(4)[data-step]")
    # Of "one point", the third is not there; of the others it is.
    assert "Point 2 was not recorded" in page.locator(".run").nth(1).inner_text()
    assert "h lights" in page.locator(".run").first.inner_text().replace("\n", " ")


def test_a_damaged_record_is_said_by_the_server(browser, board):
    """Not with ``opened``: the browser itself logs the answer 404."""
    page = browser.new_page()
    page.goto(f"{board.address}{ALONE}#run=damaged&run=undescribed&step=0")
    for text in ("The observation at epoch 0 cannot be shown", "“undescribed” cannot be shown"):
        page.get_by_text(text).wait_for()
    said = page.locator(".normlayers").inner_text()
    assert "The observation at epoch 0 cannot be shown" in said
    assert "“undescribed” cannot be shown" in said
    page.keyboard.press("End")
    page.wait_for_selector('.run[data-step="5"]')
    page.close()


def test_a_run_that_is_deleted_while_it_is_open_stays_as_far_as_it_was_read(opened, board, logs):
    page = opened(f"{board.address}{ALONE}#run=many/42", clock=True)
    shutil.rmtree(logs / "many" / "42")
    board.wait_for(lambda: board.get("/meta?run=many/42")[0] == 404)
    reload(page)
    page.get_by_text("Run “many/42” is no longer there").wait_for()
    assert page.locator(".run").get_attribute("data-step") == "0"
    assert "Choose a point" in page.locator(".run").inner_text()


def test_a_run_that_takes_the_name_of_a_deleted_one_is_shown_in_its_place(opened, board, logs):
    def known():
        return board.get("/meta?run=again")[0] == 200

    write_odd_run(logs / "again", {"active/h": np.ones((3, 2), bool)})
    board.wait_for(known)
    page = opened(f"{board.address}{ALONE}#run=again&neuron=h:1", clock=True)
    assert page.locator(".lit-points .chip").count() == 3
    shutil.rmtree(logs / "again")
    board.wait_for(lambda: not known())
    write_odd_run(logs / "again", {"active/h": np.array([[True, False]] + 2 * [[False, False]])})
    board.wait_for(known)
    reload(page)
    expect(page.locator(".lit-points .chip")).to_have_text(["0"])
